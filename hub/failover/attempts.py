"""One attempt of a message: what a channel is given for a person, as the door wants it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub import door
from hub.channels.base import Channel, ChannelKind
from hub.channels.content import Content, Template, Text
from hub.channels.downgrade import downgrade
from hub.channels.whatsapp_window import WINDOW_CLOSED, may_send
from hub.contacts.addresses import KINDS_OF_CHANNEL
from hub.directory import Directory
from hub.voice.script import Call, words_of

NO_RCS = "no-rcs"


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a message is for: addresses by kind (the primary ones), and the (channel kind, purpose) they opted out of."""

    contact_id: UUID
    addresses: Mapping[str, str]
    opted_out: frozenset[tuple[str, str]]
    whatsapp_at: datetime | None = None  # when they last wrote by WhatsApp

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
) -> door.Outgoing:
    """The content as this channel carries it, checked and priced; `refused` says why it may not leave by it."""
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
    if isinstance(content, Template) and content.category and channel.kind is ChannelKind.WHATSAPP:
        outgoing.category = content.category
    opted_out = person.refuses(channel.kind, purpose)
    door.prepare(outgoing, opted_out=opted_out, rates=directory.rates, today=now.date())
    is_whatsapp = channel.kind is ChannelKind.WHATSAPP
    if outgoing.refused is None and is_whatsapp and not may_send(outgoing.content, person.whatsapp_at, now):
        outgoing.refused = WINDOW_CLOSED
        outgoing.detail = (
            "the person has not written by WhatsApp within 24 hours: only a template may be sent"
        )
    return outgoing
