from __future__ import annotations

from typing import Any

import httpx2
import pytest

from hub.tenancy.keys import new_key

BAD = {
    "unknown but well formed": new_key(),
    "wrong checksum": new_key()[:-1] + "é",
    "truncated": new_key()[:-3],
    "test key": new_key().replace("live", "test"),
    "empty": "",
}


@pytest.mark.parametrize("key", BAD.values(), ids=BAD)
async def test_a_bad_key_is_nobody(world: Any, anonymous: httpx2.AsyncClient, key: str) -> None:
    answer = await anonymous.get("/v1/me", headers={"Authorization": f"Bearer {key}".encode()})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_key_in_the_address_or_under_another_scheme_is_not_looked_at(
    world: Any, anonymous: httpx2.AsyncClient
) -> None:
    async with await world.program("acme", "contacts:read") as program:
        key = program.headers["Authorization"].removeprefix("Bearer ")
    assert (await anonymous.get("/v1/me", params={"key": key, "access_token": key})).status_code == 401
    assert (await anonymous.get("/v1/me", headers={"Authorization": f"Basic {key}"})).status_code == 401
    assert (await anonymous.get("/v1/me", headers={"Authorization": key})).status_code == 401
    assert (await anonymous.get("/v1/me", headers={"Authorization": f"bearer {key}"})).status_code == 200


async def test_a_key_is_shown_once(world: Any) -> None:
    async with await world.sign_in("acme", "org_admin") as admin:
        headers = {"Idempotency-Key": "make-a-key"}
        body = {"name": "shop", "scopes": ["contacts:write", "campaigns:start"]}
        made = (await admin.post("/v1/api-keys", json=body, headers=headers)).json()
        assert made["key"].endswith(made["last4"])
        listed = await admin.get("/v1/api-keys")
        assert [item["id"] for item in listed.json()["items"]] == [made["id"]]
        assert made["key"] not in listed.text
        replayed = await admin.post("/v1/api-keys", json=body, headers=headers)
        assert replayed.headers["idempotency-replayed"] == "true"
        assert replayed.json() == {**made, "key": None}


async def test_a_revoked_key_stops_at_once_here(world: Any) -> None:
    async with (
        await world.sign_in("acme", "org_admin") as admin,
        await world.program("acme", "contacts:read") as program,
    ):
        assert (await program.get("/v1/contacts")).status_code == 200
        key_id = (await program.get("/v1/me")).json()["key"]["id"]
        assert (await admin.delete(f"/v1/api-keys/{key_id}")).status_code == 204
        assert (await program.get("/v1/contacts")).status_code == 401
        assert (await admin.delete(f"/v1/api-keys/{key_id}")).status_code == 404


async def test_a_key_reaches_what_its_scopes_say(world: Any) -> None:
    async with await world.program("acme", "contacts:read") as program:
        assert (await program.get("/v1/contacts")).status_code == 200
        refused = await program.post("/v1/contacts", json={"name": "A", "phone": "+447700900123"})
        assert (refused.status_code, refused.json()["permission"]) == (403, "contacts:write")
        assert (await program.get("/v1/wallet")).status_code == 403
        assert (
            await program.post("/v1/api-keys", json={"name": "more", "scopes": ["contacts:read"]})
        ).status_code == 403


@pytest.mark.parametrize(
    "scopes", [["users:read"], ["keys:manage"], ["*"], [], ["contacts:read", "wallet:top_up"]]
)
async def test_some_scopes_are_given_to_no_key(world: Any, scopes: list[str]) -> None:
    async with await world.sign_in("acme", "org_admin") as admin:
        answer = await admin.post("/v1/api-keys", json={"name": "x", "scopes": scopes})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"].startswith("/scopes")
