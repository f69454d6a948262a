"""kill -9 of every kind of process in the middle of a campaign: nothing is lost, nothing is sent twice, the books are right."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx2
import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.demo import workspace as ws
from cli.demo.runs import Api, Run, begin, until
from cli.demo.seed import SURVEY
from cli.local.stack import LocalStack
from hub.billing.audit import audit
from hub.ids import encode_id
from hub.money import parse_micros
from hub.settings import Settings
from models.db import app_url, make_engine
from tests.chaos.processes import kill_worker, workers
from tests.conftest import _fields

MONEY_MICROS = 200_000_000
TEMPLATE = "Hi {{ first_name }}, 15 % off everything until Sunday. Interested? Reply YES or NO."
BEHAVIOURS = {
    "seed": 11,
    "default": {"receipts": "delivered", "sent_after_s": 0.05, "delivered_after_s": 0.3, "jitter_s": 0.5},
    "rules": [
        {
            "match": {"share": 0.10},
            "behaviour": {"replies": ["where is my order?", "hello?"], "reply_after_s": 0.2},
        },
        {"match": {"share": 0.05}, "behaviour": {"replies": ["no"], "reply_after_s": 0.2}},
        {"match": {"share": 0.05}, "behaviour": {"opts_out": True, "reply_after_s": 0.2}},
        {"match": {"share": 0.05}, "behaviour": {"duplicate": 2, "reorder": True}},
        {"match": {"share": 0.03}, "behaviour": {"answer": "throttle", "times": 1}},
        {"match": {"share": 0.02}, "behaviour": {"answer": "hang", "times": 1}},
        {"match": {"share": 0.02}, "behaviour": {"answer": "drop", "times": 1}},
    ],
}
# (share of the messages the carrier must have, what dies then)
MOMENTS = [
    (0.00, "send_batch"),
    (0.08, "SenderHost"),
    (0.16, "WalletHost"),
    (0.28, "gateway"),
    (0.36, "ConversationHost"),
    (0.46, "send_batch"),
    (0.52, "CampaignHost"),
    (0.60, "SenderHost"),
    (0.72, "TimersHost"),
    (0.80, "ConversationHost"),
    (0.92, "SenderHost"),
]


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """A hub of its own: what dies here must not be missed elsewhere."""
    env = {
        "HUB_UNKNOWN_GRACE_S": "6",
        "HUB_SENDER_TIMEOUT_S": "3",
        "HUB_SEND_BATCH": "100",
        "HUB_RATE_KEY_PER_MIN": "100000",
    }
    with LocalStack(extra_env=env) as stack:
        yield stack


@pytest.fixture
async def hub(stack: LocalStack) -> AsyncIterator[tuple[Settings, AsyncEngine]]:
    settings = Settings(**_fields(stack.env))
    engine = make_engine(
        app_url(stack.database_url, stack.secret_key), pool=4, application_name="parley chaos"
    )
    yield settings, engine
    await engine.dispose()


@dataclass
class Chaos:
    """One campaign under fire."""

    stack: LocalStack
    settings: Settings
    engine: AsyncEngine
    run: Run
    api: Api
    contacts: int
    first: int
    killed: list[str] = field(default_factory=list)

    async def carrier(self, path: str) -> Any:
        async with httpx2.AsyncClient(
            base_url=self.settings.carrier_url, trust_env=False, timeout=60
        ) as client:
            answer = await client.get(path)
            answer.raise_for_status()
            return answer.json()

    def number(self, place: int) -> str:
        return f"+1{self.first + place}"

    async def launch(self) -> str:
        # Rules and flow first: processes keep for some seconds what they once read of a tenant.
        tenant_id = self.run.workspace.tenant_id
        queues = await ws.ensure_queues(self.engine, tenant_id, ["Answers"])
        await ws.ensure_rules(self.engine, tenant_id, [], queues["Answers"])
        flow_id = await ws.ensure_flow(self.engine, tenant_id, "Survey", SURVEY)
        for start in range(0, self.contacts, 1000):
            batch = [
                {"name": f"Contact {place:06d}", "phone": self.number(place), "tags": ["all"]}
                for place in range(start, min(start + 1000, self.contacts))
            ]
            await self.api.post("/v1/contacts/batch", {"contacts": batch})
        body = {
            "name": "Under fire",
            "channel_id": encode_id("chn", self.run.workspace.lines["sms"].channel_id),
            "template": TEMPLATE,
            "audience": {"tag": "all"},
            "flow_id": encode_id("flw", flow_id),
        }
        identifier: str = (await self.api.post("/v1/campaigns", body))["id"]
        await self.api.post(f"/v1/campaigns/{identifier}/launch")
        return identifier

    async def has_taken(self, messages: float) -> bool:
        return bool((await self.carrier("/carrier/summary"))["accepted"] >= messages)

    async def fire(self, moments: list[tuple[float, str]]) -> None:
        """Kill each in its turn, as soon as so much of the campaign is with the carrier."""
        for share, name in moments:
            due = partial(self.has_taken, share * self.contacts)
            assert await until(due, 240, 0.05), "the campaign goes on"
            if name == "gateway":
                os.kill(self.stack.pids()["gateway"], signal.SIGKILL)
            else:
                try:
                    await kill_worker(self.stack.pids()["ray"], name, 10)
                except TimeoutError:
                    continue  # all batches are written already
            self.killed.append(name)

    async def view(self, identifier: str) -> dict[str, Any]:
        """The campaign; the gateway may be down at this moment."""
        while True:
            try:
                answer: dict[str, Any] = await self.api.get(f"/v1/campaigns/{identifier}")
                return answer
            except httpx2.HTTPError:
                await asyncio.sleep(0.2)

    def one(self, query: str) -> Any:
        with psycopg.connect(self.stack.database_url) as db:
            row = db.execute(query.replace("TENANT", f"'{self.run.workspace.tenant_id}'")).fetchone()
        assert row is not None
        return row[0]

    async def at_rest(self) -> bool:
        """Nothing is owed, unbooked, unread or under way."""
        waiting = self.one(
            "SELECT (SELECT count(*) FROM app.outbox) + (SELECT count(*) FROM app.settlements) + "
            "(SELECT count(*) FROM app.inbox WHERE done_at IS NULL) + "
            "(SELECT count(*) FROM app.messages WHERE direction = 'out' AND status IN ('queued', 'sending', 'unknown', 'sent'))"
        )
        settled: bool = (await self.carrier("/carrier/summary"))["settled"]
        return bool(waiting == 0) and settled

    async def received(self, direction: str) -> list[dict[str, Any]]:
        """All the carrier's messages of this run in one direction."""
        found: list[dict[str, Any]] = []
        before = 0
        number = self.run.workspace.lines["sms"].number
        while True:
            query = f"/carrier/messages?direction={direction}&number=%2B{number[1:]}&limit=10000"
            page = await self.carrier(query + (f"&before={before}" if before else ""))
            found += page["messages"]
            if not page["has_more"]:
                return found
            before = found[-1]["seq"]


