"""How conversations and messages look from outside: one shape for the API and for live events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hub.channels.base import Channel, ChannelKind
from hub.channels.whatsapp_window import WINDOW_CLOSED, may_send, open_until
from hub.contacts.consents import ALL
from hub.conversations.desk import NOTHING
from hub.conversations.state import Conversation
from hub.directory import Directory
from hub.door import NO_ADDRESS, OPTED_OUT, Outgoing
from hub.failover.attempts import Person
from hub.ids import encode_id
from hub.money import format_micros


def instant(value: datetime | None) -> str | None:
    """RFC 3339 in UTC with a Z, or None."""
    if value is None:
        return None
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat()[:-6] + "Z"


def _named(prefix: str, key: UUID | None, names: Mapping[UUID, str]) -> dict[str, str] | None:
    return None if key is None else {"id": encode_id(prefix, key), "name": names.get(key, "")}


def _channel_view(channel_id: UUID | None, directory: Directory) -> dict[str, str] | None:
    if channel_id is None:
        return None
    channel = directory.channels.get(channel_id) or directory.former_channels.get(channel_id)
    if channel is None:
        return None
    return {
        "id": encode_id("chn", channel.id),
        "kind": channel.kind.value,
        "name": channel.name,
        "address": channel.address,
    }


def conversation_view(state: Conversation, directory: Directory) -> dict[str, Any]:
    """A conversation as the API and the stream show it."""
    return {
        "id": encode_id("cnv", state.contact_id),
        "contact": {"id": encode_id("con", state.contact_id), "name": state.name, "address": state.address},
        "status": state.status,
        "queue": _named("que", state.queue_id, directory.queues),
        "assignee": _named("usr", state.assignee_id, directory.users),
        "channel": _channel_view(state.channel_id, directory),
        "last_text": state.last_text,
        "last_direction": state.last_direction,
        "last_at": instant(state.last_at),
        "unread": state.unread,
        "intent": state.intent,
        "confidence": state.confidence,
        "reason": state.reason,
        "opted_out": sorted(state.opted_out),
        "opened_at": instant(state.opened_at),
        "closed_at": instant(state.closed_at),
        "priority": state.priority,
        **_desk_view(state, directory),
        "tags": list(state.tags),
        "handed_on": _handed_on(state, directory),
        "waiting_flows": _waiting_flows(state, directory),
        "version": state.version,
    }


def _desk_view(state: Conversation, directory: Directory) -> dict[str, Any]:
    kept = state.desk or NOTHING
    offer = None
    if state.offered_to is not None:
        agent = _named("usr", state.offered_to, directory.users)
        offer = {"agent": agent, "until": instant(state.offered_until)}
    return {
        "waiting_since": instant(state.waiting_since),
        "offer": offer,
        "respond_by": instant(kept.respond_by),
        "resolve_by": instant(kept.resolve_by),
        "breached": list(kept.breached),
        "snoozed_until": instant(kept.snoozed_until),
        "wrap_up": kept.wrap_up,
        "flooded_until": instant(state.memo.burst.until) if state.memo.burst else None,
    }


def _handed_on(state: Conversation, directory: Directory) -> dict[str, Any] | None:
    note = state.memo.handed_on
    if note is None:
        return None
    kind, _, key = note.actor.partition(":")
    by = _named("usr", UUID(key), directory.users) if kind == "user" else None
    return {"text": note.text, "by": by, "at": instant(note.at)}


def _waiting_flows(state: Conversation, directory: Directory) -> list[dict[str, str] | None]:
    """The flows that go on when the people are done."""
    waiting = dict.fromkeys(each.flow_id for each in state.sessions if each.awaits_people)
    if not waiting:
        return []
    names = directory.routing.book.names
    return [_named("flw", flow_id, names) for flow_id in waiting]


def way_view(channel: Channel, person: Person, directory: Directory, now: datetime) -> dict[str, Any]:
    """What a channel would let through to a person now; a reply has no purpose that somebody could opt out of alone."""
    address, until = person.address(channel.kind), None
    allows, reason = "anything", None
    if channel.kind is ChannelKind.WHATSAPP:
        if may_send(None, person.whatsapp_at, now):
            until = open_until(person.whatsapp_at)
        else:
            allows, reason = "templates", WINDOW_CLOSED
    if person.refuses(channel.kind, ALL):
        allows, reason = "nothing", OPTED_OUT
    elif not address:
        allows, reason = "nothing", NO_ADDRESS
    return {
        "channel": _channel_view(channel.id, directory),
        "address": address,
        "allows": allows,
        "reason": reason,
        "open_until": instant(until),
    }


def message_view(row: Mapping[str, Any], directory: Directory) -> dict[str, Any]:
    """A `messages` row (a mapping of its columns) as the API and the stream show it."""
    author = row["origin_id"] if row["origin"] == "agent" else None
    return {
        "id": encode_id("msg", row["id"]),
        "conversation_id": encode_id("cnv", row["contact_id"]),
        "direction": row["direction"],
        "origin": row["origin"],
        "author": _named("usr", author, directory.users),
        "channel_kind": row["channel_kind"],
        "address": row["address"],
        "body": row["body"],
        "content": row["content"],
        "status": row["status"],
        "reason": row["reason"],
        "error_code": row["error_code"],
        "parts": row["parts"],
        "price": format_micros(row["price_micros"]),
        "currency": row["currency"],
        "intent": row["intent"],
        "confidence": row["confidence"],
        "corrected_intent": None,
        "routing": row["routing"],
        "created_at": instant(row["created_at"]),
        "sent_at": instant(row.get("sent_at")),
        "delivered_at": instant(row.get("delivered_at")),
        "read_at": instant(row.get("read_at")),
        "failed_at": instant(row.get("failed_at")),
    }


def chain_view(rows: Sequence[Any], directory: Directory) -> dict[str, Any]:
    """A message and its later attempts, as the API shows them; `rows` in the order in which they were made."""
    first, last = rows[0], rows[-1]
    kept = [row for row in rows if row.hold_id is not None and row.settlement != "released"]
    return {
        "id": encode_id("msg", first.first_id or first.id),
        "contact_id": encode_id("con", first.contact_id),
        "conversation_id": encode_id("cnv", first.contact_id),
        "direction": first.direction,
        "purpose": first.purpose,
        "status": last.status,
        "channel_kind": last.channel_kind,
        "price": format_micros(sum(row.price_micros for row in kept)),
        "currency": next((row.currency for row in rows if row.currency), None),
        "waiting": last.plan is not None and last.status not in ("delivered", "read"),
        "attempts": [_attempt_view(row, directory) for row in rows],
    }


def _attempt_view(row: Any, directory: Directory) -> dict[str, Any]:
    view = message_view(row._mapping, directory)
    shared = ("id", "channel_kind", "address", "body", "content", "status", "reason", "error_code", "parts")
    times = ("created_at", "sent_at", "delivered_at", "read_at", "failed_at")
    return {
        "channel": _channel_view(row.channel_id, directory),
        "detail": (row.routing or {}).get("detail"),
        "history": row.history or [],
        **{name: view[name] for name in (*shared, "price", "currency", *times)},
    }


def offer_view(outgoing: Outgoing, directory: Directory) -> dict[str, Any]:
    """What a channel would send, or why it would not."""
    return {
        "channel": _channel_view(outgoing.channel.id, directory),
        "channel_kind": outgoing.channel.kind.value,
        "address": outgoing.address,
        "body": outgoing.text,
        "content": None if outgoing.content is None else outgoing.content.model_dump(mode="json"),
        "parts": outgoing.parts,
        "price": format_micros(outgoing.price_micros),
        "currency": outgoing.currency or None,
        "refused": outgoing.refused,
        "detail": outgoing.detail,
    }


def batch_view(outgoing: Outgoing, sent: bool) -> dict[str, Any]:
    """What became of one message of a batch; `sent` False: what would."""
    channel = outgoing.channel
    return {
        "id": encode_id("msg", outgoing.id) if sent else None,
        "status": "refused" if outgoing.refused else "queued",
        "channel": {
            "id": encode_id("chn", channel.id),
            "kind": channel.kind.value,
            "name": channel.name,
            "address": channel.address,
        },
        "channel_kind": channel.kind.value,
        "reason": outgoing.refused,
        "detail": outgoing.detail,
        "price": format_micros(outgoing.price_micros),
        "currency": outgoing.currency or None,
        "waits_until": instant(outgoing.due_at),
    }


def moved_events(rows: Iterable[Any]) -> list[tuple[UUID, dict[str, Any]]]:
    """(tenant, `message.updated` event) of messages whose delivery moved.

    Campaign messages are left out: a campaign shows its progress itself, and a million receipts would push what
    agents wait for out of the stream.
    """
    return [
        (
            row.tenant_id,
            {
                "type": "message.updated",
                "conversation_id": encode_id("cnv", row.contact_id),
                "message": delivery_view(row),
            },
        )
        for row in rows
        if row.origin != "campaign"
    ]


def delivery_view(row: Any) -> dict[str, Any]:
    """What changes on a message when its delivery moves."""
    return {
        "id": encode_id("msg", row.id),
        "status": row.status,
        "reason": row.reason,
        "error_code": row.error_code,
        "sent_at": instant(row.sent_at),
        "delivered_at": instant(row.delivered_at),
        "read_at": instant(row.read_at),
        "failed_at": instant(row.failed_at),
    }
