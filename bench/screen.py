"""Webhook to the agent's screen in a real Chromium, and how many streams one gateway process carries at what memory.

The clock starts just before the webhook is posted and stops when the frame that shows the text is drawn in the list of
conversations of a signed-in inbox, while other streams of the same tenant stay open. Beside it a bare client reads the
same events of the same messages from `GET /v1/stream`: what is left is the browser's own share. Part of that is meant:
the app draws at once when it is quiet and gathers up to 250 ms of events when it is busy.

The memory of a stream is the growth of the gateway's resident set from before the clients came until all have received
an event, by client. The kernel's socket buffers are not in it.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlencode

import httpx2
import psutil  # type: ignore[import-untyped]

from bench.browser import signed_in
from bench.common import analyze, figure, generate, local_hub, note, quantile
from bench.inbound import Side, make_tenant, our_side
from bench.streams import allow_files, streams
from bench.texts import Words, prepare
from cli.demo.runs import Run
from cli.demo.workspace import PASSWORD
from cli.local.stack import LocalStack
from hub.channels.sms_twilio import signature
from hub.errors import Unavailable
from hub.settings import Settings
from models.db import app_url, make_engine

PER_S = 20
WAIT_S = 30.0
SETTLE_S = 1.0
WARM_CLIENTS = 20  # the first streams load code and fill caches, which is no cost of a stream
PEER = "the same events in a bare SSE client"


@dataclass(frozen=True, slots=True)
class Sizes:
    """`messages` at PER_S a second from `contacts` by turns, into an inbox of `conversations`; open streams."""

    messages: int
    contacts: int
    conversations: int
    beside: int
    clients: int


FULL = Sizes(300, 100, 500, 50, 1_000)
QUICK = Sizes(60, 20, 100, 50, 1_000)


def measure_all(quick: bool) -> list[dict[str, Any]]:
    sizes = QUICK if quick else FULL
    allow_files(sizes.clients)  # before the hub: its gateway inherits the limit
    with local_hub() as (stack, settings):
        return measure(stack, settings, sizes)


def measure(stack: LocalStack, settings: Settings, sizes: Sizes) -> list[dict[str, Any]]:
    """The four figures, on a running hub."""
    words = prepare(stack.layout.var / "vectors")
    url = app_url(settings.database_url, settings.secret_key.get_secret_value())
    engine = make_engine(url, pool=4, application_name="parley bench")

    async def both() -> list[dict[str, Any]]:
        run = await make_tenant(engine, settings, words)
        hub = _Hub(settings, run, our_side(settings, run))
        await hub.fill(words, sizes.conversations)
        await asyncio.to_thread(analyze, stack.database_url)
        carried = await _clients(hub, stack.pids()["gateway"], sizes)
        return [*await _screen(hub, words, sizes), *carried]

    return asyncio.run(both())


@dataclass(slots=True)
class _Hub:
    """The tenant of this run and the ways to it."""

    settings: Settings
    run: Run
    side: Side

    @property
    def stream(self) -> tuple[str, dict[str, str]]:
        return f"{self.settings.public_url}/v1/stream", {"Authorization": f"Bearer {self.run.key}"}

    async def fill(self, words: Words, count: int) -> None:
        """`count` open conversations. Raises Unavailable when a webhook is refused."""
        result = await generate(self.side.plan(list(words.new(count, 1)), count))
        if result["failed"]:
            raise Unavailable(f"webhooks were refused: {result['failed']}")

    def webhooks(self, texts: list[str], contacts: int) -> list[tuple[bytes, dict[str, str]]]:
        """(content, headers) of each, as Twilio signs them."""
        plan = self.side.plan(texts, contacts)
        found = []
        for sender, sid, text in plan["messages"]:
            fields = [("MessageSid", sid), ("AccountSid", plan["account_sid"]), ("From", sender)]
            fields += [("To", plan["to"]), ("Body", text), ("NumMedia", "0"), ("NumSegments", "1")]
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            headers["X-Twilio-Signature"] = signature(plan["token"], plan["url"], fields)
            found.append((urlencode(fields).encode(), headers))
        return found


def _client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(trust_env=False, timeout=httpx2.Timeout(WAIT_S, read=None))


async def _post(hub: _Hub, texts: list[str], contacts: int) -> list[float]:
    """Post text n at n / PER_S seconds; returns when each was, in milliseconds of the epoch. Raises Unavailable."""
    prepared = hub.webhooks(texts, contacts)
    sent_ms = [0.0] * len(texts)
    async with _client() as client:

        async def one(place: int) -> None:
            content, headers = prepared[place]
            sent_ms[place] = time.time() * 1000
            async with asyncio.timeout(WAIT_S):
                answer = await client.post(hub.side.url, content=content, headers=headers)
            if answer.status_code != 200:
                raise Unavailable(f"a webhook was answered with {answer.status_code}")

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for place in range(len(texts)):
                await asyncio.sleep(max(0.0, began + place / PER_S - time.perf_counter()))
                group.create_task(one(place))
    return sent_ms


def _mark() -> str:
    """A word that no other text has. Letters only, so that no number is made of it."""
    return "zq" + "".join(secrets.choice("abcdefghij") for _ in range(8)) + "x"


@asynccontextmanager
async def _bare(hub: _Hub, mark: str) -> AsyncIterator[dict[str, float]]:
    """A plain reader of the stream: {marked word: milliseconds of the epoch when it came}, filled while the block lives."""
    url, headers = hub.stream
    found: dict[str, float] = {}
    pattern = re.compile(mark + "[a-z0-9]+")
    opened = asyncio.Event()

    async def read() -> None:
        async with _client() as client, client.stream("GET", url, headers=headers) as answer:
            async for line in answer.aiter_lines():
                opened.set()
                if line.startswith("data: ") and '"message.created"' in line:
                    for word in pattern.findall(line):
                        found.setdefault(word, time.time() * 1000)

    reader = asyncio.create_task(read())
    try:
        async with asyncio.timeout(WAIT_S):
            await opened.wait()
        yield found
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def _screen(hub: _Hub, words: Words, sizes: Sizes) -> list[dict[str, Any]]:
    """Milliseconds from the POST to the drawn text, beside the bare client's. Raises Unavailable when a text is missing."""
    mark, count = _mark(), sizes.messages
    marks = [f"{mark}{place}" for place in range(count)]
    texts = [f"{word} {text}" for word, text in zip(marks, words.new(count, 2), strict=True)]
    url, headers = hub.stream
    note(f"screen: {count} messages at {PER_S}/s, {sizes.beside} more streams open")
    async with (
        streams(url, headers, sizes.beside, mark, count, WAIT_S) as others,
        signed_in(hub.settings.public_url, hub.run.email, PASSWORD) as screen,
        _bare(hub, mark) as bare,
    ):
        await screen.watch(mark)
        await asyncio.sleep(SETTLE_S)
        sent_ms = await _post(hub, texts, sizes.contacts)
        put, drawn = await screen.seen(count, WAIT_S)
        complete = await others.complete()
        if complete != sizes.beside or len(bare) != count:
            raise Unavailable(f"{complete} of {sizes.beside} streams, {len(bare)} of {count} in the bare one")
    waits = {
        name: [came[word] - sent for word, sent in zip(marks, sent_ms, strict=True)]
        for name, came in (("in the page", put), ("drawn", drawn), ("bare", bare))
    }
    for name, values in waits.items():
        note(f"  {name}: p50 {median(values):.1f} ms, p99 {quantile(values, 0.99):.1f} ms")
    return [
        figure(f"screen_{name}", quantile(waits["drawn"], share), "ms", PEER, quantile(waits["bare"], share))
        for name, share in (("p50", 0.5), ("p99", 0.99))
    ]


async def _clients(hub: _Hub, gateway: int, sizes: Sizes) -> list[dict[str, Any]]:
    """How many of the clients stayed open and received one event, and what each costs the gateway process."""
    await _carry(hub, WARM_CLIENTS)
    process = psutil.Process(gateway)
    before = int(process.memory_info().rss)
    note(f"clients: {sizes.clients} streams on one gateway process")
    complete, after = await _carry(hub, sizes.clients, process)
    return [
        figure("stream_clients", complete, "clients", "asked for", sizes.clients, at_least=1),
        figure("stream_bytes", (after - before) / sizes.clients, "bytes"),
    ]


async def _carry(hub: _Hub, clients: int, process: psutil.Process | None = None) -> tuple[int, int]:
    """(how many received a message, the process's resident bytes while all are open)."""
    mark, (url, headers) = _mark(), hub.stream
    async with streams(url, headers, clients, mark, 1, WAIT_S) as readers:
        await _post(hub, [f"Where is my order {mark}?"], 1)
        complete = await readers.complete()
        return complete, int(process.memory_info().rss) if process else 0
