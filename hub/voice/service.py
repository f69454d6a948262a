"""Use cases of calls, for every carrier of calls; they run in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.channels.voice_news import CallNews
from hub.deliveries import Changed, Report
from hub.directory import Directories
from hub.errors import NotFound
from hub.voice import desk_store, flow_calls, store
from hub.voice.interpreter import BEGIN, Advance, Answered, End, Event, Gathered, Position, advance
from hub.voice.script import Call, Record, Say
from hub.voice.state import ENDED, CallStatus, delivery_of, moves
from hub.voice.tariff import Tariff
from hub.voice.views import call_view
from hub.webhooks import events, telling
from models.db import insert_rows
from models.webhooks import webhook_deliveries

STEPS_KEPT_MAX = 500


@dataclass(frozen=True, slots=True)
class Turned:
    """A turn of a call. `reply` is what the carrier is told; `fresh` False: it was told so before."""

    row: Row[Any]
    reply: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class Reported:
    """A call after news; `moved` are messages that moved with it. `changed` False: it was no news."""

    row: Row[Any]
    moved: list[Changed]
    changed: bool


def script_of(row: Any) -> Call:
    return Call.model_validate(row.script)


def greeting(brand: str) -> Call:
    """What an inbound call hears until flows answer: who we are, and that a message may be left."""
    return Call(
        steps=(
            Say(text=f"Hello, this is {brand or 'our service'}. Please leave a message after the tone."),
            Record(seconds_max=120),
            Say(text="Thank you. Goodbye."),
        )
    )


async def take_turn(
    db: AsyncConnection,
    tenant_id: UUID,
    call_id: UUID,
    turn: int,
    event: Event,
    now: datetime,
    render: Callable[[Call, Advance, int], str],
) -> Turned:
    """Let the script go on after `event`, which answers turn `turn`. Asked again, the same reply is given again.

    Raises NotFound.
    """
    row = await store.lock(db, tenant_id, call_id)
    if row is None:
        raise NotFound("there is no such call")
    script = script_of(row)
    if CallStatus(row.status) in ENDED or (turn >= row.turn > 0 and row.position is None):
        return Turned(row, render(script, Advance(None, (End(),)), row.turn), fresh=False)
    if turn != row.turn:
        return Turned(row, row.reply or render(script, Advance(None, (End(),)), row.turn), fresh=False)
    position = BEGIN if row.position is None else Position.model_validate(row.position)
    found = advance(script, position, event)
    reply = render(script, found, turn + 1)
    values: dict[str, Any] = {
        "turn": turn + 1,
        "position": None if found.position is None else found.position.model_dump(mode="json"),
        "reply": reply,
        "steps": [*row.steps, *found.taken][:STEPS_KEPT_MAX],
    }
    if isinstance(event, Answered) and event.by and not row.answered_by:
        values["answered_by"] = event.by
    if isinstance(event, Gathered) and (event.digits or event.speech):
        step = found.taken[0]["step"] if found.taken else ""
        heard = {"step": step, "digits": event.digits, "speech": event.speech, "at": now.isoformat()}
        if event.speech:
            heard["confidence"] = event.confidence
        values["gathered"] = [*row.gathered, heard][:STEPS_KEPT_MAX]
    return Turned(await store.change(db, tenant_id, call_id, values), reply, fresh=True)


async def report(
    db: AsyncConnection,
    tenant_id: UUID,
    call_id: UUID,
    news: CallNews,
    now: datetime,
    directories: Directories,
) -> Reported:
    """Apply news of a call: its state, its times, what it cost, and the fate of its message. Raises NotFound."""
    row = await store.lock(db, tenant_id, call_id)
    if row is None:
        raise NotFound("there is no such call")
    values = _facts(row, news)
    status = news.status
    moved = status is not None and moves(CallStatus(row.status), row.sequence, status, news.sequence)
    if moved and status is not None:
        values |= _movement(row, status, news, now)
    elif news.sequence is not None and news.sequence > (row.sequence or -1):
        values["sequence"] = news.sequence
    if not values:
        return Reported(row, [], changed=False)
    row = await store.change(db, tenant_id, call_id, values)
    if moved and status is not None:
        await _tell(db, row, status, directories, now)
        if status in ENDED and row.session_id is not None:
            await flow_calls.note_end(db, row, status, now)
    if not moved or status is None or row.direction != "out":
        return Reported(row, [], changed=True)
    if status in ENDED and row.billed_s:
        await store.capture(db, tenant_id, call_id, row.price_micros)
    script = script_of(row)
    fate = Report(
        tenant_id,
        row.channel_id,
        call_id,
        row.provider_call_id,
        delivery_of(status, row.answered_by, bool(script.machine) or script.machine is None),
        news.at or now,
        row.error_code,
        row.reason,
    )
    applied = await telling.apply(db, [fate], False, directories, now)
    return Reported(row, applied.changed, changed=True)


async def take_back(
    db: AsyncConnection,
    tenant_id: UUID,
    contact_id: UUID,
    session_id: UUID,
    now: datetime,
    directories: Directories,
) -> list[Reported]:
    """The session of a flow is over: what it had placed and no sender has taken yet is not dialled any more."""
    found = []
    for call_id in await flow_calls.awaited(db, tenant_id, contact_id, session_id):
        if await store.withdraw(db, tenant_id, call_id):
            news = CallNews("", CallStatus.CANCELED, reason="the flow's session has ended")
            found.append(await report(db, tenant_id, call_id, news, now, directories))
    return found


async def _tell(
    db: AsyncConnection, row: Row[Any], status: CallStatus, directories: Directories, now: datetime
) -> None:
    """What the tenant's webhooks hear of a call that goes by its script; the desk tells of its own calls itself."""
    event = "call.answered" if status is CallStatus.IN_PROGRESS else "call.ended" if status in ENDED else ""
    directory = await directories.one(row.tenant_id)
    if not event or not directory.webhooks:
        return
    at_desk = await desk_store.shown(db, row.tenant_id, row.id)
    if at_desk is None:
        rows = events.of_call(directory, event, row.contact_id, call_view(row), now)
        await insert_rows(db, webhook_deliveries, rows)


