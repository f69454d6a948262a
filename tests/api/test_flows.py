"""Flows by API: drafts, looks, publishing with its tests, versions, simulations."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from hub.billing import service as billing
from hub.conditions.model import read as read_condition
from hub.contacts.segments import service_saved
from hub.contacts.segments.segment import NewSegment
from hub.directory import load
from hub.ids import decode_id, encode_id, new_id
from models.db import Scope, transaction
from tests.api.api_examples import Reader, examples
from tests.api.test_segments import plant

SURVEY = Path(__file__).parents[1] / "hub" / "flows" / "textit" / "survey.json"


def document(said: str = "Hello {{ name }}", **more: Any) -> dict[str, Any]:
    return {
        "spec_version": 2,
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "hi", "type": "send", "data": {"content": {"type": "text", "text": said}}},
            {"id": "ask", "type": "ask", "data": {"kind": "choice", "choices": [{"name": "yes"}]}},
            {"id": "tag", "type": "tag", "data": {"tag": "keen"}},
        ],
        "edges": [
            {"source": "start", "target": "hi"},
            {"source": "hi", "target": "ask"},
            {"source": "ask", "port": "yes", "target": "tag"},
        ],
        **more,
    }


async def channel(world: Any) -> None:
    async with transaction(world.app.state.engine, Scope.of(world.tenants["north"])) as db:
        for statement in (
            "INSERT INTO provider_accounts (tenant_id, id, provider, name, external_id, base_url, credentials) "
            "VALUES (:t, gen_random_uuid(), 'twilio', 'T', CAST(:t AS text), 'https://api.twilio.com', 'v1.x')",
            "INSERT INTO channels (tenant_id, id, account_id, kind, provider, name, address, provider_address) "
            "SELECT tenant_id, gen_random_uuid(), id, 'sms', 'twilio', 'Line', '+447700900998', CAST(:t AS text) "
            "FROM provider_accounts WHERE tenant_id = :t",
        ):
            await db.execute(text(statement), {"t": world.tenants["north"]})


async def ok(answer: httpx2.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def runs(world: Any, flow_id: str) -> list[str]:
    """The nodes of what the hosts would run."""
    async with transaction(world.app.state.engine, Scope.of(world.tenants["north"])) as db:
        flow = (await load(db, world.tenants["north"])).routing.flows.get(decode_id("flw", flow_id))
    return [] if flow is None else list(flow.nodes)


async def test_a_flow_from_its_draft_to_its_versions(world: Any) -> None:
    await channel(world)
    async with await world.sign_in("north", "campaign_manager") as client:
        flow = await ok(await client.post("/v1/flows", json={"name": "Winback"}), 201)
        at = f"/v1/flows/{flow['id']}"
        assert (await client.post("/v1/flows", json={"name": "Winback"})).json()["code"] == "flow-exists"
        assert await runs(world, flow["id"]) == []

        draft = await client.get(f"{at}/draft")
        assert [node["id"] for node in draft.json()["document"]["nodes"]] == ["start"]
        assert (await client.put(f"{at}/draft", json={"document": document("")})).status_code == 428
        mark = {"If-Match": draft.headers["ETag"]}
        saved = await client.put(f"{at}/draft", json={"document": document("")}, headers=mark)
        assert [(each["node"], each["pointer"]) for each in saved.json()["faults"]] == [
            ("hi", "/nodes/1/data/content/text")
        ]
        stale = await client.put(f"{at}/draft", json={"document": document()}, headers=mark)
        assert (stale.status_code, stale.json()["code"]) == (412, "stale")
        assert (await client.post(f"{at}/publish", json={})).json()["code"] == "flow-invalid"

        mark = {"If-Match": saved.headers["ETag"]}
        saved = await client.put(f"{at}/draft", json={"document": document("{{ town }}")}, headers=mark)
        refused = (await client.post(f"{at}/publish", json={})).json()
        assert (refused["code"], [each["code"] for each in refused["findings"]]) == (
            "flow-not-ready",
            ["unknown-value"],
        )
        mark = {"If-Match": saved.headers["ETag"]}
        await ok(await client.put(f"{at}/draft", json={"document": document()}, headers=mark))
        dry = await ok(await client.post(f"{at}/publish?dry_run=true", json={}))
        assert (dry["version"], dry["look"]["ready"]) == (1, True)
        assert await runs(world, flow["id"]) == []
        assert (await ok(await client.post(f"{at}/publish", json={"note": "first"})))["version"] == 1
        assert await runs(world, flow["id"]) == ["start", "hi", "ask", "tag"]

        await ok(
            await client.put(f"{at}/draft", json={"document": document("Hi")}, headers={"If-Match": "*"})
        )
        assert (await ok(await client.post(f"{at}/publish", json={})))["version"] == 2
        listed = await ok(await client.get(f"{at}/versions"))
        assert [(each["version"], each["note"]) for each in listed["items"]] == [(2, ""), (1, "first")]
        found = await ok(await client.get(f"{at}/diff?from=1&to=2"))
        assert found["nodes"] == [
            {
                "id": "hi",
                "type": "send",
                "change": "changed",
                "fields": [{"pointer": "/content/text", "before": "Hello {{ name }}", "after": "Hi"}],
            }
        ]
        assert (await ok(await client.get(f"{at}/diff?from=2")))["same"] is True
        assert (await client.get(f"{at}/diff?from=9")).status_code == 404
        assert (await client.get(f"{at}/diff?from=new")).status_code == 422
        first = await ok(await client.get(f"{at}/versions/1"))
        assert first["document"]["nodes"][1]["data"]["content"]["text"] == "Hello {{ name }}"
        await ok(await client.post(f"{at}/restore", json={"version": 1}))
        assert (await ok(await client.get(f"{at}/draft")))["document"] == first["document"]
        assert (await client.post(f"{at}/restore", json={"version": 9})).status_code == 404

        await ok(await client.delete(at), 204)
        assert await runs(world, flow["id"]) == []
        assert (await client.post(f"{at}/publish", json={})).json()["code"] == "flow-archived"
        assert [each["id"] for each in (await ok(await client.get("/v1/flows?archived=true")))["items"]] == [
            flow["id"]
        ]


async def test_a_simulation_goes_on_and_back_and_becomes_a_test_that_publishing_runs(world: Any) -> None:
    await channel(world)
    people = await plant(world)
    async with await world.sign_in("north", "campaign_manager") as client:
        flow = await ok(await client.post("/v1/flows", json={"name": "Played", "document": document()}), 201)
        at = f"/v1/flows/{flow['id']}"
        body: dict[str, Any] = {"flow_id": flow["id"], "contact_id": people["Asha"]}
        real = await ok(await client.post("/v1/flow-simulations", json=body), 201)
        greeted = await client.post(
            f"/v1/flow-simulations/{real['id']}/step", json={"action": {"do": "begin"}}
        )
        assert (await ok(greeted))["last"]["effects"][0]["content"]["text"] == "Hello Asha"
        refused = await client.post(f"{at}/tests", json={"name": "real", "simulation_id": real["id"]})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/simulation_id")
        made = await ok(
            await client.post("/v1/flow-simulations", json={"flow_id": flow["id"], "made": "longest"}), 201
        )
        assert len(made["contact"]["name"]) > 60
        body = {"flow_id": flow["id"], "contact": {"name": "Asha", "tags": ["vip"]}, "channel": "rcs"}
        played = await ok(await client.post("/v1/flow-simulations", json=body), 201)
        sim = f"/v1/flow-simulations/{played['id']}"
        begun = await ok(await client.post(f"{sim}/step", json={"action": {"do": "begin"}}))
        assert begun["last"]["effects"][0]["content"]["text"] == "Hello Asha"
        [cost] = begun["last"]["costs"]
        assert (cost["text"], cost["channel"], bool(cost["refused"])) == ("Hello Asha", "rcs", True)
        assert begun["last"]["asked"] == [0, 1, 0]
        assert begun["last"]["values"]["contact"]["name"] == "Asha"
        said = await ok(await client.post(f"{sim}/step", json={"action": {"do": "reply", "text": "Yes!"}}))
        assert (said["length"], said["last"]["status"], said["last"]["contact"]["tags"]) == (
            2,
            "ended",
            ["vip", "keen"],
        )
        gone_back = await ok(await client.post(f"{sim}/back", json={}))
        assert {**gone_back, "length": 1} == begun
        assert await ok(await client.get(sim)) == gone_back
        refused = await client.post(f"{sim}/step", json={"action": {"do": "webhook"}})
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        assert (
            await ok(await client.post(f"{sim}/step", json={"action": {"do": "reply", "text": "Yes!"}}))
            == said
        )

        await ok(
            await client.post(f"{at}/tests", json={"name": "says yes", "simulation_id": played["id"]}), 201
        )
        await ok(await client.post(f"{at}/publish", json={}))
        await ok(
            await client.put(f"{at}/draft", json={"document": document("Bye")}, headers={"If-Match": "*"})
        )
        refused = (await client.post(f"{at}/publish", json={})).json()
        assert refused["tests"] == [
            {"name": "says yes", "differences": ["action 1: said ['Bye'], not ['Hello Asha']"]}
        ]
        [test] = (await ok(await client.get(f"{at}/tests")))["items"]
        await ok(await client.delete(f"{at}/tests/{test['id']}"), 204)
        await ok(await client.post(f"{at}/publish", json={}))


async def test_what_speaks_in_calls_needs_a_line(world: Any) -> None:
    await channel(world)
    async with await world.sign_in("north", "campaign_manager") as client:
        call = document()
        call["nodes"][3] = {"id": "tag", "type": "say", "data": {"text": "Hello"}}
        flow = await ok(await client.post("/v1/flows", json={"name": "Call", "document": call}), 201)
        refused = (await client.post(f"/v1/flows/{flow['id']}/publish", json={})).json()
        assert "no-channel" in [each["code"] for each in refused["findings"]]


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        ("analyst", 200, 403),
        ("supervisor", 200, 403),
        ("support_agent", 403, 403),
        ("campaign_manager", 200, 201),
    ],
)
async def test_who_may_read_and_write_flows(world: Any, role: str, reads: int, writes: int) -> None:
    async with await world.sign_in("north", role) as client:
        assert (await client.get("/v1/flow-nodes")).status_code == reads
        assert (await client.get("/v1/flows")).status_code == reads
        assert (await client.post("/v1/flows", json={"name": f"By {role}"})).status_code == writes


async def test_flows_come_from_elsewhere_and_go_out_again(world: Any) -> None:
    async with await world.sign_in("north", "campaign_manager") as client:
        body = {"format": "textit", "document": json.loads(SURVEY.read_text())}
        [made] = (await ok(await client.post("/v1/flows/import", json=body), 201))["items"]
        assert (made["flow"]["name"], made["faults"], len(made["report"])) == ("Tea survey", [], 4)
        at = f"/v1/flows/{made['flow']['id']}"
        assert (await client.post("/v1/flows/import", json=body)).json()["code"] == "flow-exists"
        out = await ok(await client.get(f"{at}/export"))
        again = {"document": out, "name": "Tea again"}
        [copied] = (await ok(await client.post("/v1/flows/import", json=again), 201))["items"]
        copy = await ok(await client.get(f"/v1/flows/{copied['flow']['id']}/export"))
        assert (copy["name"], copy["document"]) == ("Tea again", out["document"])
        picture = await client.get(f"{at}/picture")
        assert (picture.headers["content-type"], picture.text[:4]) == ("image/svg+xml", "<svg")


async def test_the_page_does_what_it_says(world: Any) -> None:
    async with await world.program(
        "north", "campaigns:read", "campaigns:write", "campaigns:start", "contacts:write"
    ) as program:
        reader = Reader(program)
        for example in examples("flows.md"):
            await reader.follow(example)


async def test_an_experiment_is_decided_by_hand(world: Any) -> None:
    split = {"arms": [{"name": "A", "weight": 1}, {"name": "B", "weight": 1}], "test": {"goal": "ordered"}}
    nodes = [{"id": "start", "type": "start"}, {"id": "x", "type": "split", "data": split}]
    nodes += [{"id": name, "type": "tag", "data": {"tag": name}} for name in "AB"]
    edges = [
        {"source": "start", "target": "x"},
        *({"source": "x", "port": name, "target": name} for name in "AB"),
    ]
    body = {"name": "Compared", "document": {"spec_version": 2, "nodes": nodes, "edges": edges}}
    async with await world.sign_in("north", "campaign_manager") as client:
        flow = await ok(await client.post("/v1/flows", json=body), 201)
        at = f"/v1/flows/{flow['id']}"
        early = await client.post(f"{at}/sessions", json={"contacts": []})
        assert (early.status_code, early.json()["code"]) == (409, "flow-not-published")
        await ok(await client.post(f"{at}/publish", json={"note": ""}))
        (found,) = (await ok(await client.get(f"{at}/experiments")))["items"]
        assert (found["state"], [arm["share"] for arm in found["arms"]]) == ("running", [0.5, 0.5])
        decision = f"{at}/experiments/x/decision"
        decided = await ok(
            await client.post(decision, json={"kind": "winner", "arm": "B", "reason": "liked"})
        )
        assert (decided["winner"], decided["arms"][1]["status"]) == ("B", "winner")
        (decision_,) = decided["decisions"]
        assert (decision_["kind"], decision_["reason"], decision_["actor"]["kind"]) == (
            "winner",
            "liked",
            "user",
        )
        again = await client.post(decision, json={"kind": "stop", "arm": "A"})
        assert (again.status_code, again.json()["code"]) == (409, "experiment-decided")
        wrong = await client.post(decision, json={"kind": "winner", "arm": "C"})
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/arm")
        async with transaction(world.app.state.engine, Scope.of(world.tenants["north"])) as db:
            tenant = (await load(db, world.tenants["north"])).routing.book.tenant
        (running,) = tenant.decisions.values()
        assert running.winner == "B"
        back = await ok(await client.post(decision, json={"kind": "resume"}))
        assert (back["winner"], back["state"]) == ("", "running")
        assert (await ok(await client.get(f"{at}/triggers"))) == {"waiting": [], "schedules": []}


async def test_a_wallet_that_cannot_pay_the_flow_is_told(world: Any) -> None:
    await channel(world)
    await plant(world)
    tenant = world.tenants["north"]
    condition = {
        "combinator": "and",
        "rules": [{"field": "attribute.city", "operator": "contains", "value": "e"}],
    }
    async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
        await billing.ensure_wallet(db, tenant, "EUR")
        prices = {"44": Decimal("0.04"), "91": Decimal("0.08")}
        await billing.ensure_rate_card(db, tenant, "SMS", "sms", "EUR", prices)
        new = NewSegment(name="E", condition=read_condition(condition))
        people = await service_saved.create(db, tenant, new, created_by="", now=datetime.now(UTC))
    scheduled = document("Hello")
    trigger = {"kind": "schedule", "at": "09:00", "segment_id": encode_id("seg", people)}
    scheduled["nodes"][0]["data"] = {"trigger": trigger}

    async def money(client: httpx2.AsyncClient, flow: str, which: dict[str, Any]) -> list[str]:
        look = await ok(await client.post(f"/v1/flows/{flow}/inspect", json={"document": which}))
        return [each["words"] for each in look["findings"] if each["code"] == "not-funded"]

    async with await world.sign_in("north", "campaign_manager") as client:
        flow = (await ok(await client.post("/v1/flows", json={"name": "Dear", "document": document()}), 201))[
            "id"
        ]
        assert await money(client, flow, document("Hello")) == [
            "up to 0.06 EUR for one contact, of which the wallet can pay 0.00"
        ]
        assert await money(client, flow, scheduled) == [
            "up to 0.18 EUR for 3 people, of which the wallet can pay 0.00"
        ]
        async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
            await billing.top_up(db, tenant, new_id(), 100_000, "EUR")
        assert await money(client, flow, document("Hello")) == []
        assert len(await money(client, flow, scheduled)) == 1
