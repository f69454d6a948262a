"""A morning at the desk: a supervisor sets a queue up, an agent comes online, takes what is offered, and puts it off."""

from __future__ import annotations

from typing import Any

import psycopg
from playwright.async_api import Browser, Page, expect

from cli.demo import workspace as ws
from hub.settings import Settings
from models.db import app_url, make_engine
from tests.browser.steps import AGENT, away, bubble, received, row, sign_in, text_in, unique

SUPERVISOR = "supervisor@north.acme.example"


async def presence(page: Page, word: str) -> None:
    await page.get_by_test_id("presence").click()
    await page.get_by_role("menuitem", name=word).click()
    await expect(page.get_by_test_id("presence")).to_contain_text(word)


async def test_an_offer_is_taken_by_keyboard_and_put_off(
    page: Page, browser: Browser, hub_stack: Any
) -> None:
    await sign_in(page, hub_stack.public_url)
    await presence(page, "Online")
    question = unique("Can somebody call me back?")
    await text_in(page, hub_stack.carrier_url, question)
    offer = page.get_by_test_id("offer").filter(has_text=question)
    await expect(offer).to_be_visible()
    await page.keyboard.press("Shift+A")
    await expect(page.get_by_test_id("offer").filter(has_text=question)).to_have_count(0)
    await expect(bubble(page, question)).to_be_visible()

    await page.keyboard.press("z")
    await page.get_by_role("menuitem", name="Urgent").click()
    await expect(page.get_by_text("Urgent").first).to_be_visible()
    await expect(page.get_by_role("menu")).to_have_count(
        0
    )  # it fades out; keys that come meanwhile are its own
    await page.keyboard.press("z")
    await page.get_by_role("menuitem", name="For an hour").click()
    await expect(page.get_by_text("Snoozed until")).to_be_visible()
    await away(page)
    await page.get_by_role("link", name="Snoozed").click()
    await expect(row(page, question)).to_be_visible()
    await row(page, question).get_by_role("link").click()
    await page.get_by_role("button", name="Take up again").click()
    await away(page)
    await expect(row(page, question)).to_have_count(0)
    await page.keyboard.press("e")
    await expect(page.get_by_text("Closed:")).to_be_visible()
    await presence(page, "Offline")


async def test_a_supervisor_sets_a_queue_up(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, SUPERVISOR, "/queues")
    await expect(page.get_by_role("heading", name="Queues and agents")).to_be_visible()
    await expect(page.get_by_role("region", name="Agents").get_by_role("row").nth(1)).to_be_visible()
    await page.keyboard.press("n")
    name = unique("Returns")
    await page.get_by_role("textbox", name="Name of the queue").fill(name)
    await page.get_by_role("button", name="Add a skill").click()
    await page.get_by_label("Skill 1").fill("german")
    await page.get_by_label("This queue has business hours").check()
    await page.get_by_label("Monday, closes").fill("08:00")
    await page.get_by_role("textbox", name="First answer, Normal").fill("15")
    await page.get_by_label("Pass on who waits too long").check()
    await page.get_by_role("button", name="Make the queue").click()
    await expect(page.get_by_text("an opening ends after it starts")).to_be_visible()
    await page.get_by_label("Monday, closes").fill("18:00")
    await page.get_by_role("button", name="Make the queue").click()
    await expect(page.get_by_role("heading", name=name)).to_be_visible()
    await expect(page.get_by_text("Next would wait")).to_be_visible()
    await (
        page.get_by_role("spinbutton", name="Time to accept")
        .or_(page.get_by_role("textbox", name="Time to accept"))
        .fill("45")
    )
    await page.keyboard.press("Control+S")
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()
    await page.get_by_role("link", name="Queues and agents").click()
    line = page.get_by_role("row").filter(has_text=name)
    await expect(line).to_contain_text("german")
    await line.get_by_role("link").click()
    await page.get_by_role("button", name="Archive").click()
    await page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    await expect(page.get_by_role("row").filter(has_text=name)).to_have_count(0)


async def _colleague(settings: Settings, email: str) -> None:
    """Another agent of the tenant of all these tests."""
    with psycopg.connect(settings.database_url) as db:
        found = db.execute("SELECT tenant_id FROM app.users WHERE email = %s", (AGENT,)).fetchone()
    assert found is not None
    engine = make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=1)
    try:
        await ws.ensure_user(engine, found[0], email, "Petra Colleague", ["support_agent"])
    finally:
        await engine.dispose()


async def test_who_loses_the_right_to_answer_while_typing_keeps_the_words(page: Page, hub_stack: Any) -> None:
    """The answer that leaves meanwhile is refused in words; the screen follows by itself; nothing is sent or lost."""
    email = f"{unique('agent').replace(' ', '-')}@north.acme.example"
    await _colleague(hub_stack.settings, email)
    question = unique("May I have a discount?")
    number = await text_in(page, hub_stack.carrier_url, question)
    await sign_in(page, hub_stack.public_url, email, "/inbox/all")
    await row(page, question).get_by_role("link").click()
    field = page.get_by_role("textbox", name="Reply to")
    refused, kept = unique("Of course, ten percent"), unique("Or rather twelve")
    await field.fill(refused)
    with psycopg.connect(hub_stack.settings.database_url) as db:  # reads on, and answers no more
        db.execute("UPDATE app.users SET roles = '{sub_org_admin}' WHERE email = %s", (email,))
    await field.press("Control+Enter")
    pending = page.locator("[data-pending]")
    await expect(pending).to_contain_text("Not sent")
    await expect(pending).to_contain_text("You are not allowed to do that")
    await field.fill(kept)
    alert = page.get_by_role("alert").filter(has_text="You may no longer answer here")
    await expect(alert).to_contain_text(kept)
    await expect(field).to_have_count(0)
    await page.reload()
    await expect(alert).to_contain_text(kept)
    await expect(pending).to_contain_text(refused)
    assert await received(page, hub_stack.carrier_url, number) == []