def _facts(row: Any, news: CallNews) -> dict[str, Any]:
    """What the news adds that has no order: the first word counts."""
    values: dict[str, Any] = {}
    if news.provider_call_id and not row.provider_call_id:
        values["provider_call_id"] = news.provider_call_id
    if news.answered_by and not row.answered_by:
        values["answered_by"] = news.answered_by
    if news.recording_url and not row.recording_url:
        values |= {"recording_url": news.recording_url, "recording_s": news.recording_s}
    return values


def _movement(row: Any, status: CallStatus, news: CallNews, now: datetime) -> dict[str, Any]:
    at = news.at or now
    values: dict[str, Any] = {"status": status.value}
    if news.sequence is not None:
        values["sequence"] = max(news.sequence, row.sequence or 0)
    match status:
        case CallStatus.RINGING:
            values["ringing_at"] = row.ringing_at or at
        case CallStatus.IN_PROGRESS:
            values["answered_at"] = row.answered_at or at
        case _ if status in ENDED:
            values |= _ending(row, status, news, at)
    return values


def _ending(row: Any, status: CallStatus, news: CallNews, at: datetime) -> dict[str, Any]:
    """How long the call was and what it costs: only a completed call was answered."""
    duration_s = news.duration_s
    if duration_s is None:
        duration_s = 0 if row.answered_at is None else max(0, round((at - row.answered_at).total_seconds()))
    if status is not CallStatus.COMPLETED:
        duration_s = 0
    values: dict[str, Any] = {"ended_at": at, "duration_s": duration_s, "position": None}
    if news.error_code or news.reason:
        values |= {"error_code": news.error_code, "reason": news.reason}
    if row.tariff is not None:
        tariff = Tariff.from_row(row.tariff)
        values |= {"billed_s": tariff.billed_s(duration_s), "price_micros": tariff.price_micros(duration_s)}
    return values
