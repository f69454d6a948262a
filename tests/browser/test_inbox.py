"""The agent's story: a message arrives live, is answered, arrives at the handset, is closed and opened again."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page, expect

from tests.browser.steps import away, bubble, received, row, sign_in, text_in, unique


async def test_answer_a_message_that_arrives_live(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url)
    await expect(page).to_have_url(f"{hub_stack.public_url}/inbox/open")

    question = unique("Where is my order?")
    number = await text_in(page, hub_stack.carrier_url, question)
    await row(page, question).get_by_role("link").click()
    await away(page)
    await expect(bubble(page, question)).to_be_visible()
    await expect(row(page, question).locator("[data-unread]")).to_have_count(0)

    answer = unique("It left our warehouse today.")
    composer = page.get_by_role("textbox", name="Reply to")
    await composer.fill(answer)
    await expect(page.get_by_text("GSM-7 · 1 part")).to_be_visible()
    await composer.press("Control+Enter")
    await expect(composer).to_have_value("")
    await expect(bubble(page, answer)).to_have_attribute("data-status", "delivered")
    assert [sms["body"] for sms in await received(page, hub_stack.carrier_url, number)] == [answer]

    await page.get_by_role("button", name="Close", exact=True).click()
    await expect(page.get_by_text("Closed:")).to_be_visible()
    await away(page)
    await expect(row(page, answer)).to_have_count(0)
    await page.get_by_role("button", name="Reopen").click()
    await expect(row(page, answer)).to_be_visible()


async def test_a_reply_to_somebody_who_opted_out_is_refused_in_words(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url)
    hello = unique("Do you open on Sunday?")
    number = await text_in(page, hub_stack.carrier_url, hello)
    await row(page, hello).get_by_role("link").click()
    await away(page)
    await text_in(page, hub_stack.carrier_url, "STOP", number)
    await expect(page.get_by_text("may be sent to this person until they opt in again")).to_be_visible()
    await page.get_by_role("textbox", name="Reply to").fill("We do.")
    await expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()


async def test_the_inbox_by_keyboard(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url)
    first, second = unique("Can I change my address?"), unique("Is this still available?")
    await text_in(page, hub_stack.carrier_url, first)
    await expect(row(page, first)).to_be_visible()
    await text_in(page, hub_stack.carrier_url, second)
    await expect(row(page, second)).to_be_visible()

    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(bubble(page, second)).to_be_visible()
    await page.keyboard.press("Shift+J")
    await expect(bubble(page, first)).to_be_visible()
    await page.keyboard.press("i")
    await expect(row(page, first)).to_contain_text("You")

    await page.keyboard.press("r")
    await page.keyboard.type("jjee")  # letters go into the field, not to the page
    composer = page.get_by_role("textbox", name="Reply to")
    await expect(composer).to_have_value("jjee")
    await composer.press("Escape")
    await page.keyboard.press("e")
    await expect(row(page, first)).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await expect(row(page, first)).to_be_visible()

    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Move to queue")
    await page.keyboard.press("Escape")
    await page.keyboard.press("/")
    await page.keyboard.type(second)
    await expect(page.locator("[data-conversation]")).to_have_count(1)


async def test_a_session_that_ends_keeps_what_was_typed(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url)
    question = unique("How long does it take?")
    await text_in(page, hub_stack.carrier_url, question)
    await row(page, question).get_by_role("link").click()
    draft = unique("About three days")
    await page.get_by_role("textbox", name="Reply to").fill(draft)

    await page.context.clear_cookies()
    await page.get_by_role("button", name="Close", exact=True).click()
    again = page.get_by_role("dialog", name="Your session has ended")
    await again.get_by_role("textbox", name="Password").fill("parley-demo")
    await again.get_by_role("button", name="Sign in").click()
    await expect(again).to_have_count(0)
    await expect(page.get_by_role("textbox", name="Reply to")).to_have_value(draft)
    await expect(page.get_by_test_id("live-state")).to_have_attribute("data-state", "live")
