"""One execution for each Idempotency-Key, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest
from sqlalchemy import text

from hub.billing import service as billing
from models.db import Scope, transaction

PHONE = "+447700900123"
BODY = {"phone": PHONE, "name": "Asha"}


@pytest.fixture
async def client(world: Any) -> AsyncIterator[httpx2.AsyncClient]:
    async with await world.sign_in("north", "sub_org_admin") as client:
        yield client


def key(value: str = "") -> dict[str, str]:
    return {"Idempotency-Key": value or uuid4().hex}


async def contacts(client: httpx2.AsyncClient) -> list[str]:
    return [item["name"] for item in (await client.get("/v1/contacts")).json()["items"]]


async def test_the_same_request_is_answered_again_not_done_again(client: httpx2.AsyncClient) -> None:
    headers = key()
    first = await client.post("/v1/contacts", json=BODY, headers=headers)
    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    again = await client.post(
        "/v1/contacts",
        content=b'{"name": "Asha",  "phone":"+447700900123"}',
        headers={**headers, "Content-Type": "application/json"},
    )
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert await contacts(client) == ["Asha"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/contacts", {**BODY, "name": "Other"}),
        ("/v1/contacts/batch", {"contacts": [BODY]}),
        ("/v1/contacts?x=1", BODY),
    ],
)
async def test_a_key_belongs_to_one_request(client: httpx2.AsyncClient, path: str, body: Any) -> None:
    headers = key()
    await client.post("/v1/contacts", json=BODY, headers=headers)
    answer = await client.post(path, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-mismatch")


async def test_of_many_at_once_one_is_done(client: httpx2.AsyncClient) -> None:
    headers = key()
    answers = await asyncio.gather(
        *(client.post("/v1/contacts", json=BODY, headers=headers) for _ in range(12))
    )
    done = [answer for answer in answers if answer.status_code == 201]
    busy = [answer for answer in answers if answer.status_code == 409]
    assert len(done) + len(busy) == 12
    assert sum("idempotency-replayed" not in answer.headers for answer in done) == 1
    assert {answer.json()["code"] for answer in busy} <= {"idempotency-in-flight"}
    assert len({answer.content for answer in done}) == 1
    assert await contacts(client) == ["Asha"]
    assert (await client.post("/v1/contacts", json=BODY, headers=headers)).headers[
        "idempotency-replayed"
    ] == "true"


async def test_a_bug_leaves_nothing_and_the_key_may_try_again(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = key()
    with monkeypatch.context() as patch:

        async def broken(*_: Any) -> None:
            raise RuntimeError("after the contact was written")

        patch.setattr("api.routes.contacts.detail", broken)
        assert (await client.post("/v1/contacts", json=BODY, headers=headers)).status_code == 500
    assert await contacts(client) == []
    answer = await client.post("/v1/contacts", json=BODY, headers=headers)
    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers


async def test_a_refusal_that_came_from_the_state_of_things_is_remembered(client: httpx2.AsyncClient) -> None:
    await client.post("/v1/contacts", json=BODY)
    headers = key()
    first = await client.post("/v1/contacts", json=BODY, headers=headers)
    again = await client.post("/v1/contacts", json=BODY, headers=headers)
    assert (first.status_code, first.json()["code"]) == (409, "contact-exists")
    assert (again.status_code, again.content) == (409, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == "application/problem+json"


async def test_failed_validation_and_missing_rights_are_not(client: httpx2.AsyncClient, world: Any) -> None:
    headers = key()
    assert (await client.post("/v1/contacts", json={"phone": "nobody"}, headers=headers)).status_code == 422
    assert (await client.post("/v1/contacts", json={"phone": 5}, headers=headers)).status_code == 422
    assert (await client.post("/v1/contacts", json=BODY, headers=headers)).status_code == 201
    async with await world.sign_in("north", "support_agent") as agent:
        for _ in range(2):
            refused = await agent.post("/v1/contacts", json=BODY, headers=headers)
            assert refused.status_code == 403
            assert "idempotency-replayed" not in refused.headers


async def test_a_key_is_its_caller_s_own(client: httpx2.AsyncClient, world: Any) -> None:
    headers = key()
    await client.post("/v1/contacts", json=BODY, headers=headers)
    async with await world.sign_in("south", "sub_org_admin") as other:  # another tenant
        answer = await other.post("/v1/contacts", json=BODY, headers=headers)
        assert answer.status_code == 201
        assert "idempotency-replayed" not in answer.headers
    async with await world.sign_in("north", "campaign_manager") as colleague:  # the same tenant
        answer = await colleague.post("/v1/contacts", json=BODY, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "contact-exists")
        assert "idempotency-replayed" not in answer.headers


@pytest.mark.parametrize("value", ["", "x" * 256, "a\tb"])
async def test_a_key_is_short_and_printable(client: httpx2.AsyncClient, value: str) -> None:
    answer = await client.post("/v1/contacts", json=BODY, headers={"Idempotency-Key": value})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-idempotency-key")


async def test_nobody_replays_without_signing_in(
    client: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    headers = key()
    await client.post("/v1/contacts", json=BODY, headers=headers)
    assert (await anonymous.post("/v1/contacts", json=BODY, headers=headers)).status_code == 401


@pytest.fixture
def failing_commit(database_url: str) -> Iterator[None]:
    """Contacts named Doomed pass every statement and fail when their transaction commits."""
    with psycopg.connect(database_url, autocommit=True) as db:
        db.execute("SET search_path = app")
        db.execute(
            "CREATE FUNCTION doom() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'doomed' USING ERRCODE = '40001'; END $$"
        )
        db.execute(
            "CREATE CONSTRAINT TRIGGER doom AFTER INSERT ON contacts DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW WHEN (NEW.name = 'Doomed') EXECUTE FUNCTION doom()"
        )
        yield
        db.execute("DROP TRIGGER doom ON contacts")
        db.execute("DROP FUNCTION doom")


@pytest.mark.usefixtures("failing_commit")
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "doomed"}], ids=["without a key", "with a key"])
async def test_a_failed_commit_is_never_told_as_a_success(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    for _ in range(2):
        answer = await client.post("/v1/contacts", json={"phone": PHONE, "name": "Doomed"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "idempotency-replayed" not in answer.headers
    assert await contacts(client) == []


class LocalWallets:
    """Tops up as the wallet's host does, by the same service in a transaction of its own."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.calls = 0

    async def top_up(
        self, tenant_id: UUID, source_id: UUID, micros: int, currency: str, reference: str
    ) -> None:
        self.calls += 1
        async with transaction(self.app.state.engine, Scope.of(tenant_id)) as db:
            await billing.top_up(db, tenant_id, source_id, micros, currency, reference=reference)


