"""Node: Send a message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.conditions.catalog import CHANNELS
from hub.errors import Invalid
from hub.failover.plan import STEPS_MAX, TIMEOUT_S_MAX
from hub.flows.contents import ContentDocument, compiled, templates_of, words_of
from hub.flows.effects import ChannelStep, SendMessage
from hub.flows.inputs import Delivery, TimeUp
from hub.flows.nodes.base import Go, Next, Node, RunContext, Stay, Stuck, Wait
from hub.flows.ports import NEXT, Port
from hub.flows.values import Span, editor
from hub.flows.world import APPROVED
from hub.ids import decode_id

REACHED = {"sent": 0, "delivered": 1, "read": 2}


class SendStep(BaseModel):
    """One channel to try: a kind or one channel's id. The next takes over on a failure, or after `timeout_s`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    channel: Annotated[str, Field(max_length=40), editor("channel")]
    timeout_s: int | None = Field(None, ge=1, le=TIMEOUT_S_MAX)

    def model_post_init(self, context: Any) -> None:
        if self.channel not in CHANNELS:
            try:
                decode_id("chn", self.channel)
            except Invalid:
                raise ValueError(f"channel: one of {', '.join(CHANNELS)} or a channel's id") from None


class Receipt(BaseModel):
    """Wait until the message got so far, at most so long."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    status: Literal["sent", "delivered", "read"] = "delivered"
    timeout: Span


class Send(Node):
    """Send a message. Ports: next; with `wait_for` also failed and timeout.

    Without `channels` it goes where the contact talks to us, else by the tenant's policy.
    Example: {"content": {"type": "text", "text": "Thank you, {{ first_name }}"}}.
    """

    type: ClassVar[str] = "send"
    title: ClassVar[str] = "Send a message"
    group: ClassVar[str] = "Messages"
    ports: ClassVar[tuple[Port, ...]] = (
        NEXT,
        Port("failed", when=("wait_for",)),
        Port("timeout", when=("wait_for",)),
    )

    content: ContentDocument
    channels: tuple[SendStep, ...] = Field((), max_length=STEPS_MAX)
    wait_for: Receipt | None = None

    def texts(self) -> Sequence[str]:
        return tuple(templates_of(self.content))

    def summary(self) -> str:
        return words_of(self.content)

    def stops(self) -> bool:
        return self.wait_for is not None

    def run(self, context: RunContext) -> Next:
        if context.waiting is None:
            return self._send(context)
        match context.given:
            case TimeUp():
                return Go("timeout")
            case Delivery(status="failed"):
                return Go("failed")
            case Delivery(status=status) if (
                self.wait_for is None or REACHED[status] >= REACHED[self.wait_for.status]
            ):
                return Go("next")
            case _:
                return Stay()

    def _send(self, context: RunContext) -> Next:
        message = fill(context, self.content, self.channels, context.token if self.wait_for else 0)
        context.effects.append(message)
        if self.wait_for is None:
            return Go("next")
        return Wait("delivery", context.now + max(self.wait_for.timeout.span, timedelta(seconds=1)))


def fill(
    context: RunContext, content: dict[str, Any], channels: Sequence[SendStep] = (), token: int = 0
) -> SendMessage:
    """The message for this contact. Raises TemplateFailed, or Stuck when it became too long for its kind, or is a template
    that is not approved any more and no other channel would take over.
    """
    why = _withdrawn(context, content, channels)
    if why:
        raise Stuck(why)
    try:
        filled = compiled(content).render(context.values())
    except Invalid as error:
        raise Stuck(f"the message cannot be filled in: {error.detail}") from None
    steps = tuple(ChannelStep(step.channel, step.timeout_s) for step in channels)
    return SendMessage(filled, steps, token)


def _withdrawn(context: RunContext, content: dict[str, Any], channels: Sequence[SendStep]) -> str:
    """Why a template cannot be sent, empty when it can, and where a second channel says its words in its own way."""
    templates = context.world.tenant.templates
    if templates is None or content.get("type") != "template" or len(channels) > 1:
        return ""
    name, language = str(content.get("name")), str(content.get("language"))
    status = templates.get((name, language))
    if status is None:
        return f"there is no template {name!r} in {language} any more"
    return "" if status == APPROVED else f"the template {name!r} is {status}, not approved"
