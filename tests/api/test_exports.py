"""Export of contacts: what is chosen, guarded, streamed, and told in the audit log."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import httpx2
import pytest

from hub.contacts.exporting import formats, service
from hub.contacts.exporting.columns import Column
from hub.contacts.importing.source import inspect, open_rows
from tests.api.test_imports import upload

PEOPLE = [
    {
        "phone": "+447700900001",
        "name": "=cmd|' /C calc'!A0",
        "language": "en",
        "tags": ["vip", "a"],
        "attributes": {},
    },
    {
        "phone": "+447700900002",
        "name": 'Zoë, "Z"',
        "attributes": {"city": "Leeds", "orders": 3, "since": "2024-02-29", "gold": True},
    },
]


@pytest.fixture
async def admin(world: Any) -> httpx2.AsyncClient:
    client = await world.sign_in("north", "sub_org_admin")
    for key, kind in (("city", "text"), ("orders", "number"), ("since", "date"), ("gold", "boolean")):
        answer = await client.post("/v1/attributes", json={"key": key, "label": key, "type": kind})
        assert answer.status_code == 201, answer.text
    for person in PEOPLE:
        answer = await client.post("/v1/contacts", json=person)
        assert answer.status_code == 201, answer.text
    return client


COLUMNS = "phone,name,tags,attribute.city,attribute.orders,attribute.since,attribute.gold"


async def test_csv_is_guarded_and_understood_again(admin: httpx2.AsyncClient) -> None:
    answer = await admin.get("/v1/contacts/export", params={"columns": COLUMNS})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="contacts-')
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows == [
        ["phone", "name", "tags", "city", "orders", "since", "gold"],
        ["'+447700900001", "'=cmd|' /C calc'!A0", "a, vip", "", "", "", ""],
        ["'+447700900002", 'Zoë, "Z"', "", "Leeds", "3", "2024-02-29", "true"],
    ]
    back = (await upload(admin, answer.content)).json()
    assert [entry["target"] for entry in back["options"]["mapping"]] == COLUMNS.split(",")


async def test_a_workbook_has_types_and_can_be_read_again(admin: httpx2.AsyncClient) -> None:
    answer = await admin.get("/v1/contacts/export", params={"format": "xlsx", "columns": COLUMNS})
    file = io.BytesIO(answer.content)
    info = inspect(file, len(answer.content), "contacts.xlsx", False)
    rows = [row for block in open_rows(file, info) for row in block.rows]
    assert info.header == ["phone", "name", "tags", "city", "orders", "since", "gold"]
    assert rows == [
        ["+447700900001", "=cmd|' /C calc'!A0", "a, vip"],
        ["+447700900002", 'Zoë, "Z"', "", "Leeds", "3", "2024-02-29", "true"],
    ]


async def test_json_lines(admin: httpx2.AsyncClient) -> None:
    answer = await admin.get("/v1/contacts/export", params={"format": "jsonl", "tag": "vip"})
    [line] = answer.text.splitlines()
    person = json.loads(line)
    assert (person["phone"], person["name"], person["tags"]) == (
        "+447700900001",
        PEOPLE[0]["name"],
        ["a", "vip"],
    )
    assert person["time_zone"] == "Europe/London"


async def test_it_comes_in_pieces(admin: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "CHUNK", 1)
    answer = await admin.get("/v1/contacts/export", params={"columns": "phone"})
    assert len(answer.text.splitlines()) == 3


def test_a_sheet_that_is_full_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "SHEET_ROWS_MAX", 3)
    book = formats.Xlsx()
    data = book.begin([Column("name", "name")]) + book.rows([[f"a\x01{n}"] for n in range(5)]) + book.end()
    info = inspect(io.BytesIO(data), len(data), "x.xlsx", False)
    assert info.sheets == ["Contacts 1", "Contacts 2", "Contacts 3"]
    rows = [row for block in open_rows(io.BytesIO(data), info) for row in block.rows]
    assert rows == [["a\ufffd0"], ["a\ufffd1"]]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"columns": "phone,soul"}, 422),
        ({"format": "pdf"}, 422),
        ({"segment": "seg_01kasw8qbefw09m6sc5kymr0kh"}, 404),
    ],
)
async def test_what_there_is_not_is_refused_before_the_file_begins(
    admin: httpx2.AsyncClient, query: dict[str, str], status: int
) -> None:
    answer = await admin.get("/v1/contacts/export", params=query)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_audit_log_tells_of_it(admin: httpx2.AsyncClient) -> None:
    await admin.get("/v1/contacts/export", params={"columns": "phone", "search": "Zoë"})
    entry = (await admin.get("/v1/audit-log", params={"action": "contacts.exported"})).json()["items"][0]
    assert entry["data"] == {
        "format": "csv",
        "columns": ["phone"],
        "segment": "",
        "tag": "",
        "searched": True,
    }


async def test_who_may_only_read_may_not_export(world: Any) -> None:
    async with await world.sign_in("north", "campaign_manager") as client:
        answer = await client.get("/v1/contacts/export")
        assert (answer.status_code, answer.json()["permission"]) == (403, "contacts:export")
