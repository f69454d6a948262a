"""Conversations on the whole hub: answer, pass on, close; what is sent comes back as delivered."""

from __future__ import annotations

import asyncio

import pytest

from cli.demo.runs import Run
from hub.ids import encode_id, new_id
from tests.api.whole_hub import Org, Provider, client, listening, problem, signed_in, start, until
from tests.conftest import HubStack


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(start(hub_stack.settings, "Conversations"))


@pytest.fixture(scope="module")
def rival(hub_stack: HubStack) -> Run:
    return asyncio.run(start(hub_stack.settings, "Rival"))


async def test_an_answer_goes_out_and_comes_back_delivered(
    provider: Provider, org: Org, hub_stack: HubStack
) -> None:
    await provider.sms("+15557000001", "Where is my order?")
    conversation = await org.conversation("+15557000001")
    async with signed_in(hub_stack.settings, org.run.email) as agent, listening(agent) as read:
        answer = await agent.post(
            f"/v1/conversations/{conversation['id']}/messages", json={"text": "On its way 🚚"}
        )
        assert answer.status_code == 201, answer.text
        message = answer.json()
        assert (message["status"], message["origin"], message["direction"]) == ("queued", "agent", "out")
        assert message["author"]["name"] == "Run admin"
        events = await read(
            lambda event: (
                event["type"] == "message.updated"
                and event["message"]["id"] == message["id"]
                and event["message"]["status"] == "delivered"
            )
        )
    kinds = [event["type"] for _, event in events]
    assert kinds.index("message.created") < kinds.index("message.updated")
    taken = next(event["conversation"] for _, event in events if event["type"] == "conversation.updated")
    assert (taken["assignee"]["name"], taken["unread"]) == ("Run admin", 0)
    stored = (await org.thread("+15557000001"))[-1]
    assert (stored["status"], stored["price"]) == ("delivered", "0.007900")
    assert stored["sent_at"] <= stored["delivered_at"]


async def test_who_said_stop_gets_no_answer(provider: Provider, org: Org) -> None:
    await provider.sms("+15557000002", "Hello")
    await provider.sms("+15557000002", "Stop.")
    conversation = await org.conversation("+15557000002")
    assert conversation["opted_out"] == ["sms"]
    message = await org.post(f"/v1/conversations/{conversation['id']}/messages", {"text": "But wait"}, 201)
    assert (message["status"], message["reason"]) == ("refused", "opted-out")
    assert message["sent_at"] is None


async def test_every_action_and_its_conflict(provider: Provider, org: Org, hub_stack: HubStack) -> None:
    await provider.sms("+15557000003", "Hello")
    conversation = await org.conversation("+15557000003")
    path = f"/v1/conversations/{conversation['id']}"
    people = (await org.http.get("/v1/me")).json()
    assert people["key"] is not None
    async with signed_in(hub_stack.settings, org.run.email) as agent:
        me = (await agent.get("/v1/me")).json()["user"]
        assigned = (await agent.post(f"{path}/assign", json={"assignee_id": me["id"]})).json()
        assert assigned["assignee"] == {"id": me["id"], "name": "Run admin"}
        mine = (await agent.get("/v1/conversations?view=mine")).json()["items"]
        assert conversation["id"] in [item["id"] for item in mine]
    assert (await org.post(f"{path}/assign", {"assignee_id": None}))["assignee"] is None
    care = encode_id("que", org.run.workspace.queues["Care"])
    assert (await org.post(f"{path}/transfer", {"queue_id": care}))["queue"]["name"] == "Care"
    assert (await org.post(f"{path}/read"))["unread"] == 0
    closed = await org.post(f"{path}/close")
    assert (closed["status"], closed["queue"]["name"]) == ("closed", "Care")
    for action, body in (
        ("close", None),
        ("assign", {"assignee_id": None}),
        ("transfer", {"queue_id": care}),
    ):
        problem(await org.http.post(f"{path}/{action}", json=body), 409, "conflict")
    problem(await org.http.post(f"{path}/messages", json={"text": "too late"}), 409, "conflict")
    assert (await org.post(f"{path}/reopen"))["status"] == "open"
    problem(await org.http.post(f"{path}/reopen"), 409, "conflict")
    await org.post(f"{path}/close")
    await provider.sms("+15557000003", "One more thing")
    assert (await org.get(path))["status"] == "open", "the contact's next message opens it again"


