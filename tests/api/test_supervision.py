"""The wallboard's and the reports' numbers are the database's."""

from __future__ import annotations

import csv
import random
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from hub.ids import encode_id, id_of_moment, new_id
from models.channels import channels
from models.contacts import contacts
from models.conversations import conversations, messages
from models.db import Scope, insert_rows, transaction
from models.routing import queue_events, queues

KINDS = ("entered", "accepted", "declined", "answered", "closed", "breached", "rated", "left")


@pytest.fixture
async def floor(world: Any) -> dict[str, UUID]:
    """North on a busy day, with something of yesterday and something of another tenant's."""
    rng, now = random.Random(5), datetime.now(UTC)
    tenant, ann = world.tenants["north"], world.users["north", "support_agent"]
    ids = {"Care": new_id(), "=Sales": new_id(), "call": new_id(), "text": new_id()}
    people = [new_id() for _ in range(60)]
    places = [ids["Care"], ids["=Sales"], None]
    for owner in (tenant, world.tenants["south"]):
        async with transaction(world.app.state.engine, Scope.of(owner)) as db:
            whose = people if owner == tenant else [new_id() for _ in people]
            await insert_rows(db, contacts, [{"tenant_id": owner, "id": each} for each in whose])
            names = [{"tenant_id": owner, "id": ids[name], "name": name} for name in ("Care", "=Sales")]
            now_at = {"created_at": now, "updated_at": now, "updated_by": "", "version": 1, "settings": {}}
            await insert_rows(db, queues, [{**each, **now_at} for each in names])
            if owner == tenant:
                await insert_rows(
                    db, channels, [_channel(owner, ids[kind], kind) for kind in ("call", "text")]
                )
            await insert_rows(
                db, conversations, [_conversation(rng, owner, each, places, ids, ann, now) for each in whose]
            )
            await insert_rows(db, messages, [_message(rng, owner, rng.choice(whose), now) for _ in range(80)])
            await insert_rows(
                db,
                queue_events,
                [_event(rng, owner, rng.choice(whose), places, ann, now) for _ in range(300)],
            )
    return ids


def _channel(tenant: UUID, channel_id: UUID, kind: str) -> dict[str, Any]:
    address = f"+1555{channel_id.int % 10**7:07}"
    return {
        "tenant_id": tenant, "id": channel_id, "account_id": channel_id, "provider": "twilio", "name": kind,
        "kind": "voice" if kind == "call" else "sms", "address": address, "provider_address": address,
        "status": "active", "created_at": datetime.now(UTC),
    }  # fmt: skip


def _conversation(
    rng: random.Random, tenant: UUID, contact: UUID, places: list[Any], ids: Any, ann: UUID, now: datetime
) -> dict[str, Any]:
    status = rng.choice(("open", "open", "open", "snoozed", "waiting", "closed"))
    assignee = rng.choice((ann, None))
    waits = status == "open" and assignee is None
    return {
        "tenant_id": tenant, "contact_id": contact, "version": 1, "status": status, "assignee_id": assignee,
        "queue_id": rng.choice(places[:2]) if waits else rng.choice(places), "opted_out": [], "address": "",
        "channel_id": rng.choice((ids["call"], ids["text"])), "last_text": "", "last_direction": "in", "last_at": now,
        "unread": 0, "reason": "", "priority": 0, "offered_to": ann if waits and rng.random() < 0.3 else None,
        "waiting_since": now - timedelta(seconds=rng.randrange(5, 900)) if waits else None,
    }  # fmt: skip


def _message(rng: random.Random, tenant: UUID, contact: UUID, now: datetime) -> dict[str, Any]:
    at = now - timedelta(hours=rng.choice((0, 0, 0, 30)))
    direction = rng.choice(("in", "out"))
    return {
        "tenant_id": tenant, "id": UUID(int=id_of_moment(at).int + rng.getrandbits(60)), "contact_id": contact,
        "channel_id": contact, "channel_kind": rng.choice(("sms", "whatsapp")), "direction": direction,
        "origin": "agent", "address": "", "body": "", "parts": 1, "price_micros": 0, "created_at": at,
        "status": "received" if direction == "in" else rng.choice(("sent", "delivered", "failed")),
    }  # fmt: skip


