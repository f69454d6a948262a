"""The desk on the whole hub: presence, an offer on the screen, taking it, putting it off, passing on by the hundred."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from redis.asyncio import Redis

from cli.demo.runs import Run
from hub.conversations.satisfaction_texts import WORDS
from hub.ids import encode_id, new_id
from hub.routing.people import People, Seen
from tests.api.whole_hub import Org, Provider, listening, problem, signed_in, start, until
from tests.conftest import HubStack


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(start(hub_stack.settings, "Desk"))


async def test_an_agent_s_hour(provider: Provider, org: Org, hub_stack: HubStack) -> None:
    async with signed_in(hub_stack.settings, org.run.email) as agent, listening(agent) as read:
        me = (await agent.get("/v1/me")).json()["user"]["id"]
        assert (await agent.put("/v1/me/presence", json={"status": "online"})).status_code == 200
        await provider.sms("+15557100001", "Where is my order?")
        events = await read(
            lambda event: event["type"] == "conversation.updated" and event["conversation"]["offer"]
        )
        offered = events[-1][1]["conversation"]
        assert offered["offer"]["agent"]["id"] == me
        path = f"/v1/conversations/{offered['id']}"
        taken = await agent.post(f"{path}/accept")
        assert taken.status_code == 200, taken.text
        assert (taken.json()["assignee"]["id"], taken.json()["offer"]) == (me, None)
        problem(await agent.post(f"{path}/accept"), 409, "conflict")
        problem(await agent.post(f"{path}/decline"), 409, "conflict")
        assert (await agent.post(f"{path}/priority", json={"priority": 2})).json()["priority"] == 2
        problem(await agent.post(f"{path}/priority", json={"priority": 3}), 422, "invalid")
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        assert (await agent.post(f"{path}/snooze", json={"until": until})).json()["status"] == "snoozed"
        counts = (await agent.get("/v1/conversations/counts")).json()
        assert (counts["snoozed"], counts["mine"]) == (1, 0)
        rest = (await agent.get("/v1/conversations?view=snoozed")).json()["items"]
        assert [each["id"] for each in rest] == [offered["id"]]
        await provider.sms("+15557100001", "Hello?")
        assert (await agent.get(path)).json()["status"] == "open"
        assert (await agent.post(f"{path}/wait")).json()["status"] == "waiting"
        problem(await agent.post(f"{path}/close", json={"wrap_up": "solved"}), 422, "invalid")
        codes = {"codes": ["solved"], "required": True}
        set_up = await agent.put("/v1/wrap-up-codes", json=codes, headers={"If-Match": "*"})
        assert set_up.status_code == 200, set_up.text
        problem(await agent.post(f"{path}/close"), 422, "invalid")
        closed = await agent.post(f"{path}/close", json={"wrap_up": "solved"})
        assert (closed.json()["status"], closed.json()["wrap_up"]) == ("closed", "solved")
        freely = {"codes": ["solved"], "required": False}
        await agent.put("/v1/wrap-up-codes", json=freely, headers={"If-Match": "*"})
        assert (await agent.put("/v1/me/presence", json={"status": "offline"})).status_code == 200


async def test_many_are_passed_on_and_each_has_its_result(provider: Provider, org: Org) -> None:
    for number in range(3):
        await provider.sms(f"+1555710010{number}", "Hello")
    ids = [(await org.conversation(f"+1555710010{number}"))["id"] for number in range(3)]
    await org.post(f"/v1/conversations/{ids[1]}/close")
    queue = encode_id("que", org.run.workspace.queues["Care"])
    body = {"conversation_ids": ids, "queue_id": queue, "note": "a slow day"}
    answer = await org.post("/v1/conversations/reassign", body)
    assert answer["failed"] == 1
    assert [item["id"] for item in answer["items"] if item["problem"] is None] == [ids[0], ids[2]]
    assert answer["items"][1]["problem"]["code"] == "conflict"
    assert (await org.get(f"/v1/conversations/{ids[0]}"))["queue"]["name"] == "Care"
    wrong = await org.http.post("/v1/conversations/reassign", json={"conversation_ids": ids})
    problem(wrong, 422, "invalid")
    too_many = await org.http.post("/v1/conversations/reassign", json={**body, "conversation_ids": ids * 200})
    problem(too_many, 422, "invalid")
    problem(await org.http.post(f"/v1/conversations/{ids[0]}/accept"), 422, "invalid")


async def test_only_who_may_answer_is_given_a_conversation(
    provider: Provider, org: Org, hub_stack: HubStack
) -> None:
    people = {"Reader": ("active", ["analyst"]), "Leaver": ("suspended", ["support_agent"])}
    ids = {name: new_id() for name in people}
    with psycopg.connect(hub_stack.settings.database_url) as db:
        for name, (status, roles) in people.items():
            db.execute(
                "INSERT INTO app.users (tenant_id, id, email, name, password_hash, roles, status) VALUES (%s, %s, %s, %s, '', %s, %s)",
                (org.run.workspace.tenant_id, ids[name], f"{ids[name]}@example.com", name, roles, status),
            )
    await provider.sms("+15557100300", "Hello")
    conversation = (await org.conversation("+15557100300"))["id"]
    path = f"/v1/conversations/{conversation}"
    for name in people:
        to = {"assignee_id": encode_id("usr", ids[name])}
        for place, body in (
            (f"{path}/assign", to),
            (f"{path}/transfer", to),
            ("/v1/conversations/reassign", {**to, "conversation_ids": [conversation]}),
        ):
            refused = problem(await org.http.post(place, json=body), 422, "invalid")
            assert refused["errors"][0]["pointer"] == "/assignee_id"
    async with signed_in(hub_stack.settings, org.run.email) as boss:
        bot = (await boss.post("/v1/agents", json={"name": "Care bot"})).json()["id"]
    assert (await org.post(f"{path}/assign", {"assignee_id": bot}))["assignee"]["id"] == bot
    with psycopg.connect(hub_stack.settings.database_url) as db:
        db.execute("UPDATE app.users SET roles = %s WHERE id = %s", (["support_agent"], ids["Reader"]))
    reader = {"assignee_id": encode_id("usr", ids["Reader"])}
    given = await org.post(f"{path}/transfer", reader)
    assert given["assignee"]["id"] == reader["assignee_id"], "a right counts at once"


async def test_who_takes_or_answers_without_coming_online_is_at_hand(
    provider: Provider, org: Org, hub_stack: HubStack
) -> None:
    tenant_id = org.run.workspace.tenant_id
    await provider.sms("+15557100400", "Hello")
    conversation = (await org.conversation("+15557100400"))["id"]
    path = f"/v1/conversations/{conversation}"
    async with signed_in(hub_stack.settings, org.run.email) as agent:
        redis = Redis.from_url(hub_stack.settings.redis_url)
        people = People(redis)
        me = (await agent.get("/v1/me")).json()["user"]["id"]
        for place, body in (
            (f"{path}/accept", {}),
            (f"{path}/assign", {"assignee_id": me}),
            (f"{path}/transfer", {"assignee_id": me}),
            ("/v1/conversations/reassign", {"assignee_id": me, "conversation_ids": [conversation]}),
            (f"{path}/messages", {"text": "Hi"}),
        ):
            await agent.put("/v1/me/presence", json={"status": "offline"})
            assert not any(seen.here for seen in (await people.of(tenant_id)).values()), place
            answer = await agent.post(place, json=body)
            assert answer.is_success, answer.text
            assert Seen("offline", True) in (await people.of(tenant_id)).values(), place
        assert (await agent.get("/v1/me/presence")).json() == {"status": "offline"}
        assert (await agent.delete("/v1/sessions/current")).status_code == 204
        assert not any(seen.here for seen in (await people.of(tenant_id)).values())
        await redis.aclose()


async def test_a_program_answers_for_its_bot_and_the_bot_has_the_conversation(
    provider: Provider, org: Org, hub_stack: HubStack
) -> None:
    async with signed_in(hub_stack.settings, org.run.email) as boss:
        made = await boss.post("/v1/agents", json={"name": "Parcel bot"})
        assert made.status_code == 201, made.text
        bot, me = made.json()["id"], (await boss.get("/v1/me")).json()["user"]["id"]
        await provider.sms("+15557100200", "Where is my parcel?")
        path = f"/v1/conversations/{(await org.conversation('+15557100200'))['id']}"
        no_bot = await org.http.post(f"{path}/messages", json={"text": "Hello", "agent_id": me})
        assert problem(no_bot, 422, "invalid")["errors"][0]["pointer"] == "/agent_id"
        problem(
            await boss.post(f"{path}/messages", json={"text": "Hello", "agent_id": bot}), 403, "forbidden"
        )
        assert (await org.get(path))["assignee"] is None
        await org.post(f"{path}/messages", {"text": "It is on its way.", "agent_id": bot}, 201)
        assert (await org.get(path))["assignee"] == {"id": bot, "name": "Parcel bot"}


async def test_a_contact_says_how_it_was_and_is_thanked(provider: Provider, org: Org) -> None:
    care = encode_id("que", org.run.workspace.queues["Care"])
    asks = {"settings": {"satisfaction": {"enabled": True}}}
    async with signed_in(org.settings, org.run.email) as boss:
        changed = await boss.patch(f"/v1/queues/{care}", json=asks, headers={"If-Match": "*"})
    assert changed.status_code == 200, changed.text
    assert changed.json()["settings"]["satisfaction"] == {"enabled": True, "text": ""}
    await provider.sms("+15557100300", "Hello")
    conversation = await org.conversation("+15557100300")
    path = f"/v1/conversations/{conversation['id']}"
    contact = conversation["contact"]["id"]
    german = await org.http.patch(
        f"/v1/contacts/{contact}", json={"language": "de"}, headers={"If-Match": "*"}
    )
    assert german.status_code == 200, german.text

    async def closed_and_asked() -> bool:  # the hosts read settings anew every few seconds
        await org.post(f"{path}/transfer", {"queue_id": care})
        await org.post(f"{path}/close")
        if (await org.thread("+15557100300"))[-1]["body"] == WORDS["de"].question:
            return True
        await org.post(f"{path}/reopen")
        return False

    await until(closed_and_asked, bool)
    await provider.sms("+15557100300", "4/5")
    thread = await org.thread("+15557100300")
    assert [each["body"] for each in thread[-2:]] == ["4/5", WORDS["de"].thanks]
    assert thread[-2]["routing"]["reason"] == "rated 4 of 5"
    after = await org.get(path)
    assert (after["status"], after["assignee"], after["unread"]) == ("closed", None, 0)
    timeline = await org.get(f"/v1/contacts/{contact}/timeline?kinds=rated")
    assert [item["data"] for item in timeline["items"]] == [{"score": 4}]
    async with signed_in(org.settings, org.run.email) as boss:
        stats = (await boss.get(f"/v1/queues/{care}/stats")).json()
        report = (await boss.get(f"/v1/reports/queues?queue_id={care}")).json()
    assert (stats["rated"], stats["mean_score"]) == (1, 4.0)
    assert (report["total"]["rated"], report["total"]["mean_score"]) == (1, 4.0)
