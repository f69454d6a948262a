"""The builder of flows: a journey is drawn from an empty canvas by palette, picker, inspector and keys; its problems are shown
and mended; it is saved, reloaded, undone, and a flow is published, looked at and restored. WCAG by axe on the way, in light and dark.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.drawing import by_palette, draw_journey, new_flow, saved, step
from tests.browser.steps import unique
from tests.browser.test_accessibility import check


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_journey_is_drawn_mended_saved_and_undone(
    browser: Browser, hub_stack: Any, scheme: Any
) -> None:
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await new_flow(page, hub_stack.public_url, unique("Journey"))
    await check(page, "an empty canvas")
    await draw_journey(page, "orders")
    await page.get_by_role("button", name="Show everything").click()
    await expect(page.locator(".react-flow__edge")).to_have_count(6)
    await saved(page)

    # The goal has no name yet: its box says so, the list leads to the field.
    await expect(step(page, "goal").get_by_label("Error")).to_be_visible()
    await page.get_by_role("tab", name="Problems").click()
    await check(page, "problems")
    await page.get_by_role("tabpanel", name="Problems").get_by_role("button").first.click()
    name = page.get_by_role("textbox", name="Name", exact=True)
    await expect(name).to_be_focused()
    await expect(page.get_by_text("Something must stand here.").first).to_be_visible()
    await name.fill("ordered")
    await expect(step(page, "goal")).to_contain_text("ordered")
    await expect(page.get_by_text("Something must stand here.")).to_have_count(0)
    await saved(page)
    await check(page, "a journey")

    # Tidied, reloaded, undone as if nothing had happened between.
    places = (
        "() => [...document.querySelectorAll('.react-flow__node')].map((node) => node.style.transform).join()"
    )
    before = await page.evaluate(places)
    await page.get_by_role("button", name="Tidy").click()
    await page.wait_for_function(f"(before) => ({places})() !== before", arg=before)
    await saved(page)
    await page.reload()
    await expect(step(page, "start")).to_be_visible()
    await page.get_by_role("button", name="Show everything").click()
    await expect(page.locator("[data-step]")).to_have_count(7)
    await page.get_by_role("button", name="Undo").click()
    await page.get_by_role("button", name="Undo").click()
    await expect(step(page, "goal")).not_to_contain_text("ordered")
    await page.keyboard.press("Control+y")
    await expect(step(page, "goal")).to_contain_text("ordered")

    # Arrows walk, Ctrl D doubles, Delete takes away, find leads to a step.
    await page.locator(".react-flow__node", has=step(page, "hand_over")).focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator(".react-flow__node", has=step(page, "goal"))).to_be_focused()
    await page.keyboard.press("Control+d")
    await expect(step(page, "goal_2")).to_be_visible()
    await page.keyboard.press("Delete")
    await expect(step(page, "goal_2")).to_have_count(0)
    await page.keyboard.press("Control+f")
    await page.get_by_role("textbox", name="Find a step").fill("must go")
    await expect(page.get_by_text("1 of 1")).to_be_visible()
    await expect(page.locator(".react-flow__node.selected", has=step(page, "send_2"))).to_be_visible()
    await saved(page)
    await context.close()
    assert errors == []


async def test_a_flow_is_published_and_an_earlier_version_comes_back(page: Page, hub_stack: Any) -> None:
    name = unique("Greeting")
    await new_flow(page, hub_stack.public_url, name)
    ready = page.get_by_role("region", name="Begin with a ready journey")
    await ready.get_by_role("button", name="Survey").click()
    await expect(step(page, "rate")).to_contain_text("How was it?")
    await expect(ready).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("[data-step]")).to_have_count(1)
    await expect(ready).to_be_visible()
    await step(page, "start").click()
    await by_palette(page, "send a mess", "send")
    await expect(ready).to_have_count(0)
    await page.get_by_role("button", name="Publish").click()
    dialog = page.get_by_role("dialog", name=re.compile("Publish"))
    await expect(dialog.get_by_role("alert")).to_contain_text("must be mended first")
    await dialog.get_by_role("button", name="Something must stand here.").click()
    text = page.get_by_role("textbox", name="Text", exact=True)
    await expect(text).to_be_focused()
    for version, words in ((1, "Good morning"), (2, "Good evening")):
        await text.fill(words)
        await page.get_by_role("button", name="Publish").click()
        await dialog.get_by_role("textbox", name="Note").fill(words)
        await dialog.get_by_role("button", name="Publish").click()
        await expect(page.get_by_text(f"Version {version} is live.")).to_be_visible()
    await page.get_by_role("button", name="Versions").click()
    await check(page, "versions")
    await page.get_by_role("button", name="Make it the draft 1").click()
    await expect(text).to_have_value("Good morning")
    await page.get_by_role("link", name="Flows", exact=True).first.click()
    await expect(page.get_by_role("row", name=re.compile(name))).to_contain_text("Live, version 2")
    await check(page, "the list of flows")
