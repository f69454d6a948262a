"""Accepted sends a second of a whole campaign, beside a bare HTTP client and beside Celery with one task a message; and
of the same campaign over WhatsApp and RCS beside the one over SMS.

All three send the same text to the same numbers through the same carrier, which sends two receipts a message back to
each. The hub's clock runs from the launch to the last acceptance it has written down; so does Celery's; the bare
client's to its last answer. Afterwards every message must have been accepted exactly once.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

import httpx2
import psycopg
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.common import (
    analyze,
    broker_url,
    database,
    figure,
    local_hub,
    note,
    process,
    run_once,
    talk,
    web_server,
)
from cli.demo import workspace as ws
from cli.demo.runs import Api, Run, begin, until
from cli.local.ports import HOST
from cli.local.stack import LocalStack
from hub.contacts.service_attributes import NewAttribute, ensure
from hub.errors import Unavailable
from hub.ids import decode_id, encode_id
from hub.settings import Settings
from models.conversations import messages
from models.db import Scope, app_url, make_engine, transaction

TEMPLATE = "Hi {{ first_name }}, 15 % off everything until Sunday, ask for code {{ code }}. Reply YES or NO."
BEHAVIOURS = {
    "seed": 7,
    "default": {"receipts": "delivered", "sent_after_s": 0.05, "delivered_after_s": 0.2, "jitter_s": 0.1},
    "rules": [],
}
FIRST_NUMBER = 3_000_000_000
IMPORT = 1_000
WORKERS = 4  # a task waits for the carrier and the database: two a core were fastest here
WAIT_S = 300.0
CLIENT_PEER = "bare asyncio HTTP client, same carrier"
CELERY_PEER = "Celery, one task a message, same carrier"
SMS_PEER = "the same campaign over SMS by HTTP"
CLIENT_AT_LEAST, CELERY_AT_LEAST, SMS_AT_LEAST = 0.6, 5.0, 0.8
KINDS = ("sms", "whatsapp", "rcs")
# Nobody has written by WhatsApp: an approved template, as every campaign there is.
WHATSAPP = {
    "content": {
        "type": "template",
        "name": "sale",
        "language": "en",
        "category": "marketing",
        "body": [{"text": "{{ first_name }}"}, {"text": "{{ code }}"}],
        "text": TEMPLATE,
    }
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """Messages a round: the hub and the bare client, and Celery."""

    rounds: int
    contacts: int
    celery: int


FULL = Sizes(3, 10_000, 2_000)
QUICK = Sizes(1, 3_000, 400)


@dataclass(slots=True)
class Account:
    """A carrier account of a peer."""

    sid: str
    token: str
    number: str


def measure_all(quick: bool) -> list[dict[str, Any]]:
    with local_hub() as (stack, settings):
        return measure(stack, settings, QUICK if quick else FULL)


def measure(stack: LocalStack, settings: Settings, sizes: Sizes) -> list[dict[str, Any]]:
    """All figures, on a running hub. The carrier's behaviours are set and put back."""
    url = app_url(settings.database_url, settings.secret_key.get_secret_value())
    engine = make_engine(url, pool=4, application_name="parley bench")
    folder = stack.layout.var / "peer"
    folder.mkdir(exist_ok=True)
    accounts = {name: Account(f"AC{secrets.token_hex(16)}", secrets.token_hex(16), f"+1555000000{place}")
                for place, name in enumerate(("client", "celery"))}  # fmt: skip
    with ExitStack() as exits:
        note("starting the peers")
        receipts = exits.enter_context(web_server("bench.peers.receipts:app", folder / "receipts.log", {}))
        peer_url = exits.enter_context(database(stack, "bench_peer_campaign"))
        celery = exits.enter_context(_celery(stack, settings, accounts["celery"], peer_url, folder))
        contest = _Contest(
            engine,
            settings,
            sizes,
            accounts,
            f"http://{HOST}:{receipts}",
            f"http://{HOST}:{celery}",
            peer_url,
        )
        return asyncio.run(contest.run())