async def under_fire(
    stack: LocalStack,
    hub: tuple[Settings, AsyncEngine],
    contacts: int,
    first: int,
    moments: list[tuple[float, str]],
) -> None:
    settings, engine = hub
    run = await begin(engine, settings, "Chaos", MONEY_MICROS)
    api = Api(settings, run.key)
    chaos = Chaos(stack, settings, engine, run, api, contacts, first)
    try:
        async with httpx2.AsyncClient(base_url=settings.carrier_url, trust_env=False) as client:
            (await client.put("/carrier/behaviours", json=BEHAVIOURS)).raise_for_status()
            (await client.delete("/carrier/messages")).raise_for_status()
        identifier = await chaos.launch()
        await chaos.fire(moments)
        await until(lambda: _completed(chaos, identifier), 240)
        await until(chaos.at_rest, 120)
        await _check(chaos, identifier)
    finally:
        await api.close()


async def _completed(chaos: Chaos, identifier: str) -> bool:
    return (await chaos.view(identifier))["status"] == "completed"


async def _check(chaos: Chaos, identifier: str) -> None:
    assert {"SenderHost", "WalletHost", "gateway", "ConversationHost", "CampaignHost"} <= set(chaos.killed)
    for name in set(chaos.killed) - {"gateway", "send_batch"}:
        assert len(workers(chaos.stack.pids()["ray"], name)) == 1, f"{name} is back"
    await _check_sends(chaos, identifier)
    await _check_answers(chaos)
    await _check_money(chaos)


