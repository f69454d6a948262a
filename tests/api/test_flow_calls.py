"""Flows that speak in calls, on the whole hub: they call, are called, ask, branch, and hear how it ended."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from cli.demo import workspace as ws
from cli.demo.runs import Run
from hub.ids import new_id
from hub.routing import store_rules
from hub.routing.rule import Rule, RuleList, ToFlow
from hub.settings import Settings
from models.db import Scope, app_url, make_engine, transaction
from tests.api.phone_desk import at_desk, start_desk
from tests.api.test_calls import TwilioSide, handset
from tests.api.whole_hub import Org, fresh_number, until
from tests.conftest import HubStack

SMS = [{"channel": "sms"}]


def node(place: str, kind: str, **data: Any) -> dict[str, Any]:
    return {"id": place, "type": kind, "data": data}


def edge(source: str, target: str, port: str = "next") -> dict[str, Any]:
    return {"source": source, "port": port, "target": target}


def text(words: str) -> dict[str, Any]:
    return {"content": {"type": "text", "text": words}, "channels": SMS}


ORDERS: dict[str, Any] = {
    "spec_version": 2,
    "nodes": [
        node("start", "start", reentry="always"),
        node("call", "call", ring_timeout_s=20, detect_machine=True),
        node("hello", "say", text="Hello & welcome."),
        node("menu", "gather", text="Press 1 for orders.", digits=1, choices=[{"name": "orders", "words": ["1"]}]),
        node("leave", "record", save_as="message"),
        node("bye", "hang_up"),
        node("done", "send", **text("Thank you for your order. {{ message }}")),
        node("missed", "send", **text("We tried to call you.")),
        node("machine", "say", text="Please call us back."),
        node("gone", "tag", tag="hung-up"),
    ],
    "edges": [
        edge("start", "call"),
        edge("call", "hello", "answered"),
        edge("call", "machine", "machine"),
        edge("call", "missed", "no_answer"),
        edge("call", "missed", "busy"),
        edge("call", "missed", "failed"),
        edge("hello", "menu"),
        edge("menu", "leave", "orders"),
        edge("menu", "gone", "hung_up"),
        edge("leave", "bye"),
        edge("bye", "done"),
    ],
}  # fmt: skip


PEOPLE: dict[str, Any] = {
    "spec_version": 2,
    "nodes": [
        node("start", "start"),
        node("say", "say", text="We put you through."),
        node("people", "hand_over", queue="General"),
    ],
    "edges": [edge("start", "say"), edge("say", "people")],
}


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(_start(hub_stack.settings))


async def _start(settings: Settings) -> Run:
    """Whoever calls comes into the flow too."""
    run = await start_desk(settings, "FlowCalls")
    engine = make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=2)
    try:
        tenant_id = run.workspace.tenant_id
        flow = await ws.ensure_flow(engine, tenant_id, "Orders", ORDERS)
        await ws.ensure_flow(engine, tenant_id, "People", PEOPLE)
        condition = {"rules": [{"field": "message.channel_kind", "operator": "=", "value": "voice"}]}
        rule = Rule.model_validate(
            {"id": new_id(), "name": "Calls", "condition": condition, "actions": [ToFlow(flow_id=flow)]}
        )
        rules = RuleList(rules=(rule,), fallback_queue_id=run.workspace.queues["General"])
        async with transaction(engine, Scope.of(tenant_id)) as db:
            assert await store_rules.save(db, tenant_id, rules, 1, "system", datetime.now(UTC)) == 2
        return run
    finally:
        await engine.dispose()


async def address(org: Org, name: str) -> str:
    (flow,) = [each for each in (await org.get("/v1/flows"))["items"] if each["name"] == name]
    return f"/v1/flows/{flow['id']}"


async def begin(org: Org, number: str, flow: str = "Orders") -> None:
    body = {"contacts": [{"contact": {"address": number}}], "create_missing": True}
    answer = await org.post(f"{await address(org, flow)}/sessions", body, 202)
    assert answer["accepted"] == 1, answer


async def way(org: Org, number: str, status: str = "ended") -> list[tuple[str, str]]:
    """The contact's way through the flow once its session has this status."""

    async def session() -> Any:
        people = (await org.get(f"/v1/contacts?search=%2B{number[1:]}"))["items"]
        found = (await org.get(f"{await address(org, 'Orders')}/sessions?limit=100"))["items"]
        mine = [each for each in found if people and each["contact_id"] == people[0]["id"]]
        return mine[0] if mine else None

    found = await until(session, lambda each: each and each["status"] == status)
    shown = await org.get(f"/v1/flow-sessions/{found['id']}")
    return [(step["node"], step["port"]) for step in shown["steps"]]


