from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fastapi import Request
from sqlalchemy import text

from api.leaving import CallerLeft, while_connected
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


async def test_a_segment_is_made_changed_and_restored(world: Any) -> None:
    await plant(world)
    async with await world.sign_in("north", "campaign_manager") as client:
        made = await client.post("/v1/segments", json={"name": "Pune", "condition": condition(PUNE)})
        assert made.status_code == 201, made.text
        one = made.json()
        assert (one["kind"], one["version"], one["words"], one["members"]) == (
            "dynamic",
            1,
            "city is pune",
            None,
        )
        assert one["created_by"] == "campaign_manager of north"
        assert made.headers["ETag"] == '"1"'
        path = f"/v1/segments/{one['id']}"
        assert (await client.patch(path, json={"name": "x"})).status_code == 428
        changed = await client.patch(path, json={"condition": condition(VIP)}, headers={"If-Match": '"1"'})
        assert (changed.json()["version"], changed.json()["words"]) == (2, "tag is vip")
        stale = await client.patch(path, json={"name": "x"}, headers={"If-Match": '"1"'})
        assert stale.status_code == 412
        assert stale.json()["changed_by"] == "campaign_manager of north"
        again = await client.post(f"{path}/restore", json={"version": 1})
        assert (again.json()["version"], again.json()["words"]) == (3, "city is pune")
        versions = (await client.get(f"{path}/versions")).json()["items"]
        assert [(item["version"], item["words"]) for item in versions] == [
            (3, "city is pune"),
            (2, "tag is vip"),
            (1, "city is pune"),
        ]
        assert (await client.post(f"{path}/restore", json={"version": 9})).status_code == 404
        taken = await client.post("/v1/segments", json={"name": "Pune", "condition": condition()})
        assert (taken.status_code, taken.json()["code"]) == (409, "segment-exists")
        listed = (await client.get("/v1/segments", params={"search": "pun", "kind": "dynamic"})).json()
        assert [item["name"] for item in listed["items"]] == ["Pune"]


async def test_a_static_segment_is_a_list(world: Any) -> None:
    ids = await plant(world)
    foreign = encode_id("con", new_id())
    async with await world.sign_in("north", "campaign_manager") as client:
        made = await client.post(
            "/v1/segments", json={"name": "List", "kind": "static", "contact_ids": [ids["Asha"], foreign]}
        )
        assert (made.status_code, made.json()["members"]) == (201, 1)
        path = f"/v1/segments/{made.json()['id']}"
        answer = await client.post(
            f"{path}/members", json={"add": [ids["Ben"], ids["Asha"], foreign], "remove": [ids["Asha"]]}
        )
        assert answer.json() == {"added": 1, "removed": 1, "unknown": 1, "members": 1}
        member = {"field": "segment", "operator": "in", "value": made.json()["id"]}
        found = await client.post("/v1/segments/sample", json={"condition": condition(member)})
        assert [item["name"] for item in found.json()["items"]] == ["Ben"]
        both = await client.post(
            "/v1/segments", json={"name": "x", "kind": "static", "condition": condition()}
        )
        assert both.status_code == 422


async def test_a_segment_freezes(world: Any) -> None:
    ids = await plant(world)
    async with await world.sign_in("north", "campaign_manager") as client:
        pune = (await client.post("/v1/segments", json={"name": "Pune", "condition": condition(PUNE)})).json()
        frozen = await client.post(f"/v1/segments/{pune['id']}/freeze", json={"name": "Pune, then"})
        assert (frozen.status_code, frozen.json()["kind"], frozen.json()["members"]) == (201, "static", 2)
        assert (
            await client.post(f"/v1/segments/{frozen.json()['id']}/members", json={"remove": [ids["Ben"]]})
        ).json()["members"] == 1
        dynamic = await client.post(f"/v1/segments/{pune['id']}/members", json={"add": [ids["Ben"]]})
        assert dynamic.status_code == 422


