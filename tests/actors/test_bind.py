"""One kept bind against the carrier's SMSC, in the clear and by TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from actors.bind import Bind
from hub.channels.base import Account
from hub.channels.smpp_session import Kind
from tests.hub.channels.certificates import self_signed
from tests.hub.channels.smsc import Smsc, pdus, smsc, until
from tests.local_server import listening


def account(port: int, password: str = "pw", **settings: object) -> Account:
    known = {"host": f"127.0.0.1:{port}", "system_id": "hub", **settings}
    return Account(uuid4(), uuid4(), "smpp", "hub", "", {"password": password}, known)


@asynccontextmanager
async def bound(made: Smsc, port: int, **changes: object) -> AsyncIterator[Bind]:
    bind = Bind(account(port, **changes), lambda bind, session, found: made._take(session, found))  # type: ignore[arg-type]
    try:
        yield bind
    finally:
        await bind.stop()


@asynccontextmanager
async def behind_tls(port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """A TLS end in front of `port`, as operators have one; yields its own port."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while octets := await reader.read(65_536):
                writer.write(octets)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, inner[1]), pump(inner[0], writer))

    async with listening(serve, context) as outer:
        yield outer


async def test_it_binds_again_after_the_connection_is_lost() -> None:
    async with smsc() as made, bound(made, made.network.smsc.port) as bind:
        first = await bind.session()
        assert first is not None
        first.abort("the line is cut")
        [[answer]] = await bind.submit([pdus("hello")])
        assert (answer.kind, made.taken) == (Kind.HELD, [])
        await until(lambda: first is not bind._session and bind._session is not None)
        [[answer]] = await bind.submit([pdus("hello")])
        assert (answer.kind, made.taken) == (Kind.ACCEPTED, ["hello"])


async def test_a_wrong_password_is_told_in_words_and_nothing_is_tried() -> None:
    async with smsc() as made, bound(made, made.network.smsc.port, password="no") as bind:
        [[answer]] = await bind.submit([pdus("hello")])
        assert (answer.kind, answer.status, made.taken) == (Kind.REFUSED, 0x0E, [])
        assert "password" in bind.why()


async def test_tls_with_a_certificate_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    async with (
        smsc() as made,
        behind_tls(made.network.smsc.port, context) as port,
        bound(made, port, tls=True) as bind,
    ):
        [[answer]] = await bind.submit([pdus("hello")])
        assert (answer.kind, made.taken) == (Kind.ACCEPTED, ["hello"])


async def test_tls_with_a_certificate_that_nobody_trusts_sends_no_password(tmp_path: Path) -> None:
    async with (
        smsc() as made,
        behind_tls(made.network.smsc.port, self_signed(tmp_path)) as port,
        bound(made, port, tls=True) as bind,
    ):
        [[answer]] = await bind.submit([pdus("hello")])
        assert (answer.kind, made.taken) == (Kind.REFUSED, [])
        assert made.network.smsc.binds == {}
