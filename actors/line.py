"""A direct line to a host: one authenticated TCP connection beside Ray, with many calls in flight.

Ray places, names and restarts the hosts, and tells where the line is. The calls that every message makes go over the
line: a Ray call costs a millisecond and four threads' work, a frame on an open connection a tenth of that
(docs/decisions/0010). Frames are a length and a pickle. Nothing is unpickled before both ends have proved that they
know the hub's secret and the token that the host made at its start and told through Ray.
"""

from __future__ import annotations

import asyncio
import hmac
import pickle
import secrets
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

import structlog

FRAME_BYTES_MAX = 256 * 1024 * 1024
NONCE_BYTES = PROOF_BYTES = 32
CONNECT_S = 2.0
SILENCE_S = 10  # a node that vanished without a word is given up after about as long

_LENGTH = struct.Struct("!I")

log = structlog.get_logger()


class LineLost(Exception):
    """The connection ended: calls that were out may or may not have run."""


class LineRefused(Exception):
    """No connection, or the other end could not prove who it is: nothing was called."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a host listens, and the token of this start. Told through Ray only."""

    host: str
    port: int
    token: bytes = field(repr=False)


def key_of(secret_key: str, token: bytes) -> bytes:
    """What both ends must know: the hub's secret and the host's token."""
    return hmac.digest(secret_key.encode(), b"parley direct line" + token, "sha256")


def _proof(key: bytes, side: bytes, nonces: bytes) -> bytes:
    return hmac.digest(key, side + nonces, "sha256")


class _Frames(asyncio.Protocol):
    """One end of a line: `_greet` until the other end has proved itself, then whole frames to `_take`."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._nonce = secrets.token_bytes(NONCE_BYTES)
        self._buffer = bytearray()
        self._trusted = False
        self._transport: Any = None  # uvloop's transports are no subclass of asyncio's

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        _tune(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            if not self._trusted and not self._greet():
                return
            self._split()
        except Exception as error:  # whatever came is not ours to talk with
            log.warning("line_closed", error=type(error).__name__)
            self._transport.abort()

    def _split(self) -> None:
        buffer, start = self._buffer, 0
        while len(buffer) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(buffer, start)
            if length > FRAME_BYTES_MAX:
                raise ValueError("a frame is too large")
            end = start + _LENGTH.size + length
            if len(buffer) < end:
                break
            with memoryview(buffer) as view:
                content = pickle.loads(view[start + _LENGTH.size : end])
            start = end
            self._take(content)
        del buffer[:start]

    def _pull(self, size: int) -> bytes | None:
        """The next `size` bytes when they are there."""
        if len(self._buffer) < size:
            return None
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _send(self, content: Any) -> None:
        body = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)
        if len(body) > FRAME_BYTES_MAX:
            raise ValueError("a frame is too large")
        self._transport.write(_LENGTH.pack(len(body)) + body)

    def _greet(self) -> bool:
        raise NotImplementedError

    def _take(self, content: Any) -> None:
        raise NotImplementedError


def _tune(sock: Any) -> None:
    """Send at once, and notice an end that vanished."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", SILENCE_S // 2),
        ("TCP_KEEPINTVL", SILENCE_S // 5),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", SILENCE_S * 1000),
    ):
        if hasattr(socket, name):  # not every system has all of them
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class _Answering(_Frames):
    """The host's end. Each call is a task of its own, as with an async actor."""

    def __init__(self, key: bytes, host: Any, ends: set[_Answering]) -> None:
        super().__init__(key)
        self._host = host
        self._ends = ends
        self._tasks: set[asyncio.Task[None]] = set()
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._ends.add(self)
        self._late = asyncio.get_running_loop().call_later(CONNECT_S, self.close)
        self._transport.write(self._nonce)

    def _greet(self) -> bool:
        """The caller proves itself first: its nonce and proof, then ours."""
        greeting = self._pull(NONCE_BYTES + PROOF_BYTES)
        if greeting is None:
            return False
        nonces = self._nonce + greeting[:NONCE_BYTES]
        if not hmac.compare_digest(greeting[NONCE_BYTES:], _proof(self._key, b"caller", nonces)):
            raise LineRefused("the caller does not know the secret")
        self._trusted = True
        if self._late is not None:
            self._late.cancel()
        self._transport.write(_proof(self._key, b"host", nonces))
        return True

    def _take(self, content: Any) -> None:
        number, method, arguments = content
        task = asyncio.get_running_loop().create_task(self._run(number, method, arguments))
        self._tasks.add(task)  # the loop itself keeps tasks weakly
        task.add_done_callback(self._tasks.discard)

    async def _run(self, number: int, method: str, arguments: tuple[Any, ...]) -> None:
        try:
            if method.startswith("_"):
                raise AttributeError(f"{method} is not for callers")
            answer = (number, True, await getattr(self._host, method)(*arguments))
        except Exception as error:
            answer = (number, False, error)
        try:
            self._send(answer)
        except Exception as error:  # an answer that cannot travel is an error of its own
            self._send((number, False, RuntimeError(f"{method}: the answer cannot be sent ({error!r})")))

    def connection_lost(self, error: Exception | None) -> None:
        """Calls that run go on to their end: the caller repeats them under the same ids."""
        self._ends.discard(self)
        if self._late is not None:
            self._late.cancel()

    def close(self) -> None:
        self._transport.close()


