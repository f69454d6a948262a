"""What a person does to draw a flow: palette, picker, inspector and keys."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.steps import sign_in

ADMIN = "admin@north.acme.example"


def step(page: Page, name: str) -> Locator:
    return page.locator(f'[data-step="{name}"]')


async def saved(page: Page) -> None:
    await expect(page.get_by_test_id("saving")).to_have_attribute("data-state", "saved")


async def new_flow(page: Page, public_url: str, name: str, email: str = ADMIN) -> None:
    """Sign in and make a flow, whose canvas is empty but for its start."""
    await sign_in(page, public_url, email, "/flows")
    await page.get_by_role("button", name=re.compile("New flow|Draw the first flow")).first.click()
    await page.get_by_role("textbox", name="Name").fill(name)
    await page.get_by_role("button", name="Create").click()
    await expect(step(page, "start")).to_be_visible()


async def by_palette(page: Page, search: str, name: str) -> None:
    """Adds a step after the chosen one by typing its name into the palette."""
    field = page.get_by_role("textbox", name="Search steps")
    await field.fill(search)
    await field.press("Enter")
    await expect(step(page, name)).to_be_visible()
    await field.fill("")


async def by_picker(page: Page, search: str, name: str) -> None:
    """Takes a step from the picker that is open."""
    picker = page.get_by_role("dialog", name="Add a step")
    await expect(picker).to_be_visible()
    await page.keyboard.type(search)
    await page.keyboard.press("Enter")
    await expect(step(page, name)).to_be_visible()


async def option(page: Page, box: str, name: str | re.Pattern[str]) -> None:
    await page.get_by_role("combobox", name=box, exact=True).click()
    await page.get_by_role("option", name=name, exact=isinstance(name, str)).click()


async def draw_journey(page: Page, intent: str, patience: tuple[int, str] = (2, "Hours")) -> None:
    """Trigger → WhatsApp template → wait for the answer → intent branch → RCS card with SMS failover → hand over → goal.

    `patience`: how long the answer is waited for.
    """
    await step(page, "start").click()
    await option(page, "Kind", "A word")
    words = page.get_by_role("combobox", name="Words")
    await words.fill("winter sale")
    await words.press("Enter")

    await by_palette(page, "send a mess", "send")
    await option(page, "Kind of message", "Template")
    await page.get_by_role("textbox", name="Name", exact=True).fill("winter_sale")
    await page.get_by_role("textbox", name="Language", exact=True).fill("en")

    await by_palette(page, "ask and", "ask")
    amount, unit = patience
    await page.get_by_label("At most so long", exact=True).check()
    await page.get_by_role("textbox", name="At most so long: amount").fill(str(amount))
    await option(page, "At most so long: unit", unit)

    # By keys: a step after the chosen one.
    await page.locator(".react-flow__node", has=step(page, "ask")).focus()
    await page.keyboard.press("a")
    await by_picker(page, "intent", "intent")
    await page.get_by_role("combobox", name="Intent", exact=True).fill(intent)
    await page.keyboard.press("Tab")

    # Without dragging: from the port in the inspector.
    await page.get_by_role("button", name=f"Add a step after “{intent}”").click()
    await by_picker(page, "send a", "send_2")
    await option(page, "Kind of message", "Rich card")
    await page.get_by_role("textbox", name="Title", exact=True).fill("Everything must go")
    channels = page.get_by_role("group", name="Channels in order")
    for nth, kind in (("1", "RCS"), ("2", "SMS")):
        await channels.get_by_role("button", name="Add to Channels in order").click()
        item = channels.get_by_role("listitem", name=f"Channels in order {nth}")
        await item.get_by_role("combobox", name="Channel").click()
        await page.get_by_role("option", name=kind, exact=True).click()

    await page.keyboard.press("Escape")
    await by_palette(page, "hand over", "hand_over")
    await page.get_by_label("Come back when the people close it").check()
    await by_palette(page, "goal", "goal")
