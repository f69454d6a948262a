"""Webhook to event in the agent's stream, beside a bare POST → Redis publish → SSE loop under the same open-loop load.

The clock starts when the generator writes the request and stops when the same process reads the event, through real HTTP
both ways. The hub verifies, stores, classifies or matches, routes and commits in between; the bare loop does nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.common import analyze, figure, generate, local_hub, note, quantile, web_server
from bench.inbound import CONNECTIONS, USUAL, Load, Side, make_tenant, our_side
from bench.texts import REPEATS, prepare, rules_text
from cli.local.ports import HOST
from cli.local.stack import LocalStack
from hub.errors import Unavailable
from hub.settings import Settings
from models.db import app_url, make_engine

PER_S = 100
PEER = "bare POST, Redis publish, SSE"
P50_AT_MOST, P99_AT_MOST = 3.0, 5.0
OPEN_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Sizes:
    """Messages a round and side, at PER_S a second."""

    rounds: int
    messages: int


FULL = Sizes(5, 2_000)
QUICK = Sizes(2, 400)


def measure_all(quick: bool, load: Load = USUAL) -> list[dict[str, Any]]:
    with local_hub() as (stack, settings):
        return measure(stack, settings, QUICK if quick else FULL, load)


def measure(stack: LocalStack, settings: Settings, sizes: Sizes, load: Load = USUAL) -> list[dict[str, Any]]:
    """The two figures, on a running hub."""
    words = prepare(stack.layout.var / "vectors")
    url = app_url(settings.database_url, settings.secret_key.get_secret_value())
    engine = make_engine(url, pool=4, application_name="parley bench")
    run = asyncio.run(make_tenant(engine, settings, words, load))
    with ExitStack() as exits:
        log = stack.layout.var / "bare_sse.log"
        port = exits.enter_context(
            web_server("bench.peers.bare_sse:app", log, {"PEER_REDIS_URL": stack.redis_url})
        )
        base = f"http://{HOST}:{port}"
        headers = {"Authorization": f"Bearer {run.key}"}
        ours = (our_side(settings, run), {"url": f"{settings.public_url}/v1/stream", "headers": headers})
        theirs = (
            Side(f"{base}/message", "none", "ACpeer", "+15550000000"),
            {"url": f"{base}/stream", "headers": {}},
        )
        return asyncio.run(_rounds(ours, theirs, stack.database_url, sizes))


def texts(count: int, contacts: int) -> list[str]:
    """Contacts by turns: a third writes a keyword, a third answers a flow, a third sends short texts that repeat."""
    found = []
    for place in range(count):
        contact, turn = place % contacts, place // contacts
        kind = contact % 3
        found.append(rules_text(1 - kind, turn) if kind < 2 else REPEATS[(contact * 7 + turn) % len(REPEATS)])
    return found


async def _one(side: Side, stream: dict[str, Any], count: int) -> list[float]:
    """Milliseconds of every message. Raises Unavailable when one never came."""
    contacts = max(1, count // 4)
    plan = side.plan(texts(count, contacts), contacts)
    result = await generate(
        plan | {"rate": PER_S, "connections": min(OPEN_CONNECTIONS, CONNECTIONS), "stream": stream}
    )
    waits: list[float] = result["seen_ms"]
    if result["failed"] or len(waits) != count:
        raise Unavailable(
            f"{len(waits)} of {count} messages came through the stream, failed: {result['failed']}"
        )
    return waits


async def _rounds(
    ours: tuple[Side, dict[str, Any]], theirs: tuple[Side, dict[str, Any]], database_url: str, sizes: Sizes
) -> list[dict[str, Any]]:
    await generate(ours[0].plan(texts(60, 15), 15))  # loads the model; nobody looks at the stream yet
    for side, stream in (ours, theirs):
        await _one(side, stream, 50)
    await asyncio.to_thread(analyze, database_url)
    found: dict[str, list[list[float]]] = {"ours": [], "theirs": []}
    for number in range(sizes.rounds):
        note(
            f"latency, round {number + 1} of {sizes.rounds}: {sizes.messages} messages at {PER_S}/s to each side"
        )
        for name, (side, stream) in (("ours", ours), ("theirs", theirs)):
            waits = await _one(side, stream, sizes.messages)
            found[name].append(waits)
            note(f"  {name}: p50 {quantile(waits, 0.5):.2f} ms, p99 {quantile(waits, 0.99):.2f} ms")
    figures = []
    for name, share, most in (("latency_p50", 0.5, P50_AT_MOST), ("latency_p99", 0.99, P99_AT_MOST)):
        mine, bare = (median(quantile(waits, share) for waits in found[side]) for side in ("ours", "theirs"))
        figures.append(figure(name, mine, "ms", PEER, bare, at_most=most))
    return figures
