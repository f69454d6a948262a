"""What the edge adds to answers, and what it keeps away from webhooks."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from api.middleware import Edge


async def test_every_answer_of_the_api_is_dressed(world: Any, anonymous: httpx2.AsyncClient) -> None:
    async with await world.sign_in("acme", "org_admin") as client:
        for answer in (
            await client.get("/v1/me"),
            await anonymous.get("/v1/me"),
            await anonymous.get("/v1/none"),
        ):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
            assert answer.headers["x-app-version"] == world.app.version
            assert "strict-transport-security" not in answer.headers


async def test_over_tls_browsers_are_told_to_stay_there() -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/v1/me", "method": "GET", "headers": []}
    await Edge(app, "1", tls=True)(scope, None, send)  # type: ignore[arg-type]
    assert (b"strict-transport-security", b"max-age=31536000") in sent[0]["headers"]


@pytest.mark.parametrize(
    "path", ["/webhooks/twilio/acc_01m84gxcd9e5q8whv989tth46e/message", "/webhooks/whatsapp/acc_x"]
)
async def test_webhooks_pass_without_session_key_or_bucket(
    world: Any, anonymous: httpx2.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a webhook was taken for a person")

    for name in (
        "api.deps.service.caller_of_session",
        "api.ratelimit.RateLimiter.take",
        "api.idempotency.once",
    ):
        monkeypatch.setattr(name, never)
    answer = await anonymous.post(
        path,
        content=b"Body=hello",
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Idempotency-Key": "x",
            "Cookie": "hub_session=x",
            "Authorization": "Bearer x",
        },
    )
    assert 400 <= answer.status_code < 504
    assert answer.status_code != 500
    assert "ratelimit" not in answer.headers
    assert "x-frame-options" not in answer.headers


async def test_health_says_the_version(world: Any, anonymous: httpx2.AsyncClient) -> None:
    assert (await anonymous.get("/healthz")).json() == {"status": "ok", "version": world.app.version}


async def test_what_needs_the_hosts_says_that_they_are_away(world: Any) -> None:
    async with await world.sign_in("north", "support_agent") as client:
        answer = await client.get("/v1/conversations/counts")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
