"""Sessions of a flow on the whole hub: begun, stuck with a reason, repaired, resumed, handed back, ended from outside."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cli.demo.runs import Run
from tests.api.whole_hub import Org, Provider, fresh_number, problem, start, until
from tests.conftest import HubStack

ASKED: dict[str, Any] = {
    "spec_version": 2,
    "nodes": [
        {"id": "start", "type": "start", "data": {"trigger": {"kind": "api"}, "save": {"order": "order"}}},
        {"id": "ask", "type": "ask", "data": {"save_as": "said"}},
        {"id": "set", "type": "set", "data": {"name": "wish", "value": "{{ said }}"}},
        {"id": "people", "type": "hand_over", "data": {"queue": "Care", "come_back": True}},
        {"id": "goal", "type": "goal", "data": {"name": "helped"}},
    ],
    "edges": [
        {"source": "start", "target": "ask"},
        {"source": "ask", "port": "answer", "target": "set"},
        {"source": "set", "target": "people"},
        {"source": "people", "port": "closed", "target": "goal"},
    ],
}


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(start(hub_stack.settings, "Sessions"))


async def begin(org: Org, at: str, *numbers: str) -> list[dict[str, Any]]:
    asked = [{"contact": {"address": number}, "variables": {"order": "A-17"}} for number in numbers]
    body = {"contacts": asked, "create_missing": True}
    found: list[dict[str, Any]] = (await org.post(f"{at}/sessions", body, 202))["results"]
    return found


async def test_an_attribute_deleted_under_a_flow_is_repaired_and_its_sessions_go_on(
    provider: Provider, org: Org
) -> None:
    wish = {"key": "wish", "type": "text", "label": "Wish"}
    attribute = await org.post("/v1/attributes", wish, 201)
    flow = await org.post("/v1/flows", {"name": "Asked", "document": ASKED}, 201)
    at = f"/v1/flows/{flow['id']}"
    await org.post(f"{at}/publish", {})
    first, second = fresh_number(), fresh_number()
    assert [each["status"] for each in await begin(org, at, first, second)] == ["accepted"] * 2

    async def sessions(**asked: str) -> list[dict[str, Any]]:
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        found: list[dict[str, Any]] = (await org.get(f"{at}/sessions?{query}"))["items"]
        return found

    await until(lambda: sessions(status="waiting", node="ask"), lambda found: len(found) == 2)
    (again,) = await begin(org, at, first)
    assert (again["status"], again["error"]["code"]) == ("refused", "may-not-begin")
    assert again["error"]["detail"] == "the contact is inside of this flow"

    gone = await org.http.delete(f"/v1/attributes/{attribute['id']}", headers={"If-Match": "*"})
    assert gone.status_code == 200, gone.text
    await provider.sms(first, "tea")  # at once: no host acts on what it knew of the attribute a moment ago
    (session,) = await sessions(status="stuck")
    assert (session["node"], session["reason"]) == ("set", "there is no attribute 'wish' any more")
    one = f"/v1/flow-sessions/{session['id']}"
    view = await org.get(one)
    assert view["variables"] == {"order": "A-17", "said": "tea"}
    assert [(step["node"], step["port"]) for step in view["steps"]][-2:] == [("ask", "answer"), ("set", "")]
    talk = await org.conversation(first)
    assert talk["status"] == "open", "people see who is stuck"
    assert (await org.post(f"{one}/resume"))["status"] == "stuck", "nothing was repaired yet"

    await org.post("/v1/attributes", wish, 201)
    answer = await org.post(f"{one}/resume")
    assert (answer["status"], answer["reason"]) == ("waiting", "")
    problem(await org.http.post(f"{one}/resume"), 409, "conflict")
    view = await org.get(one)
    assert (view["session"]["node"], view["waits_for"]) == ("people", "people")
    (contact,) = (await org.get(f"/v1/contacts?search=%2B{first[1:]}"))["items"]
    assert contact["attributes"] == {"wish": "tea"}

    back = await org.post(f"/v1/conversations/{talk['id']}/hand-back", {"outcome": "served"})
    assert back["status"] == "closed"
    view = await org.get(one)
    assert (view["session"]["status"], [goal["name"] for goal in view["goals"]]) == ("ended", ["helped"])
    problem(await org.http.post(f"/v1/conversations/{talk['id']}/hand-back", json={}), 409, "conflict")
    problem(await org.http.post(f"{one}/exit"), 409, "conflict")

    (other,) = await sessions(status="waiting")
    two = f"/v1/flow-sessions/{other['id']}"
    assert (await org.post(f"{two}/exit", {"reason": "tested enough"}))["status"] == "exited"
    (left,) = await sessions(status="exited")
    assert (left["id"], left["reason"]) == (other["id"], "tested enough")
    problem(await org.http.post(f"{two}/resume"), 409, "conflict")
    assert (await org.get(f"{at}/in-flight"))["total"] == 0
    problem(await org.http.post("/v1/flow-sessions/fse_00000000000000000000000000/exit"), 404, "not-found")
