"""What a person does in the browser, and what a handset does at the carrier."""

from __future__ import annotations

import random
import re
import uuid
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, Route, expect

AGENT = "agent@north.acme.example"
PASSWORD = "parley-demo"
NORTH_SMS = "+447700900901"
AXE = Path(__file__).resolve().parents[2] / "web/node_modules/axe-core/axe.min.js"
_COLOR = re.compile(r'("primary_color":\s*")#[0-9a-fA-F]{6}')


async def sign_in(page: Page, public_url: str, email: str = AGENT, path: str = "/") -> None:
    """Sign in and wait until the shell is live."""
    await page.goto(f"{public_url}{path}")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_test_id("live-state")).to_have_attribute("data-state", "live")


async def text_in(page: Page, carrier_url: str, body: str, number: str | None = None) -> str:
    """A handset texts the tenant's number. Returns the handset's number."""
    sender = number or f"+4477009{random.randrange(10_000, 89_999)}"
    answer = await page.context.request.post(
        f"{carrier_url}/carrier/inbound",
        data={"from": sender, "to": NORTH_SMS, "channel": "sms", "text": body},
    )
    assert answer.ok, await answer.text()
    return sender


async def received(page: Page, carrier_url: str, number: str) -> list[dict[str, Any]]:
    """What the carrier delivered to a handset."""
    answer = await page.context.request.get(f"{carrier_url}/carrier/messages", params={"to": number})
    found: list[dict[str, Any]] = (await answer.json())["messages"]
    return found


def unique(words: str) -> str:
    """A text that no other test sends. Letters only: a search takes three digits for a part of a number."""
    letters = "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex[:10])
    return f"{words} {letters}"


def row(page: Page, words: str) -> Locator:
    """The conversation in the list whose last message is `words`."""
    return page.locator("[data-conversation]").filter(has_text=words)


def bubble(page: Page, words: str) -> Locator:
    """The message in the open thread that says `words`."""
    return page.locator("[data-message]").filter(has_text=words)


async def away(page: Page) -> None:
    """Move the pointer out of the list, whose order is frozen while it is inside."""
    await page.mouse.move(5, 5)


async def repaint(page: Page, color: str) -> None:
    """Give every page and answer the brand colour `color` (#rrggbb), as if the tenant had chosen it."""

    async def change(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=_COLOR.sub(rf"\g<1>{color}", await answer.text()))

    await page.route(re.compile(r"/(login|inbox.*|v1/me|v1/sessions|v1/branding)?$"), change)
