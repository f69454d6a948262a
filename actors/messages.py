"""What travels to the conversation hosts. Tuples where thousands a second do: they cost least to pickle."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from hub.channels.base import DeliveryReport, InboundMessage
from hub.channels.delivery import Status
from hub.contacts.contact import NewContact
from hub.conversations.state import Event, Inbound
from hub.deliveries import Report
from hub.errors import Invalid
from hub.ids import decode_id


class Arrived(NamedTuple):
    """A contact's message at the gateway, its contact resolved.

    `fresh`: nobody has the address yet; the turn that takes the message makes the contact.
    """

    tenant_id: UUID
    contact_id: UUID
    event: Inbound
    fresh: NewContact | None = None


class Reported(NamedTuple):
    """A provider's delivery report for one of the tenant's channels. `kept`: it has a row in the inbox already."""

    tenant_id: UUID
    channel_id: UUID
    event_key: str
    report: Report
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """Something an agent or a program asks of a conversation."""

    tenant_id: UUID
    contact_id: UUID
    event: Event


Item = Arrived | Reported | Command


def pack(items: Sequence[Item]) -> bytes:
    """Items as bytes for one remote call: the plain pickler takes a third of the time of Ray's own for these."""
    return pickle.dumps(items, pickle.HIGHEST_PROTOCOL)


def unpack(mail: bytes) -> list[Item]:
    """The inverse of `pack`. Only for mail between our own processes inside one cluster."""
    items: list[Item] = pickle.loads(mail)
    return items


DONE = "done"
DUPLICATE = "duplicate"


def reported(
    tenant_id: UUID, channel_id: UUID, event: DeliveryReport, now: datetime, kept: bool = False
) -> Reported:
    """A parsed delivery report to its mail. A reference that is not ours is ignored: the provider's id finds it."""
    try:
        message_id = decode_id("msg", event.reference) if event.reference else None
    except Invalid:
        message_id = None
    report = Report(
        tenant_id,
        channel_id,
        message_id,
        event.provider_message_id,
        Status(event.status),
        event.at or now,
        event.error_code,
    )
    return Reported(tenant_id, channel_id, event.event_key, report, kept)


def arrived_payload(event: InboundMessage) -> dict[str, Any]:
    """What the inbox keeps of an inbound message: enough to deliver it again."""
    return {
        "sender": event.sender,
        "text": event.text,
        "provider_message_id": event.provider_message_id,
        "profile_name": event.profile_name,
        "content": event.content,
        "command": event.command,
    }


def reported_payload(event: DeliveryReport) -> dict[str, Any]:
    """What the inbox keeps of a delivery report."""
    return {
        "provider_message_id": event.provider_message_id,
        "reference": event.reference,
        "status": event.status,
        "error_code": event.error_code,
        "at": event.at,
        "pricing": event.pricing,
    }


def event_from_payload(
    kind: str, event_key: str, payload: Mapping[str, Any]
) -> InboundMessage | DeliveryReport:
    """The inverse of the two functions above."""
    if kind == "message":
        return InboundMessage(
            event_key,
            "",
            payload["sender"],
            payload["text"],
            payload["provider_message_id"],
            payload["profile_name"],
            None,
            payload.get("content"),
            payload.get("command", ""),
        )
    at = payload["at"]
    return DeliveryReport(
        event_key,
        "",
        payload["provider_message_id"],
        payload["reference"],
        payload["status"],
        payload["error_code"],
        None if at is None else datetime.fromisoformat(at),
        payload.get("pricing"),
    )
