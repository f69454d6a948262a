"""GET /v1/stream: what screens show live, as server-sent events, resumable by Last-Event-ID."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Header, Request
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import StreamingResponse

from api.deps import Who, identify
from api.live import Live, Position
from hub.routing.people import People
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1", tags=["live"])
HEARTBEAT_S = 15.0
RIGHTS = b'data: {"type":"rights"}\n\n'

log = structlog.get_logger()


@router.get("/stream", operation_id="stream", response_class=StreamingResponse)
async def stream(
    request: Request, caller: Who, last_event_id: Annotated[str | None, Header(max_length=60)] = None
) -> StreamingResponse:
    """Live events of the acting tenant that the caller may read, one JSON document each.

    `{"type":"gap"}` means: read the lists again. `{"type":"rights"}`: what you may do has changed; read /v1/me. The stream
    ends when the session does.
    """
    live: Live = request.app.state.live
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    frames = _frames(request, live, caller, _position(last_event_id))
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


def _position(last_event_id: str | None) -> Position | None:
    """Where a browser stopped; an id that is not ours begins a fresh stream."""
    try:
        return Position.parse(last_event_id) if last_event_id else None
    except ValueError:
        return None


async def _frames(
    request: Request, live: Live, caller: Caller, last: Position | None
) -> AsyncIterator[bytes]:
    """Frames until the session ends; an open stream is a person's heartbeat at the desk."""
    yield b": connected\n\n"
    people = People(request.app.state.redis)
    permissions, beat_at = caller.permissions, 0.0
    async with live.subscribe(caller.tenant_id, last) as subscription:
        while True:
            now = time.monotonic()
            if now >= beat_at:
                beat_at = now + HEARTBEAT_S
                fresh = await _again(request, caller)
                if fresh is None or fresh.tenant_id != caller.tenant_id:
                    return
                if fresh.permissions != permissions:
                    permissions = fresh.permissions
                    yield RIGHTS
                if caller.user_id is not None and caller.tenant_id == caller.home_tenant_id:
                    await _beat(people, caller.tenant_id, caller.user_id)
            events = await subscription.next(beat_at - now)
            shown = [event for event in events if not event.needs or event.needs in permissions]
            if shown:
                yield b"".join(b"id: %b\ndata: %b\n\n" % (str(e.position).encode(), e.data) for e in shown)
            elif not events:
                yield b": still here\n\n"


async def _again(request: Request, caller: Caller) -> Caller | None:
    """The caller as of now: whose rights are withdrawn reads no further. Without a database nobody's rights change."""
    try:
        return await identify(request, touch=False)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("stream_not_checked", error=type(error).__name__)
        return caller


async def _beat(people: People, tenant_id: UUID, agent_id: UUID) -> None:
    try:
        await people.beat(tenant_id, agent_id)
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("heartbeat_lost", error=type(error).__name__)
