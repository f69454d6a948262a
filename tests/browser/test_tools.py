"""An agent's tools: saved replies, notes that name a colleague, a corrected intent, search, a code at the end."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.steps import bubble, row, sign_in, text_in, unique

SUPERVISOR = "supervisor@north.acme.example"


async def test_a_question_is_answered_with_every_tool(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, SUPERVISOR, "/settings/replies")
    name, word = unique("Parcel"), unique("zebra")
    await page.get_by_role("button", name="Add reply").first.click()
    dialog = page.get_by_role("dialog", name="Add a saved reply")
    await dialog.get_by_label("Name", exact=True).fill(name)
    await dialog.get_by_label("Shortcut").fill(name.split()[1])
    await dialog.get_by_label("Text", exact=True).fill("Hello {{ first_name | default('there') }}, looking.")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_text(f"/{name.split()[1]}")).to_be_visible()

    await page.get_by_role("link", name="Inbox").click()
    await text_in(page, hub_stack.carrier_url, f"Where is my order? {word}")
    await row(page, word).get_by_role("link").click()
    composer = page.get_by_role("textbox", name="Reply to")
    await composer.fill(f"/{name.split()[1]}")
    await expect(page.get_by_role("option", name=re.compile(name))).to_be_visible()
    await composer.press("Enter")
    await expect(composer).to_have_value("Hello there, looking.")

    await bubble(page, word).get_by_role("button", name="order status").click()
    await page.get_by_role("button", name="Correct it").click()
    await page.get_by_role("button", name="complaint", exact=True).click()
    await expect(bubble(page, word).get_by_role("button", name="complaint")).to_be_visible()

    await page.get_by_role("button", name="Note", exact=True).click()
    note = page.get_by_role("textbox", name="Note for the team")
    await note.press_sequentially("please look @meer")
    await expect(page.get_by_role("option", name="Meera Joshi")).to_be_visible()
    await note.press("Enter")
    await note.press("Control+Enter")
    await expect(page.locator("[data-note-id]")).to_contain_text("please look @Meera Joshi")

    await findable(page, hub_stack.public_url, word)
    await page.goto(f"{hub_stack.public_url}/inbox/closed")
    await page.get_by_role("button", name="Search all messages").click()
    await page.get_by_role("combobox", name="Words").fill(word)
    await expect(page.get_by_role("option", name=re.compile(word.split()[1]))).to_be_visible()
    await page.get_by_role("combobox", name="Words").press("Enter")
    await expect(bubble(page, word)).to_be_in_viewport()


async def findable(page: Page, public_url: str, words: str) -> None:
    """Wait until a message can be found: its words are filled in some seconds after it was written."""
    for _ in range(120):
        answer = await page.context.request.get(f"{public_url}/v1/search/messages", params={"q": words})
        if (await answer.json())["items"]:
            return
        await page.wait_for_timeout(250)
    raise AssertionError("the message is not found")
