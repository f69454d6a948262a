"""Node: Call a webhook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote, urlencode, urlsplit

from pydantic import AfterValidator, Field

from hub.flows.effects import CallWebhook
from hub.flows.inputs import TimeUp, WebhookAnswer
from hub.flows.nodes.base import Go, Next, Node, RunContext, Stay, Stuck, Wait
from hub.flows.ports import NEXT, Port
from hub.flows.values import Path, TemplateText, VariableName, at_path, check_template, editor, has_marks
from hub.media.fetch import FetchRefused, refuse_literal

GRACE_S = 60
"""How long after its time limit an answer may still be on its way to the session."""
PAUSE_S = (5, 30, 120, 600, 1_800)
"""How long is waited before the second, third … try."""
RESPONSE_BYTES_MAX = 64_000
URL_CHARS_MAX = 2_048
BODY_CHARS_MAX = 16_000


def _address(url: str) -> str:
    """Scheme and host are fixed: what a person wrote decides no host. Each piece of the path may be a template."""
    origin = url.partition("://")[2].partition("/")[0]
    if has_marks(origin) or has_marks(url.partition("://")[0]):
        raise ValueError("scheme and host cannot come from a template")
    try:
        refuse_literal(url)
    except FetchRefused as error:
        raise ValueError(error.detail) from None
    if "?" in url or "#" in url:
        raise ValueError("what follows ? stands in query")
    return url


Header = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,60}$")]
HeaderText = Annotated[TemplateText, Field(max_length=1_000, pattern=r"^[^\r\n\x00]*$")]
Query = Annotated[TemplateText, Field(max_length=1_000)]


class Webhook(Node):
    """Ask another system. Ports: next, failed. Writes: variables[name] from the answer's JSON, by path.

    2xx is an answer; 408, 429, 5xx and no answer are tried again up to `retries` times, after 5 s, 30 s, 2 min, 10 min,
    30 min; then, and for everything else, it leaves by failed. At most 64 kB of an answer are read.
    Example: {"url": "https://shop.example/orders/{{ order }}", "save": {"state": "order.state"}}.
    """

    type: ClassVar[str] = "webhook"
    title: ClassVar[str] = "Call a webhook"
    group: ClassVar[str] = "Data"
    ports: ClassVar[tuple[Port, ...]] = (NEXT, Port("failed"))

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: Annotated[
        TemplateText,
        Field(min_length=1, max_length=URL_CHARS_MAX, pattern=r"^https?://[^/\s]+(/.*)?$"),
        AfterValidator(_address),
    ]
    query: dict[Annotated[str, Field(min_length=1, max_length=80)], Query] = Field(
        default_factory=dict, max_length=20
    )
    headers: dict[Header, HeaderText] = Field(default_factory=dict, max_length=20)
    body: TemplateText = Field("", max_length=BODY_CHARS_MAX)
    timeout_s: int = Field(10, ge=1, le=30)
    retries: int = Field(2, ge=0, le=len(PAUSE_S))
    save: Annotated[dict[VariableName, Path], editor("paths")] = Field(default_factory=dict, max_length=40)

    def model_post_init(self, context: Any) -> None:
        for piece in _pieces(self.url):
            check_template(piece)

    def writes(self) -> Mapping[str, str]:
        return dict.fromkeys(self.save, "text")

    def writes_at(self, port: str) -> frozenset[str]:
        return frozenset(self.save) if port == "next" else frozenset()

    def texts(self) -> Sequence[str]:
        found = (self.url, self.body, *self.query.values(), *self.headers.values())
        return [text for text in found if has_marks(text)]

    def summary(self) -> str:
        return f"{self.method} {urlsplit(self.url).hostname or ''}"

    def stops(self) -> bool:
        return True

    def run(self, context: RunContext) -> Next:
        waiting = context.waiting
        if waiting is None:
            return self._call(context, 0)
        tries = int(waiting.get("tries", 0))
        match context.given:
            case TimeUp() if waiting.get("pause"):
                return self._call(context, tries)
            case TimeUp():
                return self._failed(context, tries, "no answer came")
            case WebhookAnswer(status=status, body=body) if 200 <= status < 300:
                for name, path in self.save.items():
                    context.set(name, at_path(body, path))
                context.note(status=status)
                return Go("next")
            case WebhookAnswer(status=status, error=error):
                retry = status in (0, 408, 429) or status >= 500
                return self._failed(context, tries if retry else self.retries, error or f"HTTP {status}")
            case _:
                return Stay(waiting)

    def _failed(self, context: RunContext, tries: int, why: str) -> Next:
        context.note(error=why, tries=tries + 1)
        if tries >= self.retries:
            return Go("failed")
        return Wait(
            "time", context.now + timedelta(seconds=PAUSE_S[tries]), {"tries": tries + 1, "pause": True}
        )

    def _call(self, context: RunContext, tries: int) -> Next:
        headers = {name: context.render(text) for name, text in self.headers.items()}
        if any(set(value) & set("\r\n\0") for value in headers.values()):
            raise Stuck("a header would hold a line break")
        context.effects.append(
            CallWebhook(
                context.token,
                self.method,
                self._filled_url(context),
                headers,
                context.render(self.body),
                self.timeout_s,
            )
        )
        until = context.now + timedelta(seconds=self.timeout_s + GRACE_S)
        return Wait("webhook", until, {"tries": tries})

    def _filled_url(self, context: RunContext) -> str:
        """Each piece filled in by itself, so that a value can neither climb to another path nor open a query."""
        filled = [
            quote(_level(context.render(piece)), safe="") if has_marks(piece) else piece
            for piece in _pieces(self.url)
        ]
        query = urlencode({name: context.render(text) for name, text in self.query.items()})
        return "/".join(filled) + (f"?{query}" if query else "")


def _level(piece: str) -> str:
    if piece in ("", ".", ".."):
        raise Stuck("a piece of the webhook's address would be empty or lead elsewhere")
    return piece


def _pieces(url: str) -> list[str]:
    return url.split("/")
