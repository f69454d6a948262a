"""A flow is played beside its canvas: replies, time, a forced intent, the way back, a run that is kept as a test."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.steps import sign_in, unique
from tests.browser.test_accessibility import check

ADMIN = "admin@north.acme.example"
DAY = {"amount": 1, "unit": "days"}
JOURNEY: dict[str, Any] = {
    "spec_version": 2,
    "nodes": [
        {"id": "start", "type": "start", "position": {"x": 0, "y": 0}},
        {
            "id": "greet",
            "type": "ask",
            "data": {
                "content": {"type": "text", "text": "Hi {{ first_name }}, all well?"},
                "save_as": "said",
                "timeout": DAY,
            },
            "position": {"x": 0, "y": 160},
        },
        {
            "id": "what",
            "type": "intent",
            "data": {"intents": [{"intent": "complaint"}], "threshold": 0.8},
            "position": {"x": 0, "y": 320},
        },
        {
            "id": "sorry",
            "type": "send",
            "data": {"content": {"type": "text", "text": "We are sorry."}},
            "position": {"x": -140, "y": 480},
        },
        {
            "id": "fine",
            "type": "tag",
            "data": {"tag": "well"},
            "position": {"x": 140, "y": 480},
        },
    ],
    "edges": [
        {"source": "start", "target": "greet"},
        {"source": "greet", "port": "answer", "target": "what"},
        {"source": "what", "port": "complaint", "target": "sorry"},
        {"source": "what", "port": "other", "target": "fine"},
    ],
}


async def make_flow(page: Page, name: str) -> str:
    """By the API, as the page itself would; returns its address."""
    flow_id: str = await page.evaluate(
        """async ([name, document]) => {
            const me = await (await fetch('/v1/me')).json();
            const answer = await fetch('/v1/flows', {
                method: 'POST',
                headers: {'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token},
                body: JSON.stringify({name, document}),
            });
            return (await answer.json()).id;
        }""",
        [name, JOURNEY],
    )
    return f"/flows/{flow_id}"


def lit(page: Page) -> Locator:
    return page.locator("[data-step][data-lit]")


@pytest.mark.parametrize(("scheme", "direction"), [("light", "ltr"), ("dark", "rtl")])
async def test_a_flow_is_played_and_the_run_is_kept(
    browser: Browser, hub_stack: Any, scheme: Any, direction: str
) -> None:
    context = await browser.new_context(
        viewport={"width": 1440, "height": 1000}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    await sign_in(page, hub_stack.public_url, ADMIN)
    await page.goto(hub_stack.public_url + await make_flow(page, unique("Played")))
    await page.evaluate("direction => { document.documentElement.dir = direction }", direction)
    await page.get_by_role("tab", name="Simulator").click()
    panel = page.get_by_test_id("simulator")
    phone = panel.get_by_role("region", name="The contact's phone")
    start = panel.get_by_role("button", name="Start", exact=True)
    await expect(start).to_be_visible()
    await check(page, "the simulator before it begins")

    await start.click()
    await expect(phone.get_by_text("Hi Ann, all well?")).to_be_visible()
    await expect(lit(page)).to_have_count(2)
    await expect(panel.get_by_text("Waits for a reply")).to_be_visible()

    await panel.get_by_text("Let time pass", exact=True).click()
    await panel.get_by_role("button", name="Until it is due").click()
    await expect(panel.get_by_text("Ended", exact=True)).to_be_visible()
    await panel.get_by_role("button", name="Back", exact=True).click()
    await expect(panel.get_by_text("Waits for a reply")).to_be_visible()

    await panel.get_by_role("combobox", name="Force an intent").fill("complaint")
    await panel.get_by_role("textbox", name="Reply", exact=True).fill("it came broken")
    await panel.get_by_role("button", name="Reply", exact=True).click()
    await expect(phone.get_by_text("We are sorry.")).to_be_visible()
    await expect(panel.get_by_text("intent complaint 0.90, needed 0.80")).to_be_visible()
    await expect(page.locator('[data-step="sorry"][data-lit]')).to_be_visible()
    await check(page, "a run that has ended")

    await panel.get_by_role("button", name="Back", exact=True).click()
    await expect(phone.get_by_text("We are sorry.")).to_have_count(0)
    await panel.get_by_role("textbox", name="Reply", exact=True).fill("yes")
    await panel.get_by_role("button", name="Reply", exact=True).click()
    await expect(page.locator('[data-step="fine"][data-lit]')).to_be_visible()
    await expect(page.locator('[data-step="sorry"][data-lit]')).to_have_count(0)

    await panel.get_by_role("heading", name="Kept tests").click()
    await panel.get_by_role("textbox", name="Name of the test").fill("is well")
    await panel.get_by_role("button", name="Keep this run as a test").click()
    await expect(panel.get_by_role("listitem").filter(has_text="is well")).to_be_visible()
    await panel.get_by_role("button", name="Run all").click()
    await expect(panel.get_by_text("passes", exact=True)).to_be_visible()
    await check(page, "a kept test")
    await context.close()
