"""Routing rules by the API: one list under an ETag, inherited and locked, tried on a message and on the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import create_app
from cli.demo import workspace as ws
from hub.ids import encode_id, id_of_moment
from hub.settings import Settings
from models.contacts import contact_tags, contacts
from models.conversations import messages
from models.db import Scope, insert_rows, transaction
from tests.api.api_examples import Reader, examples
from tests.api.conftest import World

PATH = "/v1/routing-rules"
WHATEVER = {"If-Match": "*"}


def rule(name: str, tests: list[Any], *actions: Any, **more: Any) -> dict[str, Any]:
    condition = {"combinator": "and", "not": False, "rules": tests}
    return {"name": name, "condition": condition, "actions": list(actions), **more}


def asks(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def queue(queue_id: UUID, priority: int = 0) -> dict[str, Any]:
    return {"type": "queue", "queue_id": encode_id("que", queue_id), "priority": priority}


HELLO = [asks("message.keyword", "in", ["hello"])]
SAD = [asks("message.intent", "=", "complaint")]


async def queues_of(world: World, engine: AsyncEngine, tenant: str, *names: str) -> dict[str, UUID]:
    return await ws.ensure_queues(engine, world.tenants[tenant], names)


async def put(http: httpx2.AsyncClient, *rules: Any, **more: Any) -> Any:
    answer = await http.put(PATH, json={"rules": list(rules), **more}, headers=WHATEVER)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_list_is_saved_as_a_whole_and_an_earlier_one_comes_back(
    world: World, engine: AsyncEngine
) -> None:
    made = await queues_of(world, engine, "north", "Care", "General")
    async with await world.sign_in("north", "supervisor") as http:
        before = await http.get(PATH)
        assert (before.status_code, before.headers["etag"]) == (200, '"0"')
        assert (before.json()["rules"], before.json()["fallback_queue"]) == ([], "Care")
        body = {
            "rules": [
                rule("Hello", HELLO, queue(made["Care"], 1), {"type": "tag", "tag": "greeted"}),
                rule("Sad", SAD, {"type": "answer", "text": "Sorry, {{ first_name }}"}, queue(made["Care"])),
            ],
            "fallback_queue_id": encode_id("que", made["General"]),
        }
        saved = await http.put(PATH, json=body, headers={"If-Match": '"0"'})
        assert (saved.status_code, saved.headers["etag"]) == (200, '"1"'), saved.text
        first, second = saved.json()["rules"]
        assert (first["words"], first["does"]) == (
            "keyword is any of hello",
            ["queue Care, priority high", "tag greeted"],
        )
        assert (second["words"], second["does"][0]) == (
            "intent is complaint",
            "answer “Sorry, {{ first_name }}”",
        )
        assert saved.json()["fallback_queue"] == "General"
        kept = {key: value for key, value in second.items() if key not in ("words", "does", "problem")}
        await put(http, kept)
        versions = (await http.get(f"{PATH}/versions")).json()["items"]
        assert [(each["version"], each["names"]) for each in versions] == [
            (2, ["Sad"]),
            (1, ["Hello", "Sad"]),
        ]
        stale = await http.post(f"{PATH}/restore", json={"version": 1}, headers={"If-Match": '"1"'})
        assert stale.status_code == 412
        back = await http.post(f"{PATH}/restore", json={"version": 1}, headers={"If-Match": '"2"'})
        assert (back.status_code, back.headers["etag"]) == (200, '"3"')
        assert [each["id"] for each in back.json()["rules"]] == [first["id"], second["id"]]
    async with transaction(engine, Scope.of(world.tenants["north"])) as db:
        row = (await db.execute(text("SELECT action, data FROM audit_log ORDER BY seq DESC LIMIT 1"))).one()
    assert tuple(row) == ("routing_rules.set", {"rules": 2, "version": 3})


NOWHERE = {"type": "queue", "queue_id": encode_id("que", UUID(int=5))}
CLOSE = {"type": "close"}
WRONG: list[tuple[dict[str, Any], str, str]] = [
    (rule("A", HELLO, NOWHERE), "/rules/1/actions/0/queue_id", "rule 2 “A”: there is no such queue"),
    (
        rule("A", HELLO, {"type": "flow", "flow_id": encode_id("flw", UUID(int=5))}),
        "/rules/1/actions/0/flow_id",
        "rule 2 “A”: there is no such flow",
    ),
    (
        rule("A", HELLO, {"type": "agent", "user_id": encode_id("usr", UUID(int=5))}),
        "/rules/1/actions/0/user_id",
        "rule 2 “A”: there is no such active person",
    ),
    (
        rule("A", HELLO, {"type": "answer", "text": "{% for x in y %}{% endfor %}"}),
        "/rules/1/actions/0/text",
        "rule 2 “A”: a template has no loops",
    ),
    (
        rule("A", [asks("message.colour", "=", "red")], CLOSE),
        "/rules/1/condition/rules/0/field",
        "rule 2 “A”: there is no field 'message.colour'",
    ),
    (rule("A", [{"field": "tag"}], CLOSE), "/rules/1/condition/rules/0/operator", "`operator` is a text"),
    (rule("A", HELLO, CLOSE, CLOSE), "/rules/1", "only one of queue, flow, agent and close can decide"),
    (
        rule("A", HELLO, CLOSE, **{"continue": True}),
        "/rules/1",
        "a rule that decides where the conversation goes cannot continue",
    ),
    (rule("A", HELLO), "/rules/1/actions", "at least 1 item"),
    (
        rule("A", HELLO, {"type": "queue", "queue_id": "x"}),
        "/rules/1/actions/0/queue_id",
        "expected an id that begins with que_",
    ),
]


async def test_what_is_wrong_is_named_by_rule_and_place(world: World) -> None:
    async with await world.sign_in("north", "sub_org_admin") as http:
        for wrong, place, detail in WRONG:
            body = {"rules": [rule("Fine", HELLO, CLOSE), wrong]}
            answer = await http.put(PATH, json=body, headers=WHATEVER)
            assert answer.status_code == 422, answer.text
            (error,) = answer.json()["errors"]
            assert error["pointer"] == place
            assert detail in error["detail"]
        assert (await http.get(PATH)).headers["etag"] == '"0"', "nothing was saved"


async def test_the_page_does_what_it_says(world: World, engine: AsyncEngine) -> None:
    made = await queues_of(world, engine, "north", "Care", "General")
    page = examples("routing.md")
    async with await world.program("north", "routing:write", "inbox:read") as program:
        reader = Reader(program, {name.lower(): encode_id("que", key) for name, key in made.items()})
        for example in page:
            await reader.follow(example)
    shown = {example.request.split()[0].lower() + example.request.split()[1] for example in page}
    paths = create_app(Settings(), connect_hub=False).openapi()["paths"]
    ours = {method + path for path, item in paths.items() if path.startswith(PATH) for method in item}
    assert ours == shown, "every operation has an example"


async def test_who_may_look_and_who_may_change(world: World) -> None:
    async with await world.sign_in("north", "campaign_manager") as http:
        assert (await http.get(PATH)).status_code == 200
        refused = await http.put(PATH, json={"rules": []}, headers=WHATEVER)
        assert (refused.status_code, refused.json()["permission"]) == (403, "routing:write")
        past = await http.post(f"{PATH}/back-test", json={"rules": []})
        assert (past.status_code, past.json()["permission"]) == (403, "inbox:read")


async def test_rules_come_down_the_tree_locked_ones_first(world: World, engine: AsyncEngine) -> None:
    above = await queues_of(world, engine, "acme", "Care", "Legal")
    below = await queues_of(world, engine, "north", "CARE", "Shop")
    async with await world.sign_in("acme", "org_admin") as http:
        await put(
            http,
            rule("Soft", HELLO, queue(above["Care"])),
            rule("Hard", [asks("message.wording", "contains", "lawyer")], queue(above["Care"]), locked=True),
            rule("Elsewhere", SAD, queue(above["Legal"])),
        )
        locked = (await http.get(PATH)).json()["rules"][1]["id"]
    async with await world.sign_in("north", "sub_org_admin") as http:
        taken = {"rules": [rule("Instead", HELLO, queue(below["Shop"]), id=locked)]}
        refused = await http.put(PATH, json=taken, headers=WHATEVER)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/rules/0/id")
        found = await put(http, rule("Mine", HELLO, queue(below["Shop"])))
        assert [each["name"] for each in found["before"]] == ["Hard"]
        assert [each["name"] for each in found["after"]] == ["Soft", "Elsewhere"]
        assert found["after"][1]["problem"] == "there is no queue 'Legal' in this workspace"
        assert {(each["code"], each["detail"]) for each in found["warnings"]} == {
            ("unusable", "there is no queue 'Legal' in this workspace"),
            ("never-reached", "“Soft” is never reached: “Mine” before it always has its messages"),
        }
        hello = (await http.post(f"{PATH}/test", json={"text": "hello"})).json()
        assert (hello["outcome"]["name"], hello["reason"]) == ("Shop", "rule “Mine” (keyword hello)")
        lawyer = (await http.post(f"{PATH}/test", json={"text": "My lawyer says hello"})).json()
        assert (lawyer["outcome"]["name"], lawyer["outcome"]["id"]) == (
            "CARE",
            encode_id("que", below["CARE"]),
        )
    async with await world.sign_in("rival", "org_admin") as other:
        found = (await other.get(PATH)).json()
        assert (found["before"], found["after"]) == ([], [])


async def contact(engine: AsyncEngine, tenant_id: UUID, name: str, *tags: str) -> UUID:
    contact_id = id_of_moment(datetime.now(UTC))
    async with transaction(engine, Scope.of(tenant_id)) as db:
        await insert_rows(db, contacts, [{"tenant_id": tenant_id, "id": contact_id, "name": name}])
        rows = [{"tenant_id": tenant_id, "tag": tag, "contact_id": contact_id} for tag in tags]
        await insert_rows(db, contact_tags, rows)
    return contact_id


async def test_a_message_is_tried_with_every_answer(world: World, engine: AsyncEngine) -> None:
    made = await queues_of(world, engine, "north", "Care", "General")
    vip = await contact(engine, world.tenants["north"], "Ann", "vip")
    async with await world.sign_in("north", "sub_org_admin") as http:
        await put(
            http,
            rule("Tagged", [*SAD, asks("tag", "has", "vip")], queue(made["Care"], 2)),
            rule("Sad", SAD, {"type": "answer", "text": "Sorry"}, queue(made["Care"])),
            fallback_queue_id=encode_id("que", made["General"]),
        )

        async def tried(**body: Any) -> Any:
            answer = await http.post(f"{PATH}/test", json={"text": "it broke", **body})
            assert answer.status_code == 200, answer.text
            return answer.json()

        unknown = await tried(intent="complaint")
        assert (unknown["outcome"], unknown["missing"], unknown["rules"][0]["result"]) == (
            None,
            "contact",
            None,
        )
        (said, tag) = unknown["rules"][0]["tree"]["rules"]
        assert (said["result"], tag["result"], tag["words"]) == (True, None, "tag is vip")
        known = await tried(intent="complaint", contact_id=encode_id("con", vip))
        assert (known["outcome"]["priority"], known["rules"][0]["result"]) == (2, True)
        assert known["reason"] == "rule “Tagged” (intent complaint 1.00)"
        unsure = await tried(intent="complaint", confidence=0.1, contact_id=encode_id("con", vip))
        assert unsure["reason"] == "intent complaint 0.10 < 0.35 → fallback"
        assert unsure["outcome"]["name"] == "General"
        assert (await tried(text="STOP"))["command"] == "stop"
        draft = await tried(draft={"rules": [rule("Draft", [], {"type": "close"})]})
        assert (draft["outcome"]["type"], draft["reason"]) == ("close", "rule “Draft”")
        assert (await http.get(PATH)).json()["version"] == 1, "nothing was saved"


async def wrote(
    engine: AsyncEngine, tenant_id: UUID, contact_id: UUID, said: str, intent: str, hours_ago: int
) -> None:
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    row = {
        "tenant_id": tenant_id,
        "id": id_of_moment(at),
        "contact_id": contact_id,
        "channel_id": UUID(int=1),
        "channel_kind": "sms",
        "direction": "in",
        "origin": "contact",
        "address": "+15550001",
        "body": said,
        "status": "received",
        "intent": intent,
        "confidence": 0.9,
        "parts": 1,
        "price_micros": 0,
        "created_at": at,
    }
    async with transaction(engine, Scope.of(tenant_id)) as db:
        await insert_rows(db, messages, [row])


async def test_a_draft_is_tried_on_the_messages_of_a_week(world: World, engine: AsyncEngine) -> None:
    tenant_id = world.tenants["north"]
    made = await queues_of(world, engine, "north", "Care", "General")
    ann = await contact(engine, tenant_id, "Ann", "vip")
    for said, intent, hours in (
        ("hello", "greeting", 1),
        ("it broke", "complaint", 2),
        ("STOP", "other", 3),
        ("it broke long ago", "complaint", 24 * 8),
    ):
        await wrote(engine, tenant_id, ann, said, intent, hours)
    async with await world.sign_in("north", "sub_org_admin") as http:
        saved = await put(
            http,
            rule("Hello", HELLO, queue(made["Care"])),
            fallback_queue_id=encode_id("que", made["General"]),
        )
        hello = {
            key: value for key, value in saved["rules"][0].items() if key not in ("words", "does", "problem")
        }
        draft = {
            "rules": [hello, rule("VIPs", [*SAD, asks("tag", "has", "vip")], queue(made["Care"], 2))],
            "fallback_queue_id": encode_id("que", made["General"]),
        }
        answer = await http.post(f"{PATH}/back-test", json=draft)
        assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["messages"], found["moved"], found["complete"]) == (2, 1, True)
    assert [(each["name"], each["now"], each["draft"]) for each in found["rules"]] == [
        ("Hello", 1, 1),
        ("VIPs", 0, 1),
        ("", 1, 0),
    ]
    (moved,) = found["items"]
    assert (moved["text"], moved["contact_name"]) == ("it broke", "Ann")
    assert (moved["before"]["name"], moved["after"]["name"], moved["after"]["priority"]) == (
        "General",
        "Care",
        2,
    )
    assert (moved["was"], moved["now"]) == (
        "no rule for intent complaint 0.90 → fallback",
        "rule “VIPs” (intent complaint 0.90)",
    )


async def test_the_builder_is_told_what_may_be_asked(world: World, engine: AsyncEngine) -> None:
    made = await queues_of(world, engine, "north", "Care")
    async with await world.sign_in("north", "sub_org_admin") as http:
        found = (await http.get(f"{PATH}/fields")).json()["fields"]
        targets = (await http.get(f"{PATH}/targets")).json()
    known = {each["name"]: each for each in found}
    assert known["message.keyword"]["type"] == "keyword"
    assert known[f"queue.{encode_id('que', made['Care'])}"]["label"] == "Care waiting"
    assert {"tag", "segment", "consent.sms"} <= set(known)
    assert targets["queues"] == [{"id": encode_id("que", made["Care"]), "name": "Care"}]
    assert "supervisor of north" in {each["name"] for each in targets["users"]}
