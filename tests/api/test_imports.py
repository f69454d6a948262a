"""Imports by API, from upload to undo, with the worker's own code run in this process."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from actors.import_task import drive
from hub.contacts.importing import limits
from hub.ids import decode_id
from hub.settings import Settings
from models.db import Scope, transaction
from tests.hub.contacts.importing.books import book

CSV = {"Content-Type": "text/csv"}
PEOPLE = "Mobile;Name;City\n07700 900001;Asha;Leeds\n07700 900002;=1+1;York\nnonsense;Cleo;\n"


@pytest.fixture
async def manager(world: Any) -> httpx2.AsyncClient:
    return await world.sign_in("north", "campaign_manager")


async def upload(
    client: httpx2.AsyncClient, data: str | bytes = PEOPLE, name: str = "people.csv", **headers: str
) -> httpx2.Response:
    raw = data.encode() if isinstance(data, str) else data
    return await client.post("/v1/imports", params={"name": name}, content=raw, headers={**CSV, **headers})


async def do(
    world: Any, settings: Settings, client: httpx2.AsyncClient, import_id: str, what: str
) -> dict[str, Any]:
    answer = await client.post(f"/v1/imports/{import_id}/{what}")
    assert answer.status_code == 202, answer.text
    await drive(settings, world.tenants["north"], decode_id("imp", import_id))
    found: dict[str, Any] = (await client.get(f"/v1/imports/{import_id}")).json()
    return found


async def test_from_the_file_to_the_undo(world: Any, settings: Settings, manager: httpx2.AsyncClient) -> None:
    answer = await upload(manager)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["state"], made["file"]["delimiter"], made["file"]["header"]) == (
        "uploaded",
        ";",
        ["Mobile", "Name", "City"],
    )
    assert made["file"]["preview"][0] == ["07700 900001", "Asha", "Leeds"]
    assert [entry["target"] for entry in made["options"]["mapping"]] == ["phone", "name", "attribute.city"]
    assert made["options"]["default_country"] == "GB"
    path = f"/v1/imports/{made['id']}"

    changed = await manager.patch(
        path, json={"policy": "merge", "tags": ["spring"], "consent": {"channels": ["sms"], "source": "Shop"}}
    )
    assert changed.json()["options"]["consent"] == {
        "channels": ["sms"],
        "state": "opted_in",
        "source": "Shop",
        "proof": "",
    }

    checked = await do(world, settings, manager, made["id"], "check")
    assert (checked["state"], checked["totals"]) == (
        "checked",
        {"created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "errors": 1},
    )
    errors = (await manager.get(f"{path}/errors")).json()
    assert errors == {
        "items": [
            {
                "row": 4,
                "column": "Mobile",
                "value": "nonsense",
                "code": "bad-phone",
                "detail": "'nonsense' is not a telephone number",
                "outcome": "error",
            }
        ],
        "has_more": False,
        "stored": 1,
    }
    file = await manager.get(f"{path}/errors.csv")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert rows == [
        ["row", "column", "value", "code", "reason", "Mobile", "Name", "City"],
        [
            "4",
            "Mobile",
            "nonsense",
            "bad-phone",
            "'nonsense' is not a telephone number",
            "nonsense",
            "Cleo",
            "",
        ],
    ]
    mended = await manager.put(f"{path}/rows/4", json={"cells": {"Mobile": "07700 900003"}})
    assert mended.status_code == 200
    done = await do(world, settings, manager, made["id"], "run")
    assert (done["state"], done["totals"]["created"], done["totals"]["errors"]) == ("completed", 3, 0)
    assert done["rows_per_s"] > 0
    assert done["finished_at"]

    people = (await manager.get("/v1/contacts", params={"tag": "spring", "sort": "name"})).json()["items"]
    assert [(one["name"], one["phone"], one["attributes"]) for one in people] == [
        ("=1+1", "+447700900002", {"city": "York"}),
        ("Asha", "+447700900001", {"city": "Leeds"}),
        ("Cleo", "+447700900003", {}),
    ]
    for refused in ("run", "check", "cancel"):
        answer = await manager.post(f"{path}/{refused}")
        assert (answer.status_code, answer.json()["code"]) == (409, "import-state")
    undone = await do(world, settings, manager, made["id"], "undo")
    assert (undone["state"], undone["undo"]) == ("undone", {"removed": 3, "restored": 0, "kept": 0})
    assert (await manager.get("/v1/contacts", params={"tag": "spring"})).json()["items"] == []
    assert (await manager.get(f"{path}/kept")).json() == {"items": [], "has_more": False}
    assert (await manager.delete(path)).status_code == 204
    assert (await manager.get(path)).status_code == 404


async def test_a_mapping_is_remembered_for_the_same_header(
    world: Any, settings: Settings, manager: httpx2.AsyncClient
) -> None:
    first = (await upload(manager)).json()
    mapping = [
        {"column": "Mobile", "target": "whatsapp"},
        {"column": "Name", "target": ""},
        {"column": "City", "target": "name"},
    ]
    await manager.patch(
        f"/v1/imports/{first['id']}", json={"mapping": mapping, "policy": "skip", "tags": ["fair"]}
    )
    await do(world, settings, manager, first["id"], "check")
    again = (await upload(manager, "MOBILE;name;city\n07700 900009;x;y\n")).json()
    assert [entry["target"] for entry in again["options"]["mapping"]] == ["whatsapp", "", "name"]
    assert again["options"]["policy"] == "skip"
    assert again["options"]["tags"] == []  # said of the first file's people, not of these


async def test_reading_can_be_set_right(manager: httpx2.AsyncClient) -> None:
    made = (await upload(manager, "phone,name\n+447700900001,\xc5ngstr\xf6m\n".encode("cp1252"))).json()
    path = f"/v1/imports/{made['id']}"
    changed = await manager.patch(path, json={"file": {"encoding": "cp850", "has_header": False}})
    assert changed.status_code == 200, changed.text
    file = changed.json()["file"]
    assert (file["encoding"], file["header"]) == ("cp850", ["Column 1", "Column 2"])
    for body, pointer in (
        ({"file": {"encoding": "klingon"}}, "/file/encoding"),
        ({"mapping": [{"column": "nope", "target": "phone"}]}, "/mapping/0/column"),
        ({"tags": ["x" * 61]}, "/tags/0"),
        ({"default_country": "ZZ"}, "/default_country"),
    ):
        refused = await manager.patch(path, json=body)
        assert refused.status_code == 422, body
        assert refused.json()["errors"][0]["pointer"] == pointer


async def test_a_workbook(manager: httpx2.AsyncClient) -> None:
    data = book([["Phone", "Name"], [447700900001, "Asha"]])
    made = (await upload(manager, data, "people.xlsx")).json()
    assert (made["file"]["format"], made["file"]["sheets"], made["file"]["preview"]) == (
        "xlsx",
        ["People"],
        [["447700900001", "Asha"]],
    )
    refused = await manager.patch(f"/v1/imports/{made['id']}", json={"file": {"sheet": "Other"}})
    assert refused.json()["errors"][0]["pointer"] == "/file/sheet"


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "file-refused"),
        (b"%PDF-1.4", 422, "file-refused"),
        (b"PK\x03\x04broken", 422, "file-refused"),
    ],
)
async def test_what_cannot_be_imported_is_refused_at_once(
    manager: httpx2.AsyncClient, data: bytes, status: int, code: str
) -> None:
    answer = await upload(manager, data)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await manager.get("/v1/imports")).json()["items"] == []


async def test_a_file_that_is_too_large_is_refused_before_and_while_it_arrives(
    manager: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await manager.post(
        "/v1/imports", content=b"x", headers={**CSV, "Content-Length": str(limits.FILE_BYTES_MAX + 1)}
    )
    assert answer.status_code == 413
    monkeypatch.setattr("hub.contacts.importing.spool.FILE_BYTES_MAX", 1_000)
    answer = await upload(manager, b"phone\n" + b"1" * 2_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_two_megabytes_pass_where_json_may_have_one(manager: httpx2.AsyncClient) -> None:
    answer = await upload(
        manager, "phone,name\n" + "".join(f"+4477{n:08d},Somebody with a long name\n" for n in range(60_000))
    )
    assert answer.status_code == 201
    assert answer.json()["size_bytes"] > 2_000_000
    assert (
        await manager.post(
            "/v1/contacts", content=b"x" * 2_000_000, headers={"Content-Type": "application/json"}
        )
    ).status_code == 413


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "image/png"])
async def test_only_the_file_itself_is_taken(manager: httpx2.AsyncClient, kind: str) -> None:
    answer = await upload(manager, **{"Content-Type": kind})
    assert answer.status_code == 415


async def test_who_may_not_import_is_refused_before_the_body_is_read(
    world: Any, anonymous: httpx2.AsyncClient
) -> None:
    assert (await upload(anonymous)).status_code == 401
    async with await world.sign_in("north", "support_agent") as agent:
        answer = await upload(agent)
        assert (answer.status_code, answer.json()["permission"]) == (403, "contacts:import")
    async with await world.sign_in("north", "campaign_manager") as client:
        client.headers.pop("X-CSRF-Token")
        assert (await upload(client)).json()["code"] == "bad-csrf-token"


async def test_the_same_key_with_the_same_file_is_one_import(manager: httpx2.AsyncClient) -> None:
    first = await upload(manager, **{"Idempotency-Key": "k1"})
    again = await upload(manager, **{"Idempotency-Key": "k1"})
    other = await upload(manager, PEOPLE + "x", **{"Idempotency-Key": "k1"})
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert other.json()["code"] == "idempotency-mismatch"
    assert len((await manager.get("/v1/imports")).json()["items"]) == 1


async def test_names_and_pages(manager: httpx2.AsyncClient) -> None:
    for name in ("C:\\files\\a\x07b.csv", "", "x" * 300):
        await upload(manager, name=name)
    page = (await manager.get("/v1/imports", params={"limit": 2})).json()
    assert [len(one["name"]) for one in page["items"]] == [200, 8]
    assert page["has_more"]
    rest = (await manager.get("/v1/imports", params={"starting_after": page["items"][-1]["id"]})).json()
    assert [one["name"] for one in rest["items"]] == ["ab.csv"]


async def test_errors_come_in_pages_of_whole_rows(
    world: Any, settings: Settings, manager: httpx2.AsyncClient
) -> None:
    text_ = "phone,language,time_zone\n" + "bad,nope nope,Mars\n" * 5
    made = (await upload(manager, text_)).json()
    await do(world, settings, manager, made["id"], "check")
    path = f"/v1/imports/{made['id']}/errors"
    page = (await manager.get(path, params={"limit": 4})).json()
    assert [(one["row"], one["column"]) for one in page["items"]] == [
        (2, "phone"),
        (2, "language"),
        (2, "time_zone"),
    ]
    assert (page["has_more"], page["stored"]) == (True, 15)
    rest = (await manager.get(path, params={"after_row": 2})).json()
    assert {one["row"] for one in rest["items"]} == {3, 4, 5, 6}


async def test_cancel_of_a_dry_run_leaves_it_as_uploaded(
    world: Any, settings: Settings, manager: httpx2.AsyncClient
) -> None:
    made = (await upload(manager)).json()
    await manager.post(f"/v1/imports/{made['id']}/check")
    assert (await manager.post(f"/v1/imports/{made['id']}/cancel")).status_code == 200
    await drive(settings, world.tenants["north"], decode_id("imp", made["id"]))
    assert (await manager.get(f"/v1/imports/{made['id']}")).json()["state"] == "uploaded"


async def test_the_examples_of_the_document_work(world: Any, manager: httpx2.AsyncClient) -> None:
    document = world.app.openapi()
    operation = document["paths"]["/v1/imports"]["post"]
    example = operation["requestBody"]["content"]["text/csv"]["example"]
    made = await upload(manager, example)
    assert made.status_code == 201, made.text
    path = f"/v1/imports/{made.json()['id']}"
    schemas = document["components"]["schemas"]
    answer = await manager.patch(path, json=schemas["ImportChange"]["examples"][0])
    assert answer.status_code == 200, answer.text
    answer = await manager.put(f"{path}/rows/2", json=schemas["RowFix"]["examples"][0])
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) >= set(schemas["Import"]["examples"][0])


async def test_another_tenant_sees_nothing_of_it(world: Any, manager: httpx2.AsyncClient) -> None:
    await upload(manager)
    async with transaction(world.app.state.engine, Scope.of(world.tenants["rival"])) as db:
        for table in ("imports", "import_chunks", "import_errors", "import_mappings"):
            assert (await db.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0
