"""The peer of `latency`: POST → Redis publish → SSE and nothing else. No signature, no database, no order, no replay."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

import orjson
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

CHANNEL = "bench:live"
redis = Redis.from_url(os.environ["PEER_REDIS_URL"])


async def take(request: Request) -> Response:
    fields = dict(parse_qsl((await request.body()).decode()))
    message = {
        "direction": "in",
        "address": fields["From"],
        "body": fields["Body"],
        "id": fields["MessageSid"],
    }
    await redis.publish(CHANNEL, orjson.dumps({"type": "message.created", "message": message}))
    return Response(status_code=200)


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(_frames(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _frames() -> AsyncIterator[bytes]:
    async with redis.pubsub() as subscription:
        await subscription.subscribe(CHANNEL)
        yield b": connected\n\n"
        async for message in subscription.listen():
            if message["type"] == "message":
                yield b"data: " + message["data"] + b"\n\n"


app = Starlette(routes=[Route("/message", take, methods=["POST"]), Route("/stream", stream)])
