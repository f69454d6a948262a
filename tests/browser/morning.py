"""The tenant of a morning at the desk: three people, three queues, an intent model, and what the database says of them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg
from playwright.async_api import Browser, Page

from cli.demo import workspace as ws
from cli.demo.runs import Run, begin
from hub.billing.audit import Finding, audit
from hub.ids import decode_id
from hub.settings import Settings
from models.db import app_url, make_engine
from tests.api.whole_hub import signed_in
from tests.browser.steps import sign_in
from training.data import Row
from training.train import train

# Labels of BANKING77, in words of our own.
LOST, REFUND, RATE = "lost_or_stolen_card", "Refund_not_showing_up", "exchange_rate"
TEXTS: Mapping[str, tuple[str, ...]] = {
    LOST: (
        "My card was stolen",
        "I lost my card yesterday",
        "somebody took my wallet with the card in it",
        "please block my card, I cannot find it",
        "my bank card is missing",
        "I left my card in a taxi",
        "Lost my card, what now?",
        "card stolen on holiday, help",
        "I think my card has been stolen",
        "can't find my card anywhere",
        "my purse was stolen with my card",
        "report a lost card",
    ),
    REFUND: (
        "My refund has not arrived",
        "where is my refund",
        "the shop refunded me but I see nothing",
        "refund still missing on my statement",
        "I was promised a refund last week and it is not there",
        "The merchant says the refund went out, it is not in my account",
        "when does my refund show up",
        "no refund on my account yet",
        "still waiting for my refund",
        "I do not see the refund",
        "my money back has not come",
        "refund not showing on the statement",
    ),
    RATE: (
        "What is your exchange rate?",
        "which rate do you use for dollars",
        "how do you convert foreign currency",
        "is the exchange rate the one of today",
        "rate from euro to pound please",
        "do you use the interbank rate",
        "what do I get for 100 dollars in euro",
        "how good are your exchange rates",
        "exchange rate for yen",
        "where can I see the exchange rate",
        "currency conversion rate",
        "how is the rate calculated abroad",
    ),
}
OUTSIDE = (
    "see you tomorrow",
    "lol",
    "the weather is lovely",
    "happy birthday",
    "who won the match",
    "ok",
    "I like trains",
    "thanks a lot",
    "call mum",
    "what is for dinner",
)
FIRST_ANSWER_S, ACCEPT_S = 5, 8
QUEUES: Mapping[str, Mapping[str, Any]] = {
    "Cards": {"accept_s": ACCEPT_S},
    "Payments": {
        "accept_s": ACCEPT_S,
        "service_levels": {"normal": {"first_response_s": FIRST_ANSWER_S}},
        "breach": {"raise_priority": True},
    },
    "Exchange": {"accept_s": ACCEPT_S},
    "General": {},
}
QUEUE_OF = {LOST: "Cards", REFUND: "Payments", RATE: "Exchange"}
CAPACITY = {"Ada Agent": 2, "Ben Agent": 3}
GIFT = "gift"
"""The keyword of a journey that people help with."""
GIFTS = {
    "spec_version": 2,
    "nodes": [
        {"id": "start", "type": "start", "data": {"trigger": {"kind": "keyword", "words": [GIFT]}}},
        {
            "id": "people",
            "type": "hand_over",
            "data": {"queue": "General", "come_back": True, "save_as": "found"},
        },
        {
            "id": "noted",
            "type": "send",
            "data": {"content": {"type": "text", "text": "Your gift card: {{ found }}"}},
        },
        {"id": "goal", "type": "goal", "data": {"name": "given"}},
    ],
    "edges": [
        {"source": "start", "target": "people"},
        {"source": "people", "port": "closed", "target": "noted"},
        {"source": "noted", "target": "goal"},
    ],
}
WRAP_UPS = ("Solved", "Passed on")


@dataclass
class Morning:
    """The tenant, its people's addresses by name, and its database."""

    settings: Settings
    run: Run
    people: dict[str, str]

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Plain SQL as the server's owner; TENANT stands for this tenant's id."""
        with psycopg.connect(self.settings.database_url) as db:
            tenant = f"'{self.run.workspace.tenant_id}'::uuid"
            return db.execute(query.replace("TENANT", tenant).encode(), values).fetchall()

    def one(self, query: str, *values: Any) -> Any:
        ((value,),) = self.rows(query, *values)
        return value

    def owned(self, name: str) -> list[str]:
        """The numbers of the people whose open conversations somebody has."""
        query = (
            "SELECT c.address FROM app.conversations c JOIN app.users u ON u.id = c.assignee_id "
            "WHERE c.tenant_id = TENANT AND c.status = 'open' AND u.name = %s ORDER BY c.address"
        )
        return [address for (address,) in self.rows(query, name)]

    def load(self, name: str) -> int:
        """What somebody has or is asked about."""
        query = (
            "SELECT count(*) FROM app.conversations c JOIN app.users u ON u.id IN (c.assignee_id, c.offered_to) "
            "WHERE c.tenant_id = TENANT AND c.status = 'open' AND u.name = %s"
        )
        found: int = self.one(query, name)
        return found

    async def text_in(self, page: Page, carrier_url: str, sender: str, text: str) -> None:
        """A handset texts the tenant's number, at the carrier."""
        message = {
            "from": sender,
            "to": self.run.workspace.lines["sms"].number,
            "channel": "sms",
            "text": text,
        }
        answer = await page.context.request.post(f"{carrier_url}/carrier/inbound", data=message)
        assert answer.ok, await answer.text()

    async def audited(self) -> list[Finding]:
        """What `hub audit` finds."""
        key = self.settings.secret_key.get_secret_value()
        engine = make_engine(app_url(self.settings.database_url, key), pool=1)
        try:
            return await audit(engine)
        finally:
            await engine.dispose()


