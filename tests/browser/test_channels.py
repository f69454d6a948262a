"""Channels on screen: an account is added against the local carrier, checked, tested, paused and deleted; a message's way.

WCAG by axe on the way, in light and dark.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.steps import bubble, row, sign_in, text_in, unique
from tests.browser.test_accessibility import check

ADMIN = "admin@north.acme.example"


@pytest.fixture
async def carrier(hub_stack: Any) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=hub_stack.carrier_url, trust_env=False) as http:
        before = (await http.get("/carrier/behaviours")).json()
        yield http
        await http.put("/carrier/behaviours", json=before)


def number() -> str:
    return f"+4479{random.randrange(10_000_000, 99_999_999)}"


async def at_carrier(carrier: httpx2.AsyncClient, sid: str, token: str, sender: str) -> None:
    """The carrier knows this Twilio account and its number."""
    own = {"address": sender, "kind": "long_code", "label": "Shop"}
    account = {"provider": "twilio", "account_sid": sid, "auth_token": token, "numbers": [own]}
    answer = await carrier.put("/carrier/accounts", json=[account])
    assert answer.status_code == 200, answer.text


async def fill_in(page: Page, hub_stack: Any, name: str, sid: str, token: str) -> None:
    """The wizard's first two steps, for Twilio at the local carrier."""
    await page.get_by_role("button", name="Add account").click()
    await page.get_by_role("button", name="Twilio SMS and calls").click()
    await page.get_by_role("textbox", name="Name", exact=True).fill(name)
    await page.get_by_role("textbox", name="Account SID").fill(sid)
    await page.get_by_label("Auth token").fill(token)
    await page.get_by_text("Another API address").click()
    await page.get_by_role("textbox", name="API address").fill(hub_stack.carrier_url)
    await page.get_by_role("button", name="Save account").click()


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_an_account_is_added_checked_and_tested(
    browser: Browser, hub_stack: Any, carrier: httpx2.AsyncClient, scheme: Any
) -> None:
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    name, sid, token, sender = unique("Shop"), f"AC{secrets.token_hex(16)}", secrets.token_hex(16), number()
    await at_carrier(carrier, sid, token, sender)
    await sign_in(page, hub_stack.public_url, ADMIN)
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Channels").click()
    await expect(page.get_by_role("heading", name="Channels")).to_be_visible()
    await expect(card(page, "Acme North SMS at the local carrier")).to_be_visible()
    await check(page, "channels")

    await fill_in(page, hub_stack, name, "AC1", token)
    await expect(page.get_by_text("String should match pattern")).to_be_visible()
    await check(page, "wizard")
    await page.get_by_role("textbox", name="Account SID").fill(sid)
    await page.get_by_role("button", name="Save account").click()
    await page.get_by_role("button", name="Check credentials").click()
    await expect(page.get_by_text("Twilio knows the account and accepts the token.")).to_be_visible()
    await expect(page.get_by_text("/webhooks/twilio/acc_").first).to_be_visible()
    await page.get_by_role("button", name="Add a number").click()
    await page.get_by_role("textbox", name="Name").fill(name)
    await page.get_by_role("textbox", name="Number").fill(sender)
    await page.get_by_role("button", name="Add number").click()

    await card(page, name).get_by_role("button", name=f"Test {name}").click()
    handset = number()
    await page.get_by_role("textbox", name="To", exact=True).fill(handset)
    await page.get_by_role("button", name="Send", exact=True).click()
    way = page.get_by_role("list", name="Attempts, in order")
    await expect(way.get_by_text("Delivered").first).to_be_visible()
    await expect(way.get_by_text("EUR 0.04")).to_be_visible()
    await check(page, "test")
    await page.keyboard.press("Escape")
    (sent,) = (await carrier.get("/carrier/messages", params={"to": handset})).json()["messages"]
    assert (sent["from"], sent["body"]) == (sender, "This is a test message.")

    await card(page, name).get_by_role("link", name=name).click()
    await expect(page.get_by_role("cell", name="1").first).to_be_visible()
    await expect(page.get_by_text("by Morag")).to_be_visible()
    await check(page, "account")
    await page.get_by_role("button", name=f"Actions for {name}").click()
    await page.get_by_role("menuitem", name="Pause sending").click()
    await expect(page.get_by_text("Paused by hand")).to_be_visible()
    await page.get_by_role("button", name=f"Actions for {name}").click()
    await page.get_by_role("menuitem", name="Delete account").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete account").click()
    await expect(card(page, "Acme North SMS at the local carrier")).to_be_visible()
    await expect(card(page, name)).to_be_hidden()
    await context.close()


async def test_a_wrong_secret_is_told_and_replaced(
    page: Page, hub_stack: Any, carrier: httpx2.AsyncClient
) -> None:
    name, sid, token = unique("Kiosk"), f"AC{secrets.token_hex(16)}", secrets.token_hex(16)
    await at_carrier(carrier, sid, token, number())
    await sign_in(page, hub_stack.public_url, ADMIN, "/channels")
    await fill_in(page, hub_stack, name, sid, "wrong")
    await page.get_by_role("button", name="Check credentials").click()
    await expect(page.get_by_text("Twilio does not accept the credentials (20003)")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name=f"Actions for {name}").click()
    await page.get_by_role("menuitem", name="Edit, replace secrets").click()
    await page.get_by_label("Auth token").fill(token)
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text(f"Saved: {name}")).to_be_visible()
    await page.get_by_role("button", name=f"Actions for {name}").click()
    await page.get_by_role("menuitem", name="Check credentials").click()
    await expect(page.get_by_text("Twilio knows the account and accepts the token.")).to_be_visible()


async def test_a_delivery_mark_opens_the_message_s_way(
    page: Page, hub_stack: Any, carrier: httpx2.AsyncClient
) -> None:
    handset, question, answer = number(), unique("Is it open?"), unique("It is.")
    lost = {"receipts": "undelivered", "receipt_code": 30005}
    rules = [{"match": {"number": handset}, "behaviour": lost}]
    before = (await carrier.get("/carrier/behaviours")).json()
    await carrier.put("/carrier/behaviours", json={**before, "rules": rules})
    await sign_in(page, hub_stack.public_url)
    await text_in(page, hub_stack.carrier_url, question, handset)
    await row(page, question).get_by_role("link").click()
    await page.get_by_role("textbox", name="Reply to").fill(answer)
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(bubble(page, answer)).to_have_attribute("data-status", "undelivered")
    await bubble(page, answer).get_by_role("button", name="Not delivered").click()
    way = page.get_by_role("list", name="Attempts, in order")
    await expect(way.get_by_text("Code 30005")).to_be_visible()
    await expect(way.get_by_text(handset)).to_be_visible()
    await check(page, "a message's way")
    await page.keyboard.press("Escape")
    await expect(way).to_be_hidden()
