"""Campaigns on the whole hub: what may be launched, what stops and goes on, and who gets a message."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from cli.demo.runs import Run
from hub.ids import encode_id, new_id
from hub.money import parse_micros
from tests.api.whole_hub import Org, Provider, client, problem, signed_in, start, until
from tests.conftest import HubStack

PRICE = 7_900  # micros of one SMS part to a number of the United States


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(start(hub_stack.settings, "Campaigns"))


@pytest.fixture(scope="module")
def poor(hub_stack: HubStack) -> Run:
    """A tenant with money for 12 messages and a half."""
    return asyncio.run(start(hub_stack.settings, "Poor", PRICE * 12 + PRICE // 2))


@pytest.fixture
async def poor_org(hub_stack: HubStack, poor: Run) -> AsyncIterator[Org]:
    async with client(hub_stack.settings, Authorization=f"Bearer {poor.key}") as http:
        yield Org(hub_stack.settings, poor, http)


def body(org: Org, tag: str, template: str = "Hi {{ first_name }}", **changes: Any) -> dict[str, Any]:
    channel = encode_id("chn", org.run.workspace.lines["sms"].channel_id)
    return {"name": "Sale", "channel_id": channel, "template": template, "audience": {"tag": tag}} | changes


def numbers(block: int, count: int) -> list[str]:
    return [f"+1555{block:04d}{n:03d}" for n in range(count)]


async def at_carrier(org: Org, prefix: str) -> Counter[str]:
    """Who has got how many messages of this tenant."""
    number = org.run.workspace.lines["sms"].number
    url = f"{org.settings.carrier_url}/carrier/messages?direction=outbound&number=%2B{number[1:]}&limit=10000"
    async with client(org.settings) as http:
        found = (await http.get(url)).json()["messages"]
    return Counter(message["handset"] for message in found if message["handset"].startswith(prefix))


def filled(view: dict[str, Any]) -> dict[str, int]:
    return {state: count for state, count in view["counts"].items() if count}


async def finished(org: Org, identifier: str) -> dict[str, Any]:
    view: dict[str, Any] = await until(
        lambda: org.get(f"/v1/campaigns/{identifier}"),
        lambda view: (
            view["status"] == "completed"
            and not set(filled(view)) - {"delivered", "refused", "failed", "undelivered"}
        ),
    )
    return view


async def test_a_campaign_from_draft_to_done(org: Org) -> None:
    people = numbers(1000, 20)
    await org.contacts(people, "first")
    draft = await org.post(
        "/v1/campaigns",
        body(org, "first", "Hi {{ first_name }}, {{ offer }}!", variables={"offer": "10 %"}),
        201,
    )
    assert (draft["status"], draft["recipients"], draft["pending"], draft["spent"]) == (
        "draft",
        0,
        0,
        "0.000000",
    )
    launched = await org.post(f"/v1/campaigns/{draft['id']}/launch")
    assert (launched["status"], launched["recipients"]) == ("running", 20)
    view = await finished(org, draft["id"])
    assert (filled(view), view["pending"]) == ({"delivered": 20}, 0)
    assert parse_micros(view["spent"]) == 20 * PRICE
    assert view["finished_at"] > view["launched_at"]
    assert await at_carrier(org, "+15551000") == Counter(people)
    thread = await org.thread(people[0])
    assert [(message["origin"], message["body"]) for message in thread] == [("campaign", "Hi Ada, 10 %!")]
    assert draft["id"] in [item["id"] for item in (await org.get("/v1/campaigns"))["items"]]


async def test_who_said_stop_gets_nothing_and_is_counted(org: Org, provider: Provider) -> None:
    people = numbers(1001, 6)
    await org.contacts(people, "stops")
    await provider.sms(people[0], "STOP")
    await provider.sms(people[1], "unsubscribe")
    await provider.sms(people[2], "Please stop this")
    draft = await org.post("/v1/campaigns", body(org, "stops"), 201)
    await org.post(f"/v1/campaigns/{draft['id']}/launch")
    view = await finished(org, draft["id"])
    assert filled(view) == {"delivered": 4, "refused": 2}
    assert await at_carrier(org, "+15551001") == Counter(people[2:])
    refused = (await org.thread(people[0]))[-1]
    assert (refused["status"], refused["reason"], refused["body"] != "") == ("refused", "opted-out", True)


async def test_an_answer_goes_into_the_campaign_s_flow(org: Org, provider: Provider) -> None:
    people = numbers(1002, 2)
    await org.contacts(people, "asked")
    flow = org.one("SELECT id FROM app.flows WHERE tenant_id = TENANT AND name = 'Survey'")
    draft = await org.post("/v1/campaigns", body(org, "asked", flow_id=encode_id("flw", flow)), 201)
    await org.post(f"/v1/campaigns/{draft['id']}/launch")
    await finished(org, draft["id"])
    await provider.sms(people[0], "yes!")
    await provider.sms(people[1], "Who are you?")
    thread = await org.thread(people[0])
    assert [message["origin"] for message in thread] == ["campaign", "contact", "flow"]
    assert (await org.conversation(people[1]))["reason"].startswith("flow handed over")
    view = await org.get(f"/v1/campaigns/{draft['id']}")
    assert (view["answered"], view["opted_out"]) == (2, 0)
    contact = (await org.get(f"/v1/contacts?search=%2B{people[0][1:]}"))["items"][0]
    assert "interested" in contact["tags"]


HOSTILE = [
    "{{ ''.__class__ }}",
    "{{ first_name.__class__.__mro__ }}",
    "{{ first_name|attr('__class__') }}",
    "{% for a in range(10) %}x{% endfor %}",
    "{% for a in first_name %}{% for b in first_name %}x{% endfor %}{% endfor %}",
    "{% set x = 1 %}{{ x }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 'x' * 1000000000 }}",
    "{{ first_name.format(1) }}",
    "{{ self }}",
    "{{ cycler.__init__.__globals__ }}",
    "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{{ unclosed",
    "{% if %}",
    "x" * 10_001,
]


@pytest.mark.parametrize("template", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_hostile_template_is_refused(org: Org, template: str) -> None:
    answer = await org.http.post("/v1/campaigns", json=body(org, "first", template))
    document = problem(answer, 422, answer.json()["code"])
    assert document["errors"][0]["pointer"] == "/template"


async def test_a_variable_that_is_missing_refuses_that_message_only(org: Org) -> None:
    people = numbers(1003, 2)
    await org.contacts(people, "odd")
    draft = await org.post("/v1/campaigns", body(org, "odd", "Hi {{ nickname }}"), 201)
    await org.post(f"/v1/campaigns/{draft['id']}/launch")
    view = await finished(org, draft["id"])
    assert filled(view) == {"refused": 2}
    assert (await org.thread(people[0]))[-1]["reason"] == "template-error"
    assert parse_micros(view["spent"]) == 0


async def test_what_a_draft_must_have(org: Org, poor: Run) -> None:
    foreign = encode_id("chn", poor.workspace.lines["sms"].channel_id)
    hours = encode_id("flw", org.one("SELECT id FROM app.flows WHERE tenant_id = TENANT AND name = 'Hours'"))
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"channel_id": encode_id("chn", new_id())}, "/channel_id"),
        ({"channel_id": foreign}, "/channel_id"),
        ({"flow_id": encode_id("flw", new_id())}, "/flow_id"),
        ({"flow_id": hours}, "/flow_id"),
        ({"name": ""}, "/name"),
        ({"audience": {}}, "/audience"),
        ({"audience": {"tag": "a", "all": True}}, "/audience"),
        ({"audience": {"segment_id": encode_id("seg", UUID(int=7))}}, "/audience/segment_id"),
        ({"template": ""}, "/template"),
    ]
    for changes, pointer in wrong:
        document = problem(
            await org.http.post("/v1/campaigns", json=body(org, "first", **changes)), 422, "invalid"
        )
        assert document["errors"][0]["pointer"] == pointer, changes


async def test_the_members_of_a_segment_at_the_launch_are_the_audience(org: Org) -> None:
    people = numbers(1015, 3)
    await org.contacts(people, "segmented")
    condition = {"combinator": "and", "rules": [{"field": "tag", "operator": "has", "value": "segmented"}]}
    segment = await org.post(
        "/v1/segments", {"name": "Segmented", "kind": "dynamic", "condition": condition}, 201
    )
    audience = {"segment_id": segment["id"]}
    draft = await org.post("/v1/campaigns", body(org, "", audience=audience), 201)
    assert draft["audience"] == audience
    late = numbers(1016, 2)
    await org.contacts(late, "segmented")
    assert (await org.post(f"/v1/campaigns/{draft['id']}/launch"))["recipients"] == 5
    assert filled(await finished(org, draft["id"])) == {"delivered": 5}


async def test_nobody_in_the_audience_is_told_at_launch(org: Org) -> None:
    draft = await org.post("/v1/campaigns", body(org, "nobody-has-this-tag"), 201)
    problem(await org.http.post(f"/v1/campaigns/{draft['id']}/launch"), 422, "invalid")
    assert (await org.get(f"/v1/campaigns/{draft['id']}"))["status"] == "draft"


async def test_a_step_that_does_not_fit_is_409_and_another_tenants_is_404(org: Org, poor_org: Org) -> None:
    draft = await org.post("/v1/campaigns", body(org, "first"), 201)
    path = f"/v1/campaigns/{draft['id']}"
    for action in ("pause", "resume"):
        problem(await org.http.post(f"{path}/{action}"), 409, "conflict")
    problem(await poor_org.http.get(path), 404, "not-found")
    for action in ("launch", "pause", "resume", "cancel"):
        problem(await poor_org.http.post(f"{path}/{action}"), 404, "not-found")
    assert (await org.post(f"{path}/cancel"))["status"] == "canceled"
    for action in ("launch", "pause", "resume", "cancel"):
        problem(await org.http.post(f"{path}/{action}"), 409, "conflict")


async def test_a_launch_repeated_is_one_launch(org: Org) -> None:
    people = numbers(1004, 5)
    await org.contacts(people, "twice")
    draft = await org.post("/v1/campaigns", body(org, "twice"), 201)
    path = f"/v1/campaigns/{draft['id']}/launch"
    answers = await asyncio.gather(*(org.http.post(path) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    await finished(org, draft["id"])
    assert await at_carrier(org, "+15551004") == Counter(people)


async def test_paused_it_stands_still_and_resumed_it_goes_on(org: Org) -> None:
    people = numbers(1005, 700)
    await org.contacts(people, "long")
    draft = await org.post("/v1/campaigns", body(org, "long"), 201)
    path = f"/v1/campaigns/{draft['id']}"
    await org.post(f"{path}/launch")
    paused = await org.post(f"{path}/pause")
    assert (paused["status"], paused["reason"]) == ("paused", "paused by hand")

    async def stands_still() -> bool:
        before = (await org.get(path))["counts"]
        await asyncio.sleep(1.5)
        view = await org.get(path)
        assert sum(view["counts"].values()) + view["pending"] == 700
        return bool(before == view["counts"])

    await until(stands_still, bool)
    sent = sum((await at_carrier(org, "+15551005")).values())
    await asyncio.sleep(1)
    assert sum((await at_carrier(org, "+15551005")).values()) == sent
    assert (await org.post(f"{path}/resume"))["status"] == "running"
    view = await finished(org, draft["id"])
    assert filled(view) == {"delivered": 700}
    assert await at_carrier(org, "+15551005") == Counter(people)


async def test_canceled_it_gives_the_money_back(org: Org) -> None:
    people = numbers(1006, 700)
    await org.contacts(people, "never")
    before = await org.get("/v1/wallet")
    draft = await org.post("/v1/campaigns", body(org, "never"), 201)
    path = f"/v1/campaigns/{draft['id']}"
    await org.post(f"{path}/launch")
    await org.post(f"{path}/pause")
    canceled = await org.post(f"{path}/cancel")
    assert canceled["status"] == "canceled"

    def settled(view: dict[str, Any]) -> bool:
        return not set(filled(view)) - {"delivered", "refused"}

    view = await until(lambda: org.get(path), settled)
    spent = parse_micros(view["spent"])
    assert spent == view["counts"]["delivered"] * PRICE
    assert sum((await at_carrier(org, "+15551006")).values()) == view["counts"]["delivered"]
    wallet = await until(lambda: org.get("/v1/wallet"), lambda wallet: parse_micros(wallet["held"]) == 0)
    assert parse_micros(wallet["balance"]) == parse_micros(before["balance"]) - spent


async def test_an_empty_wallet_pauses_and_a_top_up_goes_on_at_the_same_recipient(
    poor_org: Org, hub_stack: HubStack
) -> None:
    people = numbers(1007, 30)
    await poor_org.contacts(people, "many")
    draft = await poor_org.post("/v1/campaigns", body(poor_org, "many"), 201)
    path = f"/v1/campaigns/{draft['id']}"
    await poor_org.post(f"{path}/launch")

    def waits(view: dict[str, Any]) -> bool:
        return bool(view["status"] == "paused" and filled(view) == {"delivered": 12})

    paused = await until(lambda: poor_org.get(path), waits)
    assert (paused["reason"], paused["pending"]) == ("insufficient-funds", 18)
    first = await at_carrier(poor_org, "+15551007")
    assert first == Counter(people[:12]), "in the order of the audience, as far as the money went"
    async with signed_in(hub_stack.settings, f"billing-{poor_org.run.email}") as payer:
        amount = {"amount": "0.100000", "currency": "EUR"}
        answer = await payer.post("/v1/wallet/top-ups", json=amount, headers={"Idempotency-Key": "first"})
        assert answer.status_code == 201, answer.text
        again = await until(
            lambda: poor_org.get(path),
            lambda view: (
                view["status"] == "paused"
                and view["counts"]["delivered"] > 12
                and set(filled(view)) == {"delivered"}
            ),
        )
        affordable = (PRICE // 2 + 100_000) // PRICE
        assert again["counts"]["delivered"] == 12 + affordable
        amount = {"amount": "5", "currency": "EUR"}
        answer = await payer.post("/v1/wallet/top-ups", json=amount, headers={"Idempotency-Key": "second"})
        assert answer.status_code == 201, answer.text
    view = await finished(poor_org, draft["id"])
    assert filled(view) == {"delivered": 30}
    assert await at_carrier(poor_org, "+15551007") == Counter(people), "no one twice, no one missed"
    wallet = await until(lambda: poor_org.get("/v1/wallet"), lambda wallet: parse_micros(wallet["held"]) == 0)
    assert parse_micros(wallet["balance"]) == PRICE * 12 + PRICE // 2 + 5_100_000 - 30 * PRICE


async def test_without_money_an_answer_is_refused_with_its_reason(
    hub_stack: HubStack, poor_org: Org, poor: Run
) -> None:
    broke = await start(hub_stack.settings, "Broke", 0)
    async with (
        client(hub_stack.settings) as http,
        client(hub_stack.settings, Authorization=f"Bearer {broke.key}") as api,
    ):
        org = Org(hub_stack.settings, broke, api)
        await Provider(hub_stack.settings, broke, http).sms("+15551008001", "Hello")
        conversation = await org.conversation("+15551008001")
        message = await org.post(f"/v1/conversations/{conversation['id']}/messages", {"text": "Hi"}, 201)
        assert (message["status"], message["reason"]) == ("refused", "insufficient-funds")


async def test_the_books_are_right_after_all_this(hub_stack: HubStack, org: Org) -> None:
    from hub.billing.audit import audit
    from models.db import app_url, make_engine

    engine = make_engine(app_url(hub_stack.stack.database_url, hub_stack.stack.secret_key), pool=1)
    try:

        async def findings() -> list[Any]:
            return await audit(engine)

        assert await until(findings, lambda found: not found) == []
    finally:
        await engine.dispose()
