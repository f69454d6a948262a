"""Contacts over HTTP: optimistic concurrency, addresses, consents, lists, merges, erasure, views, the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from hub.ids import encode_id
from models.db import Scope, transaction

PHONE = "+447700900123"


@pytest.fixture
async def client(world: Any) -> AsyncIterator[httpx2.AsyncClient]:
    async with await world.sign_in("north", "sub_org_admin") as client:
        yield client


async def made(client: httpx2.AsyncClient, phone: str = PHONE, **more: Any) -> dict[str, Any]:
    answer = await client.post("/v1/contacts", json={"phone": phone, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    assert found["code"] == code, found
    return found


async def attribute(client: httpx2.AsyncClient, key: str, **more: Any) -> dict[str, Any]:
    answer = await client.post("/v1/attributes", json={"key": key, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_change_names_the_version_it_saw(world: Any, client: httpx2.AsyncClient) -> None:
    contact = await made(client, name="Asha")
    path = f"/v1/contacts/{contact['id']}"
    seen = (await client.get(path)).headers["ETag"]
    assert seen == '"1"'
    problem(await client.patch(path, json={"name": "x"}), 428, "precondition-required")
    changed = await client.patch(path, json={"name": "Asha Rao"}, headers={"If-Match": seen})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    async with await world.sign_in("north", "campaign_manager") as other:
        stale = problem(await other.patch(path, json={"name": "y"}, headers={"If-Match": seen}), 412, "stale")
    assert (stale["version"], stale["changed_by"]) == (2, "sub_org_admin of north")
    assert stale["changed_at"].endswith("Z")
    same = await client.patch(path, json={"name": "Asha Rao"}, headers={"If-Match": '"2"'})
    assert same.headers["ETag"] == '"2"', "nothing changed"
    anyway = await client.patch(path, json={"language": "en"}, headers={"If-Match": "*"})
    assert anyway.json()["language"] == "en"


async def test_attributes_are_defined_before_they_are_written(client: httpx2.AsyncClient) -> None:
    refused = await client.post("/v1/contacts", json={"phone": PHONE, "attributes": {"plan": "gold"}})
    assert problem(refused, 422, "unknown-attribute")["errors"][0]["pointer"] == "/attributes/plan"
    plan = await attribute(client, "plan", type="choice", choices=["free", "gold"])
    cases: list[tuple[str, str, Any, Any]] = [
        ("orders", "number", 3, "3"),
        ("born", "date", "1990-02-28", "1990-02-30"),
        ("member", "boolean", True, "yes"),
        ("city", "text", "Leeds", 7),
        ("plan", "choice", "gold", "platinum"),
    ]
    for nth, (key, kind, good, bad) in enumerate(cases):
        if key != "plan":
            await attribute(client, key, type=kind)
        refused = await client.post("/v1/contacts", json={"phone": PHONE, "attributes": {key: bad}})
        assert problem(refused, 422, "bad-value")["errors"][0]["pointer"] == f"/attributes/{key}"
        contact = await made(client, f"+44770090020{nth}", attributes={key: good})
        assert contact["attributes"] == {key: good}
    problem(await client.post("/v1/attributes", json={"key": "plan"}), 409, "attribute-exists")
    path = f"/v1/attributes/{plan['id']}"
    shrunk = {"choices": ["free"]}
    problem(await client.patch(path, json=shrunk, headers={"If-Match": '"1"'}), 409, "conflict")
    problem(await client.patch(path, json=shrunk), 428, "precondition-required")
    assert (await client.delete(f"{path}?dry_run=true")).json() == {"contacts": 1}
    assert (await client.delete(path, headers={"If-Match": '"1"'})).json() == {"contacts": 1}
    keys = [one["key"] for one in (await client.get("/v1/attributes")).json()["items"]]
    assert keys == ["orders", "born", "member", "city"]


async def test_five_attributes_are_indexed_and_find_duplicates(
    world: Any, client: httpx2.AsyncClient
) -> None:
    first = await attribute(client, "order_id")
    contact = await made(client, name="One", attributes={"order_id": "X-7"})
    await made(client, "+447700900124", name="Two", attributes={"order_id": "X-7"})
    await made(client, "+447700900125", name="One")
    switched = await client.patch(
        f"/v1/attributes/{first['id']}", json={"indexed": True}, headers={"If-Match": '"1"'}
    )
    assert switched.json()["indexed"] is True
    async with transaction(world.app.state.engine, Scope.of(world.tenants["north"])) as db:
        values = (await db.execute(text("SELECT value FROM contact_values"))).scalars().all()
    assert values == ["X-7", "X-7"], "those that were there are indexed too"
    for place in range(4):
        await attribute(client, f"more_{place}", indexed=True)
    problem(await client.post("/v1/attributes", json={"key": "sixth", "indexed": True}), 409, "conflict")
    hints = (await client.get(f"/v1/contacts/{contact['id']}/duplicates")).json()["items"]
    assert [(hint["contact"]["name"], hint["reason"], hint["value"]) for hint in hints] == [
        ("One", "name", "One"),
        ("Two", "Order id", "X-7"),
    ]


async def test_addresses_of_every_kind(client: httpx2.AsyncClient) -> None:
    contact = await made(client, addresses=[{"kind": "rcs", "address": "07700 900456"}])
    path = f"/v1/contacts/{contact['id']}/addresses"
    added = await client.post(path, json={"kind": "sip", "address": "Desk@PBX.example"})
    assert added.status_code == 201, added.text
    await client.post(path, json={"kind": "phone", "address": "07700 900124", "primary": True})
    now = (await client.get(f"/v1/contacts/{contact['id']}")).json()
    assert [(one["kind"], one["address"], one["primary"]) for one in now["addresses"]] == [
        ("phone", "+447700900124", True),
        ("phone", PHONE, False),
        ("rcs", "+447700900456", True),
        ("sip", "sip:Desk@pbx.example", True),
    ]
    assert now["phone"] == "+447700900124"
    assert now["reachable"] == {"sms": True, "whatsapp": True, "rcs": True, "voice": True}
    back = await client.patch(f"{path}/phone/%2B447700900123", json={"primary": True})
    assert back.json()["phone"] == PHONE
    # One number is one person, whatever it is used for.
    other = await made(client, "+447700900200")
    taken = await client.post(
        f"/v1/contacts/{other['id']}/addresses", json={"kind": "whatsapp", "address": "07700 900456"}
    )
    assert problem(taken, 409, "address-taken")["contact_id"] == contact["id"]
    exists = await client.post("/v1/contacts", json={"addresses": [{"kind": "whatsapp", "address": PHONE}]})
    assert problem(exists, 409, "contact-exists")["contact_id"] == contact["id"]
    for kind, address in (
        ("phone", "%2B447700900124"),
        ("rcs", "%2B447700900456"),
        ("sip", "sip:Desk@pbx.example"),
    ):
        assert (await client.delete(f"{path}/{kind}/{address}")).status_code == 200
    problem(await client.delete(f"{path}/phone/%2B447700900123"), 409, "conflict")
    problem(await client.delete(f"{path}/phone/%2B447700900999"), 404, "not-found")
    assert problem(await client.post(path, json={"kind": "sip", "address": "nobody"}), 422, "bad-address")


async def test_a_batch_knows_people_by_any_address(client: httpx2.AsyncClient) -> None:
    one, two = await made(client), await made(client, "+447700900124")
    batch = [
        {"addresses": [{"kind": "whatsapp", "address": PHONE}], "name": "One", "tags": ["new"]},
        {"phone": PHONE, "addresses": [{"kind": "phone", "address": "+447700900124"}]},
        {"phone": "+447700900125", "addresses": [{"kind": "sip", "address": "a@b.example"}]},
        {"addresses": [{"kind": "sip", "address": "a@B.example"}], "name": "Three"},
        {},
    ]
    answer = (await client.post("/v1/contacts/batch", json={"contacts": batch})).json()
    assert [item["status"] for item in answer["results"]] == [
        "updated",
        "error",
        "created",
        "updated",
        "error",
    ]
    assert answer["results"][1]["error"]["code"] == "address-taken"
    assert answer["results"][0]["id"] == one["id"] != two["id"]
    assert answer["results"][2]["id"] == answer["results"][3]["id"]
    assert (await client.get(f"/v1/contacts/{one['id']}")).json()["tags"] == ["new"]


async def test_consents_have_a_purpose_and_a_proof(client: httpx2.AsyncClient) -> None:
    contact = await made(client)
    path = f"/v1/contacts/{contact['id']}/consents"
    word = {
        "channel_kind": "sms",
        "purpose": "marketing",
        "state": "opted_out",
        "source": "call",
        "proof": "rec 7",
    }
    now = (await client.post(path, json=word)).json()
    [found] = [one for one in now["consents"] if one["purpose"] == "marketing"]
    assert {name: found[name] for name in word} == word
    assert found["changed_by"].startswith("user:")
    assert found["changed_by_name"]
    assert now["reachable"]["sms"] is True, "one purpose is not all"
    await client.post(path, json={**word, "purpose": "all"})
    listed = (await client.get("/v1/contacts?consent=opted_out&channel=sms")).json()["items"]
    assert [one["consents"] for one in listed] == [{"sms": "opted_out", "whatsapp": "opted_in"}]
    assert (await client.get("/v1/contacts?consent=none&channel=voice")).json()["items"][0]["id"] == contact[
        "id"
    ]
    assert problem(await client.post(path, json={**word, "purpose": "No!"}), 422, "invalid")


async def test_who_is_suppressed_begins_opted_out_and_stays_so(client: httpx2.AsyncClient) -> None:
    listed = await client.post("/v1/suppressions", json={"address": "07700 900123", "reason": "letter"})
    assert (listed.status_code, listed.json()["address"]) == (201, PHONE)
    contact = await made(client)
    assert contact["reachable"] == dict.fromkeys(("sms", "whatsapp", "rcs", "voice"), False)
    consent = {"channel_kind": "sms", "state": "opted_in", "source": "form"}
    path = f"/v1/contacts/{contact['id']}/consents"
    problem(await client.post(path, json=consent), 409, "suppressed")
    other = await made(client, "+447700900124")
    assert other["reachable"]["sms"] is True
    await client.post("/v1/suppressions", json={"address": "+447700900124"})
    assert (await client.get(f"/v1/contacts/{other['id']}")).json()["reachable"]["sms"] is False
    found = (await client.get("/v1/suppressions?search=0124")).json()
    assert [one["address"] for one in found["items"]] == ["+447700900124"]
    first = (await client.get("/v1/suppressions?limit=1")).json()
    rest = await client.get(f"/v1/suppressions?limit=9&starting_after={first['items'][0]['id']}")
    assert len(rest.json()["items"]) == 1
    assert (await client.delete("/v1/suppressions/phone/07700900123")).status_code == 204
    problem(await client.delete("/v1/suppressions/phone/07700900123"), 404, "not-found")
    assert (await client.post(path, json=consent)).json()["reachable"]["sms"] is True
    problem(await client.get("/v1/suppressions?starting_after=phone.zz"), 422, "invalid")


async def test_lists_count_page_and_can_be_entered_anywhere(client: httpx2.AsyncClient) -> None:
    people = [
        {"phone": f"+4477009{n:05d}", "name": f"N {n * 37 % 101:03d}", "tags": ["even"] if n % 2 == 0 else []}
        for n in range(101)
    ]
    assert (await client.post("/v1/contacts/batch", json={"contacts": people})).json()["created"] == 101
    assert (await client.get("/v1/contacts/count?tag=even")).json() == {"count": 51}
    for sort in ("-created", "created", "name", "-name"):
        walked: list[Any] = []
        after = ""
        while True:
            page = (await client.get(f"/v1/contacts?sort={sort}&limit=30{after}")).json()
            walked += page["items"]
            if not page["has_more"]:
                break
            after = f"&starting_after={walked[-1]['id']}"
        assert len({one["id"] for one in walked}) == 101
        names = [one["name"] for one in walked]
        if "name" in sort:
            assert names == sorted(names, reverse=sort == "-name")
        marks = (await client.get(f"/v1/contacts/landmarks?sort={sort}&every=50")).json()
        assert (marks["count"], marks["items"]) == (101, [walked[49]["id"], walked[99]["id"]])
    problem(await client.get("/v1/contacts/landmarks?every=1"), 422, "invalid")
    for search, count in (("n 00", 10), ("+44770090001", 10), ("900100", 1), ("even", 51), ("nobody", 0)):
        assert (await client.get("/v1/contacts/count", params={"search": search})).json() == {
            "count": count
        }, search


async def test_many_are_tagged_at_once(client: httpx2.AsyncClient) -> None:
    ids = [(await made(client, f"+4477009000{n:02d}", tags=["old"]))["id"] for n in range(3)]
    change = {"filter": {"tag": "old"}, "add_tags": ["new"], "remove_tags": ["old"]}
    dry = await client.post("/v1/contacts/bulk", json={**change, "dry_run": True})
    assert dry.json() == {"matched": 3, "changed": 3}
    named = {"contact_ids": ids[:1], "add_tags": ["new"], "remove_tags": ["old"]}
    assert (await client.post("/v1/contacts/bulk", json=named)).json() == {"matched": 1, "changed": 1}
    assert (await client.post("/v1/contacts/bulk", json=named)).json() == {"matched": 1, "changed": 0}
    assert (await client.post("/v1/contacts/bulk", json=change)).json() == {"matched": 2, "changed": 2}
    tags = {one["tag"]: one["contacts"] for one in (await client.get("/v1/tags")).json()["items"]}
    assert tags == {"new": 3}
    problem(await client.post("/v1/contacts/bulk", json={"add_tags": ["x"]}), 422, "invalid")


async def test_the_timeline_tells_changes_and_notes_and_pages_both_ways(client: httpx2.AsyncClient) -> None:
    contact = await made(client, name="Asha")
    path = f"/v1/contacts/{contact['id']}"
    await client.put(f"{path}/tags/vip")
    await client.patch(path, json={"name": "Asha Rao"}, headers={"If-Match": "*"})
    note = (await client.post(f"{path}/notes", json={"body": "call after six"})).json()
    edited = (await client.patch(f"{path}/notes/{note['id']}", json={"body": "call after seven"})).json()
    assert edited["data"]["body"] == "call after seven"
    assert edited["data"]["edited_at"].endswith("Z")
    whole = (await client.get(f"{path}/timeline")).json()
    assert [one["kind"] for one in whole["items"]] == ["note", "attributes", "tags"]
    assert whole["items"][1]["data"] == {"changes": {"name": ["Asha", "Asha Rao"]}}
    assert whole["items"][0]["actor"]["name"] == "sub_org_admin of north"
    assert (whole["next_cursor"], whole["newer_cursor"]) == (None, None)
    walked: list[Any] = []
    cursor = ""
    for _ in range(3):
        page = (await client.get(f"{path}/timeline?limit=1{cursor}")).json()
        walked += page["items"]
        cursor = f"&before={page['next_cursor']}"
    assert [one["id"] for one in walked] == [one["id"] for one in whole["items"]]
    assert page["next_cursor"] is None
    up = (await client.get(f"{path}/timeline?limit=1&after={page['newer_cursor']}")).json()
    assert [one["id"] for one in up["items"]] == [whole["items"][1]["id"]]
    only = (await client.get(f"{path}/timeline?kinds=tags,consent")).json()["items"]
    assert [one["kind"] for one in only] == ["tags"]
    assert (await client.get(f"{path}/timeline?around=2020-01-01")).json()["items"] == []
    assert (await client.get(f"{path}/timeline?channel=sms")).json()["items"] == []
    for query in ("kinds=gossip", "before=xx", "around=yesterday", "before=x&after=y"):
        problem(await client.get(f"{path}/timeline?{query}"), 422, "invalid")
    assert (await client.delete(f"{path}/notes/{note['id']}")).status_code == 204
    problem(await client.delete(f"{path}/notes/{note['id']}"), 404, "not-found")


async def test_agents_write_notes_and_keep_others_as_they_are(world: Any, client: httpx2.AsyncClient) -> None:
    path = f"/v1/contacts/{(await made(client))['id']}/notes"
    mine = (await client.post(path, json={"body": "mine"})).json()
    async with await world.sign_in("north", "support_agent") as agent:
        theirs = await agent.post(path, json={"body": "theirs"})
        assert theirs.status_code == 201
        problem(await agent.patch(f"{path}/{mine['id']}", json={"body": "x"}), 403, "not-your-note")
        problem(await agent.delete(f"{path}/{mine['id']}"), 403, "not-your-note")
    assert (await client.delete(f"{path}/{theirs.json()['id']}")).status_code == 204
    async with await world.sign_in("north", "analyst") as analyst:
        problem(await analyst.post(path, json={"body": "x"}), 403, "permission-missing")


async def test_merge_undo_erase_and_export_are_audited(world: Any, client: httpx2.AsyncClient) -> None:
    one, two = await made(client, name="One"), await made(client, "+447700900124", name="Two")
    pair = {"winner_id": one["id"], "loser_id": two["id"], "choices": {"name": "loser"}}
    preview = (await client.post("/v1/contacts/merge?dry_run=true", json=pair)).json()
    assert preview["fields"][0] == {
        "field": "name",
        "label": "Name",
        "winner": "One",
        "loser": "Two",
        "result": "Two",
    }
    assert preview["merge_id"] is None
    merged = (await client.post("/v1/contacts/merge", json=pair)).json()
    gone = problem(await client.get(f"/v1/contacts/{two['id']}"), 404, "contact-merged")
    assert gone["merged_into"] == one["id"]
    undo = f"/v1/contacts/merges/{merged['merge_id']}/undo"
    assert (await client.post(undo)).json() == {"winner_id": one["id"], "loser_id": two["id"]}
    problem(await client.post(undo), 409, "cannot-undo")
    assert (await client.get(f"/v1/contacts/{two['id']}")).json()["name"] == "Two"
    copy = await client.get(f"/v1/contacts/{two['id']}/export")
    assert copy.headers["content-disposition"].endswith('.json"')
    assert copy.json()["contact"]["name"] == "Two"
    packed = await client.get(f"/v1/contacts/{two['id']}/export?format=zip")
    assert packed.content[:2] == b"PK"
    report = (await client.post(f"/v1/contacts/{two['id']}/erase", json={"reason": "asked"})).json()
    assert report["report"]["erased"]["contact"] == 1
    gone = problem(await client.get(f"/v1/contacts/{two['id']}"), 404, "contact-erased")
    assert gone["erased_at"] == report["erased_at"]
    problem(await client.post(f"/v1/contacts/{two['id']}/erase", json={}), 404, "contact-erased")
    log = (await client.get("/v1/audit-log?action=contact.")).json()["items"]
    assert [row["action"] for row in log] == [
        "contact.erased",
        "contact.exported",
        "contact.exported",
        "contact.unmerged",
        "contact.merged",
    ]
    assert {row["actor"]["name"] for row in log} == {"sub_org_admin of north"}
    assert "Two" not in str(log)
    verdict = (await client.get("/v1/audit-log/verify")).json()
    assert (verdict["intact"], verdict["rows"], verdict["head"]) == (True, 5, log[0]["hash"])
    page = (await client.get("/v1/audit-log?limit=2")).json()
    rest = (await client.get(f"/v1/audit-log?starting_after={page['items'][-1]['seq']}")).json()
    assert [row["seq"] for row in page["items"] + rest["items"]] == [5, 4, 3, 2, 1]
    async with await world.sign_in("north", "campaign_manager") as other:
        for method, path in (
            ("POST", f"/v1/contacts/{one['id']}/erase"),
            ("GET", f"/v1/contacts/{one['id']}/export"),
        ):
            problem(
                await other.request(method, path, json={} if method == "POST" else None),
                403,
                "permission-missing",
            )


async def test_views_are_mine_or_everybody_s(world: Any, client: httpx2.AsyncClient) -> None:
    mine = (await client.post("/v1/views", json={"name": "VIPs", "config": {"sort": "name"}})).json()
    assert (mine["mine"], mine["shared"]) == (True, False)
    problem(await client.post("/v1/views", json={"name": "VIPs", "config": {}}), 409, "view-exists")
    shared = (await client.post("/v1/views", json={"name": "All", "shared": True, "config": {}})).json()
    async with await world.sign_in("north", "support_agent") as agent:
        names = [one["name"] for one in (await agent.get("/v1/views")).json()["items"]]
        assert names == ["All"]
        problem(await agent.patch(f"/v1/views/{mine['id']}", json={}), 404, "not-found")
        problem(await agent.delete(f"/v1/views/{shared['id']}"), 403, "shared-view")
        problem(
            await agent.post("/v1/views", json={"name": "x", "shared": True, "config": {}}),
            403,
            "shared-view",
        )
        assert (await agent.post("/v1/views", json={"name": "VIPs", "config": {}})).status_code == 201
    renamed = await client.patch(f"/v1/views/{mine['id']}", json={"name": "Best", "shared": True})
    assert (renamed.json()["name"], renamed.json()["shared"]) == ("Best", True)
    problem(await client.patch(f"/v1/views/{mine['id']}", json={"name": "All"}), 409, "view-exists")
    assert (await client.delete(f"/v1/views/{mine['id']}")).status_code == 204
    big = {"name": "big", "config": {"x": "y" * 20_000}}
    problem(await client.post("/v1/views", json=big), 422, "invalid")


async def test_a_segment_filters_the_list(world: Any, client: httpx2.AsyncClient) -> None:
    await made(client, tags=["vip"], name="Inside")
    await made(client, "+447700900124", name="Outside")
    condition = {
        "combinator": "and",
        "not": False,
        "rules": [{"field": "tag", "operator": "has", "value": "vip"}],
    }
    body = {"name": "VIPs", "description": "", "kind": "dynamic", "condition": condition}
    segment = await client.post("/v1/segments", json=body)
    assert segment.status_code == 201, segment.text
    found = (await client.get(f"/v1/contacts?segment={segment.json()['id']}")).json()["items"]
    assert [one["name"] for one in found] == ["Inside"]
    unknown = encode_id("seg", world.tenants["north"])
    problem(await client.get(f"/v1/contacts?segment={unknown}"), 404, "not-found")


async def test_a_change_is_announced_after_the_commit(world: Any, client: httpx2.AsyncClient) -> None:
    contact = await made(client)
    await client.put(f"/v1/contacts/{contact['id']}/tags/vip")
    await client.put(f"/v1/contacts/{contact['id']}/tags/vip")  # nothing new, nothing said
    entries = await world.app.state.redis.xrange(f"t:{world.tenants['north'].hex}:live")
    told = [event for _, fields in entries for event in fields.values() if contact["id"].encode() in event]
    assert len(told) == 2
    await client.post(f"/v1/contacts/{contact['id']}/erase", json={})
    entries = await world.app.state.redis.xrange(f"t:{world.tenants['north'].hex}:live")
    assert len(entries) == 1, "what was said of somebody erased is not kept; that they are gone is"
