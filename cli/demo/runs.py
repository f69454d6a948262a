"""What the two demo runs share: a tenant of their own below the platform, an API key, the live stream."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.demo import workspace as ws
from hub.errors import Unavailable
from hub.settings import Settings
from hub.tenancy.tree import NewTenant
from models.db import Scope, transaction

TIMEOUT_S = 60.0
KEY_SCOPES = [
    "messages:send",
    "messages:read",
    "contacts:read",
    "contacts:write",
    "campaigns:read",
    "campaigns:write",
    "campaigns:start",
    "inbox:read",
    "inbox:write",
    "wallet:read",
    "channels:manage",
]
Report = Callable[[str], None]


@dataclass(slots=True)
class Run:
    """One run's tenant and how to speak for it."""

    workspace: ws.Workspace
    email: str
    key: str


async def begin(
    engine: AsyncEngine,
    settings: Settings,
    kind: str,
    money_micros: int,
    kinds: Sequence[str] = ("sms", "whatsapp"),
) -> Run:
    """A fresh sub-organization under the organization "Demo runs", with one line of each of these kinds."""
    async with transaction(engine, Scope.nothing()) as db:
        platform = await ws.root_id(db)
    platform = platform or await ws.ensure_tenant(engine, None, NewTenant("Parley", "platform", "parley"))
    await ws.ensure_prices(engine, platform)
    parent = await ws.ensure_tenant(
        engine, platform, NewTenant("Demo runs", "organization", "demo-runs", ws.CURRENCY)
    )
    mark = secrets.token_hex(3)
    name = f"{kind} {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    new = NewTenant(name, "sub_organization", f"{kind.lower()}-{mark}", ws.CURRENCY)
    tenant_id = await ws.ensure_tenant(engine, parent, new)
    email = f"admin-{mark}@runs.example"
    await ws.ensure_user(
        engine, tenant_id, email, "Run admin", ["sub_org_admin", "supervisor", "campaign_manager"]
    )
    await ws.ensure_money(engine, tenant_id, money_micros)
    space = ws.Workspace(tenant_id, name)
    accounts = []
    for line_kind in kinds:
        number = f"+1555{secrets.randbelow(10**7):07d}"
        line = await ws.ensure_line(engine, settings, tenant_id, line_kind, f"{name} {line_kind}", number)
        space.lines[line_kind] = line
        accounts.append(ws.carrier_account(line, line_kind, line.number, settings.public_url))
    await ws.tell_carrier(settings, accounts)
    return Run(space, email, await _key(settings, email))


async def _key(settings: Settings, email: str) -> str:
    """An API key, made as an admin makes one."""
    async with httpx2.AsyncClient(base_url=settings.public_url, trust_env=False, timeout=TIMEOUT_S) as client:
        me = _checked(await client.post("/v1/sessions", json={"email": email, "password": ws.PASSWORD}))
        headers = {"X-CSRF-Token": me["csrf_token"]}
        body = {"name": "demo run", "scopes": KEY_SCOPES}
        key: str = _checked(await client.post("/v1/api-keys", json=body, headers=headers))["key"]
        return key


def _checked(answer: httpx2.Response) -> Any:
    if answer.status_code >= 400:
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        raise Unavailable(f"{answer.request.url.path}: {problem.get('detail', answer.status_code)}")
    return answer.json() if answer.content else None


class Api:
    """The hub's API with the run's key. Raises Unavailable with the problem's words."""

    def __init__(self, settings: Settings, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        limits = httpx2.Limits(max_connections=16, max_keepalive_connections=16)
        self.client = httpx2.AsyncClient(
            base_url=settings.public_url, headers=headers, trust_env=False, timeout=TIMEOUT_S, limits=limits
        )

    async def get(self, path: str) -> Any:
        return _checked(await self.client.get(path))

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = {"Idempotency-Key": secrets.token_hex(12)}
        return _checked(await self.client.post(path, json=body, headers=headers))

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """The tenant's live stream, for ever."""
        async with self.client.stream("GET", "/v1/stream", timeout=None) as answer:
            if answer.status_code != 200:
                raise Unavailable(f"/v1/stream: {answer.status_code}")
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    yield orjson.loads(line[6:])

    async def close(self) -> None:
        await self.client.aclose()


def quantile_ms(seconds: list[float], share: float) -> float:
    """The `share` quantile (nearest rank) in milliseconds; 0 for an empty list."""
    if not seconds:
        return 0.0
    ordered = sorted(seconds)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 2)


async def until(condition: Callable[[], Any], timeout_s: float, every_s: float = 0.25) -> bool:
    """Ask an async condition until it holds. False when time ran out."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while not await condition():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(every_s)
    return True
