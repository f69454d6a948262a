"""GET /v1/stream: what screens show live, as server-sent events, resumable by Last-Event-ID."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import StreamingResponse

from api.deps import Who
from api.live import Live, Position
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1", tags=["live"])
HEARTBEAT_S = 15.0


@router.get("/stream", operation_id="stream", response_class=StreamingResponse)
async def stream(
    request: Request, caller: Who, last_event_id: Annotated[str | None, Header(max_length=60)] = None
) -> StreamingResponse:
    """Live events of the acting tenant, one JSON document each. `{"type":"gap"}` means: read the lists again."""
    live: Live = request.app.state.live
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    frames = _frames(live, caller, _position(last_event_id))
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


def _position(last_event_id: str | None) -> Position | None:
    """Where a browser stopped; an id that is not ours begins a fresh stream."""
    try:
        return Position.parse(last_event_id) if last_event_id else None
    except ValueError:
        return None


async def _frames(live: Live, caller: Caller, last: Position | None) -> AsyncIterator[bytes]:
    yield b": connected\n\n"
    async with live.subscribe(caller.tenant_id, last) as subscription:
        while True:
            events = await subscription.next(HEARTBEAT_S)
            if events:
                yield b"".join(b"id: %b\ndata: %b\n\n" % (str(e.position).encode(), e.data) for e in events)
            else:
                yield b": still here\n\n"
