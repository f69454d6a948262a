"""What happened, as rows of `webhook_deliveries`: one an event and endpoint that wants it. Pure but for fresh ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hub.conversations.state import CallWebhook, Conversation, Turn
from hub.conversations.views import conversation_view, delivery_view, instant, message_view
from hub.deliveries import Applied
from hub.directory import Directory
from hub.ids import encode_id, new_id
from hub.webhooks.endpoint import BODY_BYTES_MAX, PING

_TOLD = frozenset(
    {"assigned", "transferred", "closed", "rated", "breached"}
)  # of what a turn tells the timeline


def of_turns(
    turns: Iterable[tuple[Conversation, Turn]], directories: Mapping[UUID, Directory], now: datetime
) -> list[dict[str, Any]]:
    """Rows of the turns (state before, result) of a batch. Nothing is made for tenants without endpoints."""
    rows: list[dict[str, Any]] = []
    for before, turned in turns:
        state = turned.state
        directory = directories[state.tenant_id]
        if not directory.webhooks:
            continue
        for event, more in _of_turn(before, turned):
            data = {"conversation": conversation_view(state, directory), **more}
            rows += _rows(directory, event, state.contact_id, data, now)
        rows += _calls(turned, directory, now)
    return rows


def _calls(turned: Turn, directory: Directory, now: datetime) -> list[dict[str, Any]]:
    """What rules and service levels tell one endpoint each. One that listens for the event hears of it anyway; one that is
    switched off hears nothing.
    """
    rows = []
    known = {each.id: each.events for each in directory.webhooks}
    state = turned.state
    for call in turned.effects:
        if isinstance(call, CallWebhook) and call.event not in known.get(call.endpoint_id, (call.event,)):
            body = _body(call.event, {"conversation": conversation_view(state, directory), **call.data}, now)
            rows.append(_row(state.tenant_id, call.endpoint_id, state.contact_id, call.event, body, now))
    return rows


def _of_turn(before: Conversation, turned: Turn) -> list[tuple[str, dict[str, Any]]]:
    """(event, what more is told) in their order."""
    found: list[tuple[str, dict[str, Any]]] = []
    if turned.state.opened_at is not None and turned.state.opened_at != before.opened_at:
        again = before.status == "closed"
        found.append(("conversation.reopened" if again else "conversation.opened", {}))
    found += [
        (f"conversation.{each.kind}", {**each.data, "actor": each.actor})
        for each in turned.happened
        if each.kind in _TOLD
    ]
    return found


def of_messages(
    messages: Iterable[Mapping[str, Any]], directories: Mapping[UUID, Directory], now: datetime
) -> list[dict[str, Any]]:
    """Rows of `message.received` for new rows of `messages` that came in."""
    rows: list[dict[str, Any]] = []
    for message in messages:
        directory = directories[message["tenant_id"]]
        if directory.webhooks and message["direction"] == "in":
            data = {"message": message_view(message, directory)}
            rows += _rows(directory, "message.received", message["contact_id"], data, now)
    return rows


def of_reports(
    applied: Applied, directories: Mapping[UUID, Directory], now: datetime
) -> list[dict[str, Any]]:
    """Rows of `message.delivered` and `message.failed`; an attempt that another channel takes over has not failed yet."""
    changed = {row.id: row for row in applied.changed}
    rows: list[dict[str, Any]] = []
    for ended in applied.ended:
        directory = directories[ended.tenant_id]
        if not directory.webhooks or (ended.planned and not ended.delivered):
            continue
        row = changed[ended.message_id]
        view = {**delivery_view(row), "id": encode_id("msg", ended.first_id or row.id)}
        data = {"message": {**view, "conversation_id": encode_id("cnv", row.contact_id)}}
        event = "message.delivered" if ended.delivered else "message.failed"
        rows += _rows(directory, event, row.contact_id, data, now)
    return rows


def of_call(
    directory: Directory, event: str, contact_id: UUID, view: Mapping[str, Any], now: datetime
) -> list[dict[str, Any]]:
    """Rows of `call.arrived`, `call.answered` or `call.ended`: a call at the desk, or one that went by its script."""
    return _rows(directory, event, contact_id, {"call": view}, now) if directory.webhooks else []


def ping(tenant_id: UUID, endpoint_id: UUID, now: datetime) -> dict[str, Any]:
    """The row of a test: it goes to this endpoint whatever that listens for."""
    body = _body(PING, {"endpoint_id": encode_id("whe", endpoint_id)}, now)
    return _row(tenant_id, endpoint_id, None, PING, body, now)


def _rows(
    directory: Directory, event: str, contact_id: UUID, data: Mapping[str, Any], now: datetime
) -> list[dict[str, Any]]:
    wanted = [each.id for each in directory.webhooks if event in each.events]
    if not wanted:
        return []
    body = _body(event, data, now)
    return [_row(directory.tenant_id, each, contact_id, event, body, now) for each in wanted]


def _row(
    tenant_id: UUID, endpoint_id: UUID, contact_id: UUID | None, event: str, body: str, now: datetime
) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "id": new_id(),
        "endpoint_id": endpoint_id,
        "contact_id": contact_id,
        "event": event,
        "body": body,
        "state": "pending",
        "due_at": now,
        "began_at": now,
        "attempts": 0,
        "created_at": now,
    }


def _body(event: str, data: Mapping[str, Any], now: datetime) -> str:
    """The JSON text. What would make it too long is left out of the message, and `truncated` says so."""
    whole = {"type": event, "timestamp": instant(now), "data": data}
    body = orjson.dumps(whole)
    if len(body) > BODY_BYTES_MAX:
        message = {**data.get("message", {}), "body": "", "content": None}
        body = orjson.dumps({**whole, "data": {**data, "message": message, "truncated": True}})
    return body.decode()
