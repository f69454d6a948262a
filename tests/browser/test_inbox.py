"""The agent's story: a message arrives live, is answered, arrives at the handset, is closed and opened again."""

from __future__ import annotations

import os
import re
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.steps import away, bubble, received, row, sign_in, text_in, unique
from tests.browser.test_accessibility import check

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 200


async def look(page: Page, name: str) -> None:
    """For whoever wants to see it: INBOX_SHOTS is a folder."""
    if shots := os.environ.get("INBOX_SHOTS"):
        await page.screenshot(path=f"{shots}/{name}.png")


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


async def test_files_and_templates_go_where_each_channel_takes_them(page: Page, hub_stack: Any) -> None:
    """By SMS a picture is a link; WhatsApp, where the person has not written, takes a template with its values."""
    await sign_in(page, hub_stack.public_url)
    question = unique("Do you have the receipt?")
    number = await text_in(page, hub_stack.carrier_url, question)
    await row(page, question).get_by_role("link").click()
    caption = unique("Here it is")
    field = page.get_by_role("textbox", name="Reply to")
    await field.fill(caption)
    await page.get_by_test_id("attach").set_input_files(
        {"name": "receipt.png", "mimeType": "image/png", "buffer": PNG}
    )
    attached = page.get_by_role("group", name="Attached file")
    await expect(attached).to_contain_text("goes as a link")
    await look(page, "attached")
    await field.press("Control+Enter")
    await expect(attached).to_have_count(0)
    await expect(bubble(page, caption)).to_have_attribute("data-status", "delivered")
    (sms,) = await received(page, hub_stack.carrier_url, number)
    assert sms["body"].startswith(caption)
    assert "/v1/media/med_" in sms["body"]

    await page.get_by_role("button", name="change channel").click()
    await page.get_by_role("menuitem", name=re.compile("WhatsApp")).first.click()
    await expect(page.get_by_text("WhatsApp takes only approved templates")).to_be_visible()
    await field.fill("This would not go")
    await expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    await page.get_by_role("button", name="Choose a template").click()
    dialog = page.get_by_role("dialog", name="Send a template")
    await dialog.get_by_role("textbox", name="Search templates").fill("order")
    await dialog.get_by_role("button", name=re.compile("order_update")).click()
    await expect(dialog.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    await dialog.get_by_role("textbox", name="Value of first_name").fill("Ada")
    place = unique("four")
    await dialog.get_by_role("textbox", name="Value of number").fill(place)
    await expect(dialog.get_by_test_id("template-preview")).to_have_text(
        f"Hello Ada, your order {place} is on its way."
    )
    await check(page, "a template")
    await look(page, "template")
    await dialog.get_by_role("button", name="Send", exact=True).click()
    await expect(bubble(page, f"your order {place}")).to_have_attribute(
        "data-status", re.compile("delivered|read")
    )
    await expect(field).to_have_value("This would not go")
    assert len(await received(page, hub_stack.carrier_url, number)) == 2
    await page.get_by_role("button", name="Close", exact=True).click()
    await expect(page.get_by_text("Closed:")).to_be_visible()  # the agent's hands are free for the next test


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
    await expect(page.get_by_text("Closed:")).to_be_visible()
    await page.get_by_role("button", name="Undo").last.click()
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


async def test_several_at_once(page: Page, hub_stack: Any) -> None:
    """Chosen rows are given to somebody and closed together, and both can be taken back."""
    await sign_in(page, hub_stack.public_url)
    questions = [unique("Is this the right number?") for _ in range(3)]
    for question in questions:
        await text_in(page, hub_stack.carrier_url, question)
    bar = page.get_by_role("group", name="What is chosen")

    async def choose() -> None:
        for question in questions:
            await row(page, question).get_by_role("checkbox").check()
        await expect(bar).to_contain_text("3 chosen")

    await choose()
    await look(page, "chosen")
    await bar.get_by_role("button", name="Assign").click()
    await page.get_by_role("menuitem", name="(me)").click()
    for question in questions:
        await expect(row(page, question)).to_contain_text("You")
    await expect(bar).to_have_count(0)
    await expect(page.get_by_text("3 conversations given to")).to_be_visible()
    await page.get_by_role("button", name="Undo").last.click()
    await away(page)
    for question in questions:
        await expect(row(page, question)).not_to_contain_text("You")

    await choose()
    await page.keyboard.press("Escape")
    await expect(bar).to_have_count(0)
    await choose()
    await bar.get_by_role("button", name="Close").click()
    await away(page)
    for question in questions:
        await expect(row(page, question)).to_have_count(0)
    await expect(page.get_by_text("3 conversations closed")).to_be_visible()
    await page.get_by_role("button", name="Undo").last.click()
    for question in questions:
        await expect(row(page, question)).to_be_visible()
    await check(page, "rows that are back")
    await choose()
    await bar.get_by_role("button", name="Close").click()  # the agent's hands are free for the next test
    await expect(page.get_by_text("3 conversations closed").last).to_be_visible()
