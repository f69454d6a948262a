"""Rows that a batch of turns writes beside messages and states. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from actors.messages import Arrived, Command
from hub import realtime
from hub.conversations import store
from hub.conversations.state import AgentReply, Conversation, Inbound, SetConsent, TagContact, Turn
from hub.conversations.views import conversation_view, message_view
from hub.directory import Directory
from hub.ids import encode_id, new_id
from hub.webhooks import events
from models.db import Insert

if TYPE_CHECKING:
    from actors.batch import Batch

NO_CHANNEL = UUID(int=0)  # of inbox rows that no provider sent


def claim_row(item: Arrived | Command, now: datetime) -> dict[str, Any] | None:
    """The inbox row that makes an item happen once; None for commands that may simply happen again."""
    row = {"tenant_id": item.tenant_id, "received_at": now, "done_at": now, "attempts": 0}
    match item.event:
        case Inbound() as event:
            # The text itself is in `messages`, written by this very transaction.
            payload = {"sender": event.address, "provider_message_id": event.provider_message_id}
            key = {"channel_id": event.channel_id, "event_key": event.event_key, "kind": "message"}
            return row | key | {"received_at": event.at, "payload": payload}
        case AgentReply(request_id=UUID() as request_id, message_id=message_id):
            key = {"channel_id": NO_CHANNEL, "event_key": f"reply:{request_id.hex}", "kind": "reply"}
            return row | key | {"payload": {"message_id": str(message_id)}}
        case _:
            return None


def consent_row(tenant_id: UUID, contact_id: UUID, change: SetConsent, now: datetime) -> dict[str, Any]:
    """The contact's own word on a channel, with the word as proof."""
    return {
        "tenant_id": tenant_id,
        "contact_id": contact_id,
        "channel_kind": change.channel_kind,
        "purpose": change.purpose,
        "state": change.state,
        "source": "reply",
        "proof": change.proof,
        "changed_at": now,
        "changed_by": "contact",
    }


def effect_inserts(turns: Iterable[Turn], now: datetime) -> list[Insert]:
    """Consents and tags that turns give."""
    consents: list[dict[str, Any]] = []
    tags: list[dict[str, Any]] = []
    for turned in turns:
        tenant_id, contact_id = turned.state.tenant_id, turned.state.contact_id
        for effect in turned.effects:
            match effect:
                case SetConsent():
                    consents.append(consent_row(tenant_id, contact_id, effect, now))
                case TagContact(tag):
                    tags.append({"tenant_id": tenant_id, "tag": tag, "contact_id": contact_id})
                case _:
                    pass
    return [store.consent_changes(consents), store.tags(tags)]


def activity_rows(turns: Iterable[Turn], now: datetime) -> list[dict[str, Any]]:
    """What the contacts' timelines will tell of these turns."""
    return [
        {
            "tenant_id": turned.state.tenant_id,
            "contact_id": turned.state.contact_id,
            "id": new_id(),
            "at": now,
            "kind": happened.kind,
            "actor": happened.actor,
            "data": happened.data,
        }
        for turned in turns
        for happened in turned.happened
    ]


def webhook_rows(batch: Batch) -> list[dict[str, Any]]:
    """What the tenants' webhooks will tell of a batch; nothing for tenants that have none."""
    if not any(directory.webhooks for directory in batch.directories.values()):
        return []
    states = dict(batch.before)
    turns = []
    for turned in batch.turns.values():
        key = (turned.state.tenant_id, turned.state.contact_id)
        turns.append((states[key], turned))
        states[key] = turned.state
    return [
        *events.of_messages(batch.rows, batch.directories, batch.now),
        *events.of_turns(turns, batch.directories, batch.now),
    ]


def queue_event_rows(turns: Iterable[Turn]) -> list[dict[str, Any]]:
    """What the queues' reports will count of these turns."""
    return [
        {
            "tenant_id": turned.state.tenant_id,
            "contact_id": turned.state.contact_id,
            "id": new_id(),
            **moved._asdict(),
        }
        for turned in turns
        for moved in turned.moved
    ]


def screen_events(
    rows: Iterable[Mapping[str, Any]],
    turns: Iterable[Turn],
    states: Iterable[Conversation],
    directories: Mapping[UUID, Directory],
) -> list[tuple[UUID, bytes]]:
    """(tenant, encoded live event): each new message, what the desk has to say, each changed conversation once."""
    told: list[tuple[UUID, bytes]] = []
    for row in rows:
        view = message_view(row, directories[row["tenant_id"]])
        about = {"conversation_id": encode_id("cnv", row["contact_id"])}
        event = {"type": "message.created", **about, "message": view}
        told.append((row["tenant_id"], realtime.encode(event)))
    for turned in turns:
        about = {"conversation_id": encode_id("cnv", turned.state.contact_id)}
        told += [(turned.state.tenant_id, realtime.encode(notice | about)) for notice in turned.notices]
    for state in states:
        view = conversation_view(state, directories[state.tenant_id])
        updated = {"type": "conversation.updated", "conversation": view}
        told.append((state.tenant_id, realtime.encode(updated)))
    return told
