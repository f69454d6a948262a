"""The tenant of a journey: three lines, people at the carrier who answer, are silent, opt out or have no RCS, and what the
database says of what became of them.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg

from cli.demo import workspace as ws
from cli.demo.runs import Run, begin
from hub.billing.audit import Finding, audit
from hub.ids import decode_id, encode_id
from hub.settings import Settings
from models.db import app_url, make_engine
from tests.api.whole_hub import client, until
from training.data import Row
from training.train import train

ORDERS, REFUND = "orders", "refund"
TEXTS = {
    ORDERS: (
        "Where is my order?",
        "has my parcel shipped yet",
        "when will my package arrive",
        "any news on my order",
        "track my order please",
        "is my parcel on its way",
        "what is the status of my order",
        "when will you deliver",
    ),
    REFUND: (
        "I want my money back",
        "how do I get a refund",
        "please refund me",
        "refund please",
        "where is my refund",
        "you charged me twice, give one back",
        "pay me back",
        "when does the refund reach my card",
    ),
}
OUTSIDE = ("see you tomorrow", "lol", "the weather is lovely", "happy birthday", "who won the match", "ok")
CONTACTS = 1_000
AT_ONCE = 250
PAST = "SELECT node, port, count(*) FROM app.flow_steps WHERE tenant_id = TENANT AND flow_id = %s AND port <> '' GROUP BY 1, 2"


@dataclass
class Journey:
    """The tenant, its program's key, and its people by number: what the last digit says is in `behaviours`."""

    settings: Settings
    run: Run
    people: list[str]
    http: httpx2.AsyncClient

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Plain SQL as the server's owner; TENANT stands for this tenant's id."""
        with psycopg.connect(self.settings.database_url) as db:
            tenant = f"'{self.run.workspace.tenant_id}'::uuid"
            return db.execute(query.replace("TENANT", tenant).encode(), values).fetchall()

    def taken(self, flow_id: str) -> dict[tuple[str, str], int]:
        """How often each way was gone, by (node, port)."""
        found = self.rows(PAST, decode_id("flw", flow_id))
        return {(node, port): count for node, port, count in found}

    def standing(self, flow_id: str) -> dict[str, int]:
        """How many wait at each node."""
        query = (
            "SELECT node, count(*) FROM app.flow_sessions WHERE tenant_id = TENANT AND flow_id = %s "
            "AND status = 'waiting' GROUP BY 1"
        )
        return dict(self.rows(query, decode_id("flw", flow_id)))

    async def post(self, path: str, body: Any) -> Any:
        answer = await self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def approved(self, template: dict[str, Any]) -> None:
        """A WhatsApp template that the carrier has approved."""
        line = encode_id("chn", self.run.workspace.lines["whatsapp"].channel_id)
        await self.post("/v1/templates", {"channel_id": line, **template})

        async def status() -> Any:
            return (await self.http.get("/v1/templates")).json()["items"][0]["status"]

        await until(status, lambda found: found == "APPROVED")

    async def begin(self, flow_id: str) -> None:
        """Everybody begins, some hundred at a time."""
        for first in range(0, len(self.people), AT_ONCE):
            people = [{"contact": {"address": phone}} for phone in self.people[first : first + AT_ONCE]]
            body = {"contacts": people, "create_missing": True}
            begun = await self.post(f"/v1/flows/{flow_id}/sessions", body)
            assert begun["accepted"] == len(people), begun

    async def close(self, contact_ids: list[Any]) -> None:
        """The people at the desk are done with these."""
        slots = asyncio.Semaphore(8)

        async def one(contact_id: Any) -> None:
            async with slots:
                await self.post(f"/v1/conversations/{encode_id('cnv', contact_id)}/close", {})

        await asyncio.gather(*(one(each) for each in contact_ids))

    async def audited(self) -> list[Finding]:
        """What `hub audit` finds of this tenant."""
        key = self.settings.secret_key.get_secret_value()
        engine = make_engine(app_url(self.settings.database_url, key), pool=1)
        try:
            found = await audit(engine)
        finally:
            await engine.dispose()
        return [each for each in found if each.tenant_id == self.run.workspace.tenant_id]


def behaviours() -> dict[str, Any]:
    """How the people take a message, by the last digit of their number.

    0 to 4 ask for their order, 5 and 6 want their money back, 7 is silent, 8 is not on WhatsApp, 9 opts out. 0 and 1 have no
    RCS.
    """
    order = {"replies": ["Where is my order?"], "reply_after_s": 0.3}
    refund = {"replies": ["I want my money back"], "reply_after_s": 0.3}
    said = {**dict.fromkeys("01234", order), **dict.fromkeys("56", refund)}
    said |= {"8": {"capable": False}, "9": {"opts_out": True, "reply_after_s": 0.3}}
    rules = [
        {"match": {"suffix": digit, "channel": "whatsapp"}, "behaviour": behaviour}
        for digit, behaviour in said.items()
    ]
    rules += [
        {"match": {"suffix": digit, "channel": "rcs"}, "behaviour": {"capable": False}} for digit in "01"
    ]
    return {"rules": rules}


@asynccontextmanager
async def begin_journey(settings: Settings) -> AsyncIterator[Journey]:
    """A fresh tenant whose people behave at the carrier as told; how others behave there comes back afterwards."""
    key = settings.secret_key.get_secret_value()
    engine = make_engine(app_url(settings.database_url, key), pool=2)
    try:
        run = await begin(engine, settings, "Journey", 1_000_000_000, ["sms", "whatsapp", "rcs"])
        tenant_id = run.workspace.tenant_id
        rows = [Row(text, label) for label, texts in TEXTS.items() for text in texts]
        await ws.publish_model(engine, tenant_id, await asyncio.to_thread(train, rows, outside=OUTSIDE))
        run.workspace.queues = await ws.ensure_queues(engine, tenant_id, ["Care"])
        await ws.ensure_rules(engine, tenant_id, [], run.workspace.queues["Care"])
    finally:
        await engine.dispose()
    block = secrets.randbelow(10**4)
    people = [f"+1555{block:04d}{place:03d}" for place in range(CONTACTS)]
    async with (
        httpx2.AsyncClient(base_url=settings.carrier_url, trust_env=False) as carrier,
        client(settings, Authorization=f"Bearer {run.key}") as http,
    ):
        before = (await carrier.get("/carrier/behaviours")).json()
        (await carrier.put("/carrier/behaviours", json=behaviours())).raise_for_status()
        try:
            yield Journey(settings, run, people, http)
        finally:
            await carrier.put("/carrier/behaviours", json=before)
