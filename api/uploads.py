"""The route class of files: the body goes to disk as it arrives, before any transaction is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api import idempotency
from api.deps import authenticate
from api.requests import HubRequest
from hub.contacts.importing.spool import Spool, TooLarge
from hub.errors import Invalid

SPOOL = "hub.spool"  # scope entry
PERMISSION = "contacts:import"
WRITE_BYTES = 256 * 1024
MEDIA_TYPES = frozenset(
    {
        "",
        "text/csv",
        "text/plain",
        "text/tab-separated-values",
        "application/csv",
        "application/octet-stream",
        "application/vnd.ms-excel",  # what browsers on Windows say of a CSV
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)


class FileRequest(HubRequest):
    """A request whose body is a file: what stands for it in the fingerprint of an Idempotency-Key is its digest."""

    digest = ""

    async def json(self) -> Any:
        return {"sha256": self.digest}


class UploadRoute(APIRoute):
    """Who may not import is refused before a byte is read; what is too large, as soon as it is."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        run = super().get_route_handler()

        async def handler(request: Request) -> Response:
            arrived = FileRequest(request.scope, request.receive)
            _check_head(arrived)
            caller = await authenticate(arrived)
            caller.require(PERMISSION)
            with Spool() as spool:
                await _fill(spool, arrived)
                arrived.digest = spool.digest
                arrived.scope[SPOOL] = spool
                if "idempotency-key" in arrived.headers:
                    return await idempotency.once(arrived, run, ())
                return await run(arrived)

        return handler


def _check_head(request: Request) -> None:
    query = request.scope.get("query_string", b"")
    if b"%00" in query:
        raise Invalid("the address holds a NUL character", "?")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        raise HTTPException(415, "send the file itself as the body, as text/csv or application/octet-stream")


async def _fill(spool: Spool, request: Request) -> None:
    """Raises HTTPException 413 for a file that is too large, 400 when the sender goes away."""
    waiting = bytearray()
    try:
        async for piece in request.stream():
            waiting += piece
            if len(waiting) >= WRITE_BYTES:
                await asyncio.to_thread(spool.add, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(spool.add, bytes(waiting))
    except TooLarge as error:
        raise HTTPException(413, str(error)) from None
    except ClientDisconnect:
        raise HTTPException(400, "the file did not arrive whole") from None
    spool.seal()
