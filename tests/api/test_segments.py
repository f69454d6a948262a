from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from hub.ids import encode_id, new_id
from models.db import Scope, transaction

PUNE = {"field": "attribute.city", "operator": "=", "value": "pune"}
VIP = {"field": "tag", "operator": "has", "value": "vip"}


def condition(*rules: Any, combinator: str = "and", turned: bool = False) -> dict[str, Any]:
    return {"combinator": combinator, "not": turned, "rules": list(rules)}


async def plant(world: Any) -> dict[str, str]:
    """Three people in north: Asha (Pune, vip), Ben (Pune), Chen (Delhi, vip, no number)."""
    tenant = world.tenants["north"]
    ids = {name: new_id() for name in ("Asha", "Ben", "Chen")}
    async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
        await db.execute(
            text(
                "INSERT INTO attribute_definitions (tenant_id, id, key, label, type) VALUES (:t, :id, 'city', 'City', 'text')"
            ),
            {"t": tenant, "id": new_id()},
        )
        for name, city in (("Asha", "Pune"), ("Ben", "PUNE"), ("Chen", "Delhi")):
            await db.execute(
                text(
                    "INSERT INTO contacts (tenant_id, id, name, attributes) "
                    "VALUES (:t, :id, :name, jsonb_build_object('city', CAST(:city AS text)))"
                ),
                {"t": tenant, "id": ids[name], "name": name, "city": city},
            )
        for name, phone in (("Asha", "+447700900001"), ("Ben", "+919812345678")):
            await db.execute(
                text(
                    "INSERT INTO contact_addresses (tenant_id, kind, address, contact_id) VALUES (:t, 'phone', :phone, :id)"
                ),
                {"t": tenant, "phone": phone, "id": ids[name]},
            )
        for name in ("Asha", "Chen"):
            await db.execute(
                text("INSERT INTO contact_tags (tenant_id, tag, contact_id) VALUES (:t, 'vip', :id)"),
                {"t": tenant, "id": ids[name]},
            )
        await db.execute(
            text(
                "INSERT INTO consents (tenant_id, contact_id, channel_kind, state, source) VALUES (:t, :id, 'sms', 'opted_out', 'test')"
            ),
            {"t": tenant, "id": ids["Ben"]},
        )
    return {name: encode_id("con", contact) for name, contact in ids.items()}


async def test_a_condition_is_counted_by_channel_and_by_rule(world: Any) -> None:
    await plant(world)
    async with await world.sign_in("north", "campaign_manager") as client:
        answer = await client.post(
            "/v1/segments/count", json={"condition": condition(PUNE, VIP, combinator="or"), "per_rule": True}
        )
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["count"], found["unreachable"]) == (3, 1)
        assert found["by_channel"] == {"sms": 1, "whatsapp": 2, "rcs": 2, "voice": 2}
        assert found["rules"] == [{"path": "/rules/0", "count": 2}, {"path": "/rules/1", "count": 2}]
        quick = await client.post(
            "/v1/segments/count", json={"condition": condition(PUNE, VIP), "by_channel": False}
        )
        assert (quick.json()["count"], quick.json()["by_channel"], quick.json()["rules"]) == (1, None, None)


async def test_a_sample_shows_the_newest_first(world: Any) -> None:
    ids = await plant(world)
    async with await world.sign_in("north", "campaign_manager") as client:
        answer = await client.post("/v1/segments/sample", json={"condition": condition(), "limit": 2})
    assert [item["id"] for item in answer.json()["items"]] == [ids["Chen"], ids["Ben"]]
    assert answer.json()["items"][1]["phone"] == "+919812345678"


async def test_fields_hold_attributes_tags_and_operators(world: Any) -> None:
    await plant(world)
    async with await world.sign_in("north", "campaign_manager") as client:
        fields = {
            field["name"]: field for field in (await client.get("/v1/segments/fields")).json()["fields"]
        }
    assert fields["attribute.city"]["label"] == "City"
    assert fields["tag"]["choices"] == [{"value": "vip", "label": "vip"}]
    assert {"name": "inLast", "label": "in the last"} in fields["created_at"]["operators"]
    assert fields["country"]["choices"][0] == {"value": "AC", "label": "AC (+247)"}


@pytest.mark.parametrize(
    ("rule", "pointer", "code"),
    [
        ({"field": "attribute.town", "operator": "=", "value": "x"}, "/field", "unknown-attribute"),
        ({"field": "name; DROP TABLE contacts", "operator": "=", "value": "x"}, "/field", "unknown-field"),
        ({"field": "name", "operator": "~*", "value": "(a+)+$"}, "/operator", "unknown-operator"),
        ({"field": "name", "operator": "=", "value": 5}, "/value", "wrong-type"),
        ({"field": "created_at", "operator": ">", "value": "yesterday"}, "/value", "wrong-type"),
        ({"field": "segment", "operator": "in", "value": "seg_" + "0" * 26}, "/value", "unknown-segment"),
        ({"field": "tag", "operator": "has"}, "/value", "wrong-type"),
        ("vip", "", "wrong-type"),
    ],
)
async def test_what_is_wrong_is_named_by_its_place(world: Any, rule: Any, pointer: str, code: str) -> None:
    async with await world.sign_in("north", "campaign_manager") as client:
        answer = await client.post(
            "/v1/segments/count", json={"condition": condition(VIP, condition(VIP, rule))}
        )
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (f"/condition/rules/1/rules/1{pointer}", code)


async def test_a_condition_has_limits(world: Any) -> None:
    group = '{"combinator": "and", "rules": ['
    deep = '{"condition": ' + group * 1_000 + "]}" * 1_000 + "}"
    nine: Any = condition(VIP)
    for _ in range(8):
        nine = condition(nine)
    async with await world.sign_in("north", "campaign_manager") as client:
        answer = await client.post(
            "/v1/segments/count", content=deep, headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
        answer = await client.post("/v1/segments/count", json={"condition": nine})
        assert answer.json()["errors"][0] == {
            "pointer": "/condition" + "/rules/0" * 8,
            "code": "too-deep",
            "detail": "groups nest at most 8 deep",
        }
        answer = await client.post("/v1/segments/count", json={"condition": condition(*[VIP] * 101)})
        assert answer.json()["errors"][0]["code"] == "too-large"