async def said(carrier: httpx2.AsyncClient, number: str) -> list[str]:
    (call,) = (await carrier.get("/carrier/calls", params={"handset": number})).json()["calls"]
    return [step["text"] for step in call["log"] if step["did"] == "say"]


async def calls(org: Org, number: str) -> list[dict[str, Any]]:
    people = (await org.get(f"/v1/contacts?search=%2B{number[1:]}"))["items"]
    return (await org.get(f"/v1/calls?contact_id={people[0]['id']}"))["items"] if people else []


async def written(org: Org, number: str) -> list[str]:
    thread = await org.thread(number)
    return [each["body"] for each in thread if each["channel_kind"] == "sms"]


async def test_a_flow_calls_asks_branches_and_writes(org: Org, carrier: httpx2.AsyncClient) -> None:
    number = fresh_number()
    await handset(carrier, number, keys=["9", "1"], records_s=2, repeats=2, talks_s=60)
    await begin(org, number)
    passed = await way(org, number)
    assert passed == [
        ("start", "next"),
        ("call", ""),
        ("call", "answered"),
        ("hello", "next"),
        ("menu", ""),
        ("menu", ""),
        ("menu", "orders"),
        ("leave", ""),
        ("leave", "next"),
        ("bye", "next"),
        ("done", "next"),
    ]
    assert await said(carrier, number) == ["Hello & welcome.", "Press 1 for orders.", "Press 1 for orders."]
    (sms,) = await until(lambda: written(org, number), bool)
    (call,) = await calls(org, number)
    assert sms == f"Thank you for your order. {org.settings.public_url}/v1/calls/{call['id']}/recording"
    call = await until(
        lambda: org.get(f"/v1/calls/{call['id']}"), lambda found: found["status"] == "completed"
    )
    assert (call["answered_by"], call["billed_s"]) == ("human", 120)
    assert [heard["digits"] for heard in call["gathered"]] == ["9", "1"]
    assert [step["did"] for step in call["steps"]] == ["answered", "say", "answer", "answer", "recorded"]


@pytest.mark.parametrize(("outcome", "port"), [("busy", "busy"), ("failed", "failed")])
async def test_who_is_not_reached_goes_another_way(
    org: Org, carrier: httpx2.AsyncClient, outcome: str, port: str
) -> None:
    number = fresh_number()
    await handset(carrier, number, outcome=outcome)
    await begin(org, number)
    assert await way(org, number) == [("start", "next"), ("call", ""), ("call", port), ("missed", "next")]
    assert await until(lambda: written(org, number), bool) == ["We tried to call you."]
    (call,) = await calls(org, number)
    assert (call["status"], call["price"]) == (outcome, "0.000000")


async def test_who_hangs_up_goes_another_way(org: Org, carrier: httpx2.AsyncClient) -> None:
    number = fresh_number()
    await handset(carrier, number, hangs_up_at="gather")
    await begin(org, number)
    assert (await way(org, number))[-2:] == [("menu", "hung_up"), ("gone", "next")]