async def test_a_version_grows_with_every_turn(provider: Provider, org: Org) -> None:
    await provider.sms("+15557000004", "one")
    first = (await org.conversation("+15557000004"))["version"]
    await provider.sms("+15557000004", "two")
    assert (await org.conversation("+15557000004"))["version"] == first + 1


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("messages", {"text": ""}),
        ("messages", {"text": "x" * 4097}),
        ("messages", {}),
        ("messages", {"text": "hi", "colour": "red"}),
        ("messages", {"text": "nul\0"}),
        ("messages", {"text": "hi", "channel_id": "chn_nonsense"}),
        ("assign", {}),
        ("assign", {"assignee_id": encode_id("usr", new_id())}),
        ("transfer", {"queue_id": encode_id("que", new_id())}),
        ("transfer", {"queue_id": None}),
    ],
)
async def test_a_wrong_value_is_422(
    provider: Provider, org: Org, action: str, body: dict[str, object]
) -> None:
    await provider.sms("+15557000005", "Hello")
    conversation = await org.conversation("+15557000005")
    document = problem(
        await org.http.post(f"/v1/conversations/{conversation['id']}/{action}", json=body), 422, "invalid"
    )
    assert document["errors"][0]["pointer"].startswith("/")


async def test_a_channel_that_is_not_ours_is_404(provider: Provider, org: Org, rival: Run) -> None:
    await provider.sms("+15557000006", "Hello")
    conversation = await org.conversation("+15557000006")
    for channel in (new_id(), rival.workspace.lines["sms"].channel_id):
        body = {"text": "hi", "channel_id": encode_id("chn", channel)}
        problem(
            await org.http.post(f"/v1/conversations/{conversation['id']}/messages", json=body),
            404,
            "not-found",
        )


async def test_another_tenants_conversation_is_not_there(provider: Provider, org: Org, rival: Run) -> None:
    await provider.sms("+15557000007", "a secret")
    conversation = await org.conversation("+15557000007")
    async with client(org.settings, Authorization=f"Bearer {rival.key}") as stranger:
        for identifier in (
            conversation["id"],
            encode_id("cnv", new_id()),
            "cnv_nonsense",
            conversation["id"].upper(),
        ):
            path = f"/v1/conversations/{identifier}"
            problem(await stranger.get(path), 404, "not-found")
            problem(await stranger.get(f"{path}/messages"), 404, "not-found")
            for action, body in (
                ("close", None),
                ("reopen", None),
                ("read", None),
                ("messages", {"text": "hi"}),
            ):
                problem(await stranger.post(f"{path}/{action}", json=body), 404, "not-found")
        assert (await stranger.get("/v1/conversations?view=all")).json()["items"] == []
    assert (await org.conversation("+15557000007"))["status"] == "open"


async def test_lists_are_paged_newest_first(provider: Provider, org: Org) -> None:
    numbers = [f"+1555711000{n}" for n in range(5)]
    for number in numbers:
        await provider.sms(number, "page me")
    seen: list[str] = []
    after = ""
    while True:
        page = await org.get(f"/v1/conversations?view=all&search=%2B1555711&limit=2{after}")
        seen += [item["contact"]["address"] for item in page["items"]]
        if not page["has_more"]:
            break
        after = f"&starting_after={page['items'][-1]['id']}"
    assert seen == numbers[::-1]
    counts = await org.get("/v1/conversations/counts")
    assert counts["open"] == sum(queue["open"] for queue in counts["queues"])
    assert {queue["name"] for queue in counts["queues"]} == {"General", "Care"}


async def test_a_thread_is_paged_towards_the_past(provider: Provider, org: Org) -> None:
    for n in range(5):
        await provider.sms("+15557000008", f"text {n}")
    conversation = await org.conversation("+15557000008")
    path = f"/v1/conversations/{conversation['id']}/messages?limit=2"
    page = await org.get(path)
    assert ([item["body"] for item in page["items"]], page["has_more"]) == (["text 3", "text 4"], True)
    page = await org.get(f"{path}&ending_before={page['items'][0]['id']}")
    assert [item["body"] for item in page["items"]] == ["text 1", "text 2"]
    page = await org.get(f"{path}&ending_before={page['items'][0]['id']}")
    assert ([item["body"] for item in page["items"]], page["has_more"]) == (["text 0"], False)


async def test_an_answer_by_whatsapp_is_paid_when_it_is_delivered(provider: Provider, org: Org) -> None:
    await provider.meta(provider.chat("+15557000009", "Hello"))
    conversation = await org.conversation("+15557000009")
    await org.post(f"/v1/conversations/{conversation['id']}/messages", {"text": "Hi Ada"}, 201)
    thread = await until(
        lambda: org.thread("+15557000009"), lambda thread: thread[-1]["status"] in ("delivered", "read")
    )
    assert (thread[-1]["channel_kind"], thread[-1]["price"]) == ("whatsapp", "0.025000")
