"""GET /v1/stream: what screens show live, as server-sent events, resumable by Last-Event-ID."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Header, Request
from redis.exceptions import RedisError
from starlette.responses import StreamingResponse

from api.deps import Who
from api.live import Live, Position
from hub.routing.people import People
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1", tags=["live"])
HEARTBEAT_S = 15.0

log = structlog.get_logger()


@router.get("/stream", operation_id="stream", response_class=StreamingResponse)
async def stream(
    request: Request, caller: Who, last_event_id: Annotated[str | None, Header(max_length=60)] = None
) -> StreamingResponse:
    """Live events of the acting tenant, one JSON document each. `{"type":"gap"}` means: read the lists again."""
    live: Live = request.app.state.live
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    frames = _frames(live, People(request.app.state.redis), caller, _position(last_event_id))
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


def _position(last_event_id: str | None) -> Position | None:
    """Where a browser stopped; an id that is not ours begins a fresh stream."""
    try:
        return Position.parse(last_event_id) if last_event_id else None
    except ValueError:
        return None


async def _frames(live: Live, people: People, caller: Caller, last: Position | None) -> AsyncIterator[bytes]:
    """Frames for ever; an open stream is a person's heartbeat at the desk."""
    yield b": connected\n\n"
    agent_id = caller.user_id if caller.tenant_id == caller.home_tenant_id else None
    beat_at = 0.0
    async with live.subscribe(caller.tenant_id, last) as subscription:
        while True:
            if agent_id is not None and time.monotonic() >= beat_at:
                beat_at = time.monotonic() + HEARTBEAT_S
                await _beat(people, caller.tenant_id, agent_id)
            events = await subscription.next(HEARTBEAT_S)
            if events:
                yield b"".join(b"id: %b\ndata: %b\n\n" % (str(e.position).encode(), e.data) for e in events)
            else:
                yield b": still here\n\n"


async def _beat(people: People, tenant_id: UUID, agent_id: UUID) -> None:
    try:
        await people.beat(tenant_id, agent_id)
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("heartbeat_lost", error=type(error).__name__)
