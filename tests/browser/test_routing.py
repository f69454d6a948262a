"""Routing rules on screen: a rule is made, moved by the keyboard, tried, tried on the past week, saved, and routes a text.

WCAG by axe on the way, in light and dark.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.steps import row, sign_in, text_in, unique
from tests.browser.test_accessibility import check

ADMIN = "admin@north.acme.example"


def rule(page: Page, name: str) -> Locator:
    return page.locator(f'[data-rule="{name}"]')


async def choose(page: Page, box: str, option: str) -> None:
    field = page.get_by_role("combobox", name=box, exact=True)
    await field.click()
    await page.get_by_role("option", name=option, exact=True).click()


async def make_rule(page: Page, name: str, word: str) -> None:
    await page.get_by_role("button", name="Add rule", exact=True).click()
    await page.get_by_role("textbox", name="Name", exact=True).fill(name)
    box = rule(page, name)
    await box.get_by_role("button", name="Add condition").click()
    await choose(page, "Field of rule 1", "Keyword")
    words = box.get_by_role("combobox", name="Value of rule 1")
    await words.fill(word)
    await words.press("Enter")
    await choose(page, "Priority", "Priority urgent")
    await box.get_by_role("button", name="Add a tag").click()
    await box.get_by_role("textbox", name="Tag", exact=True).fill("asked")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_rule_is_made_moved_tried_and_saved(browser: Browser, hub_stack: Any, scheme: Any) -> None:
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    name, word = unique("Desk"), unique("parcel please")
    await sign_in(page, hub_stack.public_url, ADMIN)
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Routing").click()
    await expect(page.get_by_role("heading", name="Routing")).to_be_visible()
    await expect(page.get_by_text("Keyword hours").first).to_be_visible()
    await check(page, "routing")

    await make_rule(page, name, word)
    await check(page, "a rule that is edited")
    opened = rule(page, name).get_by_role("button", name=name).first
    await rule(page, name).locator("[aria-expanded=true]").click()
    await expect(opened).to_be_visible()
    await page.get_by_role("button", name=f"More for {name}").click()
    await page.get_by_role("menuitem", name="Move to the top").click()
    handle = page.get_by_role("button", name=f"Move {name}")
    await handle.focus()
    for key, said in (
        ("Space", "(picked up|at place 1 of)"),
        ("ArrowDown", "at place 2 of"),
        ("Space", "put down at place 2"),
    ):
        await page.keyboard.press(key)
        await expect(page.get_by_text(re.compile(f"{name} {said}"))).to_be_attached()
    await expect(
        page.get_by_role("list", name="Rules of this workspace").get_by_role("listitem").nth(1)
    ).to_have_attribute("data-rule", name)

    await page.get_by_role("textbox", name="Message", exact=True).fill(word.upper())
    await page.get_by_role("button", name="Try, with what is not saved").click()
    await expect(page.get_by_test_id("try").get_by_text(f"rule “{name}” (keyword {word})")).to_be_visible()
    await expect(rule(page, name)).to_have_attribute("data-hit", "true")
    await check(page, "a message that was tried")

    await page.get_by_role("button", name="Try on the last week").click()
    dialog = page.get_by_role("dialog", name="With the messages of the last 7 days")
    await expect(dialog.get_by_text(re.compile("would go elsewhere|Nobody wrote"))).to_be_visible()
    await check(page, "the past week")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Rules saved.")).to_be_visible()

    await page.wait_for_timeout(7_000)  # the hosts keep what they know of a tenant for some seconds
    await text_in(page, hub_stack.carrier_url, word)
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Inbox").click()
    await row(page, word).get_by_role("link").click()
    await expect(page.get_by_text(f"rule “{name}”").first).to_be_visible()

    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Routing").click()
    await page.get_by_role("button", name=f"More for {name}").click()
    await page.get_by_role("menuitem", name="Remove").click()
    await expect(rule(page, name)).to_have_count(0)
    await page.get_by_role("button", name="Undo", exact=True).click()
    await expect(rule(page, name)).to_be_visible()
    await page.get_by_role("button", name=f"More for {name}").click()
    await page.get_by_role("menuitem", name="Remove").click()
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Not saved yet")).to_have_count(0)
    await page.get_by_role("tab", name="Versions").click()
    await expect(page.get_by_text("now", exact=True).first).to_be_visible()
    await context.close()
