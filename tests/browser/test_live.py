"""What a screen shows live, through a connection that drops and a tab that closes: nothing missing, nothing twice."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.browser.steps import bubble, row, sign_in, text_in, unique


async def shows_once(page: Page, *texts: str) -> None:
    await expect(page.get_by_test_id("live-state")).to_have_attribute("data-state", "live")
    for text in texts:
        await expect(bubble(page, text)).to_have_count(1)


async def test_two_tabs_of_one_person_miss_nothing(browser: Browser, hub_stack: Any) -> None:
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    leader = await context.new_page()
    await sign_in(leader, hub_stack.public_url)
    first = unique("Are you there?")
    number = await text_in(leader, hub_stack.carrier_url, first)
    await row(leader, first).get_by_role("link").click()
    await shows_once(leader, first)
    follower = await context.new_page()
    await follower.goto(leader.url)
    await shows_once(follower, first)

    await context.set_offline(True)
    for page in (leader, follower):
        await expect(page.get_by_test_id("live-state")).not_to_have_attribute("data-state", "live")
    missed = [unique("While you were away"), unique("And once more")]
    for text in missed:
        await text_in(leader, hub_stack.carrier_url, text, number)
    await context.set_offline(False)
    for page in (leader, follower):
        await shows_once(page, first, *missed)

    await leader.close()
    last = unique("Does the other tab hear me?")
    await text_in(follower, hub_stack.carrier_url, last, number)
    await shows_once(follower, first, *missed, last)
    await context.close()
