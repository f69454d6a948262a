"""GET /v1/stream: what screens show live, as server-sent events, resumable by Last-Event-ID."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import StreamingResponse

from api.deps import Who
from api.live import Live

router = APIRouter(prefix="/v1", tags=["live"])
HEARTBEAT_S = 15.0
_ID = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")


@router.get("/stream", operation_id="stream", response_class=StreamingResponse)
async def stream(
    request: Request, caller: Who, last_event_id: Annotated[str | None, Header(max_length=60)] = None
) -> StreamingResponse:
    """Live events of the acting tenant, one JSON document each. `{"type":"gap"}` means: read the lists again."""
    live: Live = request.app.state.live
    last = last_event_id if last_event_id and _ID.fullmatch(last_event_id) else None
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_frames(live, caller, last), media_type="text/event-stream", headers=headers)


async def _frames(live: Live, caller: Who, last: str | None) -> AsyncIterator[bytes]:
    yield b": connected\n\n"
    events = live.subscribe(caller.tenant_id, last)
    waiting = asyncio.ensure_future(anext(events))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=HEARTBEAT_S)
            if not done:
                yield b": still here\n\n"
                continue
            identifier, data = waiting.result()
            waiting = asyncio.ensure_future(anext(events))
            yield b"id: " + identifier + b"\ndata: " + data + b"\n\n"
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await events.aclose()
