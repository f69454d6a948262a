"""A conversation of ten thousand messages, read through the API page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from hub.ids import encode_id, new_id
from hub.settings import Settings
from models.db import Scope, transaction
from tests.api.conftest import World
from tests.api.test_isolation import InProcess

MESSAGES, PAGE = 10_000, 200
FURNISH = """
    INSERT INTO contacts (tenant_id, id, name) VALUES (:tenant, :contact, 'Ann');
    INSERT INTO conversations (tenant_id, contact_id, status, opened_at) VALUES (:tenant, :contact, 'open', now());
    INSERT INTO messages (tenant_id, id, contact_id, channel_id, channel_kind, direction, origin, address, body, status)
      SELECT :tenant, i, :contact, :channel, 'sms', 'in', 'contact', '+15550001', CAST(n AS text), 'received'
      FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS t(i, n)
"""


@pytest.fixture
async def world_with_hub(world: World, settings: Settings) -> AsyncIterator[World]:
    world.app.state.hub = hub = InProcess(settings)
    yield world
    await hub.close()


async def test_every_message_is_read_once_the_newest_page_first(world_with_hub: World) -> None:
    world, tenant, contact = world_with_hub, world_with_hub.tenants["north"], new_id()
    ids = [new_id() for _ in range(MESSAGES)]
    values = {"tenant": tenant, "contact": contact, "channel": new_id(), "ids": ids}
    async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
        for statement in FURNISH.split(";"):
            await db.execute(text(statement), values)
    path, pages = f"/v1/conversations/{encode_id('cnv', contact)}/messages?limit={PAGE}", []
    async with await world.sign_in("north", "support_agent") as agent:
        before = ""
        while True:
            answer = await agent.get(path + before)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            pages.append([int(message["body"]) for message in page["items"]])
            if not page["has_more"]:
                break
            before = f"&ending_before={page['items'][0]['id']}"
    assert len(pages) == MESSAGES // PAGE
    assert [number for page in reversed(pages) for number in page] == list(range(1, MESSAGES + 1))
