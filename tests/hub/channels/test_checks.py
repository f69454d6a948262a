"""What people are told when a provider account does not work: every way in which an address can answer wrongly."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hub.channels.base import Account, Channel, ChannelKind
from hub.channels.checks import Check, check
from hub.channels.http import ProviderClient
from hub.ids import new_id
from tests.local_server import listening

SID = "AC" + "0" * 32
SECRET = "s3cr3t-of-the-account"


def account(base_url: str, provider: str = "twilio") -> Account:
    secrets = {"auth_token": SECRET, "access_token": SECRET}
    return Account(new_id(), new_id(), provider, SID, base_url, secrets, {"waba_id": "77"})


def number(provider: str = "whatsapp_cloud") -> Channel:
    return Channel(
        new_id(), new_id(), new_id(), ChannelKind.WHATSAPP, provider, "Shop", "+15550001234", "4711"
    )


@asynccontextmanager
async def answering(answer: bytes | None, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that takes one request and answers with these bytes; None: it says nothing at all."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()

    async with listening(serve, tls) as port:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"


def http(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def look(answer: bytes | None, provider: str = "twilio", channel: Channel | None = None) -> Check:
    client = ProviderClient(1, 0.5)
    try:
        async with answering(answer) as url:
            return await check(client, account(url, provider), channel)
    finally:
        await client.close()


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (http("200 OK", b'{"sid":"%s","status":"active"}' % SID.encode()), "ok", "accepts the token"),
        (http("200 OK", b'{"sid":"%s","status":"suspended"}' % SID.encode()), "not-active", "suspended"),
        (http("200 OK", b'{"sid":"AC1"}'), "not-the-provider", "not with this account"),
        (http("200 OK", b"[]"), "not-the-provider", "does not answer as the provider"),
        (http("200 OK", b"<html>Welcome</html>"), "not-json", "a web page"),
        (http("200 OK", b'{"sid":"AC'), "not-json", "half of an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", "cut-off", "broke off"),
        (b"220 mail.example ESMTP\r\n", "not-http", "does not answer as a web server"),
        (http("302 Found", b"", "Location: http://169.254.169.254/"), "redirect", "not followed"),
        (http("401 Unauthorized", b'{"code":20003,"message":"Authenticate"}'), "credentials", "20003"),
        (http("403 Forbidden", b"<html>no</html>"), "credentials", "403"),
        (http("404 Not Found", b'{"code":20404}'), "refused", "20404"),
        (http("429 Too Many", b'{"code":20429}'), "too-many", "no more questions"),
        (http("503 Unavailable", b"{}"), "provider-trouble", "HTTP 503"),
        (None, "timeout", "did not answer in time"),
    ],
)
async def test_every_wrong_answer_has_its_words(answer: bytes | None, code: str, words: str) -> None:
    found = await look(answer)
    assert (found.code, found.ok) == (code, code == "ok")
    assert words in found.detail
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http("200 OK", b'{"id":"4711","verified_name":"Shop","quality_rating":"GREEN"}'), "ok"),
        (http("200 OK", b'{"id":"1"}'), "not-the-provider"),
        (http("200 OK", b'{"error":{"code":190,"message":"Bad token"}}'), "credentials"),
        (http("400 Bad Request", b'{"error":{"code":100,"message":"No such object"}}'), "refused"),
    ],
)
async def test_a_whatsapp_number_is_read(answer: bytes, code: str) -> None:
    assert (await look(answer, "whatsapp_cloud", number())).code == code


async def test_an_address_that_cannot_be_reached_says_why(tmp_path: Path) -> None:
    client = ProviderClient(1, 2.0)
    try:
        nowhere = await check(client, account("http://no-such-host.invalid"))
        refused = await check(client, account("http://127.0.0.1:1"))
        async with answering(b"", self_signed(tmp_path)) as url:
            unsafe = await check(client, account(url))
    finally:
        await client.close()
    assert (nowhere.code, refused.code, unsafe.code) == ("dns", "connection-refused", "tls")


def self_signed(folder: Path) -> ssl.SSLContext:
    """TLS with a certificate that nobody vouches for."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1)
    )
    pem = made.sign(key, SHA256()).public_bytes(Encoding.PEM)
    pem += key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "both.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context