async def test_segments_do_not_contain_themselves(world: Any) -> None:
    async with await world.sign_in("north", "campaign_manager") as client:
        first = (await client.post("/v1/segments", json={"name": "A", "condition": condition(VIP)})).json()
        inside = condition({"field": "segment", "operator": "notIn", "value": first["id"]})
        second = (await client.post("/v1/segments", json={"name": "B", "condition": inside})).json()
        back = condition(condition({"field": "segment", "operator": "in", "value": second["id"]}))
        answer = await client.patch(
            f"/v1/segments/{first['id']}", json={"condition": back}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert error == {
            "pointer": "/condition",
            "code": "segment-cycle",
            "detail": "the segment would contain itself: B → A",
        }
        # One that came into the database by another way is refused when it is used.
        async with transaction(world.app.state.engine, Scope.of(world.tenants["north"])) as db:
            await db.execute(
                text("UPDATE segments SET condition = CAST(:c AS jsonb) WHERE name = 'A'"),
                {"c": json.dumps(back)},
            )
        used = await client.post("/v1/segments/count", json={"condition": inside})
        assert (used.status_code, used.json()["errors"][0]["code"]) == (422, "segment-cycle")


async def test_a_segment_in_use_is_not_archived(world: Any) -> None:
    async with await world.sign_in("north", "campaign_manager") as client:
        first = (await client.post("/v1/segments", json={"name": "A", "condition": condition(VIP)})).json()
        inside = condition({"field": "segment", "operator": "in", "value": first["id"]})
        second = (await client.post("/v1/segments", json={"name": "B", "condition": inside})).json()
        refused = await client.delete(f"/v1/segments/{first['id']}")
        assert (refused.status_code, refused.json()["code"]) == (409, "segment-in-use")
        assert refused.json()["uses"] == [{"kind": "segment", "id": second["id"], "name": "B"}]
        usage = (await client.get(f"/v1/segments/{first['id']}/usage")).json()
        assert usage["items"] == refused.json()["uses"]
        assert (await client.delete(f"/v1/segments/{second['id']}")).status_code == 204
        assert (await client.delete(f"/v1/segments/{first['id']}")).status_code == 204
        assert (await client.get("/v1/segments")).json()["items"] == []
        archived = (await client.get("/v1/segments", params={"archived": True})).json()["items"]
        assert [item["name"] for item in archived] == ["B", "A"]
        again = await client.patch(
            f"/v1/segments/{first['id']}", json={"name": "C"}, headers={"If-Match": "*"}
        )
        assert (again.status_code, again.json()["code"]) == (409, "segment-archived")


async def test_why_somebody_is_in_or_out(world: Any) -> None:
    ids = await plant(world)
    asked = condition(
        PUNE, condition(VIP, {"field": "consent.sms", "operator": "=", "value": "opted_in"}, combinator="or")
    )
    async with await world.sign_in("north", "campaign_manager") as client:
        answer = await client.post(
            "/v1/segments/explain", json={"condition": asked, "contact_id": ids["Ben"]}
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["in"] is False
        city, inner = answer.json()["tree"]["rules"]
        assert (city["result"], city["words"], city["found"]) == (True, "city is pune", "PUNE")
        assert inner["result"] is False
        assert [(each["result"], each["found"]) for each in inner["rules"]] == [
            (False, []),
            (False, "opted_out"),
        ]
        unknown = await client.post(
            "/v1/segments/explain", json={"condition": asked, "contact_id": encode_id("con", new_id())}
        )
        assert unknown.status_code == 404
        assert (await client.post("/v1/segments/explain", json={"contact_id": ids["Ben"]})).status_code == 422


async def test_words_and_back(world: Any) -> None:
    await plant(world)
    async with await world.sign_in("north", "campaign_manager") as client:
        asked = condition(PUNE, condition(VIP, turned=True))
        said = (await client.post("/v1/segments/words", json={"condition": asked})).json()["words"]
        assert said == "city is pune and not (tag is vip)"
        again = (await client.post("/v1/segments/parse", json={"words": said})).json()["condition"]
        assert again == asked
        wrong = await client.post("/v1/segments/parse", json={"words": "city is pune or"})
        assert (wrong.status_code, wrong.json()["code"], wrong.json()["position"]) == (
            422,
            "words-invalid",
            15,
        )


async def test_a_count_that_nobody_waits_for_ends() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(CallerLeft):
        await while_connected(request, work())
    assert ended.is_set()
