"""kill -9 of hosts in the middle of sessions: every answer, timer and step counts once, and nobody is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import psycopg
import pytest

from cli.demo import workspace as ws
from cli.demo.runs import Api, Run, begin, until
from cli.local.stack import LocalStack
from hub.settings import Settings
from models.db import app_url, make_engine
from tests.api.whole_hub import Provider, client
from tests.chaos.processes import kill_worker
from tests.conftest import _fields

CONTACTS, FIRST = 300, 4_300_000_000
AT_ONCE = 24
PATIENCE_S = 120.0
TWICE: dict[str, Any] = {
    "spec_version": 2,
    "nodes": [
        {"id": "start", "type": "start", "data": {"trigger": {"kind": "api"}, "reentry": "once"}},
        {"id": "one", "type": "ask", "data": {"save_as": "one"}},
        {"id": "keep", "type": "set", "data": {"name": "said", "value": "{{ one }}"}},
        {"id": "noted", "type": "send", "data": {"content": {"type": "text", "text": "Noted"}}},
        {"id": "two", "type": "ask", "data": {"save_as": "two"}},
        {"id": "wait", "type": "wait", "data": {"duration": {"amount": 2, "unit": "seconds"}}},
        {"id": "bye", "type": "send", "data": {"content": {"type": "text", "text": "Bye"}}},
        {"id": "event", "type": "emit_event", "data": {"event": "talked"}},
        {"id": "goal", "type": "goal", "data": {"name": "talked"}},
    ],
    "edges": [
        {"source": "start", "target": "one"},
        {"source": "one", "port": "answer", "target": "keep"},
        {"source": "keep", "target": "noted"},
        {"source": "noted", "target": "two"},
        {"source": "two", "port": "answer", "target": "wait"},
        {"source": "wait", "target": "bye"},
        {"source": "bye", "target": "event"},
        {"source": "event", "target": "goal"},
    ],
}
WAY = "start.next one. one.answer keep.next noted.next two. two.answer wait. wait.next bye.next event.next goal.next"
# (share of all steps that must be there, what dies then)
MOMENTS = [
    (0.05, "ConversationHost"),
    (0.25, "ConversationHost"),
    (0.40, "gateway"),
    (0.55, "TimersHost"),
    (0.65, "ConversationHost"),
    (0.80, "TimersHost"),
]


@pytest.fixture
async def stack() -> AsyncIterator[LocalStack]:
    """A hub of its own: what dies here must not be missed elsewhere."""
    made = LocalStack(extra_env={"HUB_RATE_KEY_PER_MIN": "100000"})
    await asyncio.to_thread(made.start)
    yield made
    await asyncio.to_thread(made.stop)


class Talk:
    """Everybody's two answers, and what the database says of them."""

    def __init__(self, stack: LocalStack, run: Run, provider: Provider) -> None:
        self.stack, self.run, self.provider = stack, run, provider
        self.killed: list[str] = []

    async def answers(self, slots: asyncio.Semaphore, place: int) -> None:
        for word in ("first", "second"):
            async with slots:
                await self._say(f"+1{FIRST + place}", f"{word} {place}", f"SM{place:031x}{word[0]}")

    async def _say(self, number: str, text: str, sid: str) -> None:
        """As a provider does: again and again until it is taken, always with the same id."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    if (await self.provider.sms(number, text, MessageSid=sid)).status_code == 200:
                        return
                except httpx2.HTTPError:
                    pass
                await asyncio.sleep(0.1)

    async def kill(self) -> None:
        steps = CONTACTS * len(WAY.split())

        async def there(share: float) -> bool:
            return bool(
                self.one("SELECT count(*) FROM app.flow_steps WHERE tenant_id = TENANT") >= share * steps
            )

        for share, name in MOMENTS:
            assert await until(lambda share=share: there(share), PATIENCE_S, 0.02), (
                f"{name} waits for {share}"
            )  # type: ignore[misc]
            if name == "gateway":
                os.kill(self.stack.pids()["gateway"], signal.SIGKILL)
            else:
                await kill_worker(self.stack.pids()["ray"], name, 30)
            self.killed.append(name)

    def one(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.stack.database_url) as db:
            tenant = f"'{self.run.workspace.tenant_id}'"
            return db.execute(query.replace("TENANT", tenant).encode()).fetchall()

    async def all_over(self) -> bool:
        ended = "SELECT count(*) FROM app.flow_sessions WHERE tenant_id = TENANT AND status = 'ended'"
        work = "SELECT count(*) FROM app.flow_work WHERE tenant_id = TENANT"
        return bool(self.one(ended) == CONTACTS and self.one(work) == 0)


@pytest.mark.timeout(600)
@pytest.mark.long
@pytest.mark.xdist_group("chaos")
async def test_sessions_under_kill_9(stack: LocalStack) -> None:
    settings = Settings(**_fields(stack.env))
    engine = make_engine(app_url(stack.database_url, stack.secret_key), pool=2)
    try:
        run = await begin(engine, settings, "Talks", 100_000_000, ("sms",))
        queues = await ws.ensure_queues(engine, run.workspace.tenant_id, ["Answers"])
        await ws.ensure_rules(engine, run.workspace.tenant_id, [], queues["Answers"])
    finally:
        await engine.dispose()
    api = Api(settings, run.key)
    async with client(settings) as http:
        talk = Talk(stack, run, Provider(settings, run, http))
        await api.post("/v1/attributes", {"key": "said", "type": "text", "label": "Said"})
        flow = await api.post("/v1/flows", {"name": "Twice", "document": TWICE})
        await api.post(f"/v1/flows/{flow['id']}/publish", {})
        people = [{"contact": {"address": f"+1{FIRST + place}"}} for place in range(CONTACTS)]
        killing = asyncio.create_task(talk.kill())
        begun = await api.post(
            f"/v1/flows/{flow['id']}/sessions", {"contacts": people, "create_missing": True}
        )
        assert begun["accepted"] == CONTACTS
        waiting = "SELECT count(*) FROM app.flow_sessions WHERE tenant_id = TENANT AND node = 'one'"

        async def all_wait() -> bool:
            return bool(talk.one(waiting) == CONTACTS)

        assert await until(all_wait, PATIENCE_S)
        slots = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(talk.answers(slots, place) for place in range(CONTACTS)))
        assert await until(talk.all_over, PATIENCE_S), "every session comes to its end"
        await killing
    await api.close()
    assert talk.killed == [name for _, name in MOMENTS]
    _check(talk)


def _check(talk: Talk) -> None:
    ways = talk.rows(
        "SELECT way, count(*) FROM (SELECT string_agg(node || '.' || port, ' ' ORDER BY seq) AS way FROM app.flow_steps "
        "WHERE tenant_id = TENANT GROUP BY session_id) x GROUP BY way"
    )
    assert ways == [(WAY, CONTACTS)], "no step lost, none doubled"
    gaps = "SELECT count(*) FROM app.flow_sessions s WHERE tenant_id = TENANT AND steps <> (SELECT count(*) FROM app.flow_steps t WHERE t.tenant_id = s.tenant_id AND t.session_id = s.id)"
    assert talk.one(gaps) == 0
    inbound = "FROM app.messages WHERE tenant_id = TENANT AND direction = 'in'"
    assert talk.rows(f"SELECT count(*), count(DISTINCT provider_message_id) {inbound}") == [
        (2 * CONTACTS,) * 2
    ]
    said = talk.rows(
        "SELECT body, count(*), count(DISTINCT contact_id) FROM app.messages WHERE tenant_id = TENANT "
        "AND direction = 'out' GROUP BY body ORDER BY body"
    )
    assert said == [("Bye", CONTACTS, CONTACTS), ("Noted", CONTACTS, CONTACTS)]
    for table in ("contact_events", "flow_goals"):
        assert talk.one(f"SELECT count(*) FROM app.{table} WHERE tenant_id = TENANT") == CONTACTS, table
    # An answer that waited in the inbox may come behind the next one: then they changed places, and nothing else did.
    kept = talk.one(
        "SELECT count(*) FROM app.flow_sessions s JOIN app.contacts c ON c.tenant_id = s.tenant_id AND c.id = s.contact_id "
        "WHERE s.tenant_id = TENANT AND c.attributes ->> 'said' = s.state -> 'variables' ->> 'one' "
        "AND s.state -> 'variables' ->> 'one' <> s.state -> 'variables' ->> 'two'"
    )
    assert kept == CONTACTS