@contextmanager
def _celery(stack: LocalStack, settings: Settings, account: Account, url: str, folder: Path) -> Iterator[int]:
    """The peer's web server and its workers; yields the port."""
    config, log = folder / "campaign.json", folder / "campaign.log"
    document = {
        "template": TEMPLATE,
        "account_sid": account.sid,
        "token": account.token,
        "from": account.number,
        "send_url": f"{settings.carrier_url}/2010-04-01/Accounts/{account.sid}/Messages.json",
    }
    env = {
        "PEER_CONFIG": str(config),
        "PEER_DATABASE_URL": url.replace("postgresql://", "postgresql+psycopg://", 1),
        "PEER_BROKER_URL": broker_url(stack, 2),
    }
    config.write_text(json.dumps(document))
    code = (
        "from bench.peers.celery_campaign import Base, make_engine; Base.metadata.create_all(make_engine())"
    )
    run_once(["-c", code], log, env)
    worker = ["-m", "celery", "-A", "bench.peers.celery_campaign", "worker", "--pool", "prefork"]
    worker += ["--concurrency", str(WORKERS), "--loglevel", "warning"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with web_server("bench.peers.celery_campaign:api", log, env) as port:
        config.write_text(json.dumps(document | {"callback_url": f"http://{HOST}:{port}/status"}))
        with process("Celery worker", worker, log, env):
            yield port


def _contact(place: int) -> dict[str, Any]:
    attributes = {"code": f"A{place % 997:03d}"}
    return {"name": f"Contact {place:06d}", "phone": f"+1{FIRST_NUMBER + place}", "attributes": attributes}


@dataclass(slots=True)
class _Contest:
    """All three sides of one run."""

    engine: AsyncEngine
    settings: Settings
    sizes: Sizes
    accounts: dict[str, Account]
    receipts_url: str
    celery_url: str
    peer_url: str

    async def run(self) -> list[dict[str, Any]]:
        """Rounds of the hub over each channel, client, celery; medians."""
        run = await begin(self.engine, self.settings, "Bench", 10**10, kinds=KINDS)
        api = Api(self.settings, run.key)
        rates: dict[str, list[float]] = {name: [] for name in ("hub", "client", "celery", "whatsapp", "rcs")}
        async with httpx2.AsyncClient(base_url=self.settings.carrier_url, trust_env=False) as carrier:
            before = (await carrier.get("/carrier/behaviours")).json()
            (await carrier.put("/carrier/behaviours", json=BEHAVIOURS)).raise_for_status()
            try:
                await self._prepare(api, run.workspace.tenant_id)
                for kind in KINDS:
                    await self._hub(
                        api, run, "warm", kind
                    )  # the first campaign starts the workers of the send tasks
                await self._client(100)
                await self._celery(0, 50)
                await asyncio.to_thread(analyze, self.settings.database_url, self.peer_url)
                for number in range(1, self.sizes.rounds + 1):
                    note(f"campaign, round {number} of {self.sizes.rounds}")
                    for name, kind in (("hub", "sms"), ("whatsapp", "whatsapp"), ("rcs", "rcs")):
                        rates[name].append(await self._hub(api, run, "bench", kind))
                    rates["client"].append(await self._client(self.sizes.contacts))
                    rates["celery"].append(await self._celery(number, self.sizes.celery))
                    note("  " + ", ".join(f"{name} {values[-1]:.0f}/s" for name, values in rates.items()))
            finally:
                await carrier.put("/carrier/behaviours", json=before)
                await api.close()
                await self.engine.dispose()
        value, client, celery, whatsapp, rcs = (median(each) for each in rates.values())
        return [
            figure("campaign_vs_client", value, "sends/s", CLIENT_PEER, client, at_least=CLIENT_AT_LEAST),
            figure("campaign_vs_celery", value, "sends/s", CELERY_PEER, celery, at_least=CELERY_AT_LEAST),
            figure("campaign_whatsapp_vs_sms", whatsapp, "sends/s", SMS_PEER, value, at_least=SMS_AT_LEAST),
            figure("campaign_rcs_vs_sms", rcs, "sends/s", SMS_PEER, value, at_least=SMS_AT_LEAST),
        ]

    async def _prepare(self, api: Api, tenant_id: uuid.UUID) -> None:
        """The same people on both sides, the peers' accounts at the carrier."""
        people = [_contact(place) for place in range(self.sizes.contacts)]
        note(f"importing {len(people)} contacts")
        async with transaction(self.engine, Scope.of(tenant_id)) as db:
            await ensure(db, tenant_id, [NewAttribute("code", "text", "Discount code")])
        for first in range(0, len(people), IMPORT):
            batch = [
                person | {"tags": ["bench", "warm"] if first + place < 100 else ["bench"]}
                for place, person in enumerate(people[first : first + IMPORT])
            ]
            await api.post("/v1/contacts/batch", {"contacts": batch})
        async with await psycopg.AsyncConnection.connect(self.peer_url, autocommit=True) as db:
            rows = [(uuid.uuid4(), p["name"], p["phone"], json.dumps(p["attributes"])) for p in people]
            statement = "INSERT INTO contacts (id, name, address, attributes) VALUES (%s, %s, %s, %s)"
            await db.cursor().executemany(statement, rows)
            await db.execute("INSERT INTO consents SELECT id, 'sms', 'opted_in' FROM contacts")
        documents = []
        for account in self.accounts.values():
            number = {
                "address": account.number,
                "kind": "long_code",
                "webhook_url": f"{self.receipts_url}/message",
                "label": "bench",
            }
            documents.append(
                {
                    "provider": "twilio",
                    "account_sid": account.sid,
                    "auth_token": account.token,
                    "numbers": [number],
                }
            )
        await ws.tell_carrier(self.settings, documents)

    async def _hub(self, api: Api, run: Run, tag: str, kind: str) -> float:
        """One campaign over a channel of this kind, from its launch to the last acceptance; then wait until receipts and books are at rest."""
        body = {
            "name": f"Bench {tag} {kind}",
            "channel_id": encode_id("chn", run.workspace.lines[kind].channel_id),
            "audience": {"tag": tag},
        } | (WHATSAPP if kind == "whatsapp" else {"template": TEMPLATE})
        identifier = (await api.post("/v1/campaigns", body))["id"]
        campaign_id = decode_id("cmp", identifier)
        expected = min(100, self.sizes.contacts) if tag == "warm" else self.sizes.contacts
        began = time.time()
        await api.post(f"/v1/campaigns/{identifier}/launch")
        sent, delivered, last = 0, 0, None
        deadline = time.monotonic() + WAIT_S
        while delivered < expected:
            await asyncio.sleep(0.5)
            sent, delivered, last = await self._progress(run.workspace.tenant_id, campaign_id)
            if time.monotonic() > deadline:
                raise Unavailable(f"of {expected} messages {sent} were accepted, {delivered} delivered")
        if sent != expected or last is None:
            raise Unavailable(f"{sent} acceptances for {expected} contacts")
        return expected / (last.timestamp() - began)

    async def _progress(self, tenant_id: UUID, campaign_id: UUID) -> tuple[int, int, datetime | None]:
        """(accepted, delivered, time of the last acceptance)."""
        mine = (messages.c.tenant_id == tenant_id, messages.c.origin_id == campaign_id)
        query = select(
            func.count(messages.c.sent_at), func.count(messages.c.delivered_at), func.max(messages.c.sent_at)
        )
        async with transaction(self.engine, Scope.of(tenant_id)) as db:
            sent, delivered, last = (
                await db.execute(query.where(*mine, messages.c.origin == "campaign"))
            ).one()
        return int(sent), int(delivered), last

    async def _client(self, count: int) -> float:
        """The bare client in a process of its own, with the sender's own number of connections."""
        account = self.accounts["client"]
        pair = httpx2.BasicAuth(account.sid, account.token)
        request = next(pair.auth_flow(httpx2.Request("POST", self.settings.carrier_url)))
        callback = quote_plus(f"{self.receipts_url}/status?ref={encode_id('msg', uuid.uuid4())}")
        bodies = []
        for place in range(count):
            person = _contact(place)
            text = f"Hi Contact, 15 % off everything until Sunday, ask for code {person['attributes']['code']}. Reply YES or NO."
            to, sender = quote_plus(person["phone"]), quote_plus(account.number)
            bodies.append(f"To={to}&From={sender}&Body={quote_plus(text)}&StatusCallback={callback}")
        before = await self._receipts()
        plan = {
            "url": f"{self.settings.carrier_url}/2010-04-01/Accounts/{account.sid}/Messages.json",
            "headers": {
                "Authorization": request.headers["Authorization"],
                "Content-Type": "application/x-www-form-urlencoded",
            },
            "bodies": bodies,
            "in_flight": self.settings.sender_in_flight,
        }
        result = await talk("bench.peers.bare_client", plan)
        if result["accepted"] != count:
            raise Unavailable(f"the bare client had {result['accepted']} of {count} accepted")

        async def all_back() -> bool:
            return await self._receipts() - before >= 2 * count

        if not await until(all_back, WAIT_S):
            raise Unavailable("receipts of the bare client did not come back")
        return count / float(result["seconds"])

    async def _receipts(self) -> int:
        async with httpx2.AsyncClient(trust_env=False) as client:
            return int((await client.get(f"{self.receipts_url}/count")).text)

    async def _celery(self, campaign: int, count: int) -> float:
        """The peer's campaign from its launch to the last acceptance written down."""
        began = time.time()
        async with httpx2.AsyncClient(trust_env=False, timeout=120) as client:
            (await client.post(f"{self.celery_url}/launch/{campaign}?limit={count}")).raise_for_status()
        query = "SELECT count(sent_at), count(delivered_at), extract(epoch FROM max(sent_at)) FROM messages WHERE campaign = %s"
        deadline = time.monotonic() + WAIT_S
        async with await psycopg.AsyncConnection.connect(self.peer_url, autocommit=True) as db:
            while True:
                sent, delivered, last = await (await db.execute(query, (campaign,))).fetchone() or (
                    0,
                    0,
                    None,
                )
                if delivered >= count:
                    return count / (float(last) - began)
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"Celery: of {count} messages {sent} were accepted, {delivered} delivered"
                    )
                await asyncio.sleep(0.25)
