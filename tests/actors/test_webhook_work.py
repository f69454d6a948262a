"""Webhooks from a conversation's turn to a receiver that checks their signature, through everything that goes wrong."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from aiohttp import web

from actors.webhook_work import WebhookWork
from hub.channels.delivery import Status
from hub.channels.secrets import seal
from hub.clock import FrozenClock
from hub.conversations.state import AgentReply, Assign, Close
from hub.ids import decode_id, encode_id, new_id
from hub.webhooks import events, store
from hub.webhooks.endpoint import EVENTS
from hub.webhooks.signing import new_secret
from models.db import Scope, transaction
from models.webhooks import webhook_deliveries, webhook_endpoints
from tests.actors.desk import Desk


class Receiver:
    """Answers what it is told to, in order, then 200; keeps what was signed right."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.answers: list[int] = []
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.url = ""
        self.hangs = False

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        name, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        given = request.headers["webhook-signature"].split(" ")
        for secret in self.secrets:
            key = base64.b64decode(secret.removeprefix("whsec_"))
            digest = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
            assert f"v1,{base64.b64encode(digest).decode()}" in given
        assert len(given) == len(self.secrets)
        self.taken.append((name, orjson.loads(body)))
        if self.hangs:
            await asyncio.sleep(60)
        status = self.answers.pop(0) if self.answers else 200
        elsewhere = {"Location": "http://169.254.169.254/latest"} if 300 <= status < 400 else {}
        return web.Response(status=status, headers=elsewhere, text="x" * 5_000)

    @property
    def events(self) -> list[str]:
        return [body["type"] for _, body in self.taken]


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    yield f"{host}:{port}"
    await runner.cleanup()


class Post:
    """A worker with a clock of its own, and short words for endpoints and their log."""

    def __init__(self, desk: Desk, allowed: str, timeout_s: float = 5.0) -> None:
        self.desk = desk
        self.clock = FrozenClock(datetime.now(UTC) + timedelta(seconds=1))
        settings = desk.settings.model_copy(update={"webhook_hosts": allowed})
        self.work = WebhookWork(settings, desk.engine, self.clock, timeout_s)

    async def endpoint(
        self, url: str, *, old: str = "", wanted: tuple[str, ...] = EVENTS
    ) -> tuple[UUID, str]:
        endpoint_id, secret = new_id(), new_secret()
        held = {"current": secret} | ({"old": old} if old else {})
        row = {
            "tenant_id": self.desk.tenant_id,
            "id": endpoint_id,
            "url": url,
            "events": list(wanted),
            "secrets": seal(
                held, secret_key=self.desk.settings.secret_key.get_secret_value(), row_id=endpoint_id
            ),
            "old_secret_until": self.clock.now() + timedelta(hours=1) if old else None,
        }
        async with transaction(self.desk.engine, Scope.of(self.desk.tenant_id)) as db:
            await store.insert_endpoint(db, row)
        return endpoint_id, secret

    async def go(self) -> int:
        """Deliver what is due, and tell how often this tenant's was tried: others share the database."""
        before = await self._tried()
        await self.work.look()
        await self.work.settle()
        return await self._tried() - before

    async def _tried(self) -> int:
        table = webhook_deliveries
        rows = await self.desk.rows(table, table.c.tenant_id == self.desk.tenant_id, order=table.c.id)
        return sum(row.attempts for row in rows)

    async def log(self, endpoint_id: UUID) -> list[Any]:
        table = webhook_deliveries
        return await self.desk.rows(table, table.c.endpoint_id == endpoint_id, order=table.c.id)

    async def held(self, endpoint_id: UUID) -> Any:
        (row,) = await self.desk.rows(webhook_endpoints, webhook_endpoints.c.id == endpoint_id)
        return row


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def post(desk: Desk, receiver: Receiver) -> AsyncIterator[Post]:
    async with listening(receiver) as allowed:
        made = Post(desk, allowed, timeout_s=1.0)
        yield made
        await made.work.close()
        async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:  # others share the database
            for row in await store.endpoint_rows(db, desk.tenant_id):
                await store.delete_endpoint(db, desk.tenant_id, row.id)


async def test_a_conversation_is_told_from_its_beginning_to_its_end(post: Post, receiver: Receiver) -> None:
    desk, old = post.desk, new_secret()
    endpoint_id, secret = await post.endpoint(receiver.url, old=old)
    picky, _ = await post.endpoint("https://receiver.invalid/", wanted=("conversation.closed",))
    receiver.secrets = [secret, old]
    host, contact = desk.conversations(), await desk.contact("+15550001")
    now = datetime.now(UTC)
    arrived = desk.arrived(contact, "card lost", key="k1")
    await host.receive([arrived, desk.arrived(contact, "hello?")])
    await host.receive([arrived])  # told once
    await host.receive([desk.command(contact, Assign(new_id(), now, "Ann", "user:x"))])
    await host.receive([desk.command(contact, Close(now, "user:x"))])
    await host.receive([desk.arrived(contact, "card again")])
    assert await post.go() == 8
    assert await post.go() == 0
    expected = ["message.received"] * 3 + [
        "conversation.opened",
        "conversation.assigned",
        "conversation.closed",
        "conversation.reopened",
    ]
    assert sorted(receiver.events) == sorted(expected)
    told = {body["type"]: body["data"] for _, body in receiver.taken}
    assert told["conversation.assigned"]["name"] == "Ann"
    assert told["conversation.reopened"]["conversation"]["status"] == "open"
    rows = await post.log(endpoint_id)
    assert {row.state for row in rows} == {"delivered"}
    assert {len(row.answer) for row in rows} == {2048}
    (row,) = await post.log(picky)
    assert (row.event, row.error) == ("conversation.closed", "receiver.invalid has no public address")


