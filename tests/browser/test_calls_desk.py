"""A call at the desk in the browser: it rings, is answered, keyed, held, passed on to a colleague, heard, ended, wrapped up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.api.phone_desk import QUEUE, VOICE, PhoneDesk, at_desk, start_desk
from tests.api.whole_hub import Org, client, until
from tests.browser.steps import sign_in
from tests.browser.test_desk import presence


@pytest_asyncio.fixture
async def desk(hub_stack: Any) -> AsyncIterator[PhoneDesk]:
    settings = hub_stack.settings
    run = await start_desk(settings, "CallPanel")
    async with (
        client(settings, Authorization=f"Bearer {run.key}") as http,
        httpx2.AsyncClient(base_url=settings.carrier_url, trust_env=False) as carrier,
    ):
        before = (await carrier.get("/carrier/behaviours")).json()
        async with at_desk(Org(settings, run, http), carrier) as made:
            codes = {"codes": ["Solved", "Call again"], "required": False}
            answer = await made.people["sue"].put(
                "/v1/wrap-up-codes", json=codes, headers={"If-Match": '"0"'}
            )
            assert answer.status_code == 200, answer.text
            yield made
        await carrier.put("/carrier/behaviours", json=before)


async def test_a_call_goes_through_two_hands(
    page: Page, browser: Browser, hub_stack: Any, desk: PhoneDesk
) -> None:
    url, email = hub_stack.public_url, desk.org.run.email
    await sign_in(page, url, f"ann-{email}")
    await presence(page, "Online")
    await page.get_by_test_id("presence").click()
    await expect(page.get_by_role("menuitem", name="Your phone")).to_contain_text(desk.phones["ann"])
    await page.keyboard.press("Escape")

    await desk.set_queue({**QUEUE, "voice": {**VOICE, "record": True, "transcribe": True}})
    number, _ = await desk.call_in()
    ringing = page.get_by_test_id("call-ringing")
    await expect(ringing).to_contain_text(number)
    await page.keyboard.press("Shift+A")
    panel, phase = page.get_by_test_id("call-panel"), page.get_by_test_id("call-phase")
    await expect(phase).to_contain_text("Connected")
    await expect(page.locator("[data-call-entry=connected]")).to_be_visible()

    await expect(panel.get_by_test_id("call-kept")).to_contain_text("the caller was told")
    await desk.joined(number, 1)
    await desk.say(number, "My parcel is lost")
    await expect(panel.get_by_test_id("transcript")).to_contain_text("My parcel is lost")

    await page.keyboard.press("Shift+P")
    pad = panel.get_by_role("group", name="Keypad")
    await pad.get_by_role("button", name="1", exact=True).press("4")
    await pad.get_by_role("button", name="2", exact=True).click()
    assert (await desk.heard(number, "tones"))["digits"] == "42"
    await page.keyboard.press("Shift+P")

    await panel.get_by_role("button", name="Hold").click()
    await expect(phase).to_contain_text("On hold")
    await desk.heard(number, "left")
    await page.keyboard.press("Shift+H")
    await expect(phase).to_contain_text("Connected")

    other = await (await browser.new_context(viewport={"width": 1440, "height": 900})).new_page()
    await sign_in(other, url, f"bob-{email}", "/inbox/open")
    await page.keyboard.press("Shift+T")
    form = panel.get_by_role("form", name="Transfer")
    await form.get_by_role("combobox", name="Who").or_(form.get_by_role("textbox", name="Who")).first.click()
    await page.get_by_role("option", name="Bob").click()
    await form.get_by_label("Note for whoever takes it").fill("A parcel is lost")
    await form.get_by_role("switch", name="Talk to them first").check()
    await form.get_by_role("button", name="Call them").click()
    await expect(other.get_by_test_id("call-panel")).to_contain_text("asks whether you take this call")
    await panel.get_by_role("button", name="Hand over").click()
    await expect(panel).to_have_count(0)
    told = other.get_by_test_id("call-panel")
    await expect(told).to_contain_text("A parcel is lost")
    await expect(other.get_by_test_id("call-phase")).to_contain_text("Connected")

    boss = await (await browser.new_context(viewport={"width": 1440, "height": 900})).new_page()
    await sign_in(boss, url, f"sue-{email}", "/inbox/open")
    await boss.locator("[data-conversation]").get_by_role("link").first.click()
    await expect(boss.get_by_test_id("thread-call")).to_contain_text("On the phone with Bob")
    await boss.get_by_role("button", name="Listen in").click()
    await expect(boss.get_by_test_id("call-listening")).to_contain_text("Nobody hears you")
    await expect(told).to_contain_text("Sue listens")
    await desk.heard(desk.phones["sue"], "joined", muted=True)
    await boss.get_by_role("button", name="Stop listening").click()
    await expect(boss.get_by_test_id("call-listening")).to_have_count(0)

    await told.get_by_role("button", name="Hang up").click()
    await expect(other.get_by_test_id("call-phase")).to_contain_text("Call ended")
    await until(lambda: desk.line(number), lambda line: line["status"] == "completed")
    await told.get_by_role("link", name="Wrap up and close").click()
    ended = other.locator("[data-call-entry=ended]")
    await expect(ended).to_be_visible()
    await expect(ended.locator("audio")).to_have_count(1)
    await other.get_by_role("menuitem", name="Solved").click()
    conversation = await until(
        lambda: desk.org.conversation(number), lambda found: found["status"] == "closed"
    )
    await ended.get_by_role("button", name="Read what was said").click()
    await expect(ended.get_by_test_id("transcript")).to_contain_text("My parcel is lost")
    assert (conversation["wrap_up"], conversation["assignee"]["name"]) == ("Solved", "Bob")
    for each in (other, boss):
        await each.context.close()
