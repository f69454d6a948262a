"""The bare client of `campaign`: posts prepared bodies to the carrier with aiohttp, and no more.

`python -m bench.peers.bare_client` reads {"url", "headers", "bodies", "in_flight"} as JSON from standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp

TIMEOUT_S = 15.0


async def main(plan: dict[str, Any]) -> dict[str, Any]:
    """Accepted and refused messages, and the seconds from the first request to the last answer."""
    bodies = iter([body.encode() for body in plan["bodies"]])
    accepted = refused = 0
    connector = aiohttp.TCPConnector(limit=plan["in_flight"])
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, headers=plan["headers"]
    ) as session:

        async def worker() -> None:
            nonlocal accepted, refused
            for body in bodies:
                async with session.post(plan["url"], data=body) as answer:
                    await answer.read()
                    if answer.status == 201:
                        accepted += 1
                    else:
                        refused += 1

        began = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(plan["in_flight"])))
        seconds = time.perf_counter() - began
    return {"accepted": accepted, "refused": refused, "seconds": seconds}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.loads(sys.stdin.buffer.read())))))
