"""The load generator: signed Twilio webhooks over keep-alive connections, from a process of its own.

`python -m bench.load` reads one JSON plan from standard input and prints one JSON result. Without `rate` the loop is
closed: every connection sends the next message when its last one is answered. With `rate` it is open: message n
leaves at n / rate seconds whatever became of the others, and each is looked for in the event stream of `stream`.
All requests are built and signed before the clock starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
import time
from collections import defaultdict, deque
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import uvloop

from hub.channels.sms_twilio import signature

LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
LINE_BYTES_MAX = 1 << 20
QUIET_S = 0.5  # connect, and let the stream stand, before the first message
RESENT_MAX = 1_000
LAST_EVENT_S = 10.0


def request_bytes(plan: dict[str, Any], sender: str, sid: str, body: str) -> bytes:
    """One whole HTTP/1.1 request as Twilio sends it."""
    fields = [
        ("MessageSid", sid),
        ("SmsMessageSid", sid),
        ("AccountSid", plan["account_sid"]),
        ("From", sender),
        ("To", plan["to"]),
        ("Body", body),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
    ]
    content = urlencode(fields).encode()
    where = urlsplit(plan["url"])
    head = (
        f"POST {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"X-Twilio-Signature: {signature(plan['token'], plan['url'], fields)}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request in flight."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._transport: Any = None  # uvloop's transports are no subclass of asyncio's
        self.place: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def send(self, place: int) -> None:
        self.place = place
        self._transport.write(self._load.requests[place])

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        found = LENGTH.search(self._buffer, 0, head + 2)
        end = head + 4 + (int(found.group(1)) if found else 0)
        if len(self._buffer) < end:
            return
        status = int(self._buffer[9:12])
        self._buffer = self._buffer[end:]
        self.place = None
        self._load.answered(self, status)

    def connection_lost(self, error: Exception | None) -> None:
        self._load.lost(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Load:
    """One run of a plan."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.requests = [request_bytes(plan, *message) for message in plan["messages"]]
        self.failed: dict[int, int] = defaultdict(int)
        self.resent = 0
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._answered = 0
        self._next = 0
        self._done = asyncio.Event()
        self._sent_at: dict[str, deque[float]] = defaultdict(deque)
        self.seen_s: list[float] = []
        self._stream_open = asyncio.Event()
        self._all_seen = asyncio.Event()

    async def connect(self) -> Connection:
        where = urlsplit(self.plan["url"])
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: Connection(self), where.hostname, where.port)
        self._all.add(connection)
        return connection

    def answered(self, connection: Connection, status: int) -> None:
        self._answered += 1
        if status != 200:
            self.failed[status] += 1
        if self.plan.get("rate"):
            self._idle.append(connection)
        elif self._next < len(self.requests):
            self._take_next(connection)
        if self._answered == len(self.requests):
            self._done.set()

    def _take_next(self, connection: Connection) -> None:
        place, self._next = self._next, self._next + 1
        connection.send(place)

    def lost(self, connection: Connection) -> None:
        """The server closed it. What it had in flight is sent again on another: the same MessageSid counts once."""
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if connection.place is not None and not self._done.is_set():
            self.resent += 1
            if self.resent > RESENT_MAX:
                self._done.set()
                return
            asyncio.get_running_loop().create_task(self._again(connection.place))

    async def _again(self, place: int) -> None:
        (await self.connect()).send(place)

    async def closed_loop(self) -> None:
        count = min(self.plan["connections"], len(self.requests))
        connections = [await self.connect() for _ in range(count)]
        self.began, self.clock = time.time(), time.perf_counter()
        for connection in connections:
            self._take_next(connection)
        await self._done.wait()

    async def open_loop(self) -> None:
        watcher = asyncio.create_task(self._watch())
        await self._stream_open.wait()
        self._idle = [await self.connect() for _ in range(self.plan["connections"])]
        await asyncio.sleep(QUIET_S)
        rate = self.plan["rate"]
        self.began, self.clock = time.time(), time.perf_counter()
        for place, message in enumerate(self.plan["messages"]):
            wait = self.clock + place / rate - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            connection = self._idle.pop() if self._idle else await self.connect()
            self._sent_at[message[0]].append(time.perf_counter())
            connection.send(place)
        await self._done.wait()
        with contextlib.suppress(TimeoutError):  # the result says how many were seen
            await asyncio.wait_for(self._all_seen.wait(), LAST_EVENT_S)
        watcher.cancel()

    async def _watch(self) -> None:
        """Read the event stream as a browser does; the n-th event of a number belongs to its n-th message."""
        stream = self.plan["stream"]
        where = urlsplit(stream["url"])
        reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=LINE_BYTES_MAX)
        lines = [f"GET {where.path} HTTP/1.1", f"Host: {where.netloc}", "Accept: text/event-stream"]
        lines += [f"{name}: {value}" for name, value in stream["headers"].items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        status = await reader.readline()
        if b" 200" not in status:
            raise RuntimeError(f"the stream answered {status!r}")
        self._stream_open.set()
        while line := await reader.readline():
            if line.startswith(b"data: "):
                self._saw(orjson.loads(line[6:]), time.perf_counter())
        raise RuntimeError("the stream ended")

    def _saw(self, event: dict[str, Any], at: float) -> None:
        if event["type"] != "message.created" or event["message"]["direction"] != "in":
            return
        waiting = self._sent_at.get(event["message"]["address"])
        if waiting:
            self.seen_s.append(at - waiting.popleft())
            if len(self.seen_s) == len(self.requests):
                self._all_seen.set()

    async def run(self) -> dict[str, Any]:
        await (self.open_loop() if self.plan.get("rate") else self.closed_loop())
        seconds = time.perf_counter() - self.clock
        for connection in list(self._all):
            connection.close()
        return {
            "answered": self._answered,
            "failed": dict(self.failed),
            "resent": self.resent,
            "began": self.began,
            "seconds": seconds,
            "seen_ms": [round(wait * 1000, 3) for wait in self.seen_s],
        }


async def main() -> None:
    result = await Load(json.loads(sys.stdin.buffer.read())).run()
    print(json.dumps(result))


if __name__ == "__main__":
    uvloop.run(main())
