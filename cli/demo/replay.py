"""`hub demo replay`: real messages as signed provider webhooks, each followed to the agent's stream."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.demo import workspace as ws
from cli.demo.runs import Api, Report, Run, begin, quantile_ms, until
from hub.channels.sms_twilio import signature as twilio_signature
from hub.channels.whatsapp_cloud import signature as meta_signature
from hub.ids import encode_id
from hub.settings import Settings
from models.conversations import messages
from models.db import Scope, app_url, make_engine, transaction
from training.data import Row, read_rows
from training.train import TrainedVersion, TrainOptions, train_file

IN_FLIGHT = 32
WAIT_S = 60.0
FIRST_NUMBER = 2_000_000_000  # +1 200 000 0000 …: area codes that do not exist
QUEUES = 12


class Replay:
    """One run: sends each text from its own number and notes when the agent's stream shows it."""

    def __init__(self, settings: Settings, run: Run, channel: str, rows: list[Row]) -> None:
        self.settings = settings
        self.line = run.workspace.lines[channel]
        self.tenant_id = run.workspace.tenant_id
        self.channel = channel
        self.rows = rows
        self.api = Api(settings, run.key)
        self.numbers = [f"+1{FIRST_NUMBER + place}" for place in range(len(rows))]
        self.sent_at: dict[str, float] = {}
        self.seen: Counter[str] = Counter()
        self.waits_s: list[float] = []
        self.refused = 0
        self.last_seen = 0.0

    async def watch(self) -> None:
        """Read the stream as an agent's browser does."""
        async for event in self.api.events():
            if event["type"] != "message.created" or event["message"]["direction"] != "in":
                continue
            address = event["message"]["address"]
            self.seen[address] += 1
            self.last_seen = time.perf_counter()
            if self.seen[address] == 1 and address in self.sent_at:
                self.waits_s.append(self.last_seen - self.sent_at[address])

    def request(self, place: int) -> tuple[str, bytes, dict[str, str]]:
        """(URL, body, headers) of one provider webhook."""
        account = encode_id("acc", self.line.account_id)
        identifier = secrets.token_hex(16)
        if self.channel == "sms":
            url = f"{self.settings.public_url}/webhooks/twilio/{account}/message"
            fields = [
                ("MessageSid", f"SM{identifier}"),
                ("SmsMessageSid", f"SM{identifier}"),
                ("AccountSid", self.line.external_id),
                ("From", self.numbers[place]),
                ("To", self.line.number),
                ("Body", self.rows[place].text),
                ("NumMedia", "0"),
                ("NumSegments", "1"),
            ]
            signed = twilio_signature(self.line.secrets["auth_token"], url, fields)
            kind = "application/x-www-form-urlencoded"
            return url, urlencode(fields).encode(), {"X-Twilio-Signature": signed, "Content-Type": kind}
        sender = self.numbers[place].lstrip("+")
        text = {
            "from": sender,
            "id": f"wamid.{identifier}",
            "timestamp": str(int(time.time())),
            "type": "text",
        }
        value = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": self.line.number,
                "phone_number_id": self.line.provider_address,
            },
            "contacts": [{"profile": {"name": f"Replay {place}"}, "wa_id": sender}],
            "messages": [text | {"text": {"body": self.rows[place].text}}],
        }
        entry = {"id": "0", "changes": [{"field": "messages", "value": value}]}
        body = orjson.dumps({"object": "whatsapp_business_account", "entry": [entry]})
        signed = meta_signature(self.line.secrets["app_secret"], body)
        url = f"{self.settings.public_url}/webhooks/whatsapp/{account}"
        return url, body, {"X-Hub-Signature-256": signed, "Content-Type": "application/json"}

    async def send_all(self) -> None:
        limits = httpx2.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
        places = iter(range(len(self.rows)))
        async with httpx2.AsyncClient(limits=limits, timeout=30, trust_env=False) as client:

            async def worker() -> None:
                for place in places:
                    url, body, headers = self.request(place)
                    self.sent_at[self.numbers[place]] = time.perf_counter()
                    answer = await client.post(url, content=body, headers=headers)
                    self.refused += answer.status_code != 200

            await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))

    async def stored(self, engine: AsyncEngine) -> list[Any]:
        """What PostgreSQL holds of the run."""
        where = (messages.c.tenant_id == self.tenant_id, messages.c.direction == "in")
        async with transaction(engine, Scope.of(self.tenant_id)) as db:
            query = select(messages.c.address, messages.c.body, messages.c.intent).where(*where)
            return list((await db.execute(query)).all())


async def replay(settings: Settings, path: Path, channel: str, report: Report) -> dict[str, Any]:
    """Train on train.csv beside `path`, send every row of `path`, wait for the routing, count."""
    engine = make_engine(
        app_url(settings.database_url, settings.secret_key.get_secret_value()),
        pool=4,
        application_name="parley replay",
    )
    try:
        rows = read_rows(path)
        trained = await asyncio.to_thread(_train, settings, path, report)
        run = await begin(engine, settings, "Replay", 100_000_000)
        await _route(engine, run, trained, sorted({row.label for row in rows}))
        return await _run(engine, Replay(settings, run, channel, rows), report)
    finally:
        await engine.dispose()


def _train(settings: Settings, path: Path, report: Report) -> TrainedVersion:
    data = path.with_name("train.csv")
    validation = path.with_name("val.csv")
    report(f"training on {data.name}")
    folder = settings.var_dir / "vectors"
    options = TrainOptions(vectors_folder=folder)
    return train_file(data, validation=validation if validation.exists() else None, options=options)


async def _route(engine: AsyncEngine, run: Run, trained: TrainedVersion, labels: list[str]) -> None:
    """One rule an intent over a dozen queues, and a fallback; then the model goes live."""
    tenant_id = run.workspace.tenant_id
    names = [f"Desk {number:02d}" for number in range(1, QUEUES + 1)]
    queue_ids = await ws.ensure_queues(engine, tenant_id, [*names, "Fallback"])
    rules = [ws.intent_rule(label, queue_ids[names[place % QUEUES]]) for place, label in enumerate(labels)]
    await ws.ensure_rules(engine, tenant_id, rules, queue_ids["Fallback"])
    await ws.publish_model(engine, tenant_id, trained)


async def _run(engine: AsyncEngine, run: Replay, report: Report) -> dict[str, Any]:
    watching = asyncio.create_task(run.watch())
    await asyncio.sleep(0.5)  # the stream begins with what is new: be connected before the first message
    report(f"sending {len(run.rows)} messages")
    began = time.perf_counter()
    await run.send_all()

    async def all_seen() -> bool:
        return len(run.seen) >= len(run.rows)

    await until(all_seen, WAIT_S)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await run.api.close()
    stored = await run.stored(engine)
    by_number = Counter(row.address for row in stored)
    expected = dict(zip(run.numbers, run.rows, strict=True))
    correct = sum(row.intent == expected[row.address].label for row in stored if row.address in expected)
    lost = sum(by_number[number] == 0 or run.seen[number] == 0 for number in run.numbers)
    duplicated = sum(max(by_number[number], run.seen[number]) > 1 for number in run.numbers)
    elapsed = max(run.last_seen - began, 1e-9)
    return {
        "sent": len(run.rows),
        "lost": lost,
        "duplicated": duplicated,
        "accuracy": round(correct / len(run.rows), 4),
        "messages_per_s": round(len(run.rows) / elapsed, 1),
        "p50_ms": quantile_ms(run.waits_s, 0.5),
        "p99_ms": quantile_ms(run.waits_s, 0.99),
    }
