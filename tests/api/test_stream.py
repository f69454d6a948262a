"""The live stream: what a screen missed it gets, once, and nobody sees another tenant's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from redis.asyncio import Redis

from api import stream
from api.live import GAP, Live, Position
from cli.demo.runs import Run
from hub.ids import new_id
from hub.realtime import NEEDS, needed_for, publish, stream_key
from hub.tenancy.caller import Caller
from hub.tenancy.permissions import PERMISSIONS
from tests.api.whole_hub import Org, Provider, client, listening, problem, signed_in, start
from tests.conftest import HubStack

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(start(hub_stack.settings, "Stream"))


@pytest.fixture(scope="module")
def rival(hub_stack: HubStack) -> Run:
    return asyncio.run(start(hub_stack.settings, "Rivalstream"))


def body_is(text: str) -> Any:
    return lambda event: event["type"] == "message.created" and event["message"]["body"] == text


def bodies(events: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [event["message"]["body"] for _, event in events if event["type"] == "message.created"]


async def test_a_text_appears_with_its_conversation(provider: Provider, org: Org) -> None:
    async with listening(org.http) as read:
        await provider.sms("+15558000001", "hello stream")
        events = await read(lambda event: event["type"] == "conversation.updated")
    assert [event["type"] for _, event in events] == ["message.created", "conversation.updated"]
    message, conversation = events[0][1]["message"], events[1][1]["conversation"]
    assert events[0][1]["conversation_id"] == conversation["id"] == message["conversation_id"]
    assert conversation == await org.conversation("+15558000001"), "the stream and the API show the same"
    assert message == (await org.thread("+15558000001"))[0]


async def test_a_screen_that_comes_back_misses_nothing_and_sees_nothing_twice(
    provider: Provider, org: Org
) -> None:
    async with listening(org.http) as read:
        await provider.sms("+15558000002", "text 0")
        await read(body_is("text 0"))
        await provider.sms("+15558000002", "text 1")
        last = (await read(body_is("text 1")))[-1][0]
    for n in range(2, 6):
        await provider.sms("+15558000002", f"text {n}")
    async with listening(org.http, last) as read:
        missed = await read(body_is("text 5"))
        await provider.sms("+15558000002", "text 6")
        live = await read(body_is("text 6"))
    assert bodies(missed + live) == [f"text {n}" for n in range(2, 7)]
    identifiers = [identifier for identifier, _ in missed + live]
    assert len(set(identifiers)) == len(identifiers)


async def test_it_may_come_back_in_the_middle_of_anything(provider: Provider, org: Org) -> None:
    """Resume after each event in turn, while more arrive: always exactly the rest."""
    async with listening(org.http) as read:
        for n in range(4):
            await provider.sms("+15558000003", f"step {n}")
        everything = await read(body_is("step 3"))
    for place, (identifier, _) in enumerate(everything[:-1]):
        async with listening(org.http, identifier) as read:
            rest = await read(body_is("step 3"))
        assert rest == everything[place + 1 :]


@pytest.mark.parametrize("last", ["nonsense", "-1", "0-0.0.0", "9" * 50, "é"])
async def test_an_id_that_is_not_ours_begins_afresh_or_says_gap(
    provider: Provider, org: Org, last: str
) -> None:
    headers = [(b"last-event-id", last.encode("latin-1"))]
    async with org.http.stream("GET", "/v1/stream", headers=headers) as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            assert line == ": connected"
            break


async def test_another_tenant_hears_nothing(
    provider: Provider, org: Org, rival: Run, hub_stack: HubStack
) -> None:
    async with client(org.settings, Authorization=f"Bearer {rival.key}") as http:
        stranger = Provider(org.settings, rival, http)
        async with listening(http) as theirs, listening(org.http) as ours:
            await provider.sms("+15558000004", "for us")
            await ours(body_is("for us"))
            await stranger.sms("+15558000004", "for them")
            assert bodies(await theirs(body_is("for them"))) == ["for them"]


async def test_a_browser_s_session_opens_it_and_nobody_else(
    org: Org, provider: Provider, hub_stack: HubStack
) -> None:
    async with client(org.settings) as nobody:
        problem(await nobody.get("/v1/stream"), 401, "unauthorized")
    async with signed_in(hub_stack.settings, org.run.email) as browser, listening(browser) as read:
        await provider.sms("+15558000005", "to the browser")
        await read(body_is("to the browser"))


async def test_each_hears_what_they_may_read(org: Org, provider: Provider, hub_stack: HubStack) -> None:
    """Who tops wallets up reads no message, and no name of a contact."""
    billing = f"billing-{org.run.email}"
    async with (
        signed_in(hub_stack.settings, billing) as browser,
        listening(browser) as theirs,
        listening(org.http) as ours,
    ):
        await provider.sms("+15558000006", "a secret")
        await ours(body_is("a secret"))
        money = {"amount": "1.00", "currency": "EUR", "reference": "stream"}
        topped = await browser.post("/v1/wallet/top-ups", json=money, headers={"Idempotency-Key": "stream"})
        assert topped.is_success, topped.text
        heard = await theirs(lambda event: event["type"] == "wallet.updated")
    assert {event["type"] for _, event in heard} == {"wallet.updated"}


def test_what_screens_listen_to_has_its_permission() -> None:
    """An event without one is told to nobody."""
    cache = (ROOT / "web/src/app/liveCache.ts").read_text()
    handled = set(re.findall(r"case '([a-z_]+\.[a-z_]+)'", cache))
    assert len(handled) > 15
    assert handled - set(NEEDS) == set()
    assert set(NEEDS.values()) <= PERMISSIONS
    assert needed_for(b'{"n":1,"type":"wallet.updated"}') == "wallet:read"
    assert needed_for(b'{"type":"of nobody"}') is None


async def test_a_stream_ends_with_its_session(
    live: Live, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at again and again, with the rights of that moment."""
    tenant = new_id()
    caller = Caller(
        tenant, tenant, new_id(), None, "Ann", (), frozenset({"queues:read"}), frozenset({tenant})
    )
    answers = [caller, replace(caller, permissions=frozenset()), None]
    request: Any = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(redis=redis)))

    async def identify(_: Any, *, touch: bool) -> Caller | None:
        assert not touch, "an open screen alone keeps no session alive"
        return answers.pop(0)

    monkeypatch.setattr(stream, "identify", identify)
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.5)
    frames: list[bytes] = []
    async for frame in stream._frames(request, live, caller, None):
        frames.append(frame)
        if len(frames) == 1 or frame == stream.RIGHTS:
            asyncio.get_running_loop().call_later(
                0.1, lambda: asyncio.ensure_future(publish(redis, [(tenant, {"type": "routing.updated"})]))
            )
    said = [frame for frame in frames if b"still here" not in frame]
    assert said[0] == b": connected\n\n"
    assert b"routing.updated" in said[1]
    assert said[2:] == [stream.RIGHTS], "what came after the right was withdrawn is not told"


