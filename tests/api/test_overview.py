from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from hub.billing import service as billing
from hub.ids import encode_id, new_id
from hub.overview.service import midnight
from hub.overview.store import first_id
from models.contacts import contacts
from models.conversations import conversations, messages
from models.db import Scope, insert_rows, transaction


def test_the_day_begins_where_the_tenant_is() -> None:
    now = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert midnight(now, "UTC").astimezone(UTC) == datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    assert midnight(now, "America/New_York").astimezone(UTC) == datetime(2026, 3, 28, 4, 0, tzinfo=UTC)
    assert midnight(now, "Asia/Kolkata").astimezone(UTC) == datetime(2026, 3, 28, 18, 30, tzinfo=UTC)


def test_ids_made_from_a_moment_on_are_not_below_its_first_id() -> None:
    assert first_id(datetime.now(UTC)).int <= new_id().int
    assert first_id(datetime(2100, 1, 1, tzinfo=UTC)).int > new_id().int


@pytest.fixture
async def busy(world: Any) -> Any:
    """North has two open conversations and a day's messages."""
    tenant, agent = world.tenants["north"], world.users["north", "support_agent"]
    people, queue = [new_id() for _ in range(3)], new_id()
    old = first_id(datetime(2020, 1, 1, tzinfo=UTC))
    async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
        await billing.ensure_wallet(db, tenant, "EUR")
        await billing.top_up(db, tenant, new_id(), 5_000_000, "EUR")
        await insert_rows(db, contacts, [{"tenant_id": tenant, "id": each} for each in people])
        await db.execute(
            text("INSERT INTO queues (tenant_id, id, name) VALUES (:tenant, :id, 'Care')"),
            {"tenant": tenant, "id": queue},
        )
        await db.execute(
            text("INSERT INTO queue_members (tenant_id, queue_id, user_id) VALUES (:tenant, :id, :user)"),
            {"tenant": tenant, "id": queue, "user": agent},
        )
        rows = [
            {
                "tenant_id": tenant,
                "contact_id": person,
                "status": status,
                "queue_id": queue,
                "assignee_id": assignee,
                "unread": unread,
            }
            for person, status, assignee, unread in zip(
                people, ("open", "open", "closed"), (agent, None, None), (0, 2, 1), strict=True
            )
        ]
        await insert_rows(
            db,
            conversations,
            [
                {
                    "version": 1,
                    "opted_out": [],
                    "address": "",
                    "last_text": "",
                    "last_direction": "in",
                    "last_at": datetime.now(UTC),
                    "reason": "",
                    **row,
                }
                for row in rows
            ],
        )
        sent = [
            ("in", "received", "orders"),
            ("in", "received", None),
            ("out", "delivered", None),
            ("out", "read", None),
            ("out", "failed", None),
            ("out", "refused", None),
            ("out", "sent", None),
        ]
        await insert_rows(
            db,
            messages,
            [
                {
                    "tenant_id": tenant,
                    "id": message_id,
                    "contact_id": people[0],
                    "channel_id": queue,
                    "channel_kind": "sms",
                    "direction": direction,
                    "origin": "contact",
                    "address": "",
                    "body": "",
                    "status": status,
                    "intent": intent,
                    "parts": 1,
                    "price_micros": 0,
                    "created_at": datetime.now(UTC),
                }
                for message_id, (direction, status, intent) in [(new_id(), each) for each in sent]
                + [(old, sent[0])]
            ],
        )
    return queue


async def test_home_counts_what_waits_and_what_happened_today(world: Any, busy: Any) -> None:
    async with await world.sign_in("north", "support_agent") as client:
        home = (await client.get("/v1/home")).json()
    assert home["conversations"] == {"open": 2, "unassigned": 1, "mine": 1, "unread": 1}
    assert home["messages_today"] == {"inbound": 2, "outbound": 5, "delivered": 2, "failed": 1, "refused": 1}
    assert home["queues"] == [{"id": encode_id("que", busy), "name": "Care", "open": 2, "unassigned": 1}]
    assert home["intents_today"] == [{"intent": "orders", "count": 1}]
    assert home["wallet"] is None  # an agent does not see money


