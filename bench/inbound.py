"""Inbound messages a second, webhook to commit, beside FastAPI + Celery + Redis + SQLAlchemy doing the same work.

The hub answers a webhook after its commit, so its clock stops at the last answer. The peer answers when it has
enqueued, so its clock stops at the last committed row. Both get the same texts from the same load generator over the
same PostgreSQL and Valkey, and take turns in rounds; afterwards every message must stand in the database exactly once.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.common import (
    analyze,
    broker_url,
    database,
    figure,
    generate,
    local_hub,
    note,
    process,
    run_once,
    web_server,
)
from bench.texts import Words, prepare, rules_text
from cli.demo import workspace as ws
from cli.demo.runs import Run, begin
from cli.local.ports import HOST
from cli.local.stack import LocalStack
from hub.errors import Unavailable
from hub.ids import encode_id, new_id
from hub.routing.fields import HOUR, KEYWORD, WORDING
from hub.routing.rule import Rule, ToQueue
from hub.settings import Settings
from models.conversations import conversations, messages
from models.db import Scope, app_url, make_engine, transaction

QUEUES = 8
CONNECTIONS = 256
FIRST_NUMBER = 2_000_000_000
MESSAGES_A_CONTACT = 5
WORKERS = 2
DRAIN_S = 300.0
PEER = "FastAPI + Celery + Redis + SQLAlchemy"
REQUIRED = {"uncached": 4.0, "repeating": 8.0, "rules": 10.0}
POLL: dict[str, Any] = {
    "start": "ask",
    "nodes": {
        "ask": {"type": "wait_for_reply", "choices": {"yes": ["yes", "y", "sure"], "no": ["no", "n"]}},
        "interested": {"type": "tag", "tag": "interested"},
        "declined": {"type": "tag", "tag": "declined"},
        "person": {"type": "hand_over"},
    },
    "edges": [
        {"source": "ask", "port": "yes", "target": "interested"},
        {"source": "interested", "port": "next", "target": "ask"},
        {"source": "ask", "port": "no", "target": "declined"},
        {"source": "declined", "port": "next", "target": "ask"},
        {"source": "ask", "port": "other", "target": "person"},
    ],
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """Messages a round, by kind of text: (ours, the peer's)."""

    rounds: int
    uncached: tuple[int, int]
    repeating: tuple[int, int]
    rules: tuple[int, int]


FULL = Sizes(3, (4_000, 1_000), (8_000, 1_000), (16_000, 2_000))
QUICK = Sizes(1, (800, 200), (1_600, 200), (4_000, 300))


@dataclass(frozen=True, slots=True)
class Load:
    """How many routing rules and queues the hub's tenant has; the peer keeps its few. 0 rules: one an intent and two more."""

    rules: int = 0
    queues: int = QUEUES


USUAL = Load()


def more_rules(count: int, queue_ids: Sequence[UUID]) -> list[Rule]:
    """Rules that are looked at before those that have the messages, and have none themselves: keywords, words in the text,
    hours and channels, tags of the contact, by turns.
    """
    kinds: list[Callable[[int], dict[str, Any]]] = [
        lambda n: {"field": KEYWORD, "operator": "in", "value": [f"offer {n}", f"code {n}"]},
        lambda n: {"field": WORDING, "operator": "containsAny", "value": [f"clause {n}", f"form {n}"]},
        lambda n: {"field": HOUR, "operator": ">", "value": 24 + n},
        lambda n: {"field": "tag", "operator": "has", "value": f"club {n}"},
    ]
    return [
        Rule(
            id=new_id(),
            name=f"Rule {number}",
            condition={"combinator": "and", "rules": [kinds[number % len(kinds)](number)]},
            actions=(ToQueue(queue_id=queue_ids[number % len(queue_ids)]),),
        )
        for number in range(count)
    ]


@dataclass(slots=True)
class Side:
    """Where one side takes webhooks, and how many numbers were used up."""

    url: str
    token: str
    account_sid: str
    to: str
    numbers: int = 0

    def plan(self, texts: list[str], contacts: int) -> dict[str, Any]:
        """Texts in order over `contacts` fresh numbers: contact 0, 1, 2 …, then contact 0 again."""
        first, self.numbers = self.numbers, self.numbers + contacts
        rows = [
            (f"+1{FIRST_NUMBER + first + place % contacts}", f"SM{secrets.token_hex(16)}", text)
            for place, text in enumerate(texts)
        ]
        where = {"url": self.url, "token": self.token, "account_sid": self.account_sid, "to": self.to}
        return {**where, "messages": rows, "connections": CONNECTIONS}


def measure_all(quick: bool, load: Load = USUAL) -> list[dict[str, Any]]:
    with local_hub() as (stack, settings):
        return measure(stack, settings, QUICK if quick else FULL, load)


def measure(stack: LocalStack, settings: Settings, sizes: Sizes, load: Load = USUAL) -> list[dict[str, Any]]:
    """The three figures, on a running hub."""
    with ExitStack() as exits:
        note("training the model that both sides serve")
        words = prepare(stack.layout.var / "vectors")
        engine = make_engine(
            app_url(settings.database_url, settings.secret_key.get_secret_value()),
            pool=4,
            application_name="parley bench",
        )
        run = asyncio.run(make_tenant(engine, settings, words, load))
        url = exits.enter_context(database(stack, "bench_peer"))
        note("starting the peer")
        port = exits.enter_context(peer(stack, settings, run, words, url))
        ours = our_side(settings, run)
        line = run.workspace.lines["sms"]
        theirs = Side(
            f"http://{HOST}:{port}/webhooks/twilio/peer/message",
            line.secrets["auth_token"],
            "ACpeer",
            line.number,
        )
        return asyncio.run(_rounds(_Duel(engine, run, ours, theirs, stack.database_url, url, words), sizes))


def our_side(settings: Settings, run: Run) -> Side:
    line = run.workspace.lines["sms"]
    url = f"{settings.public_url}/webhooks/twilio/{encode_id('acc', line.account_id)}/message"
    return Side(url, line.secrets["auth_token"], line.external_id, line.number)


async def make_tenant(engine: AsyncEngine, settings: Settings, words: Words, load: Load = USUAL) -> Run:
    """A tenant with queues, a keyword rule, a flow, a rule an intent and the trained model."""
    run = await begin(engine, settings, "Bench", 1_000_000_000)
    tenant_id = run.workspace.tenant_id
    names = [f"Desk {number}" for number in range(load.queues)]
    queue_ids = await ws.ensure_queues(engine, tenant_id, [*names, "Fallback"])
    flow_id = await ws.ensure_flow(engine, tenant_id, "Poll", POLL)
    labels = words.trained.model.labels
    ids = [queue_ids[name] for name in names]
    rules = [
        *more_rules(max(0, load.rules - len(labels) - 2), ids),
        ws.keyword_rule("join", flow_id=flow_id),
        ws.keyword_rule("hours", queue_id=queue_ids["Desk 0"]),
    ]
    rules += [ws.intent_rule(label, ids[place % len(ids)]) for place, label in enumerate(labels)]
    await ws.ensure_rules(engine, tenant_id, rules, queue_ids["Fallback"])
    await ws.publish_model(engine, tenant_id, words.trained)
    await engine.dispose()  # the pool belongs to this event loop
    return run


@contextmanager
def peer(stack: LocalStack, settings: Settings, run: Run, words: Words, url: str) -> Iterator[int]:
    """The peer's web server and its Celery workers; yields the port."""
    folder = stack.layout.var / "peer"
    folder.mkdir(exist_ok=True)
    model, config, log = folder / "model", folder / "config.json", folder / "peer.log"
    model.write_bytes(words.trained.data)
    labels = words.trained.model.labels
    choices: dict[str, list[str]] = POLL["nodes"]["ask"]["choices"]
    document = {
        "token": run.workspace.lines["sms"].secrets["auth_token"],
        "model": str(model),
        "floor": settings.confidence_floor,
        "keywords": {"join": {"flow": "poll"}, "hours": {"queue": "Desk 0"}},
        "answers": {word: port for port, said in choices.items() for word in said},
        "tags": {"yes": "interested", "no": "declined"},
        "intents": {
            label: {"queue": f"Desk {n % QUEUES}", "threshold": 0.0} for n, label in enumerate(labels)
        },
        "fallback": "Fallback",
    }
    config.write_text(json.dumps(document))
    env = {
        "PEER_CONFIG": str(config),
        "PEER_DATABASE_URL": url.replace("postgresql://", "postgresql+psycopg://", 1),
        "PEER_BROKER_URL": broker_url(stack, 1),
    }
    _create_tables(env, log)
    worker = ["-m", "celery", "-A", "bench.peers.celery_inbound", "worker", "--pool", "prefork"]
    worker += ["--concurrency", str(WORKERS), "--loglevel", "warning"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with (
        process("Celery worker", worker, log, env),
        web_server("bench.peers.celery_inbound:api", log, env) as port,
    ):
        yield port


def _create_tables(env: dict[str, str], log: Path) -> None:
    code = "from bench.peers.celery_inbound import Base, make_engine; Base.metadata.create_all(make_engine())"
    run_once(["-c", code], log, env)


def texts_of(kind: str, words: Words, count: int, seed: int) -> tuple[list[str], int]:
    """(texts, over how many contacts they are spread)."""
    contacts = max(1, count // MESSAGES_A_CONTACT)
    match kind:
        case "uncached":
            return list(words.new(count, seed)), contacts
        case "repeating":
            return list(words.repeating(count, seed)), contacts
        case _:
            return [rules_text(place % contacts, place // contacts) for place in range(count)], contacts


@dataclass(slots=True)
class _Duel:
    """Both sides of one run."""

    engine: AsyncEngine
    run: Run
    ours: Side
    theirs: Side
    hub_url: str
    peer_url: str
    words: Words

    async def hub(self, texts: list[str], contacts: int) -> float:
        """Messages a second. Raises Unavailable when one is missing, doubled or not answered with 200."""
        plan = self.ours.plan(texts, contacts)
        before = await self._stored()
        result = await generate(plan)
        if result["failed"] or result["answered"] != len(texts):
            raise Unavailable(
                f"the hub answered {result['answered']} of {len(texts)}, failed: {result['failed']}"
            )
        await self._verify(plan, before)
        return len(texts) / float(result["seconds"])

    async def _stored(self) -> int:
        async with transaction(self.engine, Scope.of(self.run.workspace.tenant_id)) as db:
            return int((await db.execute(select(func.count()).select_from(messages))).scalar_one())

    async def _verify(self, plan: dict[str, Any], before: int) -> None:
        sids = [sid for _, sid, _ in plan["messages"]]
        numbers = {sender for sender, _, _ in plan["messages"]}
        async with transaction(self.engine, Scope.of(self.run.workspace.tenant_id)) as db:
            found = select(func.count(), func.count(messages.c.provider_message_id.distinct()))
            count, distinct = (await db.execute(found.where(messages.c.provider_message_id.in_(sids)))).one()
            people = select(func.count()).where(conversations.c.address.in_(numbers))
            talks = (await db.execute(people)).scalar_one()
        after = await self._stored()
        if not count == distinct == len(sids) == after - before or talks != len(numbers):
            raise Unavailable(
                f"sent {len(sids)}, stored {count}, new rows {after - before}, conversations {talks}"
            )

    async def celery(self, texts: list[str], contacts: int) -> float:
        """Messages a second until the queue is drained: the last row's own time stamp."""
        async with await psycopg.AsyncConnection.connect(self.peer_url, autocommit=True) as db:
            cursor = await db.execute("SELECT count(*) FROM messages")
            before = (await cursor.fetchone() or (0,))[0]
            result = await generate(self.theirs.plan(texts, contacts))
            if result["failed"]:
                raise Unavailable(f"the peer refused: {result['failed']}")
            deadline = time.monotonic() + DRAIN_S
            while True:
                cursor = await db.execute(
                    "SELECT count(*), extract(epoch FROM max(created_at)) FROM messages"
                )
                count, last = await cursor.fetchone() or (0, None)
                if count - before >= len(texts):
                    return len(texts) / (float(last) - float(result["began"]))
                if time.monotonic() > deadline:
                    raise Unavailable(f"the peer stored {count - before} of {len(texts)}")
                await asyncio.sleep(0.1)


async def _rounds(duel: _Duel, sizes: Sizes) -> list[dict[str, Any]]:
    """Warm both up, then ours, theirs, ours, theirs …; medians."""
    for kind in ("uncached", "rules"):
        await duel.hub(*texts_of(kind, duel.words, 100, 1))
        await duel.celery(*texts_of(kind, duel.words, 20, 1))
    await asyncio.to_thread(analyze, duel.hub_url, duel.peer_url)
    figures = []
    try:
        for kind, required in REQUIRED.items():
            ours, theirs = [], []
            mine, yours = getattr(sizes, kind)
            for number in range(sizes.rounds):
                seed = 100 * (number + 1) + len(kind)
                note(f"inbound_{kind}, round {number + 1} of {sizes.rounds}")
                texts, contacts = texts_of(kind, duel.words, mine, seed)
                ours.append(await duel.hub(texts, contacts))
                theirs.append(
                    await duel.celery(texts[:yours], min(contacts, max(1, yours // MESSAGES_A_CONTACT)))
                )
                note(f"  {ours[-1]:.0f} messages/s, the peer {theirs[-1]:.0f}")
            name = f"inbound_{kind}"
            figures.append(figure(name, median(ours), "messages/s", PEER, median(theirs), at_least=required))
    finally:
        await duel.engine.dispose()
    return figures
