"""Use cases of calls at the desk; they run in the caller's transaction. What is to be done after it is returned as effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.channels.voice_news import Spoken
from hub.directory import Directory
from hub.errors import NotFound
from hub.ids import encode_id, new_id
from hub.routing import service as routing
from hub.routing import store_queues
from hub.routing.hours import is_open
from hub.routing.queue import PLAIN, QueueSettings
from hub.routing.store import some_conversations
from hub.voice import desk_store
from hub.voice.desk import OVER, RING, DeskCall, Effect, Phase, Result, arrived
from hub.voice.desk_views import desk_call_view
from hub.voice.words import speaker_of, words_added, words_view
from hub.webhooks import events
from models.contacts import activities
from models.db import insert_rows
from models.webhooks import webhook_deliveries

LOG_MAX = 300
# What of a call the contact's timeline tells; the rest is seen in the call itself.
_TIMELINE = frozenset(
    {"connected", "transferred", "handed_over", "callback", "voicemail", "unanswered", "ended"}
)
_HOOKS = {"connected": "call.answered", "ended": "call.ended", "voicemail": "call.ended"}


@dataclass(frozen=True, slots=True)
class Done:
    """A call after an event: what is to be done now, and the view that screens are told."""

    tenant_id: UUID
    id: UUID
    row: Row[Any]
    call: DeskCall
    effects: list[Effect]
    view: dict[str, Any]
    changed: bool


def call_of(row: Any) -> DeskCall:
    return DeskCall.model_validate(row.state)


def settings_of(directory: Directory, queue_id: UUID | None) -> QueueSettings:
    return PLAIN if queue_id is None else directory.queue_settings.get(queue_id, PLAIN)


async def begin(
    db: AsyncConnection,
    directory: Directory,
    channel_id: UUID,
    contact_id: UUID,
    call_id: UUID,
    sid: str,
    now: datetime,
) -> bool:
    """Let a call that came in wait at the desk, if its conversation is with people, in a queue that takes calls now."""
    found = await some_conversations(db, directory.tenant_id, [contact_id])
    if not found or not found[0].open:
        return False
    standing = found[0]
    settings = settings_of(directory, standing.queue_id)
    if not settings.voice.answer or not is_open(settings.hours, now):
        return False
    call = arrived(sid, now)
    await desk_store.insert(db, new_row(directory, channel_id, contact_id, call_id, standing.queue_id, call))
    row = await desk_store.shown(db, directory.tenant_id, call_id)
    hook = events.of_call(directory, "call.arrived", contact_id, desk_call_view(row, directory), now)
    await insert_rows(db, webhook_deliveries, hook)
    return True


def new_row(
    directory: Directory,
    channel_id: UUID,
    contact_id: UUID,
    call_id: UUID,
    queue_id: UUID | None,
    call: DeskCall,
) -> dict[str, Any]:
    return {
        "tenant_id": directory.tenant_id,
        "id": call_id,
        "contact_id": contact_id,
        "channel_id": channel_id,
        "queue_id": queue_id,
        "phase": call.phase.value,
        "agent_id": call.agent_id,
        "state": call.model_dump(mode="json"),
        "waited_from": call.waited_from,
        "ring_until": _ring_until(call),
        "created_at": call.waited_from,
        "updated_at": call.since,
    }


async def apply(
    db: AsyncConnection,
    directory: Directory,
    call_id: UUID,
    now: datetime,
    step: Callable[[DeskCall], Result],
    actor: str = "system",
) -> Done:
    """One step of a call, and all that is written of it. Raises NotFound, and what the step raises."""
    tenant_id = directory.tenant_id
    row = await desk_store.lock(db, tenant_id, call_id)
    if row is None:
        raise NotFound("there is no such call at the desk")
    before = call_of(row)
    result = step(before)
    call = result.call
    changed = call != before
    if changed:
        values: dict[str, Any] = {
            "phase": call.phase.value,
            "agent_id": call.agent_id,
            "state": call.model_dump(mode="json"),
            "log": [*row.log, *result.log][-LOG_MAX:],
            "ring_until": _ring_until(call),
            "updated_at": now,
        }
        if call.phase is Phase.QUEUED:  # it may wait elsewhere than it came to
            for standing in await some_conversations(db, tenant_id, [row.contact_id]):
                values["queue_id"] = standing.queue_id
        await desk_store.change(db, tenant_id, call_id, values)
    shown = await desk_store.shown(db, tenant_id, call_id)
    assert shown is not None
    view = desk_call_view(shown, directory)
    await _tell(db, directory, shown, result, view, now, actor)
    return Done(tenant_id, call_id, shown, call, result.effects, view, changed)


async def said(
    db: AsyncConnection, directory: Directory, call_id: UUID, spoken: Spoken, now: datetime
) -> dict[str, Any] | None:
    """Write down what somebody said. The live event of it; None: it is known, or nobody's word. Raises NotFound."""
    row = await desk_store.shown(db, directory.tenant_id, call_id)
    if row is None:
        raise NotFound("there is no such call at the desk")
    call = call_of(row)
    by = speaker_of(call, spoken, now) if call.told else None
    if by is None:
        return None
    values = {
        "tenant_id": row.tenant_id,
        "id": new_id(),
        "call_id": call_id,
        "contact_id": row.contact_id,
        "key": spoken.key,
        "at": spoken.at or now,
        "sequence": spoken.sequence,
        "speaker": by[0],
        "user_id": by[1],
        "body": spoken.text,
        "confidence": spoken.confidence,
    }
    written = await desk_store.say(db, values)
    return None if written is None else words_added(call_id, row.contact_id, words_view(written, directory))