async def _call(http: httpx2.AsyncClient, method: str, path: str, body: Any) -> Any:
    answer = await http.request(method, path, json=body, headers={"If-Match": "*"})
    assert answer.is_success, answer.text
    return answer.json()


async def begin_morning(settings: Settings) -> Morning:
    """A fresh tenant with everything set up before anybody writes, so that no host remembers it otherwise."""
    key = settings.secret_key.get_secret_value()
    engine = make_engine(app_url(settings.database_url, key), pool=2)
    try:
        run = await begin(engine, settings, "Morning", 100_000_000, ["sms"])
        tenant_id, mark = run.workspace.tenant_id, secrets.token_hex(3)
        people = {name: f"{name.split()[0].lower()}-{mark}@runs.example" for name in (*CAPACITY, "Sue Visor")}
        for name, email in people.items():
            role = "supervisor" if name == "Sue Visor" else "support_agent"
            await ws.ensure_user(engine, tenant_id, email, name, [role])
        rows = [Row(text, label) for label, texts in TEXTS.items() for text in texts]
        await ws.publish_model(engine, tenant_id, train(rows, outside=OUTSIDE))
        async with signed_in(settings, run.email) as http:
            await _set_up(http, run)
        await ws.ensure_flow(engine, tenant_id, "Gifts", GIFTS)
        rules = [ws.intent_rule(label, run.workspace.queues[queue], 0.5) for label, queue in QUEUE_OF.items()]
        await ws.ensure_rules(engine, tenant_id, rules, run.workspace.queues["General"])
        return Morning(settings, run, people)
    finally:
        await engine.dispose()


async def _set_up(http: httpx2.AsyncClient, run: Run) -> None:
    """Queues with settings, how much each agent takes, and the codes at the end."""
    for name, rules in QUEUES.items():
        made = await _call(http, "POST", "/v1/queues", {"name": name, "settings": rules})
        run.workspace.queues[name] = decode_id("que", made["id"])
    agents = (await _call(http, "GET", "/v1/agents", None))["items"]
    for agent in agents:
        if agent["name"] in CAPACITY:
            await _call(http, "PUT", f"/v1/agents/{agent['id']}", {"capacity": CAPACITY[agent["name"]]})
    await _call(http, "PUT", "/v1/wrap-up-codes", {"codes": WRAP_UPS, "required": True})


@asynccontextmanager
async def at_work(
    browser: Browser, morning: Morning, name: str, path: str, patience_ms: int
) -> AsyncIterator[Page]:
    """Somebody's own browser, signed in. Script errors in it fail the test."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(patience_ms)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "response", lambda answer: print(name, answer.status, answer.url) if answer.status >= 400 else None
    )
    await sign_in(page, morning.settings.public_url, morning.people[name], path)
    yield page
    await context.close()
    assert errors == []


def numbers(most: int) -> Iterable[str]:
    """Handsets that no other test has."""
    start = secrets.randbelow(10**5)
    return (f"+1555{start:05d}{place:02d}" for place in range(most))
