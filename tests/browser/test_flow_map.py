"""A large flow has a small map with all of its steps, of which the canvas draws few."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page, expect

from bench.builder import placed
from bench.flow import large
from tests.api.whole_hub import client, start
from tests.browser.steps import sign_in, unique
from tests.browser.test_flow_repair import shot


async def test_a_large_flow_has_a_map(page: Page, hub_stack: Any) -> None:
    document = placed(large())
    run = await start(hub_stack.settings, "Large")
    async with client(hub_stack.settings, Authorization=f"Bearer {run.key}") as http:
        made = await http.post("/v1/flows", json={"name": unique("Large"), "document": document})
    await sign_in(page, hub_stack.public_url, run.email, f"/flows/{made.json()['id']}")
    on_map = page.locator(".react-flow__minimap-node")
    await expect(on_map).to_have_count(len(document["nodes"]))
    assert len(document["nodes"]) >= 500
    assert await page.locator("[data-step]").count() < 200
    await shot(page, "large")