async def test_a_delivery_is_told_once_and_tenants_without_endpoints_write_nothing(
    post: Post, receiver: Receiver
) -> None:
    desk = post.desk
    host, contact = desk.conversations(), await desk.contact("+15550001")
    await host.receive([desk.arrived(contact, "card lost")])
    assert await desk.count(webhook_deliveries) == 0
    await post.endpoint(receiver.url, wanted=("message.received",))
    host.directories._known.clear()
    await host.receive([desk.arrived(contact, "card " * 6_000)])
    (row,) = await desk.rows(webhook_deliveries)
    data = orjson.loads(row.body)["data"]
    assert (data["truncated"], data["message"]["body"]) == (True, "")
    assert len(row.body) < 20_000


async def test_receipts_are_told_once(post: Post, receiver: Receiver) -> None:
    desk = post.desk
    endpoint_id, secret = await post.endpoint(receiver.url, wanted=("message.delivered", "message.failed"))
    receiver.secrets = [secret]
    host, contact = desk.conversations(), await desk.contact("+15550001")
    await host.receive([desk.arrived(contact, "card lost")])
    answers = await host.receive(
        [desk.command(contact, AgentReply(new_id(), None, text, datetime.now(UTC))) for text in ("a", "b")]
    )
    first, second = (decode_id("msg", answer["messages"][0]["id"]) for answer in answers)
    await host.receive([desk.report(Status.SENT, first, "p1"), desk.report(Status.SENT, second, "p2")])
    await host.receive([desk.report(Status.DELIVERED, first, "p1")])
    await host.receive(
        [desk.report(Status.READ, first, "p1"), desk.report(Status.FAILED, second, "p2", code="x")]
    )
    await post.go()
    assert sorted(receiver.events) == ["message.delivered", "message.failed"]
    told = {body["type"]: body["data"]["message"] for _, body in receiver.taken}
    assert told["message.delivered"]["id"] == encode_id("msg", first)
    assert told["message.failed"]["error_code"] == "x"
    assert {row.contact_id for row in await post.log(endpoint_id)} == {
        contact
    }  # so that an erasure finds them


async def test_what_fails_is_tried_again_and_then_taken(post: Post, receiver: Receiver) -> None:
    endpoint_id, secret = await post.endpoint(receiver.url)
    receiver.secrets, receiver.answers = [secret], [500, 302]
    await ping(post, endpoint_id)
    assert await post.go() == 1
    (row,) = await post.log(endpoint_id)
    assert (row.state, row.status_code, row.error, row.attempts) == ("pending", 500, "HTTP 500", 1)
    assert (await post.held(endpoint_id)).failing_since is not None
    assert await post.go() == 0  # not due yet
    post.clock.advance(timedelta(seconds=10))
    assert await post.go() == 1
    (row,) = await post.log(endpoint_id)
    assert row.error == "HTTP 302: redirects are not followed"
    post.clock.advance(timedelta(minutes=10))
    assert await post.go() == 1
    (row,) = await post.log(endpoint_id)
    assert (row.state, row.attempts, row.error) == ("delivered", 3, None)
    assert (await post.held(endpoint_id)).failing_since is None
    assert len({name for name, _ in receiver.taken}) == 1  # one id, however often it is tried


async def test_a_receiver_that_hangs_holds_up_nobody_else(post: Post, receiver: Receiver) -> None:
    other = Receiver()
    async with listening(other) as allowed:
        post.work._poster._allowed = frozenset({*post.work._poster._allowed, allowed})
        slow, secret = await post.endpoint(receiver.url)
        quick, second = await post.endpoint(other.url)
        receiver.secrets, receiver.hangs, other.secrets = [secret], True, [second]
        await ping(post, slow)
        await ping(post, quick)
        await post.go()
    (row,) = await post.log(slow)
    assert (row.state, row.error) == ("pending", "no answer within 1 s")
    assert [row.state for row in await post.log(quick)] == ["delivered"]


async def test_an_endpoint_that_takes_nothing_is_switched_off(post: Post, receiver: Receiver) -> None:
    endpoint_id, secret = await post.endpoint(receiver.url)
    receiver.secrets, receiver.answers = [secret], [500] * 30
    await ping(post, endpoint_id)
    for _ in range(12):
        await post.go()
        post.clock.advance(timedelta(hours=6))
    (row,) = await post.log(endpoint_id)
    assert (row.state, row.attempts) == ("failed", 10)
    post.clock.advance(timedelta(days=3))
    await ping(post, endpoint_id)
    await post.go()
    held = await post.held(endpoint_id)
    assert (held.enabled, held.disabled_reason) == (False, "nothing was taken for 5 days; last: HTTP 500")
    assert await post.go() == 0
    gone, other = await post.endpoint(receiver.url)
    receiver.secrets, receiver.answers = [other], [410]
    await ping(post, gone)
    await post.go()
    assert (await post.held(gone)).disabled_reason == "it answered 410: gone"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://169.254.169.254/", "https://localhost/"])
async def test_no_address_inside_the_house_is_called(post: Post, url: str) -> None:
    """Also when it stands in the table already."""
    endpoint_id, _ = await post.endpoint(url)
    await ping(post, endpoint_id)
    await post.go()
    (row,) = await post.log(endpoint_id)
    assert row.status_code is None
    assert row.error.startswith("an address")


async def ping(post: Post, endpoint_id: UUID) -> None:
    async with transaction(post.desk.engine, Scope.of(post.desk.tenant_id)) as db:
        rows = [events.ping(post.desk.tenant_id, endpoint_id, post.clock.now())]
        await store.insert_deliveries(db, rows)
