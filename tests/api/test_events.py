from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from hub.ids import encode_id, new_id
from models.db import Scope, transaction


async def plant(world: Any) -> dict[str, str]:
    """Asha (+447700900001, number C-1) and Ben (C-2), and two who share C-3; all in north."""
    tenant = world.tenants["north"]
    ids = {name: new_id() for name in ("Asha", "Ben", "Chen", "Dana")}
    attribute = new_id()
    async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
        await db.execute(
            text(
                "INSERT INTO attribute_definitions (tenant_id, id, key, label, type, indexed) VALUES "
                "(:t, :id, 'customer_no', 'Customer number', 'text', true), (:t, :other, 'city', 'City', 'text', false)"
            ),
            {"t": tenant, "id": attribute, "other": new_id()},
        )
        for name, value in (("Asha", "C-1"), ("Ben", "C-2"), ("Chen", "C-3"), ("Dana", "C-3")):
            await db.execute(
                text("INSERT INTO contacts (tenant_id, id, name) VALUES (:t, :id, :name)"),
                {"t": tenant, "id": ids[name], "name": name},
            )
            await db.execute(
                text(
                    "INSERT INTO contact_values (tenant_id, attribute_id, value, contact_id) VALUES (:t, :a, :v, :id)"
                ),
                {"t": tenant, "a": attribute, "v": value, "id": ids[name]},
            )
        await db.execute(
            text(
                "INSERT INTO contact_addresses (tenant_id, kind, address, contact_id) VALUES (:t, 'phone', '+447700900001', :id)"
            ),
            {"t": tenant, "id": ids["Asha"]},
        )
        await db.execute(
            text(
                "INSERT INTO contact_merges (tenant_id, id, winner_id, loser_id, snapshot) VALUES (:t, :id, :winner, :loser, '{}')"
            ),
            {"t": tenant, "id": new_id(), "winner": ids["Ben"], "loser": (lost := new_id())},
        )
    return {name: encode_id("con", contact) for name, contact in {**ids, "lost": lost}.items()}


def by_number(number: str) -> dict[str, Any]:
    return {"attribute": {"key": "customer_no", "value": number}}


async def test_events_find_their_contact(world: Any) -> None:
    ids = await plant(world)
    events = [
        {"name": "clicked", "contact": {"id": ids["Asha"]}},
        {"name": "clicked", "contact": {"address": "07700 900001"}},
        {
            "name": "order placed",
            "contact": by_number("C-2"),
            "at": "2026-01-02T03:04:05Z",
            "properties": {"amount": 5},
        },
        {"name": "clicked", "contact": {"id": ids["lost"]}},
    ]
    async with await world.program("north", "events:write", "contacts:read") as client:
        answer = await client.post("/v1/events", json={"events": events})
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["accepted"], found["duplicates"], found["errors"]) == (4, 0, 0)
        assert [item["contact_id"] for item in found["results"]] == [
            ids["Asha"],
            ids["Asha"],
            ids["Ben"],
            ids["Ben"],
        ]
        names = (await client.get("/v1/events/names")).json()["items"]
        assert [(item["name"], item["properties"]) for item in names] == [
            ("clicked", []),
            ("order placed", ["amount"]),
        ]
        rule = {
            "field": "event.clicked",
            "operator": "happened",
            "value": {"at_least": 2, "within": {"amount": 1, "unit": "hours"}},
        }
        counted = await client.post("/v1/segments/count", json={"condition": {"rules": [rule]}})
        assert counted.json()["count"] == 1


async def test_the_senders_id_makes_an_event_one(world: Any) -> None:
    ids = await plant(world)
    event = {"name": "clicked", "contact": {"id": ids["Asha"]}, "id": "click-1"}
    async with await world.program("north", "events:write") as client:
        first = (await client.post("/v1/events", json={"events": [event, event]})).json()
        assert [item["status"] for item in first["results"]] == ["accepted", "duplicate"]
        again = (await client.post("/v1/events", json={"events": [event]})).json()
        assert (again["accepted"], again["duplicates"]) == (0, 1)


@pytest.mark.parametrize(
    ("event", "pointer", "code"),
    [
        ({"contact": {"address": "+447700900777"}}, "/contact/address", "unknown-contact"),
        ({"contact": {"address": "what"}}, "/contact/address", "bad-phone"),
        ({"contact": {"id": encode_id("con", new_id())}}, "/contact/id", "unknown-contact"),
        ({"contact": by_number("C-9")}, "/contact/attribute/value", "unknown-contact"),
        ({"contact": by_number("C-3")}, "/contact/attribute/value", "ambiguous-contact"),
        ({"contact": {"attribute": {"key": "city", "value": "x"}}}, "/contact/attribute/key", "invalid"),
        (
            {"contact": {"attribute": {"key": "none", "value": "x"}}},
            "/contact/attribute/key",
            "unknown-attribute",
        ),
        (
            {"contact": {"attribute": {"key": "customer_no", "value": 7}}},
            "/contact/attribute/value",
            "bad-value",
        ),
        ({"contact": {}}, "/contact", "invalid"),
        ({"contact": by_number("C-1"), "name": " x"}, "/name", "invalid"),
        ({"contact": by_number("C-1"), "at": "2999-01-01T00:00:00Z"}, "/at", "invalid"),
        ({"contact": by_number("C-1"), "id": ""}, "/id", "invalid"),
        ({"contact": by_number("C-1"), "properties": {"a": "x" * 1001}}, "/properties/a", "invalid"),
    ],
)
async def test_a_bad_event_harms_no_other(world: Any, event: dict[str, Any], pointer: str, code: str) -> None:
    ids = await plant(world)
    good = {"name": "clicked", "contact": {"id": ids["Asha"]}}
    async with await world.program("north", "events:write") as client:
        answer = await client.post("/v1/events", json={"events": [{"name": "clicked", **event}, good]})
    assert answer.status_code == 200, answer.text
    bad, fine = answer.json()["results"]
    assert (bad["status"], fine["status"]) == ("error", "accepted")
    assert (bad["error"]["pointer"], bad["error"]["code"]) == (f"/events/0{pointer}", code)


async def test_an_unknown_address_becomes_a_contact_when_asked(world: Any) -> None:
    await plant(world)
    body = {
        "events": [{"name": "clicked", "contact": {"address": "+447700900777"}}] * 2,
        "create_missing": True,
    }
    async with await world.program("north", "events:write") as client:
        assert (await client.post("/v1/events", json=body)).status_code == 403
    async with await world.program("north", "events:write", "contacts:write") as client:
        found = (await client.post("/v1/events", json=body)).json()
    assert found["accepted"] == 2
    assert found["results"][0]["contact_id"] == found["results"][1]["contact_id"]


async def test_a_batch_has_a_limit(world: Any) -> None:
    event = {"name": "clicked", "contact": {"address": "+447700900777"}}
    async with await world.program("north", "events:write") as client:
        assert (await client.post("/v1/events", json={"events": [event] * 1_001})).status_code == 422