def _event(
    rng: random.Random, tenant: UUID, contact: UUID, places: list[Any], ann: UUID, now: datetime
) -> dict[str, Any]:
    at = now - timedelta(seconds=rng.randrange(200_000))
    kind = rng.choice(KINDS)
    return {
        "tenant_id": tenant, "id": UUID(int=id_of_moment(at).int + rng.getrandbits(60)), "at": at, "kind": kind,
        "queue_id": rng.choice(places), "contact_id": contact, "agent_id": rng.choice((ann, None)),
        "seconds": float(rng.randrange(1, 5000)),
        "detail": rng.choice(("in_time", "late", None)) if kind == "answered" else rng.choice("12345") if kind == "rated" else None,
    }  # fmt: skip


async def ask(world: Any, sql: str, **values: Any) -> Any:
    """One row of plain SQL about north."""
    tenant = world.tenants["north"]
    async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
        return (await db.execute(text(sql), {"tenant": tenant, **values})).one()


async def test_the_wallboard_s_numbers_are_the_database_s(world: Any, floor: dict[str, UUID]) -> None:
    async with await world.sign_in("north", "supervisor") as client:
        shown = (await client.get("/v1/wallboard")).json()
    at, since = (datetime.fromisoformat(shown[name]) for name in ("at", "since"))
    assert {each["name"] for each in shown["queues"]} == {"Care", "=Sales"}
    queues_shown = [(each["now"], each["today"], floor[each["name"]]) for each in shown["queues"]]
    for now, today, queue_id in [(shown["now"], shown["today"], None), *queues_shown]:
        where = "tenant_id = :tenant AND (CAST(:queue AS uuid) IS NULL OR queue_id = :queue)"
        for name, condition in (
            ("waiting", "status = 'open' AND assignee_id IS NULL"),
            ("handled", "status = 'open' AND assignee_id IS NOT NULL"),
            ("snoozed", "status = 'snoozed'"),
            ("waiting_for_contact", "status = 'waiting'"),
        ):
            [count] = await ask(world, f"SELECT count(*) FROM conversations WHERE {where} AND {condition}", queue=queue_id)  # fmt: skip
            assert now[name] == count
            assert count or queue_id, "the day is a busy one"
        [oldest] = await ask(
            world, f"SELECT min(waiting_since) FROM conversations WHERE {where}", queue=queue_id
        )
        assert now["oldest_wait_s"] == pytest.approx((at - oldest).total_seconds())
        row = await ask(
            world,
            "SELECT sum((kind = 'entered')::int) AS entered, sum((kind = 'answered')::int) AS answered, "
            "sum((kind = 'breached')::int) AS breached, sum((kind = 'closed')::int) AS closed, "
            "avg((detail = 'in_time')::int) FILTER (WHERE kind = 'answered' AND detail IS NOT NULL)::float AS in_time_share "
            f"FROM queue_events WHERE {where} AND at >= :since",
            queue=queue_id,
            since=since,
        )
        for name in ("entered", "answered", "breached", "closed"):
            assert today[name] == (row._mapping[name] or 0)
        assert today["in_time_share"] == (
            None if row.in_time_share is None else pytest.approx(row.in_time_share)
        )
    for each in shown["messages"]:
        [count] = await ask(
            world,
            "SELECT count(*) FROM messages WHERE tenant_id = :tenant AND channel_kind = :kind AND direction = :way "
            "AND status = :status AND created_at >= :since",
            kind=each["channel_kind"], way=each["direction"], status=each["status"], since=since,
        )  # fmt: skip
        assert each["count"] == count
    [sent] = await ask(world, "SELECT count(*) FROM messages WHERE tenant_id = :tenant AND created_at >= :since", since=since)  # fmt: skip
    assert sum(each["count"] for each in shown["messages"]) == sent > 0
    [load] = await ask(
        world,
        "SELECT sum(CASE WHEN channel_id = :call THEN 3 ELSE 1 END) FROM conversations "
        "WHERE tenant_id = :tenant AND status = 'open' AND COALESCE(assignee_id, offered_to) = :ann",
        call=floor["call"], ann=world.users["north", "support_agent"],
    )  # fmt: skip
    [ann] = [each for each in shown["agents"] if each["name"] == "support_agent of north"]
    assert (ann["load"], ann["presence"]) == (load, "offline")