# --- the fan-out by itself ----------------------------------------------------------------------------------------


@pytest.fixture
async def live(redis: Redis) -> AsyncIterator[Live]:
    made = Live(redis)
    yield made
    await made.close()


async def collect(live: Live, tenant: Any, last: Position | None, count: int) -> list[Any]:
    found: list[Any] = []
    async with live.subscribe(tenant, last) as subscription, asyncio.timeout(30):
        while len(found) < count:
            found += await subscription.next(1.0)
    return found


async def test_a_trimmed_history_begins_with_a_gap(live: Live, redis: Redis) -> None:
    tenant = new_id()
    await publish(redis, [(tenant, {"type": "routing.updated", "n": 0})])
    entries: Any = await redis.xrange(stream_key(tenant))
    first: bytes = entries[0][0]
    await publish(redis, [(tenant, {"type": "routing.updated", "n": 1})])
    await redis.xdel(stream_key(tenant), first)
    milliseconds, _, sequence = first.partition(b"-")
    (event, *_) = await collect(live, tenant, Position(int(milliseconds) - 1, int(sequence), 0), 1)
    assert event.data == GAP


async def test_a_history_that_is_gone_altogether_is_a_gap_too(live: Live, redis: Redis) -> None:
    """Redis was emptied or replaced: whatever happened since is unknown, so the screen reads its lists again."""
    tenant = new_id()
    (event, *_) = await collect(live, tenant, Position(1_700_000_000_000, 0, 0), 1)
    assert event.data == GAP
    await publish(redis, [(tenant, {"type": "routing.updated"})])
    (event, *_) = await collect(live, tenant, Position(9_700_000_000_000, 0, 0), 1)
    assert event.data == GAP


async def test_a_screen_that_falls_behind_gets_a_gap_not_a_backlog(live: Live, redis: Redis) -> None:
    tenant = new_id()
    async with live.subscribe(tenant, None) as subscription, asyncio.timeout(60):
        for _ in range(5):
            await publish(redis, [(tenant, {"type": "routing.updated"})] * 1000)
            await asyncio.sleep(0.05)
        seen: list[Any] = []
        while not any(event.data == GAP for event in seen):
            seen += await subscription.next(1.0)
    assert len(seen) < 5000
