"""A carrier and a tenant, each on a real uvicorn and a free port of this machine, spoken to over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import orjson
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from carrier.__main__ import server_config
from carrier.app import Carrier, create_app
from carrier.config import Config

SID = "AC00000000000000000000000000000001"
TOKEN = "twilio-auth-token"
NUMBER = "+15550001111"
META_NUMBER = "+15550002222"
META_TOKEN = "meta-access-token"
META_SECRET = "meta-app-secret"
PHONE_ID = "106540352242922"
PERSON = "+15557654321"
FAST = {"sent_after_s": 0.0, "delivered_after_s": 0.005, "reply_after_s": 0.0, "reply_gap_s": 0.01}


async def start(app: Any) -> tuple[uvicorn.Server, int]:
    """Serve an ASGI app on a free port; gives the server and the port."""
    config = server_config(app)
    config.port = 0
    config.timeout_graceful_shutdown = 1
    config.load()
    server = uvicorn.Server(config)
    # Server.serve() looks for its end ten times a second, which would be most of a test's time.
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    return server, server.servers[0].sockets[0].getsockname()[1]


@dataclass
class Hit:
    """One request the tenant got."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    raw: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return orjson.loads(self.raw)


@dataclass
class Tenant:
    """The hub's side: keeps every webhook. `answer` may give (status, body) or raise Hang."""

    hits: list[Hit] = field(default_factory=list)
    answer: Callable[[Hit], tuple[int, bytes]] = lambda hit: (200, b"")
    hold: asyncio.Event | None = None
    url: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})
            return
        raw = b""
        while True:
            message = await receive()
            raw += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        hit = Hit(scope["method"], scope["path"], scope["query_string"].decode(), headers, raw)
        self.hits.append(hit)
        if self.hold is not None:
            await self.hold.wait()
        status, body = self.answer(hit)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async def wait(self, count: int) -> list[Hit]:
        """The hits, once there are `count` of them."""
        async with asyncio.timeout(20):
            while len(self.hits) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
        return self.hits

    def states(self, sid: str = "") -> list[str]:
        """The statuses of the SMS receipts in order of arrival."""
        forms = [hit.form for hit in self.hits if hit.path.endswith("/status")]
        return [form["MessageStatus"] for form in forms if not sid or form["MessageSid"] == sid]

    def statuses(self) -> list[dict[str, Any]]:
        """The WhatsApp statuses in order of arrival."""
        return [
            status
            for hit in self.hits
            if hit.path == "/whatsapp"
            for item in hit.json["entry"]
            for change in item["changes"]
            for status in change["value"].get("statuses", [])
        ]


@dataclass
class World:
    """A running carrier, a tenant and a client for both."""

    app: Carrier
    tenant: Tenant
    client: httpx2.AsyncClient

    @property
    def messages_url(self) -> str:
        return f"/2010-04-01/Accounts/{SID}/Messages.json"

    async def sms(self, to: str = PERSON, body: str = "Hello", **fields: Any) -> httpx2.Response:
        """Send an SMS with a status callback."""
        form = {
            "To": to,
            "From": NUMBER,
            "Body": body,
            "StatusCallback": f"{self.tenant.url}/status?m=1&x=a%20b",
        }
        form |= fields
        sent = {name: value for name, value in form.items() if value is not None}
        return await self.client.post(self.messages_url, data=sent, auth=(SID, TOKEN))

    async def whatsapp(self, data: dict[str, Any], token: str = META_TOKEN) -> httpx2.Response:
        """POST to the Cloud API; messaging_product is filled in."""
        return await self.client.post(
            f"/v23.0/{PHONE_ID}/messages",
            json={"messaging_product": "whatsapp"} | data,
            headers={"authorization": f"Bearer {token}"},
        )

    async def text(self, body: str = "Hello", to: str = PERSON, **more: Any) -> httpx2.Response:
        """A WhatsApp text."""
        return await self.whatsapp({"to": to, "type": "text", "text": {"body": body}} | more)

    async def behave(self, rules: list[Any] | None = None, seed: int = 1, **default: Any) -> None:
        """Set the behaviours: `default` on top of fast delays."""
        data = {"seed": seed, "default": FAST | default, "rules": rules or []}
        response = await self.client.put("/carrier/behaviours", json=data)
        assert response.status_code == 200, response.text

    async def write(self, text: str, channel: str = "sms", **more: Any) -> dict[str, Any]:
        """The person writes to the tenant's number."""
        to = NUMBER if channel == "sms" else META_NUMBER
        data = {"from": PERSON, "to": to, "channel": channel, "text": text} | more
        response = await self.client.post("/carrier/inbound", json=data)
        assert response.status_code == 200, response.text
        return response.json()

    async def summary(self) -> dict[str, Any]:
        return (await self.client.get("/carrier/summary")).json()

    async def settle(self) -> dict[str, Any]:
        """The summary, once nothing is planned or under way."""
        async with asyncio.timeout(30):
            while not (found := await self.summary())["settled"]:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        return found

    async def log(self, **query: Any) -> list[dict[str, Any]]:
        return (await self.client.get("/carrier/messages", params=query)).json()["messages"]


def accounts(tenant_url: str) -> list[dict[str, Any]]:
    """One Twilio account and one Meta app, their webhooks at the tenant."""
    return [
        {
            "provider": "twilio",
            "account_sid": SID,
            "auth_token": TOKEN,
            "services": {"MG00000000000000000000000000000001": [NUMBER]},
            "numbers": [{"address": NUMBER, "webhook_url": f"{tenant_url}/inbound?a=1", "label": "Shop"}],
        },
        {
            "provider": "whatsapp",
            "app_id": "app-1",
            "access_token": META_TOKEN,
            "app_secret": META_SECRET,
            "waba_id": "102290129340398",
            "numbers": [
                {"address": META_NUMBER, "phone_number_id": PHONE_ID, "webhook_url": f"{tenant_url}/whatsapp"}
            ],
        },
    ]


@contextlib.asynccontextmanager
async def make_world(**settings: Any) -> AsyncIterator[World]:
    """A world of its own; `settings` are those of the carrier."""
    defaults: dict[str, Any] = {"webhook_retry_s": (0.01, 0.02, 0.04), "behaviours": {"default": FAST}}
    app = create_app(Config.from_json(defaults | settings))
    tenant = Tenant()
    tenant_server, tenant_port = await start(tenant)
    server, port = await start(app)
    tenant.url = f"http://127.0.0.1:{tenant_port}"
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            response = await client.put("/carrier/accounts", json=accounts(tenant.url))
            assert response.status_code == 200, response.text
            yield World(app, tenant, client)
    finally:
        app.close_streams()
        await asyncio.gather(server.shutdown(), tenant_server.shutdown())


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with make_world() as made:
        yield made


@pytest.fixture
def worlds() -> Any:
    """make_world, for a test that wants settings of its own."""
    return make_world
