"""Provider templates over the API: limits before the call, wishes, what the webhook says."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from hub.channels.secrets import seal
from hub.channels.whatsapp_events import TemplateNews
from hub.ids import decode_id, encode_id, new_id
from hub.templates.provider_templates import store
from models.channels import channels, provider_accounts
from models.db import Scope, insert_rows, transaction


async def plant(world: Any) -> tuple[UUID, str]:
    """(account, channel id) of a WhatsApp line of north."""
    tenant, account_id, channel_id = world.tenants["north"], new_id(), new_id()
    key = world.app.state.settings.secret_key.get_secret_value()
    account = {
        "tenant_id": tenant,
        "id": account_id,
        "provider": "whatsapp_cloud",
        "name": "Meta",
        "external_id": "1",
        "base_url": "http://127.0.0.1:1",
        "credentials": seal({"access_token": "t"}, secret_key=key, row_id=account_id),
        "settings": {"waba_id": "12"},
    }
    line = {
        "tenant_id": tenant,
        "id": channel_id,
        "account_id": account_id,
        "kind": "whatsapp",
        "provider": "whatsapp_cloud",
        "name": "Line",
        "address": "+15550002",
        "provider_address": "77",
    }
    async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
        await insert_rows(db, provider_accounts, [account])
        await insert_rows(db, channels, [line])
    return account_id, encode_id("chn", channel_id)


NEW = {
    "name": "order_ready",
    "language": "en_US",
    "category": "utility",
    "body": "Hello {{1}}, it is ready.",
    "body_examples": {"1": "Ada"},
    "buttons": [{"type": "quick_reply", "text": "Thanks"}],
}


async def test_a_template_is_made_edited_and_deleted(world: Any) -> None:
    account_id, channel = await plant(world)
    client = await world.sign_in("north", "campaign_manager")
    made = await client.post("/v1/templates", json=NEW | {"channel_id": channel})
    assert made.status_code == 201, made.text
    template = made.json()
    assert (template["status"], template["parameter_format"]) == ("SUBMITTING", "POSITIONAL")
    assert template["components"][0] == {
        "type": "BODY",
        "text": "Hello {{1}}, it is ready.",
        "example": {"body_text": [["Ada"]]},
    }
    assert (await client.post("/v1/templates", json=NEW | {"channel_id": channel})).status_code == 409
    path = f"/v1/templates/{template['id']}"
    words = {"category": "utility", "body": "It is ready."}
    assert (await client.put(path, json=words)).status_code == 409  # not told yet
    tenant, template_id = world.tenants["north"], decode_id("tpl", template["id"])
    news = TemplateNews("99", "order_ready", "en_US", "APPROVED", "", "marketing")
    async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
        await store.change(db, tenant, template_id, wish=None, provider_template_id="99", status="PENDING")
        assert await store.apply_news(db, tenant, account_id, news)
    found = (await client.get(path)).json()
    assert (found["status"], found["category"]) == ("APPROVED", "marketing")
    assert (await client.put(path, json=words)).json()["status"] == "SUBMITTING"
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).json()["status"] == "PENDING_DELETION"
    assert [one["name"] for one in (await client.get("/v1/templates?search=order")).json()["items"]] == [
        "order_ready"
    ]


WRONG: list[dict[str, Any]] = [
    {"name": "Order"},
    {"language": "xx"},
    {"category": "spam"},
    {"body": ""},
    {"body": "x" * 1025, "body_examples": {}},
    {"body": "{{1}} first"},
    {"body": "last {{1}}"},
    {"body": "a {{1}}{{2}} b", "body_examples": {"1": "a", "2": "b"}},
    {"body": "a {{2}} b", "body_examples": {"2": "a"}},
    {"body_examples": {}},
    {"footer": "{{1}}"},
    {"footer": "x" * 61},
    {"header": {"format": "text", "text": "{{1}} and {{2}}", "example": "x"}},
    {"buttons": [{"type": "url", "text": f"b{i}", "url": "https://a.example"} for i in range(3)]},
    {"buttons": [{"type": "url", "text": "b", "url": "https://a.example/{{1}}/x", "example": "x"}]},
    {
        "buttons": [
            {"type": "quick_reply", "text": "a"},
            {"type": "phone_number", "text": "b", "number": "+15550001"},
            {"type": "quick_reply", "text": "c"},
        ]
    },
    {"category": "authentication"},
    {"ttl_s": 10},
]


@pytest.mark.parametrize("changes", WRONG)
async def test_limits_are_checked_before_the_provider_is_asked(world: Any, changes: dict[str, Any]) -> None:
    _, channel = await plant(world)
    client = await world.sign_in("north", "campaign_manager")
    refused = await client.post("/v1/templates", json=NEW | {"channel_id": channel} | changes)
    assert refused.status_code == 422, refused.text


async def test_who_may_not(world: Any) -> None:
    _, channel = await plant(world)
    analyst = await world.sign_in("north", "analyst")
    assert (await analyst.post("/v1/templates", json=NEW | {"channel_id": channel})).status_code == 403
    south = await world.sign_in("south", "campaign_manager")
    assert (await south.post("/v1/templates", json=NEW | {"channel_id": channel})).status_code == 422
