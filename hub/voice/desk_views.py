"""A call at the desk as the API, the live stream and webhooks show it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hub.conversations.views import instant
from hub.directory import Directory
from hub.ids import encode_id
from hub.voice.desk import DeskCall
from hub.voice.views import PREFIX, recording_view


def desk_call_view(row: Any, directory: Directory) -> dict[str, Any]:
    """`row` as `desk_store.shown` finds it."""
    call = DeskCall.model_validate(row.state)
    listeners = [leg for leg in call.legs if leg.role == "listener" and leg.state in ("ringing", "up")]
    own = call.leg_of("agent", user_id=call.agent_id) if call.agent_id is not None else None
    consulted = call.leg_of("consulted")
    return {
        "id": encode_id(PREFIX, row.id),
        "conversation_id": encode_id("cnv", row.contact_id),
        "contact": {
            "id": encode_id("con", row.contact_id),
            "name": row.contact_name or "",
            "address": row.contact_address or "",
        },
        "channel_id": encode_id("chn", row.channel_id),
        "direction": call.direction,
        "phase": "offered" if call.phase == "queued" and row.offered_to is not None else call.phase.value,
        "queue": _named("que", row.queue_id, directory.queues),
        "offered_to": _named("usr", row.offered_to, directory.users),
        "owner": _named("usr", row.assignee_id, directory.users),
        "agent": _named("usr", call.agent_id, directory.users),
        "consulted": _named("usr", call.consulted_id, directory.users),
        "consulted_up": consulted is not None and consulted.state == "up",
        "listeners": [_named("usr", leg.user_id, directory.users) for leg in listeners],
        "muted": own is not None and own.muted,
        "forward": call.forward or None,
        "note": call.note,
        "recorded": call.recorded and call.phase != "forwarded",
        "transcribed": call.transcribed and call.phase != "forwarded",
        "kept": call.told,
        "recording": recording_view(row),
        "waited_from": instant(row.waited_from),
        "since": instant(call.since),
        "answered_at": instant(call.answered_at),
        "ended_at": instant(call.ended_at),
        "outcome": call.outcome or None,
        "log": [_line(line, directory) for line in row.log],
        "version": row.version,
    }


def _line(line: dict[str, Any], directory: Directory) -> dict[str, Any]:
    """A line of the log with names in place of ids."""
    shown = {key: value for key, value in line.items() if key not in ("user_id", "to_user_id")}
    if "user_id" in line:
        shown["by"] = directory.users.get(UUID(line["user_id"]), "")
    if "to_user_id" in line:
        shown["to"] = directory.users.get(UUID(line["to_user_id"]), "")
    return shown


def _named(prefix: str, key: UUID | None, names: Any) -> dict[str, str] | None:
    return None if key is None else {"id": encode_id(prefix, key), "name": names.get(key, "")}


def desk_updated(view: dict[str, Any]) -> dict[str, Any]:
    """The live event of a call at the desk that moved."""
    return {"type": "desk_call.updated", "call": view}
