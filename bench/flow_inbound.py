"""Sessions that replies advance, webhook to commit, beside the same messages to a tenant without a flow.

Every message is the answer to a question of a live session: the flow branches on it, sets an attribute of the contact and
asks again, so that each message is one advance. Both tenants live in one hub, their contacts are known before, and they
take turns in rounds. The hub answers a webhook after its commit, so that the clock stops at the last answer; afterwards
the steps of every session must stand in the database, each once.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import psycopg

from bench.common import analyze, figure, generate, local_hub, note
from bench.inbound import FIRST_NUMBER, MESSAGES_A_CONTACT, Side, our_side
from cli.demo import workspace as ws
from cli.demo.runs import Api, Run, begin, until
from cli.local.stack import LocalStack
from hub.errors import Unavailable
from hub.settings import Settings
from models.db import app_url, make_engine

PLAIN = "the same messages to a tenant without a flow"
MONEY_MICROS = 1_000_000_000
BATCH = 1_000
BEGUN_WITHIN_S = 60.0
WORDS = ("yes", "No", "YES", "no")
WAITING = "flow_sessions WHERE status = 'waiting'"
STEPS_AN_ADVANCE = 4  # the answered question, the branch, the attribute, the next question
HAPPY = {"rules": [{"field": "variable.said", "operator": "=", "value": "yes"}]}
QUESTIONS: dict[str, Any] = {
    "spec_version": 2,
    "nodes": [
        {"id": "start", "type": "start", "data": {"trigger": {"kind": "api"}}},
        {
            "id": "ask",
            "type": "ask",
            "data": {"kind": "choice", "choices": [{"name": "yes"}, {"name": "no"}], "save_as": "said"},
        },
        {"id": "branch", "type": "branch", "data": {"cases": [{"name": "happy", "condition": HAPPY}]}},
        {"id": "good", "type": "set", "data": {"name": "mood", "value": "good"}},
        {"id": "bad", "type": "set", "data": {"name": "mood", "value": "bad"}},
    ],
    "edges": [
        {"source": "start", "port": "next", "target": "ask"},
        {"source": "ask", "port": "yes", "target": "branch"},
        {"source": "ask", "port": "no", "target": "branch"},
        {"source": "branch", "port": "happy", "target": "good"},
        {"source": "branch", "port": "other", "target": "bad"},
        {"source": "good", "port": "next", "target": "ask"},
        {"source": "bad", "port": "next", "target": "ask"},
    ],
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """Messages a round and tenant."""

    rounds: int
    messages: int


FULL = Sizes(3, 8_000)
QUICK = Sizes(1, 2_000)


def measure_all(quick: bool) -> list[dict[str, Any]]:
    with local_hub() as (stack, settings):
        return measure(stack, settings, QUICK if quick else FULL)


def measure(stack: LocalStack, settings: Settings, sizes: Sizes) -> list[dict[str, Any]]:
    """The figure, on a running hub."""
    return asyncio.run(_measure(stack, settings, sizes))


async def _measure(stack: LocalStack, settings: Settings, sizes: Sizes) -> list[dict[str, Any]]:
    plain, flowing = await _tenant(settings), await _tenant(settings)
    sides = [_Side(stack.database_url, settings, run) for run in (plain, flowing)]
    try:
        await sides[1].draw()
        return await _rounds(stack, sides, sizes)
    finally:
        for side in sides:
            await side.api.close()


async def _tenant(settings: Settings) -> Run:
    engine = make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=2)
    try:
        run = await begin(engine, settings, "Bench", MONEY_MICROS, ("sms",))
        queues = await ws.ensure_queues(engine, run.workspace.tenant_id, ["Fallback"])
        await ws.ensure_rules(engine, run.workspace.tenant_id, [], queues["Fallback"])
        return run
    finally:
        await engine.dispose()


async def _rounds(stack: LocalStack, sides: Sequence[_Side], sizes: Sizes) -> list[dict[str, Any]]:
    for side in sides:
        await side.round(200)
    await asyncio.to_thread(analyze, stack.database_url)
    plain, flowing = [], []
    for number in range(sizes.rounds):
        note(f"flow_advances, round {number + 1} of {sizes.rounds}")
        plain.append(await sides[0].round(sizes.messages))
        flowing.append(await sides[1].round(sizes.messages))
        note(f"  {flowing[-1]:.0f} advances/s, without a flow {plain[-1]:.0f} messages/s")
    return [figure("flow_advances", median(flowing), "sessions/s", PLAIN, median(plain))]


class _Side:
    """One tenant: with a flow that all its contacts are inside of, or without."""

    def __init__(self, database_url: str, settings: Settings, run: Run) -> None:
        self._url = database_url
        self._tenant_id = run.workspace.tenant_id
        self._line: Side = our_side(settings, run)
        self.api = Api(settings, run.key)
        self._flow = ""
        self._begun = 0

    async def draw(self) -> None:
        await self.api.post("/v1/attributes", {"key": "mood", "type": "text", "label": "Mood"})
        made = await self.api.post("/v1/flows", {"name": "Questions", "document": QUESTIONS})
        self._flow = f"/v1/flows/{made['id']}"
        await self.api.post(f"{self._flow}/publish", {})

    async def round(self, messages: int) -> float:
        """Messages a second. Raises Unavailable when one is missing, doubled or advanced nothing."""
        contacts = max(1, messages // MESSAGES_A_CONTACT)
        first = FIRST_NUMBER + self._line.numbers
        await self._known([f"+1{first + place}" for place in range(contacts)])
        texts = [WORDS[place // contacts % len(WORDS)] for place in range(messages)]
        stored, steps = await self._count("messages"), await self._count("flow_steps")
        result = await generate(self._line.plan(texts, contacts))
        found = await self._count("messages") - stored, await self._count("flow_steps") - steps
        wanted = messages, messages * STEPS_AN_ADVANCE if self._flow else 0
        if result["failed"] or result["answered"] != messages or found != wanted:
            raise Unavailable(
                f"(messages, steps) are {found} in place of {wanted}, failed: {result['failed']}"
            )
        return messages / float(result["seconds"])

    async def _known(self, numbers: Sequence[str]) -> None:
        """Make contacts of these numbers; with a flow each is then inside of it and waits for a reply."""
        for first in range(0, len(numbers), BATCH):
            some = numbers[first : first + BATCH]
            people = [{"name": f"Contact {number}", "phone": number} for number in some]
            await self.api.post("/v1/contacts/batch", {"contacts": people})
            if self._flow:
                asked = [{"contact": {"address": number}, "key": secrets.token_hex(8)} for number in some]
                await self.api.post(f"{self._flow}/sessions", {"contacts": asked})
        self._begun += len(numbers) if self._flow else 0
        if not await until(self._all_wait, BEGUN_WITHIN_S):
            raise Unavailable(f"{await self._count(WAITING)} of {self._begun} sessions wait for a reply")

    async def _all_wait(self) -> bool:
        return await self._count(WAITING) == self._begun

    async def _count(self, table: str) -> int:
        query = f"SELECT count(*) FROM app.{table}{' AND' if 'WHERE' in table else ' WHERE'} tenant_id = %s"
        async with await psycopg.AsyncConnection.connect(self._url) as db:
            found = await (await db.execute(query.encode(), (self._tenant_id,))).fetchone()
        return int(found[0]) if found else 0