async def test_a_machine_goes_another_way(org: Org, carrier: httpx2.AsyncClient) -> None:
    number = fresh_number()
    await handset(carrier, number, outcome="machine")
    await begin(org, number)
    assert (await way(org, number))[-2:] == [("call", "machine"), ("machine", "next")]
    assert await said(carrier, number) == ["Please call us back."]


async def test_who_calls_comes_into_the_flow(org: Org, run: Run, carrier: httpx2.AsyncClient) -> None:
    number, line = fresh_number(), run.workspace.lines["voice"].number
    await handset(carrier, number, keys=["1"], repeats=2)
    answer = await carrier.post("/carrier/calls", json={"from": number, "to": line})
    assert answer.status_code == 200, answer.text
    assert (await way(org, number))[:4] == [
        ("start", "next"),
        ("call", "answered"),
        ("hello", "next"),
        ("menu", ""),
    ]
    assert await said(carrier, number) == ["Hello & welcome.", "Press 1 for orders."]
    assert len(await until(lambda: written(org, number), bool)) == 1
    (call,) = await calls(org, number)
    assert (call["direction"], [heard["digits"] for heard in call["gathered"]]) == ("in", ["1"])


async def test_who_is_handed_over_where_no_call_is_taken_leaves_a_message(
    org: Org, carrier: httpx2.AsyncClient
) -> None:
    number = fresh_number()
    await handset(carrier, number, records_s=2, repeats=1)
    await begin(org, number, "People")
    (call,) = await until(lambda: calls(org, number), lambda found: found and found[0]["recording"])
    words = await said(carrier, number)
    assert words[0] == "We put you through."
    assert "leave a message" in words[1]
    assert (await org.conversation(number))["status"] == "open"
    assert call["flow_session_id"] is None, "the flow has let go of it"


async def test_a_call_is_handed_over_to_people(org: Org, carrier: httpx2.AsyncClient) -> None:
    number = fresh_number()
    async with at_desk(org, carrier) as desk:
        await handset(carrier, number, repeats=1)
        await begin(org, number, "People")
        (call,) = await until(lambda: calls(org, number), bool)

        async def waiting() -> bool:
            live = (await desk.get("ann", "/v1/calls/live"))["items"]
            return call["id"] in [each["id"] for each in live]

        await until(waiting, bool)
        await desk.post("ann", f"/v1/calls/{call['id']}/answer")
        await desk.phase(call["id"], "connected")
        await desk.joined(number, 1)
        await desk.say(desk.phones["ann"], "Good morning")
        await desk.heard(number, "heard", text="Good morning")
        await desk.post("ann", f"/v1/calls/{call['id']}/end")
        await until(lambda: desk.line(number), lambda line: line["status"] == "completed")
    assert (await said(carrier, number))[0] == "We put you through."


async def test_a_document_asked_for_again_is_the_same_and_moves_nothing(
    org: Org, carrier: httpx2.AsyncClient
) -> None:
    number = fresh_number()
    await handset(carrier, number, outcome="manual")
    await begin(org, number)
    (call,) = await until(lambda: calls(org, number), lambda found: found and found[0]["status"] == "ringing")
    twilio = TwilioSide(org)
    fields = {"CallSid": "CA" + "2" * 32, "CallStatus": "in-progress"}
    answers = [
        {(await twilio.post(f"voice/{call['id']}?turn={turn}", fields | more)).text for _ in range(20)}
        for turn, more in enumerate([{}, {"Digits": "9"}, {"Digits": "1"}])
    ]
    assert [len(each) for each in answers] == [1, 1, 1]
    assert ["<Gather" in next(iter(each)) for each in answers] == [True, True, False]
    assert "<Record" in next(iter(answers[2]))
    assert [step for step in await way(org, number, "waiting") if step[0] in ("menu", "leave")] == [
        ("menu", ""),
        ("menu", ""),
        ("menu", "orders"),
        ("leave", ""),
    ]
    await org.post(f"/v1/calls/{call['id']}/hang-up")
    assert (await way(org, number))[-1] == ("leave", "hung_up")
