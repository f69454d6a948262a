"""A supervisor at the wallboard: who waits shows by itself, one is taken over, the rest passed on, and the day reported.

WCAG by axe on the way, in light and dark.
"""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser.steps import bubble, sign_in, text_in, unique
from tests.browser.test_accessibility import check

SUPERVISOR, NAME = "supervisor@north.acme.example", "Bronwen Pryce"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_supervisor_sees_takes_over_and_passes_on(
    browser: Browser, hub_stack: Any, scheme: Any
) -> None:
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    await sign_in(page, hub_stack.public_url, SUPERVISOR, "/live")
    await expect(page.get_by_test_id("as-of")).to_be_visible()
    waiting = page.locator("dl div").filter(has_text="Waiting").locator("dd").first
    before = int(await waiting.inner_text())
    questions = [unique("Is anybody there?") for _ in range(2)]
    for question in questions:
        await text_in(page, hub_stack.carrier_url, question)
    await expect(waiting).to_have_text(str(before + 2))
    await check(page, "wallboard")
    if shots := os.environ.get("WALL_SHOTS"):
        await page.screenshot(path=f"{shots}/wall-{scheme}.png")

    answer = await page.request.get(
        f"{hub_stack.public_url}/v1/conversations", params={"search": questions[0]}
    )
    [found] = (await answer.json())["items"]
    await page.get_by_role("button", name=f"Conversations of {found['queue']['name']}", exact=True).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("listitem").filter(has_text=questions[0])).to_be_visible()
    await check(page, "conversations of a queue")
    if shots := os.environ.get("WALL_SHOTS"):
        await page.screenshot(path=f"{shots}/held-{scheme}.png")
    row = dialog.get_by_role("listitem").filter(has_text=questions[0])
    await row.get_by_role("button", name="Take over").click()
    await expect(bubble(page, questions[0])).to_be_visible()
    await page.go_back()
    await expect(waiting).to_have_text(str(before + 1))

    agents = page.get_by_role("region", name="Agents")
    await agents.get_by_role("button", name=f"Conversations of {NAME}", exact=True).click()
    await dialog.get_by_role("combobox", name="on to").click()
    await page.get_by_role("option").first.click()
    await dialog.get_by_role("button", name="Pass on").click()
    await expect(page.get_by_text("passed on to").first).to_be_visible()
    await expect(waiting).not_to_have_text(str(before + 1))
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text(re.compile("is back|are back"))).to_be_visible()
    await expect(waiting).to_have_text(str(before + 1))

    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Reports").click()
    await expect(page.get_by_role("heading", name="Reports")).to_be_visible()
    for choice in ("Agents", "Mine", "Queues"):
        await page.locator("label").get_by_text(choice, exact=True).click()
        await expect(page.get_by_role("radio", name=choice)).to_be_checked()
        await expect(
            page.get_by_text("Nothing happened").or_(page.get_by_role("table")).first
        ).to_be_visible()
    await check(page, "reports")
    if shots := os.environ.get("WALL_SHOTS"):
        await page.screenshot(path=f"{shots}/reports-{scheme}.png")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download CSV").click()
    assert (await download.value).suggested_filename.startswith("queues-")
    await context.close()