async def test_who_may_see_the_wallet_sees_it_on_the_home_page(world: Any, busy: Any) -> None:
    async with await world.sign_in("north", "supervisor") as client:
        home = (await client.get("/v1/home")).json()
    assert home["wallet"] == {
        "balance": "5.000000",
        "held": "0.000000",
        "available": "5.000000",
        "currency": "EUR",
    }
    assert home["conversations"]["mine"] == 0


async def test_queues_list_their_members(world: Any, busy: Any) -> None:
    async with await world.sign_in("north", "support_agent") as client:
        queues = (await client.get("/v1/queues")).json()["items"]
    agent = {"id": encode_id("usr", world.users["north", "support_agent"]), "name": "support_agent of north"}
    assert [(each["id"], each["name"], each["members"]) for each in queues] == [
        (encode_id("que", busy), "Care", [agent])
    ]


async def test_people_and_tenants_are_paged(world: Any) -> None:
    async with await world.sign_in("acme", "org_admin") as client:
        first = (await client.get("/v1/users", params={"limit": 5})).json()
        assert (len(first["items"]), first["has_more"]) == (5, True)
        rest = (await client.get("/v1/users", params={"starting_after": first["items"][-1]["id"]})).json()
        assert (len(rest["items"]), rest["has_more"]) == (4, False)
        assert "password_hash" not in first["items"][0]
        tenants = (await client.get("/v1/tenants", params={"limit": 2})).json()
        assert [item["name"] for item in tenants["items"]] == ["Acme", "North"]
        more = (await client.get("/v1/tenants", params={"starting_after": tenants["items"][-1]["id"]})).json()
        assert [item["name"] for item in more["items"]] == ["South"]


async def test_a_tenant_is_made_below_the_caller_with_its_parent_s_ways(world: Any) -> None:
    async with await world.sign_in("acme", "org_admin") as client:
        made = await client.post("/v1/tenants", json={"name": "Acme West", "kind": "sub_organization"})
        assert made.status_code == 201, made.text
        west = made.json()
        assert (west["depth"], west["default_country"], west["parent_id"]) == (
            2,
            "GB",
            encode_id("ten", world.tenants["acme"]),
        )
        assert (await client.get(f"/v1/tenants/{west['id']}")).json() == west
        assert west["id"] in {node["id"] for node in (await client.get("/v1/me")).json()["tenants"]}
        again = await client.post(
            "/v1/tenants", json={"name": "X", "kind": "sub_organization", "slug": west["slug"]}
        )
        assert (again.status_code, again.json()["code"]) == (409, "slug-taken")
        bad = await client.post(
            "/v1/tenants", json={"name": "X", "kind": "sub_organization", "time_zone": "../../etc/passwd"}
        )
        assert bad.json()["errors"][0]["pointer"] == "/time_zone"


async def test_platform_admins_see_what_could_not_be_routed(world: Any) -> None:
    event = {"tenant": world.tenants["acme"], "id": new_id(), "acc": new_id()}
    async with transaction(world.app.state.engine, Scope.of(world.tenants["acme"])) as db:
        await db.execute(
            text(
                "INSERT INTO unrouted_events (tenant_id, id, account_id, event_key, reason, payload) "
                "VALUES (:tenant, :id, :acc, 'SM1', 'no channel has this number', '{\"to\": \"+447700900000\"}')"
            ),
            event,
        )
    async with await world.sign_in("platform", "super_admin") as client:
        [item] = (await client.get("/v1/unrouted-events")).json()["items"]
    assert (item["id"], item["event_key"], item["payload"]) == (
        encode_id("unr", event["id"]),
        "SM1",
        {"to": "+447700900000"},
    )
