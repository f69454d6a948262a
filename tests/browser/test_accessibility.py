"""WCAG 2.2 AA by axe on every page, in light and dark, for a dark and a bright brand; no target under 24 px."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.steps import AXE, away, bubble, repaint, row, sign_in, text_in, unique

VIOLET, YELLOW = "#7048e8", "#ffd43b"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TARGET_PX_MIN = 24

_SMALL = """(least) => [...document.querySelectorAll('button, a[href], input, textarea, [role=menuitem]')].flatMap((node) => {
  const { width, height } = node.getBoundingClientRect();
  const hidden = width <= 1 || height <= 1 || getComputedStyle(node).visibility === 'hidden' || node.closest('[aria-hidden=true]');
  const inline = node.tagName === 'A' && getComputedStyle(node).display === 'inline';
  const ok = hidden || inline || (width >= least && height >= least);
  return ok ? [] : [`${node.outerHTML.slice(0, 120)} ${width}x${height}`];
})"""


async def check(page: Page, where: str) -> None:
    """No violation of axe, and no target that is too small."""
    await page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = await page.evaluate(
        "async (tags) => (await axe.run(document, { runOnly: { type: 'tag', values: tags } })).violations",
        RULES,
    )
    told = [
        f"{where}: {violation['id']}: {node['html'][:160]}: {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
    ]
    assert told == []
    assert await page.evaluate(_SMALL, TARGET_PX_MIN) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("color", [VIOLET, YELLOW])
async def test_no_violation(browser: Browser, hub_stack: Any, color: str, scheme: Any) -> None:
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    await repaint(page, color)
    await page.goto(f"{hub_stack.public_url}/login")
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await check(page, "sign-in")

    await sign_in(page, hub_stack.public_url)
    question = unique("May I pay by card?")
    await text_in(page, hub_stack.carrier_url, question)
    await row(page, question).get_by_role("link").click()
    await away(page)
    await page.get_by_role("textbox", name="Reply to").fill(answer := unique("Yes, any card."))
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(bubble(page, answer)).to_have_attribute("data-status", "delivered")
    assert (
        await page.evaluate(
            "getComputedStyle(document.documentElement).getPropertyValue('--mantine-color-brand-7')"
        )
        == color
    )
    await check(page, "inbox")

    await page.get_by_role("button", name="Close", exact=True).click()
    await expect(page.get_by_role("button", name="Undo")).to_be_visible()
    await check(page, "inbox with a closed conversation")

    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Home").click()
    await expect(page.get_by_role("heading", name="Queues")).to_be_visible()
    await check(page, "home")
    await context.close()
