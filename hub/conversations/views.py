"""How conversations and messages look from outside: one shape for the API and for live events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hub.conversations.state import Conversation
from hub.directory import Directory
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


def conversation_view(state: Conversation, directory: Directory) -> dict[str, Any]:
    """A conversation as the API and the stream show it."""
    channel = directory.channels.get(state.channel_id) if state.channel_id else None
    return {
        "id": encode_id("cnv", state.contact_id),
        "contact": {"id": encode_id("con", state.contact_id), "name": state.name, "address": state.address},
        "status": state.status,
        "queue": _named("que", state.queue_id, directory.queues),
        "assignee": _named("usr", state.assignee_id, directory.users),
        "channel": None
        if channel is None
        else {
            "id": encode_id("chn", channel.id),
            "kind": channel.kind.value,
            "name": channel.name,
            "address": channel.address,
        },
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
        "version": state.version,
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
        "routing": row["routing"],
        "created_at": instant(row["created_at"]),
        "sent_at": instant(row.get("sent_at")),
        "delivered_at": instant(row.get("delivered_at")),
        "read_at": instant(row.get("read_at")),
        "failed_at": instant(row.get("failed_at")),
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
