"""Many messages at once, and an account that is out of order, on the whole hub."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from cli.demo import workspace as ws
from cli.demo.runs import Run
from hub.ids import encode_id
from hub.settings import Settings
from models.db import app_url, make_engine
from tests.api.whole_hub import Org, client, fresh_number, signed_in, start, until
from tests.conftest import HubStack


@dataclass(frozen=True)
class Routes:
    """A tenant with two SMS numbers at accounts of their own; the policy names both."""

    run: Run
    first: str
    second: str
    number: str


@pytest.fixture(scope="module")
def routes(hub_stack: HubStack) -> Routes:
    return asyncio.run(_start(hub_stack.settings))


async def _start(settings: Settings) -> Routes:
    run = await start(settings, "Routes")
    engine = make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=2)
    try:
        other = await ws.ensure_line(
            engine, settings, run.workspace.tenant_id, "sms", "Second", fresh_number(), beside=True
        )
        await ws.tell_carrier(settings, [ws.carrier_account(other, "sms", "Second", settings.public_url)])
    finally:
        await engine.dispose()
    first = run.workspace.lines["sms"]
    names = [encode_id("chn", line.channel_id) for line in (first, other)]
    async with signed_in(settings, run.email) as admin:
        answer = await admin.put(
            "/v1/messaging-policy", json={"providers": {"sms": names}}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text
    return Routes(run, *names, first.number)


@pytest.fixture
async def org(hub_stack: HubStack, routes: Routes) -> AsyncIterator[Org]:
    async with client(hub_stack.settings, Authorization=f"Bearer {routes.run.key}") as http:
        yield Org(hub_stack.settings, routes.run, http)


def text(to: str, **more: Any) -> dict[str, Any]:
    return {"to": to, "text": "Hello", "channels": [{"kind": "sms"}], **more}


async def delivered(org: Org, identifier: str) -> dict[str, Any]:
    async def ask() -> Any:
        return await org.get(f"/v1/messages/{identifier}")

    found: dict[str, Any] = await until(ask, lambda one: one["status"] == "delivered")
    return found


async def test_a_batch_tells_what_becomes_of_each(org: Org) -> None:
    wrong = {"contact_id": "con_" + "0" * 26, "text": "Hello"}
    bodies = [
        text(fresh_number()),
        wrong,
        text(fresh_number(), channels=[{"kind": "voice"}]),
        text("+99912345678"),
    ]
    tried = await org.post("/v1/messages/batch", {"messages": bodies, "dry_run": True}, 202)
    answer = await org.post("/v1/messages/batch", {"messages": bodies}, 202)
    said = [(one["status"], one["code"] or one["reason"]) for one in answer["results"]]
    assert said == [
        ("queued", None),
        ("invalid", "no-such-contact"),
        ("invalid", "invalid"),
        ("queued", None),
    ]
    assert [one["id"] for one in tried["results"]] == [None] * 4
    assert [one["status"] for one in tried["results"]] == [one["status"] for one in answer["results"]]
    done = await delivered(org, answer["results"][0]["id"])
    assert done["price"] == answer["results"][0]["price"]


async def test_the_same_batch_again_sends_nothing_twice(org: Org) -> None:
    body = {"messages": [text(fresh_number()) for _ in range(3)]}
    headers = {"Idempotency-Key": secrets.token_hex(12)}
    first = await org.http.post("/v1/messages/batch", json=body, headers=headers)
    again = await org.http.post("/v1/messages/batch", json=body, headers=headers)
    assert (first.status_code, again.json()) == (202, first.json())


@asynccontextmanager
async def out_of_order(carrier: httpx2.AsyncClient, number: str) -> AsyncIterator[None]:
    """What leaves from this number meets an error of the provider's own."""
    rules = [{"match": {"sender": number}, "behaviour": {"answer": "error", "http_status": 503}}]
    (await carrier.put("/carrier/behaviours", json={"rules": rules})).raise_for_status()
    yield
    (await carrier.put("/carrier/behaviours", json={"rules": []})).raise_for_status()


async def test_traffic_of_an_account_out_of_order_goes_over_the_other(
    org: Org, routes: Routes, carrier: httpx2.AsyncClient
) -> None:
    async with out_of_order(carrier, routes.number):
        bodies = [text(fresh_number()) for _ in range(20)]
        answer = await org.post("/v1/messages/batch", {"messages": bodies}, 202)
        done = [await delivered(org, one["id"]) for one in answer["results"]]
    assert Counter(one["attempts"][0]["channel"]["id"] for one in done) == {routes.second: 20}
    notes = [[note["event"] for note in one["attempts"][0]["history"]] for one in done]
    assert all("rerouted" in each for each in notes)
    assert {one["price"] for one in done} == {answer["results"][0]["price"]}


@pytest.mark.long
async def test_traffic_comes_back_to_an_account_that_answers_again(
    org: Org, routes: Routes, carrier: httpx2.AsyncClient
) -> None:
    async with out_of_order(carrier, routes.number):
        bodies = [text(fresh_number()) for _ in range(20)]
        answer = await org.post("/v1/messages/batch", {"messages": bodies}, 202)
        for one in answer["results"]:
            await delivered(org, one["id"])

    async def over() -> Any:
        sent = await org.post("/v1/messages", text(fresh_number()), 202)
        return (await delivered(org, sent["message"]["id"]))["attempts"][0]["channel"]["id"]

    assert await until(over, lambda channel: channel == routes.first)
