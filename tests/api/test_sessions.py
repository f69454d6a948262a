from __future__ import annotations

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.deps import cookie_name
from hub.ids import encode_id, new_id
from hub.routing.people import People, Seen
from hub.settings import Settings
from models.db import Scope, transaction

PASSWORD = "parley-demo"


async def test_signing_in_gives_a_session_a_cookie_and_me(world: Any, anonymous: httpx2.AsyncClient) -> None:
    email = world.email("acme", "org_admin")
    answer = await anonymous.post("/v1/sessions", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 201
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("hub_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    me = answer.json()
    assert me["user"]["email"] == email
    assert me["tenant"] == me["home_tenant"]
    assert [node["name"] for node in me["tenants"]] == ["Acme", "North", "South"]
    assert "contacts:write" in me["permissions"]
    assert (await anonymous.get("/v1/me")).json() == me


def test_over_tls_the_cookie_is_bound_to_its_host() -> None:
    assert cookie_name(Settings(cookie_secure=True)) == "__Host-hub_session"
    assert cookie_name(Settings(cookie_secure=False)) == "hub_session"


async def test_wrong_and_unknown_get_the_same_answer(world: Any, anonymous: httpx2.AsyncClient) -> None:
    answers = [
        await anonymous.post("/v1/sessions", json={"email": email, "password": password})
        for email, password in [
            (world.email("acme", "org_admin"), "wrong password"),
            ("nobody@example.com", PASSWORD),
            ("' OR 1=1 --", "' OR 1=1 --"),
        ]
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert all("set-cookie" not in answer.headers for answer in answers)


async def test_an_unsafe_method_needs_the_token_of_this_session(world: Any) -> None:
    async with (
        await world.sign_in("north", "sub_org_admin") as one,
        await world.sign_in("north", "sub_org_admin") as two,
    ):
        body = {"name": "A", "phone": "+447700900123"}
        for token in ("", "wrong", two.headers["X-CSRF-Token"]):
            answer = await one.post("/v1/contacts", json=body, headers={"X-CSRF-Token": token})
            assert (answer.status_code, answer.json()["code"]) == (403, "bad-csrf-token")
        assert (await one.get("/v1/contacts", headers={"X-CSRF-Token": ""})).json()["items"] == []
        assert (await one.post("/v1/contacts", json=body)).status_code == 201


async def test_another_site_cannot_sign_a_browser_in(world: Any, anonymous: httpx2.AsyncClient) -> None:
    body = {"email": world.email("acme", "org_admin"), "password": PASSWORD}
    assert (
        await anonymous.post("/v1/sessions", json=body, headers={"Sec-Fetch-Site": "cross-site"})
    ).status_code == 403
    form = await anonymous.post("/v1/sessions", data=body)
    assert (form.status_code, form.json()["code"]) == (415, "unsupported-media-type")


async def test_after_signing_out_the_cookie_is_worth_nothing(
    world: Any, anonymous: httpx2.AsyncClient
) -> None:
    async with await world.sign_in("acme", "org_admin") as client:
        stolen = client.cookies["hub_session"]
        answer = await client.delete("/v1/sessions/current")
        assert answer.status_code == 204
        assert answer.headers["set-cookie"].startswith('hub_session=""; ')
        assert "Max-Age=0" in answer.headers["set-cookie"]
    replayed = await anonymous.get("/v1/me", headers={"Cookie": f"hub_session={stolen}"})
    assert replayed.status_code == 401


async def test_who_signs_out_has_left_the_desk(world: Any, app: FastAPI) -> None:
    people, north = People(app.state.redis), world.tenants["north"]
    me = world.users["north", "support_agent"]
    async with await world.sign_in("north", "support_agent") as client:
        await client.put("/v1/me/presence", json={"status": "online"})
        assert (await people.of(north))[me] == Seen("online", True)
        assert (await client.delete("/v1/sessions/current")).status_code == 204
        assert not (await people.of(north))[me].here


async def test_a_session_cannot_be_fixed_beforehand(world: Any, anonymous: httpx2.AsyncClient) -> None:
    planted = "chosen-by-the-attacker"
    answer = await anonymous.post(
        "/v1/sessions",
        json={"email": world.email("acme", "org_admin"), "password": PASSWORD},
        headers={"Cookie": f"hub_session={planted}"},
    )
    assert planted not in answer.headers["set-cookie"]
    anonymous.cookies.clear()
    assert (await anonymous.get("/v1/me", headers={"Cookie": f"hub_session={planted}"})).status_code == 401


@pytest.mark.parametrize(
    "cookie", ["x", "", "\x7f", "a" * 5000, "%00", "é".encode("latin-1").decode("latin-1")]
)
async def test_a_made_up_cookie_is_nobody(anonymous: httpx2.AsyncClient, cookie: str) -> None:
    answer = await anonymous.get("/v1/me", headers={"Cookie": f"hub_session={cookie}".encode("latin-1")})
    assert answer.status_code == 401


async def test_acting_below_oneself_changes_what_is_written(world: Any) -> None:
    async with await world.sign_in("acme", "org_admin") as client:
        north = encode_id("ten", world.tenants["north"])
        me = (await client.post("/v1/sessions/current/tenant", json={"tenant_id": north})).json()
        assert (me["tenant"]["name"], me["home_tenant"]["name"]) == ("North", "Acme")
        assert (await client.get("/v1/me")).json() == me
        made = await client.post("/v1/contacts", json={"name": "A", "phone": "07700 900123"})
        assert made.json()["tenant_id"] == north
        back = await client.post(
            "/v1/sessions/current/tenant", json={"tenant_id": encode_id("ten", world.tenants["acme"])}
        )
        assert back.json()["tenant"]["name"] == "Acme"
        assert [item["id"] for item in (await client.get("/v1/contacts")).json()["items"]] == [
            made.json()["id"]
        ]


@pytest.mark.parametrize("name", ["rival", "platform", "acme", "south", ""])
async def test_nobody_acts_beside_or_above(world: Any, name: str) -> None:
    target = world.tenants.get(name, new_id())
    async with await world.sign_in("north", "sub_org_admin") as client:
        answer = await client.post(
            "/v1/sessions/current/tenant", json={"tenant_id": encode_id("ten", target)}
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        assert (await client.get("/v1/me")).json()["tenant"]["name"] == "North"


async def test_a_key_has_no_session(world: Any) -> None:
    async with await world.program("acme", "contacts:read") as program:
        me = (await program.get("/v1/me")).json()
        assert (me["user"], me["key"]["name"], me["csrf_token"]) == (None, "program", "")
        assert (await program.delete("/v1/sessions/current")).status_code == 403
        north = encode_id("ten", world.tenants["north"])
        assert (
            await program.post("/v1/sessions/current/tenant", json={"tenant_id": north})
        ).status_code == 403


async def test_the_brand_is_public(world: Any, anonymous: httpx2.AsyncClient, engine: AsyncEngine) -> None:
    async with transaction(engine, Scope.of(world.tenants["acme"])) as db:
        await db.execute(
            text("UPDATE tenants SET brand = CAST(:brand AS jsonb) WHERE id = :id"),
            {
                "id": world.tenants["acme"],
                "brand": '{"product_name": "Acme Talk", "primary_color": "#8a3ffc"}',
            },
        )
    answer = await anonymous.get("/v1/branding", params={"tenant": f"north-{world.mark}"})
    assert answer.json() == {
        "name": "Acme",
        "product_name": "Acme Talk",
        "primary_color": "#8a3ffc",
        "logo_text": None,
        "logo_url": None,
    }
    assert (await anonymous.get("/v1/branding")).status_code == 200
    assert (await anonymous.get("/v1/branding", params={"tenant": "no-such"})).status_code == 404


async def test_too_many_wrong_passwords_are_throttled(world: Any, anonymous: httpx2.AsyncClient) -> None:
    body = {"email": world.email("acme", "analyst"), "password": "wrong password"}
    for _ in range(10):
        assert (await anonymous.post("/v1/sessions", json=body)).status_code == 401
    answer = await anonymous.post("/v1/sessions", json={**body, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-attempts")
    assert 0 < int(answer.headers["retry-after"]) <= 900