async def _check_sends(chaos: Chaos, identifier: str) -> None:
    """Every recipient has exactly one campaign message at the carrier, and the counts say so."""
    view = await chaos.view(identifier)
    assert (view["status"], view["reason"], view["recipients"]) == ("completed", None, chaos.contacts)
    assert {state: n for state, n in view["counts"].items() if n} == {"delivered": chaos.contacts}
    assert view["pending"] == 0
    outbound = await chaos.received("outbound")
    sent = Counter(message["handset"] for message in outbound if message["body"].startswith("Hi "))
    wanted = {chaos.number(place) for place in range(chaos.contacts)}
    assert [number for number, times in sent.items() if times != 1] == [], "nobody twice"
    assert wanted - set(sent) == set(), "nobody missed"
    assert set(sent) - wanted == set()
    assert (await chaos.carrier("/carrier/summary"))["duplicates"] == 0
    assert chaos.one("SELECT count(*) FROM app.outbox") == 0


async def _check_answers(chaos: Chaos) -> None:
    """What people wrote back is stored, each text once; who said STOP is opted out."""
    inbound = {message["sid"] for message in await chaos.received("inbound")}
    assert len(inbound) > chaos.contacts // 10
    assert (await chaos.carrier("/carrier/summary"))["webhooks"]["lost"] == 0
    mine = "FROM app.messages WHERE tenant_id = TENANT AND direction = 'in'"
    assert chaos.one(f"SELECT count(*) {mine}") == len(inbound)
    assert chaos.one(f"SELECT count(DISTINCT provider_message_id) {mine}") == len(inbound)
    stops = chaos.one(f"SELECT count(DISTINCT contact_id) {mine} AND lower(body) = 'stop'")
    assert stops == chaos.one(
        "SELECT count(*) FROM app.consents WHERE tenant_id = TENANT AND state = 'opted_out'"
    )
    assert chaos.one("SELECT count(*) FROM app.inbox WHERE done_at IS NULL OR error IS NOT NULL") == 0


async def _check_money(chaos: Chaos) -> None:
    """The wallet has moved by the captured messages, to the micro; no message's money is held any more.

    A turn that died between its hold and its commit leaves a hold without a message. It goes back when its time is
    over: here its time is shortened, and the wallet's host does the rest.
    """
    orphans = "kind = 'single' AND NOT EXISTS (SELECT 1 FROM app.messages m WHERE m.hold_id = h.id)"
    mine = f"FROM app.holds h WHERE tenant_id = TENANT AND state = 'open' AND NOT ({orphans})"
    assert chaos.one(f"SELECT count(*) {mine}") == 0
    with psycopg.connect(chaos.stack.database_url) as db:
        db.execute("UPDATE app.holds SET expires_at = now() WHERE state = 'open'")

    async def nothing_held() -> bool:
        return parse_micros((await chaos.api.get("/v1/wallet"))["held"]) == 0

    assert await until(nothing_held, 60)
    wallet = await chaos.api.get("/v1/wallet")
    captured = chaos.one(
        "SELECT coalesce(sum(price_micros), 0) FROM app.messages WHERE tenant_id = TENANT AND settlement = 'captured'"
    )
    assert parse_micros(wallet["balance"]) == MONEY_MICROS - captured
    assert chaos.one("SELECT late_captures FROM app.wallets WHERE tenant_id = TENANT") == 0
    assert await audit(chaos.engine) == []


@pytest.mark.xdist_group("chaos")
async def test_a_campaign_of_1500_under_kill_9(stack: LocalStack, hub: tuple[Settings, AsyncEngine]) -> None:
    await under_fire(stack, hub, 1_500, 4_100_000_000, MOMENTS)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("chaos")
async def test_a_campaign_of_10000_under_kill_9(stack: LocalStack, hub: tuple[Settings, AsyncEngine]) -> None:
    """The same with twice the blows."""
    again = [(share / 2, name) for share, name in MOMENTS] + [
        (0.5 + share / 2, name) for share, name in MOMENTS
    ]
    await under_fire(stack, hub, 10_000, 4_200_000_000, again)
