"""A tenant on the whole running hub, spoken to as providers, programs and people do: over HTTP."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx2
import orjson
import psycopg

from cli.demo import workspace as ws
from cli.demo.runs import Run, begin
from cli.demo.seed import HOURS, SURVEY
from hub.channels.sms_twilio import signature as twilio_signature
from hub.channels.whatsapp_cloud import signature as meta_signature
from hub.ids import encode_id
from hub.settings import Settings
from models.db import app_url, make_engine

PATIENCE_S = 90.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def start(settings: Settings, kind: str, money_micros: int = 100_000_000) -> Run:
    """A fresh tenant with two lines, a fallback queue, a keyword and a flow; its billing admin may top up."""
    engine = make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=2)
    try:
        run = await begin(engine, settings, kind, money_micros)
        tenant_id = run.workspace.tenant_id
        run.workspace.queues = await ws.ensure_queues(engine, tenant_id, ["General", "Care"])
        hours = await ws.ensure_flow(engine, tenant_id, "Hours", HOURS)
        await ws.ensure_flow(engine, tenant_id, "Survey", SURVEY)
        rules = [ws.keyword_rule("hours", flow_id=hours)]
        await ws.ensure_rules(engine, tenant_id, rules, run.workspace.queues["General"])
        await ws.ensure_user(engine, tenant_id, f"billing-{run.email}", "Billing", ["billing_admin"])
        return run
    finally:
        await engine.dispose()


async def until(ask: Callable[[], Awaitable[Any]], holds: Callable[[Any], Any]) -> Any:
    """What `ask` answers once it `holds`. Raises AssertionError with the last answer after PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = await ask()
        if holds(answer):
            return answer
        assert time.monotonic() < deadline, f"still not so: {answer}"
        await asyncio.sleep(0.1)


def fresh_number() -> str:
    """A number that no other test has."""
    return f"+1555{secrets.randbelow(10**7):07d}"


def client(settings: Settings, **headers: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        base_url=settings.public_url, headers=headers, trust_env=False, timeout=PATIENCE_S
    )


