"""ProviderClient against real servers: what a provider may answer, and what a send then knows."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.channels.base import ProviderRequest
from hub.channels.codes import Retry
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.http import ANSWER_BYTES_MAX, ProviderClient
from tests.hub.channels.certificates import self_signed
from tests.local_server import listening

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Provider:
    """A server that answers each request with the next of some bytes; `seen` are the requests, `connections` their number."""

    def __init__(self, *answers: bytes, close: bool = False, stall: bool = False) -> None:
        self._answers = list(answers)
        self._close = close
        self._stall = stall
        self.seen: list[bytes] = []
        self.connections = 0
        self.url = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line[:15] == b"Content-Length:"), 0
            )
            self.seen.append(head + await reader.readexactly(length))
            writer.write(self._answers.pop(0))
            await writer.drain()
            if self._stall:
                await reader.read()
            if self._close:
                writer.close()
                return


@asynccontextmanager
async def serving(provider: Provider, context: ssl.SSLContext | None = None) -> AsyncIterator[Provider]:
    async with listening(provider, context) as port:
        provider.url = f"{'https' if context else 'http'}://127.0.0.1:{port}"
        yield provider


@asynccontextmanager
async def client(connections: int = 4, timeout_s: float = 10.0) -> AsyncIterator[ProviderClient]:
    made = ProviderClient(connections, timeout_s)
    try:
        yield made
    finally:
        await made.close()


def request(provider: Provider, path: str = "/send", method: str = "", **headers: str) -> ProviderRequest:
    return ProviderRequest(provider.url + path, headers, b"To=1", method)


def sized(body: bytes, status: str = "200 OK", extra: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status.encode(), extra, len(body), body)


CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n3\r\nabc\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "close", "status", "body"),
    [
        (sized(b'{"sid":"SM1"}', "201 Created"), False, 201, b'{"sid":"SM1"}'),
        (CHUNKED, False, 201, b"{}abc"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", True, 200, b"until the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False, 204, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + sized(b"after"), False, 200, b"after"),
        (sized(b"<html>Bad gateway</html>", "502 Bad Gateway"), False, 502, b"<html>Bad gateway</html>"),
    ],
)
async def test_an_answer_is_read_to_its_end(answer: bytes, close: bool, status: int, body: bytes) -> None:
    async with serving(Provider(answer, close=close)) as provider, client() as calls:
        assert await calls.post(request(provider)) == (status, body)


async def test_a_redirect_is_an_answer_and_nobody_follows_it() -> None:
    async with serving(Provider(sized(b"inside"))) as inside:
        away = sized(b"", "302 Found", b"Location: " + inside.url.encode() + b"/latest/meta-data\r\n")
        async with serving(Provider(away)) as provider, client() as calls:
            assert await calls.post(request(provider)) == (302, b"")
        assert inside.seen == []


@pytest.mark.parametrize(
    ("answer", "close"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf", True),
        (b"HTTP/1.1 200 OK\r\nContent-Le", True),
        (b"", True),
        (b"220 smtp.example ESMTP\r\n", False),
        (sized(b"x" * (ANSWER_BYTES_MAX + 1)), False),
        (b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 100) for n in range(1000)), False),
    ],
)
async def test_what_is_no_whole_answer_leaves_the_outcome_unknown(answer: bytes, close: bool) -> None:
    async with serving(Provider(answer, close=close)) as provider, client() as calls:
        with pytest.raises(SendOutcomeUnknown):
            await calls.post(request(provider))


async def test_a_stall_after_the_request_left_leaves_the_outcome_unknown() -> None:
    async with serving(Provider(b"HTTP/1.1 200", stall=True)) as provider, client(timeout_s=0.2) as calls:
        with pytest.raises(SendOutcomeUnknown):
            await calls.post(request(provider))


async def test_a_refused_connection_is_certain_nothing_was_sent() -> None:
    async with serving(Provider()) as provider:
        pass
    async with client() as calls:
        with pytest.raises(SendRefused) as caught:
            await calls.post(request(provider))
    assert (caught.value.provider_code, caught.value.retry) == ("connect", Retry.AGAIN)


async def test_a_certificate_nobody_vouches_for_is_certain_nothing_was_sent(tmp_path: Path) -> None:
    async with serving(Provider(sized(b"{}")), self_signed(tmp_path)) as provider, client() as calls:
        with pytest.raises(SendRefused) as caught:
            await calls.post(request(provider))
    assert caught.value.provider_code == "connect"
    assert provider.seen == []


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\r\n\r\nGET / HTTP/1.1"])
async def test_a_header_cannot_bring_another_one(value: str) -> None:
    async with serving(Provider(sized(b"{}"))) as provider, client() as calls:
        with pytest.raises(SendRefused, match="line break"):
            await calls.post(request(provider, Authorization=value))
    assert provider.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h.example/x",
        "/relative",
        "http://",
        "http://user@h.example/",
        "http://h.example:99999/",
        "http://h.example/a b",
        "http://h.example/\r\nX: 1",
        "http://h.example/" + "a" * 5000,
    ],
)
async def test_what_is_no_address_is_refused_for_good(url: str) -> None:
    async with client() as calls:
        with pytest.raises(SendRefused) as caught:
            await calls.post(ProviderRequest(url, {}, b""))
    assert (caught.value.provider_code, caught.value.retry) == ("bad-url", Retry.NEVER)


async def test_the_request_as_it_goes_over_the_wire() -> None:
    answers = [sized(b"{}")] * 3
    async with serving(Provider(*answers)) as provider, client() as calls:
        await calls.post(request(provider, "/a?b=c", Authorization="Basic eA=="))
        await calls.post(request(provider, method="DELETE"))
        await calls.get(ProviderRequest(provider.url, {}, b""))
    host = provider.url.removeprefix("http://").encode()
    assert provider.seen[0] == (
        b"POST /a?b=c HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic eA==\r\nContent-Length: 4\r\n\r\nTo=1"
        % host
    )
    assert provider.seen[1].startswith(b"DELETE /send HTTP/1.1\r\n")
    assert provider.seen[2] == b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % host


async def test_one_connection_serves_one_call_after_the_other() -> None:
    async with serving(Provider(*[sized(b"{}"), CHUNKED, sized(b"{}")])) as provider, client() as calls:
        for _ in range(3):
            await calls.post(request(provider))
    assert provider.connections == 1


async def test_calls_at_the_same_time_have_connections_of_their_own_up_to_the_limit() -> None:
    async with serving(Provider(*[sized(b"{}")] * 6)) as provider, client(connections=2) as calls:
        answers = await asyncio.gather(*(calls.post(request(provider)) for _ in range(6)))
    assert [status for status, _ in answers] == [200] * 6
    assert provider.connections == 2


@pytest.mark.parametrize("extra", [b"Connection: close\r\n", b""])
async def test_a_server_that_closes_after_each_answer_is_connected_to_again(extra: bytes) -> None:
    provider = Provider(*[sized(b"{}", extra=extra)] * 2, close=True)
    async with serving(provider), client() as calls:
        for _ in range(2):
            assert (await calls.post(request(provider)))[0] == 200
            await asyncio.sleep(0.05)  # the end of the connection arrives
    assert provider.connections == 2


async def test_a_second_answer_is_not_taken_for_that_of_the_next_call() -> None:
    provider = Provider(sized(b"mine") + b"HTTP/1.1 200 OK\r\nContent-Le", sized(b"next"))
    async with serving(provider), client() as calls:
        assert (await calls.post(request(provider)))[1] == b"mine"
        assert (await calls.post(request(provider)))[1] == b"next"
    assert provider.connections == 2


async def test_who_stops_waiting_leaves_no_answer_to_others() -> None:
    async with serving(Provider(b"HTTP/1.1 200", stall=True)) as slow, client(connections=1) as calls:
        waiting = asyncio.create_task(calls.post(request(slow)))
        while not slow.seen:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        async with serving(Provider(sized(b"{}"))) as provider:
            assert (await calls.post(request(provider)))[0] == 200
