"""Somebody is stuck in a flow: found in the list, looked at, and led on at another step. What begins a simulation is typed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.api.whole_hub import client, fresh_number, start
from tests.browser.drawing import step
from tests.browser.steps import sign_in, unique
from tests.browser.test_accessibility import check

NODES = [
    {
        "id": "start",
        "type": "start",
        "data": {
            "save": {"order": "order"},
            "trigger": {"kind": "event", "event": "bought"},
        },
        "position": {"x": 0, "y": 0},
    },
    {
        "id": "wish",
        "type": "set",
        "data": {"target": "attribute", "name": "gone", "value": "tea"},
        "position": {"x": 0, "y": 160},
    },
    {"id": "ask", "type": "ask", "data": {}, "position": {"x": 0, "y": 320}},
]
EDGES = [{"source": "start", "target": "wish"}, {"source": "wish", "target": "ask"}]
DOCUMENT = {"spec_version": 2, "nodes": NODES, "edges": EDGES}


async def shot(page: Page, name: str) -> None:
    """A picture in light and dark, where SHOTS names a folder."""
    if folder := os.environ.get("SHOTS"):
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            await page.screenshot(path=Path(folder) / f"{name}-{scheme}.png")


async def test_who_is_stuck_is_led_on_at_another_step(page: Page, hub_stack: Any) -> None:
    run = await start(hub_stack.settings, "Stuck")
    async with client(hub_stack.settings, Authorization=f"Bearer {run.key}") as http:
        wish = {"key": "gone", "type": "text", "label": "Gone"}
        attribute = (await http.post("/v1/attributes", json=wish)).json()["id"]
        name = unique("Stuck")
        made = await http.post("/v1/flows", json={"name": name, "document": DOCUMENT})
        flow_id = made.json()["id"]
        published = await http.post(f"/v1/flows/{flow_id}/publish", json={})
        assert published.is_success, published.text
        assert (await http.delete(f"/v1/attributes/{attribute}", headers={"If-Match": "*"})).is_success
        people = [{"contact": {"address": fresh_number()}, "variables": {"order": "A-17"}} for _ in range(2)]
        body = {"contacts": people, "create_missing": True}
        asked = await http.post(f"/v1/flows/{flow_id}/sessions", json=body)
        assert asked.json()["accepted"] == 2, asked.text

        await sign_in(page, hub_stack.public_url, run.email, "/flows")
        await page.get_by_role("button", name="2 stuck").click()
        dialog = page.get_by_role("dialog", name="Stuck in any flow")
        rows = dialog.locator("[data-session]")
        await expect(rows).to_have_count(2)
        first = rows.first
        await expect(first.get_by_text("there is no attribute 'gone' any more")).to_be_visible()
        await expect(first.get_by_role("link", name=name)).to_be_visible()
        await first.get_by_role("button", name="Show its way").click()
        await expect(first.get_by_text("A-17")).to_be_visible()
        await expect(first.get_by_role("listitem")).to_have_count(2)
        await check(page, "everybody who is stuck")
        await shot(page, "stuck")
        await first.get_by_role("combobox", name="Go on at").select_option("ask")
        await first.get_by_role("button", name="Run again").click()
        await expect(rows).to_have_count(1)
        await dialog.get_by_role("button", name="Close").click()
        await expect(page.get_by_role("button", name="1 stuck")).to_be_visible()

        await page.get_by_role("link", name=name).click()
        await page.get_by_role("tab", name="Live").click()
        inside = page.get_by_role("region", name="Who is inside")
        await expect(inside.get_by_role("combobox", name="Go on at")).to_be_visible()
        await shot(page, "live")
        await inside.get_by_role("combobox", name="Go on at").select_option("ask")
        await inside.get_by_role("button", name="Run again").click()
        await expect(inside.get_by_text("Nobody is stuck.")).to_be_visible()
        await inside.get_by_role("button", name="Waiting").click()
        await expect(inside.locator("[data-session]")).to_have_count(2)
        await page.get_by_role("tab", name="Inspector").click()
        await step(page, "start").click()
        await expect(
            page.get_by_role("region", name="As it is published").get_by_text("bought")
        ).to_be_visible()
        await shot(page, "awaits")
        standing = await http.get(f"/v1/flows/{flow_id}/sessions?status=waiting")
        assert [each["node"] for each in standing.json()["items"]] == ["ask", "ask"]


async def test_what_begins_a_run_is_typed(page: Page, hub_stack: Any) -> None:
    nodes = [
        {"id": "start", "type": "start", "data": {"save": {"total": "cart.total"}}, "position": {"x": 0, "y": 0}},
        {"id": "why", "type": "intent", "data": {"intents": [{"intent": "order"}]}, "position": {"x": 0, "y": 160}},
        {
            "id": "say",
            "type": "send",
            "data": {"content": {"type": "text", "text": "{{ total }} for {{ city }}"}},
            "position": {"x": 0, "y": 320},
        },
    ]  # fmt: skip
    edges = [
        {"source": "start", "target": "why"},
        {"source": "why", "port": "order", "target": "say"},
    ]
    document = {"spec_version": 2, "nodes": nodes, "edges": edges}
    run = await start(hub_stack.settings, "Typed")
    async with client(hub_stack.settings, Authorization=f"Bearer {run.key}") as http:
        made = await http.post("/v1/flows", json={"name": unique("Typed"), "document": document})
    await sign_in(page, hub_stack.public_url, run.email, f"/flows/{made.json()['id']}")
    tabs = [await each.bounding_box() for each in await page.get_by_role("tab").all()]
    assert len({box["y"] for box in tabs if box}) == 1, "the tabs stand in one row"
    wide = "() => { const all = document.querySelector('[role=tablist]'); return all.scrollWidth > all.clientWidth }"
    assert not await page.evaluate(wide), "and fit"
    await page.get_by_role("tab", name="Simulator").click()
    panel = page.get_by_test_id("simulator")
    await panel.get_by_text("More about the contact").click()
    await panel.get_by_role("textbox", name="Attributes (JSON)").fill('{"city": ')
    await expect(panel.get_by_text("This is no JSON object")).to_be_visible()
    await expect(panel.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    await panel.get_by_role("textbox", name="Attributes (JSON)").fill('{"city": "Pune"}')
    await panel.get_by_text("What begins it, and when").click()
    await panel.get_by_label("Clock").fill("2026-03-02T10:00")
    await panel.get_by_role("textbox", name="Message that begins it").fill("where is it")
    await panel.get_by_role("textbox", name="Understood as").fill("order")
    await panel.get_by_role("textbox", name="Values that come with it").fill('{"cart": {"total": 7}}')
    await check(page, "what begins a run")
    await shot(page, "begin")
    await panel.get_by_role("button", name="Start", exact=True).click()
    await expect(panel.get_by_text("7 for Pune").first).to_be_visible()
    await expect(page.locator('[data-step="say"][data-lit]')).to_be_visible()
