"""One attempt of a message: what a channel is given for a person, as the door wants it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub import door
from hub.channels.base import Channel, ChannelKind
from hub.channels.content import Content, Template, Text
from hub.channels.downgrade import downgrade
from hub.compliance.quiet_hours import zone_of
from hub.contacts.addresses import KINDS_OF_CHANNEL
from hub.directory import Directory
from hub.errors import NotFound
from hub.failover.plan import Plan, Step
from hub.ids import encode_id, new_id
from hub.voice.script import Call, words_of

NO_RCS = "no-rcs"


Unreachable = Set[tuple[UUID, str]]
"""(channel, number) that a channel is known not to reach."""


@dataclass(slots=True)
class Chosen:
    """The attempt that is made, how long its receipt is waited for, and the steps after it."""

    outgoing: door.Outgoing
    timeout_s: int | None
    left: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be sent: to one person, by the first of these steps that may carry it."""

    person: Person
    content: Content
    steps: Sequence[Step]
    purpose: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a message is for: addresses by kind (the primary ones), and the (channel kind, purpose) they opted out of."""

    contact_id: UUID
    addresses: Mapping[str, str]
    opted_out: frozenset[tuple[str, str]]
    whatsapp_at: datetime | None = None  # when they last wrote by WhatsApp
    time_zone: str = ""

    def address(self, kind: ChannelKind) -> str:
        """Where a channel of this kind reaches them, or an empty text."""
        names = KINDS_OF_CHANNEL[kind.value]
        return next((self.addresses[name] for name in names if name in self.addresses), "")

    def refuses(self, kind: ChannelKind, purpose: str) -> bool:
        return not self.opted_out.isdisjoint({(kind.value, "all"), (kind.value, purpose)})


def prepare(
    message_id: UUID,
    channel: Channel,
    person: Person,
    content: Content,
    purpose: str,
    directory: Directory,
    now: datetime,
    link: Callable[[str], str],
    expires_at: datetime | None = None,
) -> door.Outgoing:
    """The content as this channel carries it, checked and priced; `refused` says why it may not leave by it, `due_at`
    when it may.
    """
    outgoing = door.Outgoing(
        message_id,
        channel,
        person.contact_id,
        person.address(channel.kind),
        "",
        "system",
        None,
        door.LANE_LIVE,
        purpose=purpose,
        expires_at=expires_at,
    )
    if isinstance(content, Call):
        outgoing.text = words_of(content) or "Call"
        outgoing.content = content if channel.kind is ChannelKind.VOICE else None
    else:
        carried = downgrade(content, channel.kind, link)
        outgoing.text = carried.text
        plain = isinstance(carried.content, Text) and not (
            carried.content.suggestions or carried.content.reply_to
        )
        outgoing.content = None if plain else carried.content
    if isinstance(content, Template):
        _of_template(outgoing, content)
    opted_out = person.refuses(channel.kind, purpose)
    door.prepare(outgoing, opted_out=opted_out, rates=directory.rates, today=now.date())
    zone = zone_of(person.time_zone, outgoing.address, directory.time_zone)
    door.keep_quiet(outgoing, directory.policy.quiet_hours, zone, now)
    return door.keep_window(outgoing, person.whatsapp_at, outgoing.due_at or now)


def _of_template(outgoing: door.Outgoing, content: Template) -> None:
    """Its category sets the price; without its text it is nothing but a name for other channels than its own."""
    if outgoing.channel.kind is ChannelKind.WHATSAPP:
        outgoing.category = content.category or outgoing.category
    elif not content.text:
        outgoing.refused, outgoing.detail = door.NOT_CARRIED, "the template has no text for other channels"


def attempt(
    message_id: UUID,
    step: Step,
    wish: Wish,
    directory: Directory,
    now: datetime,
    link: Callable[[str], str],
    unreachable: Unreachable,
) -> door.Outgoing:
    """One step's try at a wish. Raises NotFound for a channel that is not there any more."""
    channel = directory.channels.get(step.channel_id)
    if channel is None:
        raise NotFound("the channel is not there any more")
    outgoing = prepare(
        message_id, channel, wish.person, wish.content, wish.purpose, directory, now, link, wish.expires_at
    )
    if outgoing.refused is None and (channel.id, outgoing.address) in unreachable:
        outgoing.refused, outgoing.detail = NO_RCS, "the number's handset has no RCS"
        outgoing.due_at, outgoing.history = None, []
    return outgoing


def choose(
    message_id: UUID,
    wish: Wish,
    directory: Directory,
    now: datetime,
    link: Callable[[str], str],
    unreachable: Unreachable,
) -> Chosen:
    """The first step that may leave; the last one, with its reason, when none may. Raises NotFound."""
    passed_over: list[dict[str, Any]] = []
    last = len(wish.steps) - 1
    for place, step in enumerate(wish.steps):
        outgoing = attempt(message_id, step, wish, directory, now, link, unreachable)
        if outgoing.refused is None or place == last:
            outgoing.history = [*passed_over, *outgoing.history]
            left = tuple(wish.steps[place + 1 :])
            if left:
                plan = Plan(steps=left, next_id=new_id(), content=wish.content, expires_at=wish.expires_at)
                outgoing.plan = plan.to_row()
            return Chosen(outgoing, step.timeout_s, left)
        passed_over.append(
            {
                "at": now.isoformat(),
                "event": "passed-over",
                "channel_id": encode_id("chn", step.channel_id),
                "channel_kind": outgoing.channel.kind.value,
                "reason": outgoing.refused,
                "detail": outgoing.detail or "",
            }
        )
    raise AssertionError("a message has at least one step")
