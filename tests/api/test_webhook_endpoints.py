"""Outgoing webhooks by the API: endpoints, secrets that are shown once, the log, tests and replays."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.ids import decode_id
from models.db import Scope, transaction
from tests.api.api_examples import Reader, examples
from tests.api.conftest import World

PATH = "/v1/webhook-endpoints"
NEW = {"url": "https://example.com/hook", "events": ["message.received", "conversation.closed"]}


async def test_an_endpoint_from_its_making_to_its_end(world: World, engine: AsyncEngine) -> None:
    async with await world.sign_in("north", "sub_org_admin") as http:
        made = await http.post(PATH, json=NEW)
        assert made.status_code == 201, made.text
        body = made.json()
        assert body["secret"].startswith("whsec_")
        assert body["events"] == ["conversation.closed", "message.received"]
        one = f"{PATH}/{body['id']}"
        seen = await http.get(one)
        assert (seen.json()["secret"], seen.headers["etag"]) == (None, '"1"')
        assert body["secret"] not in (await http.get(PATH)).text
        stale = await http.patch(one, json={"enabled": False}, headers={"If-Match": '"9"'})
        assert stale.status_code == 412
        off = await http.patch(one, json={"enabled": False}, headers={"If-Match": '"1"'})
        assert (off.json()["enabled"], off.headers["etag"]) == (False, '"2"')
        assert (await http.post(f"{one}/test")).status_code == 409
        await http.patch(one, json={"enabled": True}, headers={"If-Match": "*"})
        rotated = (await http.post(f"{one}/rotate-secret", json={})).json()
        assert rotated["secret"] not in (None, body["secret"])
        assert rotated["old_secret_until"] is not None
        assert (await http.delete(one, headers={"If-Match": "*"})).status_code == 204
        assert (await http.get(one)).status_code == 404
    async with transaction(engine, Scope.of(world.tenants["north"])) as db:
        actions = (await db.execute(text("SELECT action FROM audit_log ORDER BY seq"))).scalars().all()
    expected = ["created", "changed", "changed", "secret_rotated", "deleted"]
    assert actions == [f"webhook.{word}" for word in expected]


async def test_the_log_and_its_replays(world: World, engine: AsyncEngine) -> None:
    tenant = world.tenants["north"]
    async with await world.sign_in("north", "sub_org_admin") as http:
        one = f"{PATH}/{(await http.post(PATH, json=NEW)).json()['id']}"
        pings = [(await http.post(f"{one}/test")).json() for _ in range(3)]
        assert {(ping["event"], ping["state"]) for ping in pings} == {("ping", "pending")}
        await end(engine, tenant, pings[0], "delivered")
        await end(engine, tenant, pings[1], "failed")
        await end(engine, tenant, pings[2], "failed", "2026-01-01T00:00:00Z")
        first = (await http.get(f"{one}/deliveries", params={"limit": 2})).json()
        assert ([row["id"] for row in first["items"]], first["has_more"]) == (
            [pings[2]["id"], pings[1]["id"]],
            True,
        )
        rest = await http.get(f"{one}/deliveries", params={"starting_after": pings[1]["id"]})
        assert [row["id"] for row in rest.json()["items"]] == [pings[0]["id"]]
        failed = await http.get(f"{one}/deliveries", params={"state": "failed"})
        assert len(failed.json()["items"]) == 2
        detail = (await http.get(f"{one}/deliveries/{pings[1]['id']}")).json()
        assert (detail["body"]["type"], detail["answer"]) == ("ping", "no")
        assert (await http.get(one)).json()["deliveries"] == {"pending": 0, "delivered": 1, "failed": 2}
        replayed = await http.post(f"{one}/replay", json={"since": "2026-01-02T00:00:00Z"})
        assert replayed.json() == {"deliveries": 1}
        again = await http.post(f"{one}/deliveries/{pings[2]['id']}/replay")
        assert (again.json()["state"], again.json()["attempts"], again.json()["error"]) == (
            "pending",
            0,
            None,
        )


async def end(engine: AsyncEngine, tenant: UUID, ping: Any, state: str, at: str | None = None) -> None:
    statement = (
        "UPDATE webhook_deliveries SET state = :state, attempts = 10, error = 'HTTP 500', answer = 'no', "
        "created_at = COALESCE(CAST(:at AS timestamptz), created_at) WHERE tenant_id = :tenant AND id = :id"
    )
    values = {"tenant": tenant, "id": decode_id("whd", ping["id"]), "state": state, "at": at}
    async with transaction(engine, Scope.of(tenant)) as db:
        await db.execute(text(statement), values)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"url": "http://example.com/"}, "/url"),
    ({"url": "https://10.0.0.1/"}, "/url"),
    ({"events": []}, "/events"),
    ({"events": ["conversation.eaten"]}, "/events/0"),
    ({"secret": "whsec_c2hvcnQ="}, "/secret"),
    ({"colour": "red"}, "/colour"),
]


@pytest.mark.parametrize(("more", "pointer"), WRONG)
async def test_what_is_wrong_is_named(world: World, more: dict[str, Any], pointer: str) -> None:
    async with await world.sign_in("north", "sub_org_admin") as http:
        answer = await http.post(PATH, json={**NEW, **more})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_the_examples_of_the_page_are_true(world: World) -> None:
    async with await world.program("north", "webhooks:manage", role="sub_org_admin") as client:
        reader = Reader(client)
        for example in examples("webhooks.md"):
            await reader.follow(example)