async def place(
    db: AsyncConnection,
    directory: Directory,
    channel_id: UUID,
    contact_id: UUID,
    call_id: UUID,
    queue_id: UUID | None,
    result: Result,
    now: datetime,
) -> Done:
    """Write a call that begins at the desk: an agent calls out."""
    made = new_row(directory, channel_id, contact_id, call_id, queue_id, result.call)
    await desk_store.insert(db, {**made, "log": result.log})
    row = await desk_store.shown(db, directory.tenant_id, call_id)
    assert row is not None
    view = desk_call_view(row, directory)
    return Done(directory.tenant_id, call_id, row, result.call, result.effects, view, True)


async def _tell(
    db: AsyncConnection,
    directory: Directory,
    row: Any,
    result: Result,
    view: dict[str, Any],
    now: datetime,
    actor: str,
) -> None:
    """The timeline and the webhooks."""
    lines = [line for line in result.log if line["did"] in _TIMELINE]
    if not lines:
        return
    rows = [
        {
            "tenant_id": row.tenant_id,
            "contact_id": row.contact_id,
            "id": new_id(),
            "at": now,
            "kind": "call",
            "actor": f"user:{line['user_id']}" if "user_id" in line else actor,
            "data": {
                "call_id": encode_id("cal", row.id),
                **{key: value for key, value in line.items() if key not in ("at", "user_id")},
            },
        }
        for line in lines
    ]
    await insert_rows(db, activities, rows)
    hooks = [_HOOKS[line["did"]] for line in lines if line["did"] in _HOOKS and not line.get("again")]
    found = [each for hook in hooks for each in events.of_call(directory, hook, row.contact_id, view, now)]
    await insert_rows(db, webhook_deliveries, found)


def _ring_until(call: DeskCall) -> datetime | None:
    """When a phone that rings is given up, should nobody hear of it again."""
    if call.phase in OVER:
        return None
    rings = [leg.since + RING for leg in call.legs if leg.role != "contact" and leg.state == "ringing"]
    return min(rings, default=None)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a caller who waits is told. `callback`: they may be called back; `give_up`: they have waited long enough."""

    position: int
    callback: bool
    give_up: bool


async def outlook(db: AsyncConnection, directory: Directory, row: Any, now: datetime) -> Outlook:
    """How a waiting call stands in its queue."""
    settings = settings_of(directory, row.queue_id).voice
    before = await desk_store.ahead(db, row.tenant_id, row.queue_id, row.id, row.waited_from)
    waited_s = (now - row.waited_from).total_seconds()
    callback = False
    if settings.callback_after_s is not None:
        callback = waited_s > settings.callback_after_s
        queue = await store_queues.one(db, [row.tenant_id], row.queue_id)
        if not callback and queue is not None:
            estimated = (await routing.outlook(db, queue, now)).estimated_wait_s
            callback = estimated is not None and estimated > settings.callback_after_s
    return Outlook(before + 1, callback, waited_s >= settings.wait_s)