async def test_the_reports_numbers_are_the_database_s(world: Any, floor: dict[str, UUID]) -> None:
    first = (datetime.now(UTC) - timedelta(days=4)).date().isoformat()
    async with await world.sign_in("north", "supervisor") as client:
        report = (await client.get(f"/v1/reports/queues?from={first}&interval=hour")).json()
        agents = (await client.get(f"/v1/reports/agents?from={first}")).json()
        file = await client.get(f"/v1/reports/queues?from={first}&interval=hour&format=csv")
        one = (
            await client.get(f"/v1/reports/queues?from={first}&queue_id={encode_id('que', floor['Care'])}")
        ).json()
        wrong = await client.get("/v1/reports/queues?from=2026-02-02&to=2026-01-01")
    for figures, condition in (
        (report["total"], "true"),
        (one["total"], "queue_id = :care"),
        (agents["items"][0]["figures"], "agent_id IS NOT NULL"),
    ):
        row = await ask(
            world,
            "SELECT sum((kind = 'entered')::int) AS entered, sum((kind = 'accepted')::int) AS taken, "
            "sum((kind = 'answered')::int) AS answered, sum((kind = 'closed')::int) AS closed, "
            "sum((kind = 'closed' AND agent_id IS NULL)::int) AS abandoned, sum((kind = 'breached')::int) AS breached, "
            "sum((kind = 'rated')::int) AS rated, (avg(CAST(detail AS int)) FILTER (WHERE kind = 'rated'))::float AS mean_score, "
            "percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE kind = 'answered') AS first_response_p90_s, "
            "percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE kind = 'closed') AS handling_median_s "
            f"FROM queue_events WHERE tenant_id = :tenant AND {condition} AND (CAST(:care AS uuid) IS NOT NULL)",
            care=floor["Care"],
        )
        assert {name: figures[name] for name in row._mapping} == dict(row._mapping)
    for name in ("entered", "answered", "closed"):
        assert sum(each["figures"][name] for each in report["intervals"]) == report["total"][name]
        assert sum(each["figures"][name] for each in report["items"]) == report["total"][name]
    assert wrong.json()["errors"][0]["pointer"] == "/from"
    lines = list(csv.DictReader(StringIO(file.content.decode("utf-8-sig"))))
    assert {each["queue"] for each in lines} == {"Care", "'=Sales", ""}, "no cell is a formula"
    assert sum(int(each["entered"]) for each in lines) == report["total"]["entered"]


async def test_agents_see_their_own_figures_and_no_others(world: Any, floor: dict[str, UUID]) -> None:
    first = (datetime.now(UTC) - timedelta(days=4)).date().isoformat()
    async with await world.sign_in("north", "support_agent") as client:
        for path in ("/v1/wallboard", "/v1/reports/queues", "/v1/reports/agents"):
            assert (await client.get(path)).status_code == 403
        own = (await client.get(f"/v1/me/report?from={first}")).json()
    [answered] = await ask(
        world,
        "SELECT count(*) FROM queue_events WHERE tenant_id = :tenant AND agent_id = :ann AND kind = 'answered'",
        ann=world.users["north", "support_agent"],
    )
    assert own["total"]["answered"] == answered > 0
    async with await world.sign_in("north", "supervisor") as client:
        assert (await client.get(f"/v1/me/report?from={first}")).json()["total"]["answered"] == 0
