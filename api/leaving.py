"""Work that nobody waits for any more is given up: a count typed over by the next one frees its connection."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from fastapi import Request

from hub.errors import Unavailable

T = TypeVar("T")


@dataclass(eq=False)
class CallerLeft(Unavailable):
    """The caller closed the connection before the answer."""

    code: ClassVar[str] = "caller-left"


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`; when the caller hangs up first, `work` is cancelled (a statement in PostgreSQL too) and
    CallerLeft raised.
    """
    doing = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise CallerLeft()
    finally:
        for task in (doing, leaving):
            task.cancel()
        await asyncio.gather(doing, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