@pytest.fixture
async def payer(world: Any) -> AsyncIterator[httpx2.AsyncClient]:
    world.app.state.hub = LocalWallets(world.app)
    async with transaction(world.app.state.engine, Scope.of(world.tenants["acme"])) as db:
        await billing.ensure_wallet(db, world.tenants["acme"], "EUR")
    async with await world.sign_in("acme", "billing_admin") as client:
        yield client


async def test_money_needs_a_key(payer: httpx2.AsyncClient) -> None:
    answer = await payer.post("/v1/wallet/top-ups", json={"amount": "5.00", "currency": "EUR"})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-required")


async def test_a_top_up_is_paid_once(payer: httpx2.AsyncClient, world: Any) -> None:
    headers = key()
    body = {"amount": "12.345678", "currency": "EUR", "reference": "invoice 17"}
    answers = [await payer.post("/v1/wallet/top-ups", json=body, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert answers[0].json()["wallet"]["available"] == "12.345678"
    assert world.app.state.hub.calls == 1
    # Forgotten after a day, the key still cannot pay again: the ledger knows the id that was made from it.
    async with transaction(world.app.state.engine, Scope.of(world.tenants["acme"])) as db:
        await db.execute(text("DELETE FROM idempotency_keys"))
    late = await payer.post("/v1/wallet/top-ups", json=body, headers=headers)
    assert late.json() == answers[0].json()
    listed = (await payer.get("/v1/wallet/transactions")).json()["items"]
    assert [(entry["amount"], entry["note"]) for entry in listed] == [("12.345678", "invoice 17")]
    assert listed[0]["transaction_id"] == answers[0].json()["transaction_id"]


@pytest.mark.parametrize(
    "amount",
    [
        "-1.00",
        "0",
        "1e3",
        "NaN",
        "1.0000001",
        "",
        "1,5",
        "9" * 30,
        5,
        5.5,
        None,
        True,
        "٥",
        "0x10",
        " 1",
        "Infinity",
    ],
)
async def test_what_is_no_amount_is_refused(payer: httpx2.AsyncClient, amount: Any) -> None:
    answer = await payer.post("/v1/wallet/top-ups", json={"amount": amount, "currency": "EUR"}, headers=key())
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == "/amount"
    assert (await payer.get("/v1/wallet")).json()["balance"] == "0.000000"


async def test_another_currency_is_refused(payer: httpx2.AsyncClient) -> None:
    answer = await payer.post("/v1/wallet/top-ups", json={"amount": "5.00", "currency": "USD"}, headers=key())
    assert answer.json()["errors"][0]["pointer"] == "/currency"
