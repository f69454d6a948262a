"""The direct line to a host: many calls at once, errors as they were raised, nothing for whoever cannot prove the secret."""

from __future__ import annotations

import asyncio
import pickle
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from actors import runtime
from actors.line import NONCE_BYTES, PROOF_BYTES, Address, Line, LineLost, LineRefused, Listener
from hub.errors import NotFound, Unavailable
from hub.settings import Settings
from tests.local_server import listening

SECRET = "the hub's secret"
HERE = "127.0.0.1"


class Host:
    """Echoes, waits, fails."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.go = asyncio.Event()

    async def echo(self, *values: Any) -> Any:
        return values

    async def wait(self) -> str:
        self.waiting.set()
        await self.go.wait()
        return "went on"

    async def fail(self, error: Exception) -> None:
        raise error

    async def unsendable(self) -> Any:
        return lambda: None

    async def _private(self) -> str:
        return "not for callers"


@pytest.fixture
async def host() -> Host:
    return Host()


@pytest.fixture
async def listener(host: Host) -> AsyncIterator[Listener]:
    made = Listener(host, SECRET)
    yield made
    await made.close()


@pytest.fixture
async def line(listener: Listener) -> AsyncIterator[Line]:
    made = await Line.connect(await listener.open(HERE), SECRET)
    yield made
    made.close()


async def test_many_calls_over_one_line_each_get_their_own_answer(line: Line, host: Host) -> None:
    slow = line.ask("wait", ())
    await host.waiting.wait()
    answers = await asyncio.gather(*(line.ask("echo", (number, "ä" * number)) for number in range(300)))
    assert answers == [(number, "ä" * number) for number in range(300)]
    host.go.set()
    assert await slow == "went on"


async def test_a_large_frame_arrives_whole(line: Line) -> None:
    mail = bytes(range(256)) * 40_000
    assert await line.ask("echo", (mail,)) == (mail,)


async def test_errors_are_raised_as_they_were(line: Line) -> None:
    with pytest.raises(NotFound) as caught:
        await line.ask("fail", (NotFound("no wallet"),))
    assert caught.value.detail == "no wallet"
    with pytest.raises(ValueError, match="the model"):
        await line.ask("fail", (ValueError("the model cannot be read"),))
    with pytest.raises(RuntimeError, match="cannot be sent"):
        await line.ask("unsendable", ())
    assert await line.ask("echo", (1,)) == (1,)


@pytest.mark.parametrize("method", ["_private", "__init__", "nothing"])
async def test_only_public_methods_can_be_called(line: Line, method: str) -> None:
    with pytest.raises(AttributeError):
        await line.ask(method, ())


async def test_the_same_address_when_it_is_open_already(listener: Listener) -> None:
    first, second = await asyncio.gather(listener.open(HERE), listener.open(HERE))
    assert first == second
    assert str(first.token) not in repr(first)


async def test_who_does_not_know_the_secret_or_the_token_is_refused(listener: Listener) -> None:
    address = await listener.open(HERE)
    with pytest.raises(LineRefused):
        await Line.connect(address, "another secret")
    with pytest.raises(LineRefused):
        await Line.connect(replace(address, token=b"of an earlier start"), SECRET)


class Bomb:
    """Tells when somebody unpickles it."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("unpickled before the handshake",)


async def test_nothing_is_unpickled_before_the_handshake(listener: Listener) -> None:
    address = await listener.open(HERE)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    await reader.readexactly(NONCE_BYTES)
    body = pickle.dumps(Bomb())
    frame = struct.pack("!I", len(body)) + body
    writer.write(b"\0" * (NONCE_BYTES + PROOF_BYTES) + frame)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()


async def test_a_host_that_cannot_prove_itself_is_not_believed() -> None:
    async def impostor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\1" * NONCE_BYTES)
        await reader.readexactly(NONCE_BYTES + PROOF_BYTES)
        body = pickle.dumps(Bomb())
        writer.write(b"\2" * PROOF_BYTES + struct.pack("!I", len(body)) + body)
        writer.close()

    async with listening(impostor) as port:
        with pytest.raises(LineRefused):
            await Line.connect(Address(HERE, port, b"token"), SECRET)


async def test_calls_that_are_out_when_the_line_ends_are_lost(
    line: Line, listener: Listener, host: Host
) -> None:
    out = line.ask("wait", ())
    await host.waiting.wait()
    await listener.close()
    with pytest.raises(LineLost):
        await out
    assert line.lost
    with pytest.raises(LineLost):
        await line.ask("echo", ())


class Remote:
    """A method of a Ray actor as its handle shows it."""

    def __init__(self, method: Any) -> None:
        self._method = method

    def remote(self, *arguments: Any) -> Any:
        return self._method(*arguments)


class Handle:
    """A Ray actor's handle: where the line is, and the host's methods through Ray."""

    def __init__(self, host: Host, listener: Listener) -> None:
        self._host, self._listener = host, listener
        self.address: Address | None = None
        self.through_ray = 0
        self.line = Remote(self._line)
        self.echo = Remote(self._echo)

    async def _line(self) -> Address:
        return self.address or await self._listener.open(HERE)

    async def _echo(self, *values: Any) -> Any:
        self.through_ray += 1
        return await self._host.echo(*values)


@pytest.fixture
def handle(host: Host, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> Handle:
    made = Handle(host, listener)
    monkeypatch.setattr(runtime.ray, "get_actor", lambda name, namespace: made)
    return made


def peer() -> runtime.Peer:
    return runtime.Peer("conversation-0", Settings(secret_key=SECRET))  # type: ignore[arg-type]


async def test_a_peer_calls_over_the_line(handle: Handle) -> None:
    ours = peer()
    assert await asyncio.gather(*(ours.call("echo", n) for n in range(20))) == [(n,) for n in range(20)]
    assert handle.through_ray == 0
    with pytest.raises(ValueError, match="mine"):
        await ours.call("fail", ValueError("mine"))


async def test_without_a_line_a_peer_calls_through_ray(handle: Handle) -> None:
    handle.address = Address(HERE, 1, b"nobody listens there")
    assert await peer().call("echo", 1) == (1,)
    assert handle.through_ray == 1


async def test_a_lost_line_is_unavailable_once_and_then_another_is_made(
    handle: Handle, listener: Listener, host: Host
) -> None:
    ours = peer()
    out = asyncio.ensure_future(ours.call("wait"))
    await host.waiting.wait()
    await listener.close()
    with pytest.raises(Unavailable):
        await out
    handle._listener = Listener(host, SECRET)  # the host as Ray has restarted it
    assert await ours.call("echo", 2) == (2,)
    assert handle.through_ray == 0
    await handle._listener.close()


async def test_a_call_that_takes_too_long_is_unavailable_and_the_line_stays(
    handle: Handle, host: Host
) -> None:
    ours = peer()
    assert await ours.call("echo", 1) == (1,)  # the line stands before the clock runs
    with pytest.raises(Unavailable):
        await ours.call("wait", timeout_s=0.05)
    host.go.set()
    assert await ours.call("echo", 3) == (3,)
