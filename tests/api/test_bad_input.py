"""Whatever is sent, the answer is a problem document with a 4xx status: never a 500, never a stack trace."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from models.db import make_engine

JSON = {"Content-Type": "application/json"}
PHONE = "+447700900123"


def contact(name: bytes) -> bytes:
    return b'{"phone":"' + PHONE.encode() + b'","name":"' + name + b'"}'


# name → (body, status, pointer of the first error or None)
BODIES: dict[str, tuple[bytes, int, str | None]] = {
    "nothing": (b"", 422, ""),
    "not JSON": (b"{", 400, None),
    "text after JSON": (b"{} x", 400, None),
    "a NaN": (b'{"phone": NaN}', 400, None),
    "a bare word": (b"hello", 400, None),
    "invalid UTF-8": (contact(b"\xff\xfe"), 400, None),
    "overlong UTF-8": (contact(b"\xc0\xaf"), 400, None),
    "UTF-16": ('{"phone":"x"}'.encode("utf-16"), 400, None),
    "a raw NUL": (contact(b"a\0b"), 400, None),
    "an escaped NUL": (contact(rb"a\u0000b"), 422, "/name"),
    "a NUL in a key": (rb'{"phone":"x","attributes":{"a\u0000":1}}', 422, "/attributes/a\0"),
    "a NUL far inside": (rb'{"phone":"x","tags":["a","b\u0000"]}', 422, "/tags/1"),
    "half a surrogate pair": (contact(rb"\ud83d"), 422, "/name"),
    "the other half": (contact(rb"x\udc00"), 422, "/name"),
    "33 levels": (b'{"phone":' + b"[" * 32 + b"]" * 32 + b"}", 400, None),
    "100,000 levels": (b"[" * 100_000, 400, None),
    "100,000 closed levels": (b"[" * 100_000 + b"]" * 100_000, 400, None),
    "an array": (b"[]", 422, ""),
    "a null": (b"null", 422, ""),
    "a number": (b"1", 422, ""),
    "an unknown field": (b'{"phone":"' + PHONE.encode() + b'","tenant_id":"ten_x"}', 422, "/tenant_id"),
    "a number where a text belongs": (b'{"phone": 447700900123}', 422, "/phone"),
    "a huge number": (b'{"phone": 1' + b"0" * 5000 + b"}", 400, None),
    "no phone": (b"{}", 422, "/phone"),
    "a phone that is none": (b'{"phone":"nobody"}', 422, "/phone"),
    "1 MB of text": (contact(b"a" * 1_000_000), 422, "/name"),
    "1 MB of emoji": (contact("😀".encode() * 250_000), 422, "/name"),
    "2 MB": (contact(b"a" * 2_000_000), 413, None),
    "an object as a name": (b'{"phone":"' + PHONE.encode() + b'","name":{"$ne":1}}', 422, "/name"),
}


def is_problem(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert 400 <= answer.status_code < 500
    problem: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "code", "detail", "instance"} <= set(problem)
    assert problem["status"] == answer.status_code
    assert "Traceback" not in answer.text
    return problem


@pytest.fixture
async def client(world: Any) -> Any:
    async with await world.sign_in("north", "sub_org_admin") as client:
        yield client


@pytest.mark.parametrize(("body", "status", "pointer"), BODIES.values(), ids=BODIES)
async def test_a_bad_body(client: httpx2.AsyncClient, body: bytes, status: int, pointer: str | None) -> None:
    answer = await client.post("/v1/contacts", content=body, headers=JSON)
    problem = is_problem(answer)
    assert answer.status_code == status, problem
    if pointer is not None:
        assert problem["errors"][0]["pointer"] == pointer
    else:
        assert "errors" not in problem


@pytest.mark.parametrize("key", [None, "with-a-key"])
async def test_all_of_them_with_and_without_an_idempotency_key_leave_nothing_behind(
    client: httpx2.AsyncClient, key: str | None
) -> None:
    headers = {**JSON, **({"Idempotency-Key": key} if key else {})}
    for body, status, _ in BODIES.values():
        assert (await client.post("/v1/contacts", content=body, headers=headers)).status_code == status
    assert (await client.get("/v1/contacts")).json()["items"] == []


@pytest.mark.parametrize(
    "text",
    [
        "مرحبا \u200fبالعالم",
        "👩‍👩‍👧‍👦 🇮🇳",
        "e\u0301",
        "\u202eevil",
        "<script>alert(1)</script>",
        "a\tb\nc",
        "'; DROP TABLE contacts; --",
        "{{7*7}}",
        "\ufeff",
    ],
)
async def test_odd_texts_are_texts(client: httpx2.AsyncClient, text: str) -> None:
    made = await client.post("/v1/contacts", json={"phone": PHONE, "name": f"x{text}x"})
    assert made.status_code == 201, made.text
    assert (await client.get(f"/v1/contacts/{made.json()['id']}")).json()["name"] == f"x{text}x"


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "application/xml",
    ],
)
async def test_only_json_is_read(client: httpx2.AsyncClient, kind: str) -> None:
    answer = await client.post(
        "/v1/contacts", content=b'{"phone":"+447700900123"}', headers={"Content-Type": kind}
    )
    assert is_problem(answer)["code"] == "unsupported-media-type"


async def test_a_body_that_does_not_say_its_size_is_bounded_too(client: httpx2.AsyncClient) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 50_000

    answer = await client.post("/v1/contacts", content=endless(), headers=JSON)
    assert is_problem(answer)["code"] == "too-large"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/contacts?limit=0", 422),
        ("/v1/contacts?limit=201", 422),
        ("/v1/contacts?limit=many", 422),
        ("/v1/contacts?limit=1e3", 422),
        ("/v1/contacts?starting_after=con_x", 422),
        ("/v1/contacts?starting_after=usr_01m84gxcd9e5q8whv989tth46e", 422),
        ("/v1/contacts?search=%00", 422),
        ("/v1/contacts?search=" + "x" * 81, 422),
        ("/v1/contacts/%00", 422),
        ("/v1/contacts/nothing", 404),
        ("/v1/contacts/con_" + "z" * 26, 404),
        ("/v1/contacts/con_" + "u" * 26, 404),
        ("/v1/contacts/cnv_01m84gxcd9e5q8whv989tth46e", 404),
        ("/v1/contacts/con_01M84GXCD9E5Q8WHV989TTH46E", 404),
        ("/v1/contacts/..%2f..%2fetc%2fpasswd", 404),
        ("/v1/no-such-thing", 404),
        ("/v1/", 404),
        ("/v1", 404),
    ],
)
async def test_a_bad_address(client: httpx2.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(path)
    is_problem(answer)
    assert answer.status_code == status


async def test_bad_bytes_in_a_query_are_no_reason_to_fall_over(client: httpx2.AsyncClient) -> None:
    for raw in ("%ff%fe", "%ED%A0%80", "%", "%zz", "a&b&&&=", "search=a&search=b", "%F0%9F%98%80"):
        answer = await client.get(f"/v1/contacts?search={raw}&tag={raw}")
        assert answer.status_code in (200, 422), raw


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "FOO"])
async def test_an_unknown_method(client: httpx2.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/v1/contacts")
    assert is_problem(answer)["status"] in (404, 405)


async def test_a_bug_is_answered_without_detail_and_logged_once(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret: host db-7, password hunter2")

    logged: list[Any] = []
    monkeypatch.setattr("hub.overview.service.home", broken)
    monkeypatch.setattr("api.problems.log.error", lambda *args, **kwargs: logged.append(kwargs))
    answer = await client.get("/v1/home")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    assert len(logged) == 1
    assert "RuntimeError" in logged[0]["exception"]


async def test_a_database_that_is_away_is_said_so(client: httpx2.AsyncClient, world: Any) -> None:
    away = make_engine(world.app.state.engine.url.set(port=1), pool=1)
    world.app.state.engine = away
    answer = await client.get("/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "retry-after" in answer.headers
    assert "port" not in answer.text
    await away.dispose()