@asynccontextmanager
async def signed_in(settings: Settings, email: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A person with a session, as their browser has it."""
    async with client(settings) as browser:
        answer = await browser.post("/v1/sessions", json={"email": email, "password": ws.PASSWORD})
        assert answer.status_code == 201, answer.text
        browser.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        yield browser


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer: the right status and code, and nothing of our inside."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    document: dict[str, Any] = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    assert "Traceback" not in answer.text
    assert "psycopg" not in answer.text
    return document


@dataclass
class Provider:
    """Plays Twilio and Meta towards one tenant."""

    settings: Settings
    run: Run
    http: httpx2.AsyncClient

    def twilio_url(self, tail: str = "message") -> str:
        account = encode_id("acc", self.run.workspace.lines["sms"].account_id)
        return f"{self.settings.public_url}/webhooks/twilio/{account}/{tail}"

    def meta_url(self) -> str:
        account = encode_id("acc", self.run.workspace.lines["whatsapp"].account_id)
        return f"{self.settings.public_url}/webhooks/whatsapp/{account}"

    async def form(self, fields: list[tuple[str, str]], url: str = "") -> httpx2.Response:
        """A signed form POST."""
        url = url or self.twilio_url()
        token = self.run.workspace.lines["sms"].secrets["auth_token"]
        headers = FORM | {"X-Twilio-Signature": twilio_signature(token, url, fields)}
        return await self.http.post(url, content=urlencode(fields).encode(), headers=headers)

    def fields(self, sender: str, text: str, **changes: str) -> list[tuple[str, str]]:
        fields = {
            "MessageSid": f"SM{secrets.token_hex(16)}",
            "AccountSid": self.run.workspace.lines["sms"].external_id,
            "From": sender,
            "To": self.run.workspace.lines["sms"].number,
            "Body": text,
        }
        return list((fields | changes).items())

    async def sms(self, sender: str, text: str, **changes: str) -> httpx2.Response:
        """A contact writes by SMS."""
        return await self.form(self.fields(sender, text, **changes))

    async def meta(self, body: bytes) -> httpx2.Response:
        """A signed JSON POST."""
        secret = self.run.workspace.lines["whatsapp"].secrets["app_secret"]
        headers = {"X-Hub-Signature-256": meta_signature(secret, body), "Content-Type": "application/json"}
        return await self.http.post(self.meta_url(), content=body, headers=headers)

    def chat(self, sender: str, *texts: str) -> bytes:
        """A WhatsApp webhook with these texts of one person."""
        messages = [
            {
                "from": sender.lstrip("+"),
                "id": f"wamid.{secrets.token_hex(12)}",
                "timestamp": "1760000000",
                "type": "text",
                "text": {"body": text},
            }
            for text in texts
        ]
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": self.run.workspace.lines["whatsapp"].provider_address},
            "contacts": [{"profile": {"name": "Ada Lovelace"}, "wa_id": sender.lstrip("+")}],
            "messages": messages,
        }
        return orjson.dumps(
            {
                "object": "whatsapp_business_account",
                "entry": [{"id": "0", "changes": [{"field": "messages", "value": value}]}],
            }
        )


@dataclass
class Org:
    """The tenant through its API key."""

    settings: Settings
    run: Run
    http: httpx2.AsyncClient

    async def get(self, path: str) -> Any:
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Mapping[str, Any] | None = None, status: int = 200) -> Any:
        answer = await self.http.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def conversation(self, number: str) -> dict[str, Any]:
        """The conversation with this number."""
        found = await self.get(f"/v1/conversations?view=all&search=%2B{number[1:]}")
        (item,) = found["items"]
        conversation: dict[str, Any] = item
        return conversation

    async def thread(self, number: str) -> list[dict[str, Any]]:
        """All messages of the conversation with this number, which has its contact's id."""
        (contact,) = (await self.get(f"/v1/contacts?search=%2B{number[1:]}"))["items"]
        page = await self.get(f"/v1/conversations/{contact['id'].replace('con_', 'cnv_')}/messages?limit=200")
        messages: list[dict[str, Any]] = page["items"]
        return messages

    async def entries(self, contact_id: str) -> list[dict[str, Any]]:
        """What the timeline says of the contact's messages, oldest first; it needs no conversation."""
        page = await self.get(f"/v1/contacts/{contact_id}/timeline?kinds=message")
        return [item["data"] for item in reversed(page["items"])]

    async def contacts(self, numbers: list[str], tag: str) -> None:
        people = [
            {"name": f"Ada Number{n}", "phone": phone, "tags": [tag]} for n, phone in enumerate(numbers)
        ]
        answer = await self.post("/v1/contacts/batch", {"contacts": people})
        assert answer["created"] == len(numbers), answer

    def one(self, query: str) -> Any:
        """One value of the database, as the server's owner; TENANT stands for this tenant's id."""
        with psycopg.connect(self.settings.database_url) as db:
            row = db.execute(query.replace("TENANT", f"'{self.run.workspace.tenant_id}'")).fetchone()
        assert row is not None
        return row[0]


@asynccontextmanager
async def listening(http: httpx2.AsyncClient, last: str = "") -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """The live stream; gives `read(holds)`, which returns (id, events so far) when an event fits."""
    headers = {"Last-Event-ID": last} if last else {}
    async with http.stream("GET", "/v1/stream", headers=headers, timeout=PATIENCE_S) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert await anext(lines) == ": connected"

        async def read(holds: Callable[[dict[str, Any]], Any]) -> list[tuple[str, dict[str, Any]]]:
            found: list[tuple[str, dict[str, Any]]] = []
            identifier = ""
            async with asyncio.timeout(PATIENCE_S):
                async for line in lines:
                    if line.startswith("id: "):
                        identifier = line[4:]
                    elif line.startswith("data: "):
                        found.append((identifier, orjson.loads(line[6:])))
                        if holds(found[-1][1]):
                            return found
            raise AssertionError(f"the stream ended after {found}")

        yield read
