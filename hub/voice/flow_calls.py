"""Calls that flows speak in: their rows, their documents, and what the session hears when one is over.

The session decides (hub/conversations/calling.py); the turn that moves it writes the call's row in the same transaction,
so that a document is asked for as often as it likes and the flow goes on once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.conversations.state import CallTurn
from hub.flows.inputs import INPUT, CallEvent
from hub.flows.inputs import Call as Happened
from hub.flows.on_call import LASTS_MAX
from hub.voice.interpreter import (
    BEGIN,
    Advance,
    Answered,
    Dialled,
    End,
    Event,
    Gathered,
    Hold,
    Recorded,
    advance,
)
from hub.voice.script import Call, HangUp
from hub.voice.state import CallStatus
from models.calls import calls
from models.db import Insert
from models.flow_runs import flow_work

STEPS_KEPT_MAX = 500
CONFIDENCE_MIN = 0.3
"""Words understood with less are asked for again."""
ENDS: Mapping[CallStatus, CallEvent] = {
    CallStatus.COMPLETED: "hung_up",
    CallStatus.BUSY: "busy",
    CallStatus.NO_ANSWER: "no_answer",
    CallStatus.FAILED: "failed",
    CallStatus.CANCELED: "failed",
}
DIALLED: Mapping[str, str] = {"completed": "answered", "answered": "answered", "busy": "busy", "no-answer": "no_answer"}  # fmt: skip
_APPENDED = (
    f"CASE WHEN jsonb_array_length(calls.{{0}}) < {STEPS_KEPT_MAX} THEN calls.{{0}} || EXCLUDED.{{0}} "
    "ELSE calls.{0} END"
)
_TURN = (
    "ON CONFLICT (tenant_id, id) DO UPDATE SET script = EXCLUDED.script, turn = EXCLUDED.turn, "
    "position = EXCLUDED.position, session_id = EXCLUDED.session_id, "
    f"steps = {_APPENDED.format('steps')}, gathered = {_APPENDED.format('gathered')}, "
    "answered_by = CASE WHEN calls.answered_by = '' THEN EXCLUDED.answered_by ELSE calls.answered_by END"
)
_WATCH = "ON CONFLICT (tenant_id, id) DO UPDATE SET due_at = EXCLUDED.due_at WHERE flow_work.kind = 'call'"
_SPOKEN_IN = text(
    "UPDATE calls c SET session_id = w.session_id FROM unnest(CAST(:calls AS uuid[]), CAST(:sessions AS uuid[])) "
    "AS w(id, session_id) WHERE c.tenant_id = :tenant_id AND c.id = w.id"
)
_AWAITED = text(
    "SELECT id FROM flow_work WHERE tenant_id = :tenant_id AND contact_id = :contact_id AND kind = 'call' "
    "AND session_id = :session_id"
)
_OVER = text(
    "UPDATE flow_work SET kind = 'input', due_at = :now, attempts = 0, "
    "payload = payload || jsonb_build_object('happened', CAST(:happened AS text), 'value', CAST(:value AS text)) "
    "WHERE tenant_id = :tenant_id AND id = :id AND kind = 'call'"
)


# Rows


def call_turns(turns: Sequence[tuple[UUID, UUID, CallTurn]], now: datetime) -> list[Insert]:
    """What (tenant, contact, turn of a call) write; of two turns of one call the later document counts."""
    begun: list[dict[str, Any]] = []
    rows: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    watched: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    for tenant_id, contact_id, turn in turns:
        row = _row(tenant_id, contact_id, turn, now)
        key = (tenant_id, turn.line.id)
        if turn.turn == 1 and turn.ending in ("ask", "hold"):
            watched[key] = watch_row(
                tenant_id, contact_id, turn.session_id, turn.line.id, now + LASTS_MAX, now
            )
        if turn.begins:
            begun.append(row | {"provider_call_id": turn.line.provider_call_id, "status": "ringing"})
            continue
        before = rows.get(key, {"steps": [], "gathered": []})
        rows[key] = row | {name: [*before[name], *row[name]] for name in ("steps", "gathered")}
    return [
        Insert(calls, begun, "ON CONFLICT DO NOTHING"),
        Insert(calls, list(rows.values()), _TURN),
        Insert(flow_work, list(watched.values()), _WATCH),
    ]


def _row(tenant_id: UUID, contact_id: UUID, turn: CallTurn, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "id": turn.line.id,
        "contact_id": contact_id,
        "channel_id": turn.line.channel_id,
        "direction": turn.line.direction,
        "address": turn.line.address,
        "script": turn.script.model_dump(mode="json"),
        "status": "in-progress",
        "answered_by": turn.answered_by,
        "position": None if turn.ending == "end" else {"flow": turn.ending},
        "turn": turn.turn,
        "steps": list(turn.taken),
        "gathered": [] if turn.heard is None else [dict(turn.heard)],
        "session_id": turn.session_id,
        "created_at": now,
    }


def watch_row(
    tenant_id: UUID,
    contact_id: UUID,
    session_id: UUID,
    call_id: UUID,
    due_at: datetime,
    now: datetime,
    token: int = 0,
) -> dict[str, Any]:
    """The work that tells a session how its call ended, at the latest when it is due."""
    lost = Happened(happened="failed" if token else "hung_up", token=token, call=call_id.hex)
    return {
        "tenant_id": tenant_id,
        "id": call_id,
        "contact_id": contact_id,
        "session_id": session_id,
        "kind": "call",
        "payload": INPUT.dump_python(lost, mode="json"),
        "due_at": due_at,
        "attempts": 0,
        "created_at": now,
    }


def asked(payload: Mapping[str, Any]) -> Call:
    """The call that a session asks for (effects.PlaceCall): what it says is asked of the session once it is answered."""
    over = (HangUp(),)
    return Call(
        steps=over,
        machine=over if payload.get("detect_machine") else None,
        ring_timeout_s=payload["ring_timeout_s"],
        time_limit_s=payload["time_limit_s"],
        record=payload.get("record", False),
    )


async def spoken_in(db: AsyncConnection, tenant_id: UUID, calls_of: Mapping[UUID, UUID]) -> None:
    """Calls that were just written are spoken in by these sessions."""
    if calls_of:
        values = {"tenant_id": tenant_id, "calls": list(calls_of), "sessions": list(calls_of.values())}
        await db.execute(_SPOKEN_IN, values)


async def awaited(db: AsyncConnection, tenant_id: UUID, contact_id: UUID, session_id: UUID) -> list[UUID]:
    """The calls of a session whose end it has not heard."""
    values = {"tenant_id": tenant_id, "contact_id": contact_id, "session_id": session_id}
    return list((await db.execute(_AWAITED, values)).scalars())


async def let_go(db: AsyncConnection, tenant_id: UUID, call_id: UUID, script: Call) -> None:
    """The flow has given the call away, and it goes on by a script."""
    values = {"script": script.model_dump(mode="json"), "session_id": None, "turn": 0, "position": None}
    where = (calls.c.tenant_id == tenant_id, calls.c.id == call_id, calls.c.session_id.is_not(None))
    await db.execute(calls.update().where(*where).values(**values))


def is_given_away(row: Any) -> bool:
    """Whether the flow has handed the call over to people."""
    return bool(row.position == {"flow": "desk"})


async def note_end(db: AsyncConnection, row: Any, status: CallStatus, now: datetime) -> None:
    """Let the session hear how its call ended, in the transaction that ends the call."""
    values = {"happened": ENDS[status], "value": status.value, "now": now}
    await db.execute(_OVER, {"tenant_id": row.tenant_id, "id": row.id, **values})


# Documents


def document(row: Any) -> Advance:
    """What the call's row says is to be done now, as the interpreter of scripts has it."""
    found = advance(Call.model_validate(row.script), BEGIN, Answered())
    how = (row.position or {}).get("flow", "end")
    match how:
        case "ask":
            return found
        case "hold":
            return found._replace(position=BEGIN, actions=(*found.actions[:-1], Hold()))
        case "desk":
            return found._replace(position=None, actions=(*found.actions[:-1], Hold(0)))
        case _:
            return found._replace(position=None)


HELD = Advance(BEGIN, (Hold(),))
OVER = Advance(None, (End(),))


def happened(event: Event, recording: str) -> Happened | None:
    """What the call tells, as the flow hears it. `recording`: where a message that was left can be heard."""
    match event:
        case Answered(by):
            return Happened(happened="answered", value=by)
        case Gathered(digits, speech, confidence):
            if speech and confidence < CONFIDENCE_MIN:
                return Happened(happened="speech")
            if digits or speech:
                return Happened(happened="keys" if digits else "speech", value=digits or speech)
            return Happened(happened="silence")
        case Recorded(seconds):
            return Happened(happened="recorded", value=recording if seconds else "")
        case Dialled(status):
            return Happened(happened="dialled", value=DIALLED.get(status, "failed"))
    return None


def kept(event: Event, now: datetime) -> Mapping[str, Any] | None:
    """The answer as the call's row keeps it."""
    if not isinstance(event, Gathered) or not (event.digits or event.speech):
        return None
    found: dict[str, Any] = {"step": "", "digits": event.digits, "speech": event.speech, "at": now.isoformat()}  # fmt: skip
    return found | {"confidence": event.confidence} if event.speech else found
