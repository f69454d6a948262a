"""Webhooks on the way: retries, order, limits, and the client underneath."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from carrier.pool import Pool, RequestFailed, parse_url
from tests.local_server import listening

if TYPE_CHECKING:
    from tests.carrier.conftest import Hit, World


async def test_a_5xx_is_tried_again_with_the_same_token(world: World) -> None:
    answers = iter([500, 503, 200])
    world.tenant.answer = lambda hit: (next(answers, 200), b"")
    await world.sms()
    summary = await world.settle()
    assert world.tenant.states() == ["sent", "sent", "sent", "delivered"]
    tokens = [hit.headers["i-twilio-idempotency-token"] for hit in world.tenant.hits]
    assert len(set(tokens[:3])) == 1
    assert tokens[3] != tokens[0]
    hooks = summary["webhooks"]
    assert (hooks["delivered"], hooks["retries"], hooks["tries"], hooks["lost"]) == (2, 2, 4, 0)
    assert hooks["answers"] == {"500": 1, "503": 1, "200": 2}


async def test_lost_ones_are_counted_and_named(world: World) -> None:
    world.tenant.answer = lambda hit: (500, b"")
    sid = (await world.sms()).json()["sid"]
    summary = await world.settle()
    assert world.tenant.states() == ["sent"] * 4 + ["delivered"] * 4
    assert summary["webhooks"]["lost"] == 2
    last = summary["webhooks"]["last_lost"]
    assert [item["about"] for item in last] == [f"{sid} sent", f"{sid} delivered"]
    assert (last[0]["status"], last[0]["tries"], last[0]["path"]) == (500, 4, "/status")


async def test_a_connection_fault_is_tried_again(world: World) -> None:
    await world.sms(StatusCallback="http://127.0.0.1:1/status")
    hooks = (await world.settle())["webhooks"]
    assert (hooks["lost"], hooks["retries"], hooks["answers"]) == (2, 6, {"no answer": 8})
    assert hooks["last_lost"][0]["error"].startswith("cannot connect")


async def test_twilio_takes_a_4xx_for_an_answer_and_meta_does_not(world: World) -> None:
    world.tenant.answer = lambda hit: (404, b"")
    await world.sms()
    hooks = (await world.settle())["webhooks"]
    assert (hooks["refused"], hooks["lost"], hooks["tries"]) == (2, 0, 2)
    await world.client.delete("/carrier/messages")
    await world.text()
    hooks = (await world.settle())["webhooks"]
    assert (hooks["refused"], hooks["lost"], hooks["tries"]) == (0, 2, 8)


async def test_a_timeout_is_tried_again(worlds: Any) -> None:
    async with worlds(webhook_timeout_s=0.1) as world:
        world.tenant.hold = asyncio.Event()
        await world.behave(receipts="sent")
        await world.sms()
        await world.tenant.wait(2)
        world.tenant.hold.set()
        summary = await world.settle()
        assert summary["webhooks"]["delivered"] == 1
        assert summary["webhooks"]["answers"]["no answer"] >= 1


async def test_order_is_kept_per_message_through_failures(world: World) -> None:
    tokens: Counter[str] = Counter()

    def flaky(hit: Hit) -> tuple[int, bytes]:
        token = hit.headers["i-twilio-idempotency-token"]
        tokens[token] += 1
        return (500 if tokens[token] <= len(tokens) % 3 else 200), b""

    world.tenant.answer = flaky
    sids = [(await world.sms(body=str(number))).json()["sid"] for number in range(30)]
    summary = await world.settle()
    assert summary["webhooks"]["lost"] == 0
    for sid in sids:
        states = world.tenant.states(sid)
        assert states == sorted(states, key=["sent", "delivered"].index)
        assert set(states) == {"sent", "delivered"}


async def test_texts_of_one_person_stay_in_order(world: World) -> None:
    answers = iter([500, 200, 500])
    world.tenant.answer = lambda hit: (next(answers, 200), b"")
    texts = [{"from": "+15557654321", "to": "+15550001111", "text": str(number)} for number in range(20)]
    response = await world.client.post("/carrier/inbound?wait=final", json=texts)
    assert all(result["ok"] for result in response.json()["results"])
    seen = [hit.form["Body"] for hit in world.tenant.hits]
    assert list(dict.fromkeys(seen)) == [str(number) for number in range(20)]
    assert seen == sorted(seen, key=int)


async def test_no_more_than_the_limit_in_flight(worlds: Any) -> None:
    async with worlds(webhook_connections_max=3) as world:
        world.tenant.hold = asyncio.Event()
        for number in range(10):
            await world.sms(to=f"+1555000100{number}")
        await world.tenant.wait(3)
        await asyncio.sleep(0.05)
        assert len(world.tenant.hits) == 3
        world.tenant.hold.set()
        assert (await world.settle())["webhooks"]["delivered"] == 20


async def test_backlog_is_bounded(worlds: Any) -> None:
    async with worlds(webhook_backlog_max=2) as world:
        world.tenant.hold = asyncio.Event()
        await world.behave(receipts="sent")
        for number in range(4):
            await world.sms(to=f"+1555000100{number}")
        await asyncio.sleep(0.05)
        world.tenant.hold.set()
        hooks = (await world.settle())["webhooks"]
        assert (hooks["delivered"], hooks["lost"]) == (2, 2)


# -- the client itself, against peers that behave in every way HTTP allows


@asynccontextmanager
async def peer(answers: list[Callable[[asyncio.StreamWriter], None]]) -> AsyncIterator[tuple[str, list[int]]]:
    """A server that answers request n with answers[n]; gives its URL and the connection number of each request."""
    connections = 0
    served: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        mine = connections
        while head := await reader.readuntil(b"\r\n\r\n"):
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    await reader.readexactly(int(line.split(b":")[1]))
            served.append(mine)
            answers[len(served) - 1](writer)
            if writer.is_closing():
                break

    async with listening(handle) as port:
        yield f"http://127.0.0.1:{port}/x?y=1", served


def says(data: bytes, close: bool = False) -> Callable[[asyncio.StreamWriter], None]:
    def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if close:
            writer.close()

    return answer


OK = says(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


async def test_connection_is_kept() -> None:
    chunked = says(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n")
    empty = says(b"HTTP/1.1 204 No Content\r\n\r\n")
    early = says(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    async with peer([OK, chunked, empty, early, OK]) as (url, served):
        pool = Pool(5)
        found = [await pool.post(parse_url(url), b"a: b\r\n", b"body") for _ in range(5)]
        assert [(r.status, r.body) for r in found] == [
            (200, b"ok"),
            (200, b"abc"),
            (204, b""),
            (201, b""),
            (200, b"ok"),
        ]
        assert served == [1] * 5
        await pool.close()


async def test_answer_that_ends_with_its_connection() -> None:
    until_end = says(b"HTTP/1.1 200 OK\r\n\r\nall of it", close=True)
    closing = says(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")
    async with peer([until_end, closing, OK]) as (url, served):
        pool = Pool(5)
        found = [(await pool.post(parse_url(url), b"", b"")).body for _ in range(3)]
        assert found == [b"all of it", b"ok", b"ok"]
        assert served == [1, 2, 3]
        await pool.close()


async def test_a_kept_connection_that_was_closed_is_replaced() -> None:
    def close_without_a_word(writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with peer([OK, close_without_a_word, OK]) as (url, served):
        pool = Pool(5)
        assert (await pool.post(parse_url(url), b"", b"1")).status == 200
        assert (await pool.post(parse_url(url), b"", b"2")).status == 200
        assert served == [1, 1, 2]
        await pool.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort", close=True), "closed"),
        (
            says(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\nshort", close=True),
            "closed",
        ),
        (says(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", close=True), "closed"),
        (says(b"", close=True), "closed"),
        (says(b"SSH-2.0-OpenSSH\r\n\r\n"), "not an HTTP answer"),
        (says(b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n" + b"x" * 300_000), "too large"),
        (says(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort"), "timeout"),
        (says(b""), "timeout"),
    ],
)
async def test_broken_answers(answer: Callable[[asyncio.StreamWriter], None], words: str) -> None:
    async with peer([answer, OK]) as (url, _):
        pool = Pool(0.1)
        with pytest.raises(RequestFailed, match=words):
            await pool.post(parse_url(url), b"", b"")
        assert (await pool.post(parse_url(url), b"", b"")).body == b"ok"
        await pool.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/path",
        "ftp://h/",
        "http://",
        "http://h:0x/",
        "http://h:70000/",
        "http://h/\n",
        "http://h/ü",
        "http://u:p@h/",
    ],
)
def test_unusable_urls(url: str) -> None:
    with pytest.raises(ValueError):
        parse_url(url)


def test_url_parts() -> None:
    target = parse_url("https://[::1]:8443/a/b?c=d&e#f")
    assert (target.origin.host, target.origin.port, target.origin.tls) == ("::1", 8443, True)
    assert (target.path, target.host) == (b"/a/b?c=d&e", b"[::1]:8443")
    assert parse_url("http://h.example").path == b"/"
