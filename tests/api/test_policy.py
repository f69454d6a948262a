"""The messaging policy by the API: set, inherited, changed under an ETag, written to the audit log."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.ids import encode_id, new_id
from models.db import Scope, transaction
from tests.api.conftest import World

PATH = "/v1/messaging-policy"
NIGHT = {"start": "20:00:00", "end": "09:00:00", "closed_days": ["sunday"]}


async def test_a_tenant_without_a_policy_has_none_and_may_set_one(world: World, engine: AsyncEngine) -> None:
    async with await world.sign_in("north", "sub_org_admin") as http:
        before = await http.get(PATH)
        assert (before.status_code, before.headers["etag"]) == (200, '"0"')
        assert set(before.json()["own"].values()) == set(before.json()["effective"].values()) == {None}
        body = {
            "quiet_hours": NIGHT,
            "caps": {"per_day": 1},
            "fallback": [{"kind": "rcs", "timeout_s": 60}, {"kind": "sms"}],
        }
        put = await http.put(PATH, json=body, headers={"If-Match": '"0"'})
        assert (put.status_code, put.headers["etag"]) == (200, '"1"'), put.text
        found = (await http.get(PATH)).json()
    assert found["own"] == found["effective"]
    assert found["own"]["quiet_hours"] == NIGHT | {"purposes": ["marketing"], "holidays": []}
    assert found["own"]["caps"] == {"per_day": 1, "per_week": None}
    assert (found["version"], found["inherits"]) == (1, [])
    async with transaction(engine, Scope.of(world.tenants["north"])) as db:
        row = (await db.execute(text("SELECT action, data FROM audit_log ORDER BY seq DESC LIMIT 1"))).one()
    assert tuple(row) == (
        "messaging_policy.set",
        {"changed": ["fallback", "quiet_hours", "caps"], "version": 1},
    )


async def test_what_is_not_set_comes_from_above(world: World) -> None:
    async with await world.sign_in("acme", "org_admin") as above:
        body = {"quiet_hours": NIGHT, "caps": {"per_week": 5}}
        assert (await above.put(PATH, json=body, headers={"If-Match": "*"})).status_code == 200
    async with await world.sign_in("north", "sub_org_admin") as http:
        await http.put(PATH, json={"caps": {"per_day": 1}}, headers={"If-Match": "*"})
        found = (await http.get(PATH)).json()
        assert found["own"]["quiet_hours"] is None
        assert found["effective"]["quiet_hours"]["start"] == "20:00:00"
        assert found["effective"]["caps"] == {"per_day": 1, "per_week": None}
        assert found["inherits"] == ["quiet_hours"]
    async with await world.sign_in("rival", "org_admin") as other:
        assert set((await other.get(PATH)).json()["effective"].values()) == {None}


async def test_nobody_overwrites_what_they_have_not_seen(world: World) -> None:
    async with await world.sign_in("north", "sub_org_admin") as http:
        missing = await http.put(PATH, json={})
        assert missing.status_code == 428
        assert (await http.put(PATH, json={}, headers={"If-Match": '"0"'})).status_code == 200
        stale = await http.put(PATH, json={"caps": {"per_day": 9}}, headers={"If-Match": '"0"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "stale")
        assert (await http.get(PATH)).json()["own"]["caps"] is None


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"caps": {"per_day": 0}}, "/caps/per_day"),
    ({"quiet_hours": {"start": "08:00", "end": "08:00"}}, "/quiet_hours"),
    ({"keywords": [{"word": "!!", "command": "stop"}]}, "/keywords/0/word"),
    ({"keywords": [{"word": "x", "command": "shout"}]}, "/keywords/0/command"),
    ({"fallback": [{"kind": "sms"}, {"kind": "sms"}]}, "/fallback"),
    ({"providers": {"sms": [encode_id("chn", new_id())]}}, "/providers/sms/0"),
    ({"provider": {}}, "/provider"),
]


@pytest.mark.parametrize(("body", "pointer"), WRONG)
async def test_what_is_wrong_is_named(world: World, body: dict[str, Any], pointer: str) -> None:
    async with await world.sign_in("north", "sub_org_admin") as http:
        answer = await http.put(PATH, json=body, headers={"If-Match": "*"})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("role", "read", "write"), [("campaign_manager", 200, 403), ("billing_admin", 403, 403)]
)
async def test_who_may_see_and_who_may_set_it(world: World, role: str, read: int, write: int) -> None:
    async with await world.sign_in("north", role) as http:
        assert (await http.get(PATH)).status_code == read
        assert (await http.put(PATH, json={}, headers={"If-Match": "*"})).status_code == write