class Listener:
    """Where one host takes calls: its public methods, for callers who know the secret."""

    def __init__(self, host: Any, secret_key: str) -> None:
        self._host = host
        self._token = secrets.token_bytes(32)
        self._key = key_of(secret_key, self._token)
        self._server: asyncio.Server | None = None
        self._ends: set[_Answering] = set()
        self._opening = asyncio.Lock()

    async def open(self, node_address: str) -> Address:
        """Listen on the node's address, on a port the system picks; the same address when it is open already."""
        async with self._opening:
            if self._server is None:
                self._server = await asyncio.get_running_loop().create_server(
                    lambda: _Answering(self._key, self._host, self._ends), node_address, 0
                )
        port: int = self._server.sockets[0].getsockname()[1]
        return Address(node_address, port, self._token)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for end in list(self._ends):
            end.close()


class Line(_Frames):
    """The caller's end."""

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._out: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._proof = b""
        self.lost = False

    @classmethod
    async def connect(cls, address: Address, secret_key: str) -> Line:
        """An open line. Raises LineRefused."""
        made = cls(key_of(secret_key, address.token))
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.get_running_loop().create_connection(lambda: made, address.host, address.port)
                await made._ready
        except (OSError, TimeoutError, LineLost) as error:
            made.close()
            raise LineRefused(type(error).__name__) from None
        return made

    def _greet(self) -> bool:
        if not self._proof:
            theirs = self._pull(NONCE_BYTES)
            if theirs is None:
                return False
            nonces = theirs + self._nonce
            self._proof = _proof(self._key, b"host", nonces)
            self._transport.write(self._nonce + _proof(self._key, b"caller", nonces))
        proof = self._pull(PROOF_BYTES)
        if proof is None:
            return False
        if not hmac.compare_digest(proof, self._proof):
            raise LineRefused("the host does not know the secret")
        self._trusted = True
        if not self._ready.done():
            self._ready.set_result(None)
        return True

    def ask(self, method: str, arguments: tuple[Any, ...]) -> asyncio.Future[Any]:
        """Call a method of the host. The future raises the method's own error, or LineLost."""
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.lost:
            answered.set_exception(LineLost())
            return answered
        self._number += 1
        self._send((self._number, method, arguments))
        self._out[self._number] = answered
        return answered

    def _take(self, content: Any) -> None:
        number, worked, value = content
        answered = self._out.pop(number)
        if answered.done():  # the caller was cancelled
            return
        if worked:
            answered.set_result(value)
        else:
            answered.set_exception(value)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        for answered in (self._ready, *self._out.values()):
            if not answered.done():
                answered.set_exception(LineLost())
        self._out.clear()

    def close(self) -> None:
        self.lost = True
        if self._transport is not None:
            self._transport.close()
