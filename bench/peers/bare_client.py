"""The bare client of `campaign`: posts prepared bodies to the carrier with the sender's own HTTP library, and no more.

`python -m bench.peers.bare_client` reads {"url", "headers", "bodies", "in_flight"} as JSON from standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from hub.channels.base import ProviderRequest
from hub.channels.http import ProviderClient

TIMEOUT_S = 15.0


async def main(plan: dict[str, Any]) -> dict[str, Any]:
    """Accepted and refused messages, and the seconds from the first request to the last answer."""
    requests = iter([ProviderRequest(plan["url"], plan["headers"], body.encode()) for body in plan["bodies"]])
    client = ProviderClient(plan["in_flight"], TIMEOUT_S)
    accepted = refused = 0

    async def worker() -> None:
        nonlocal accepted, refused
        for request in requests:
            status, _ = await client.post(request)
            if status == 201:
                accepted += 1
            else:
                refused += 1

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(plan["in_flight"])))
    seconds = time.perf_counter() - began
    await client.close()
    return {"accepted": accepted, "refused": refused, "seconds": seconds}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.loads(sys.stdin.buffer.read())))))
