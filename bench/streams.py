"""Many readers of one event stream, in a process of their own: a bare client of `GET /v1/stream` costs a socket here.

`python -m bench.streams` reads a JSON plan, one line of standard input, and prints two JSON lines: `{"connected": n}`
when every client has the head of its answer and the first frame, and `{"complete": n}`, how many of them got at least
`times` messages whose text has `mark`, when all did or `within_s` is over after the second line of its input.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import uvloop

from bench.common import ROOT
from hub.errors import Unavailable

AT_ONCE = 50
CONNECT_S = 60.0
SPARE_FILES = 500  # what a process has open besides its streams
MESSAGE = b'"message.created"'
FIRST_FRAME = b": connected"


def allow_files(streams: int) -> None:
    """Raise this process's soft limit of open files, which children inherit, for `streams` sockets. Raises Unavailable."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = streams + SPARE_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise Unavailable(f"{streams} streams need {needed} open files, the limit is {hard}: see ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


class Client(asyncio.Protocol):
    """One open stream that counts what it was asked to look for."""

    def __init__(self, readers: Readers) -> None:
        self._readers, self._rest, self._seen = readers, b"", 0
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._readers.request)  # type: ignore[attr-defined]  # uvloop's are no subclass of WriteTransport

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                self._count(line)
            elif line.startswith(FIRST_FRAME) and not self.open.done():
                self.open.set_result(None)
            elif line.startswith(b"HTTP/1.1 ") and b" 200" not in line and not self.open.done():
                self.open.set_exception(Unavailable(f"a stream answered {line.decode().strip()}"))

    def _count(self, line: bytes) -> None:
        readers = self._readers
        if MESSAGE in line and readers.mark in line:
            self._seen += 1
            if self._seen == readers.times:
                readers.completed()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.open.done():
            self.open.set_exception(Unavailable("a stream was closed before it began"))


class Readers:
    """All clients of one plan: url, key, clients, mark, times, within_s."""

    def __init__(self, plan: dict[str, Any]) -> None:
        where = urlsplit(plan["url"])
        self._host, self._port = where.hostname, where.port
        head = [f"GET {where.path} HTTP/1.1", f"Host: {where.netloc}", "Accept: text/event-stream"]
        head += [f"{name}: {value}" for name, value in plan["headers"].items()]
        self.request = ("\r\n".join(head) + "\r\n\r\n").encode()
        self.mark, self.times = plan["mark"].encode(), int(plan["times"])
        self._clients, self.complete = int(plan["clients"]), 0
        self.all_complete = asyncio.Event()

    def completed(self) -> None:
        self.complete += 1
        if self.complete == self._clients:
            self.all_complete.set()

    async def connect(self) -> int:
        """Open all, AT_ONCE at a time. Raises Unavailable when one is refused, TimeoutError when one hangs."""
        free = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with free, asyncio.timeout(CONNECT_S):
                loop = asyncio.get_running_loop()
                _, client = await loop.create_connection(lambda: Client(self), self._host, self._port)
                await client.open

        async with asyncio.TaskGroup() as group:
            for _ in range(self._clients):
                group.create_task(one())
        return self._clients


@dataclass(slots=True)
class Streams:
    """What a benchmark holds of its readers."""

    child: asyncio.subprocess.Process

    async def complete(self) -> int:
        """How many have got everything; waits for the last, at most the plan's `within_s`."""
        assert self.child.stdin is not None
        self.child.stdin.write(b"\n")
        return int((await _line(self.child))["complete"])


async def _line(child: asyncio.subprocess.Process) -> dict[str, Any]:
    assert child.stdout is not None
    line = await child.stdout.readline()
    if not line:
        raise Unavailable("the readers of the stream ended: their words are above")
    found: dict[str, Any] = json.loads(line)
    return found


@contextlib.asynccontextmanager
async def streams(
    url: str, headers: dict[str, str], clients: int, mark: str, times: int, within_s: float = CONNECT_S
) -> AsyncIterator[Streams]:
    """`clients` open streams as long as the block lives. Raises Unavailable when one cannot be opened."""
    pipe = asyncio.subprocess.PIPE
    arguments = ("-m", "bench.streams")
    child = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, stdin=pipe, stdout=pipe
    )
    try:
        plan = {"url": url, "headers": headers, "clients": clients, "mark": mark, "times": times}
        assert child.stdin is not None
        child.stdin.write(json.dumps(plan | {"within_s": within_s}).encode() + b"\n")
        connected = (await _line(child))["connected"]
        if connected != clients:
            raise Unavailable(f"{connected} of {clients} streams are open")
        yield Streams(child)
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def main() -> None:
    plan = json.loads(sys.stdin.readline())
    readers = Readers(plan)
    print(json.dumps({"connected": await readers.connect()}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    with contextlib.suppress(TimeoutError):  # the count says how many
        await asyncio.wait_for(readers.all_complete.wait(), plan["within_s"])
    print(json.dumps({"complete": readers.complete}), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
