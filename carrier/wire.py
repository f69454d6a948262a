"""Requests and answers over raw ASGI. No framework in between: the carrier stands in the path of benchmarks."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import unquote_plus

import orjson
from starlette.types import Receive, Scope

FORM_FIELDS_MAX = 200
JSON_TYPE = b"application/json"


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class BodyTooLarge(Exception):
    """The request body is over the limit."""


class Fate(Enum):
    """What becomes of an answer on its way back."""

    ANSWER = "answer"
    HANG = "hang"  # keep the connection, say nothing
    DROP = "drop"  # cut the connection, say nothing


@dataclass(slots=True)
class Reply:
    """One HTTP answer. `delay_s` holds it back; `fate` may keep it from ever arriving."""

    status: int
    body: bytes = b""
    content_type: bytes = JSON_TYPE
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    delay_s: float = 0.0
    fate: Fate = Fate.ANSWER


@dataclass(slots=True)
class Request:
    """One HTTP request with its whole body."""

    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    client_host: str

    def header(self, name: bytes) -> bytes | None:
        """The first value of the header `name` (lower case), or None."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return orjson.loads(self.body)


def json_reply(status: int, data: Any) -> Reply:
    """An answer with `data` as JSON."""
    return Reply(status, orjson.dumps(data))


async def read_request(scope: Scope, receive: Receive, body_bytes_max: int) -> Request:
    """Collect one request. Raises ClientGone, BodyTooLarge."""
    message = await receive()
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > body_bytes_max:
            raise BodyTooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            break
        message = await receive()
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope.get("query_string", b""),
        headers=scope["headers"],
        body=chunks[0] if len(chunks) == 1 else b"".join(chunks),
        client_host=client[0] if client else "",
    )


def parse_form(raw: bytes) -> dict[str, list[str]]:
    """Decode application/x-www-form-urlencoded (or a query string). Never raises.

    Bytes that are not UTF-8 become U+FFFD; fields past FORM_FIELDS_MAX are ignored.
    """
    form: dict[str, list[str]] = {}
    if not raw:
        return form
    for pair in raw.decode("utf-8", "replace").split("&", FORM_FIELDS_MAX)[:FORM_FIELDS_MAX]:
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in name or "+" in name:
            name = unquote_plus(name, errors="replace")
        if value[:3] == "%2B" and value[3:].isdigit():  # a phone number, in every send
            value = "+" + value[3:]
        elif "%" in value or "+" in value:
            value = unquote_plus(value, errors="replace")
        known = form.get(name)
        if known is None:
            form[name] = [value]
        else:
            known.append(value)
    return form


def first(form: dict[str, list[str]], name: str) -> str:
    """The first value of a form field, or an empty string."""
    values = form.get(name)
    return values[0] if values else ""
