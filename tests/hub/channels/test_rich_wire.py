"""WhatsApp and RCS between the hub's own adapters and the carrier, which share no code: over real HTTP, there and back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hub.channels.base import (
    Account,
    Channel,
    ChannelKind,
    DeliveryReport,
    InboundMessage,
    OutboundMessage,
    WebhookRequest,
)
from hub.channels.content import (
    Card,
    CardBody,
    Carousel,
    Choices,
    Content,
    Location,
    Media,
    OpenUrl,
    Reply,
    Text,
)
from hub.channels.errors import SendRefused
from hub.channels.http import ProviderClient
from hub.channels.rcs_google import GoogleRcs
from hub.channels.whatsapp_cloud import WhatsAppCloud
from hub.ids import encode_id
from hub.media import service as media
from hub.media.fetch import Fetcher, FetchRefused
from hub.media.shelf import Shelf
from hub.templates.provider_templates import service as templates
from hub.templates.provider_templates.definition import NewTemplate
from tests.carrier.conftest import (
    META_NUMBER,
    META_SECRET,
    META_TOKEN,
    PERSON,
    PHONE_ID,
    Tenant,
    make_world,
    start,
)
from tests.carrier.test_rcs import CLIENT_TOKEN, KEY, PUBLIC, ROBOT

PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
YES = Reply(id="y", title="Yes")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
REFERENCE = encode_id("msg", UUID(int=9))
META_CHANNEL = Channel(
    uuid4(), uuid4(), uuid4(), ChannelKind.WHATSAPP, "whatsapp_cloud", "Line", META_NUMBER, PHONE_ID
)
RCS_CHANNEL = Channel(uuid4(), uuid4(), uuid4(), ChannelKind.RCS, "google_rcs", "Line", "Acme", "acme")


def meta(world: Any) -> Account:
    secrets = {"access_token": META_TOKEN, "app_secret": META_SECRET}
    base = str(world.client.base_url).rstrip("/")
    return Account(uuid4(), uuid4(), "whatsapp_cloud", "app-1", base, secrets, {"waba_id": "102290129340398"})


async def google(world: Any) -> Account:
    account = {
        "provider": "google_rcs",
        "partner_id": "partner-1",
        "client_email": ROBOT,
        "public_key": PUBLIC,
        "client_token": CLIENT_TOKEN,
        "numbers": [{"address": "acme", "webhook_url": f"{world.tenant.url}/rcs"}],
    }
    assert (await world.client.put("/carrier/accounts", json=[account])).status_code == 200
    base = str(world.client.base_url).rstrip("/")
    settings = {"client_email": ROBOT, "token_url": f"{base}/rcs/token"}
    return Account(
        uuid4(),
        uuid4(),
        "google_rcs",
        "p",
        base,
        {"private_key": PEM, "client_token": CLIENT_TOKEN},
        settings,
    )


def heard(world: Any, adapter: Any, account: Account) -> list[Any]:
    """What the webhooks said, each verified by the adapter."""
    found = []
    for hit in world.tenant.hits:
        headers = [(name.encode(), value.encode()) for name, value in hit.headers.items()]
        request = WebhookRequest(world.tenant.url + hit.path, headers, hit.raw)
        adapter.verify(account, request)
        found += adapter.parse(request)
    return found


CONTENTS: list[Content] = [
    Text(text="Hi"),
    Text(text="Look", suggestions=(OpenUrl(title="Open", url="https://a.example/"),)),
    Choices(text="Sure?", choices=(YES, Reply(id="n", title="No"))),
]
META_ONLY: list[Content] = [
    Choices(text="Which?", choices=tuple(Reply(id=str(i), title=f"Way {i}") for i in range(10))),
    Media(media="document", url="https://a.example/x.pdf", filename="x.pdf", caption="c"),
    Media(media="image", url="https://a.example/x.png", caption="c", suggestions=(YES,)),
    Location(latitude=1.5, longitude=2.5, name="Depot"),
]
RCS_ONLY: list[Content] = [
    Card(
        card=CardBody(title="a", media_url="https://a.example/x.png", suggestions=(YES,)), suggestions=(YES,)
    ),
    Carousel(width="small", cards=(CardBody(title="a", height="tall"), CardBody(title="b"))),
    Media(media="image", url="https://a.example/x.png"),
]


async def test_whatsapp_there_and_back() -> None:
    adapter, client = WhatsAppCloud(), ProviderClient(4, 5.0)
    async with make_world() as world:
        account = meta(world)
        for content in CONTENTS + META_ONLY:
            sent = OutboundMessage(REFERENCE, PERSON, "words", "", content)
            receipt = adapter.accepted(*await client.post(adapter.request(account, META_CHANNEL, sent)))
            assert receipt.provider_message_id.startswith("wamid.")
        await world.settle()
        reports = heard(world, adapter, account)
        assert {type(one) for one in reports} == {DeliveryReport}
        assert {one.reference for one in reports} == {REFERENCE}
        assert {one.pricing["category"] for one in reports} == {"service"}
        world.tenant.hits.clear()
        tap = {"type": "button_reply", "id": "y", "to": receipt.provider_message_id}
        sid = (await world.write("Yes", "whatsapp", content=tap))["sid"]
        (event,) = heard(world, adapter, account)
        assert isinstance(event, InboundMessage)
        assert event.content == {
            "type": "reply",
            "id": "y",
            "title": "Yes",
            "reply_to": receipt.provider_message_id,
        }
        for mark in (adapter.read_mark, adapter.typing_mark):
            status, _ = await client.post(mark(account, META_CHANNEL, PERSON, sid))
            assert status == 200
    await client.close()


async def test_rcs_there_and_back() -> None:
    adapter, client = GoogleRcs(), ProviderClient(4, 5.0)
    async with make_world() as world:
        account = await google(world)
        ready = await adapter.prepare(client, account)
        for place, content in enumerate(CONTENTS + RCS_ONLY):
            sent = OutboundMessage(encode_id("msg", UUID(int=place)), PERSON, "words", "", content)
            request = adapter.request(ready, RCS_CHANNEL, sent)
            first = adapter.accepted(*await client.post(request))
            assert adapter.accepted(*await client.post(request)) == first  # a repeat is taken once
        await world.settle()
        reports = heard(world, adapter, account)
        assert len(reports) == len(CONTENTS + RCS_ONLY)
        assert {one.status for one in reports} == {"delivered"}
        status, body = await client.post(
            adapter.revoke(ready, RCS_CHANNEL, PERSON, first.provider_message_id)
        )
        with pytest.raises(SendRefused):
            adapter.accepted(status, body)
        world.tenant.hits.clear()
        tap = {"type": "suggestion", "postback": "y"}
        data = {"from": PERSON, "to": "acme", "channel": "rcs", "text": "Yes", "content": tap}
        assert (await world.client.post("/carrier/inbound", json=data)).json()["ok"]
        (event,) = heard(world, adapter, account)
        assert event.content == {"type": "reply", "id": "y", "title": "Yes"}
        await world.behave(capable=False)
        with pytest.raises(SendRefused) as refused:
            adapter.accepted(
                *await client.post(
                    adapter.request(ready, RCS_CHANNEL, OutboundMessage(REFERENCE, PERSON, "x", ""))
                )
            )
        assert refused.value.fallback
    await client.close()


async def test_templates_and_media_there_and_back(tmp_path: Any) -> None:
    client, shelf = ProviderClient(4, 5.0), Shelf(tmp_path)
    async with make_world() as world:
        account = meta(world)
        new = NewTemplate(
            name="order",
            language="en_US",
            category="utility",
            body="Hello {{1}}.",
            body_examples={"1": "Ada"},
        )
        row: Any = SimpleNamespace(
            wish="create",
            name=new.name,
            language=new.language,
            category=new.category,
            parameter_format="POSITIONAL",
            components=new.components(),
            provider_template_id=None,
        )
        told = await templates.tell(client, account, row)
        assert told["status"] == "PENDING"
        await world.settle()
        (listed,) = await templates.read_all(client, account)
        assert (listed["provider_template_id"], listed["status"]) == (
            told["provider_template_id"],
            "APPROVED",
        )
        row.wish, row.provider_template_id = "delete", told["provider_template_id"]
        assert (await templates.tell(client, account, row))["status"] == "DELETED"
        assert await templates.read_all(client, account) == []

        with shelf.draft() as draft:
            draft.add(PNG)
            await shelf.keep(draft, account.tenant_id)
            kept: Any = SimpleNamespace(
                status="ready",
                mime_type="image/png",
                tenant_id=account.tenant_id,
                sha256=draft.sha256,
                filename="a.png",
            )
        media_id = await media.upload_to_provider(client, shelf, account, PHONE_ID, kept)
        arrived: Any = SimpleNamespace(
            provider_media_id=media_id, provider_url=None, filename="", kind="image"
        )
        with shelf.draft() as draft:
            await media.fetch(client, Fetcher(), account, arrived, draft)
            assert draft.sha256 == kept.sha256
        arrived.kind = "video"
        with shelf.draft() as draft, pytest.raises(FetchRefused, match="not video"):
            await media.fetch(client, Fetcher(), account, arrived, draft)
    await client.close()


# -- files from addresses that somebody else wrote


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://[::1]/x",
        "http://[::ffff:10.0.0.1]/x",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:5432/x",
        "http://10.0.0.8/x",
        "http://0x7f000001/x",
        "file:///etc/passwd",
        "http://user@a.example/x",
        "ftp://a.example/x",
    ],
)
async def test_nothing_inside_the_house_is_fetched(url: str, tmp_path: Any) -> None:
    with Shelf(tmp_path).draft() as draft, pytest.raises(FetchRefused):
        await Fetcher().fetch(url, draft)
    assert draft.size == 0


async def test_a_redirect_into_the_house_is_not_followed(tmp_path: Any) -> None:
    class Leads(Tenant):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                await super().__call__(scope, receive, send)
                return
            self.hits.append(scope["path"])
            headers = [(b"location", b"http://127.0.0.1:1/inside")]
            await send({"type": "http.response.start", "status": 302, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

    leads = Leads()
    server, port = await start(leads)
    base = f"http://127.0.0.1:{port}"
    try:
        with Shelf(tmp_path).draft() as draft, pytest.raises(FetchRefused, match="inside"):
            await Fetcher().fetch(f"{base}/x", draft, {"Authorization": "Bearer t"}, base)
    finally:
        await server.shutdown()
    assert leads.hits == ["/x"]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_gigabyte_is_refused_while_it_streams(tmp_path: Any, announced: bool) -> None:
    class Endless(Tenant):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                await super().__call__(scope, receive, send)
                return
            headers = [(b"content-length", b"1073741824")] if announced else []
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            for _ in range(64):
                self.hits.append("piece")  # type: ignore[arg-type]
                await send({"type": "http.response.body", "body": b"0" * 65536, "more_body": True})

    endless = Endless()
    server, port = await start(endless)
    base = f"http://127.0.0.1:{port}"
    try:
        with Shelf(tmp_path).draft(500_000) as draft, pytest.raises(FetchRefused, match="at most"):
            await Fetcher().fetch(f"{base}/x", draft, None, base)
        assert draft.size <= 500_000 + 65_536
    finally:
        await server.shutdown()
    assert not [one for one in tmp_path.rglob("*") if one.is_file()]
