"""The phone page: its data and live events over HTTP, and the page itself in a real browser."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson
from playwright.async_api import Page, async_playwright, expect

if TYPE_CHECKING:
    from tests.carrier.conftest import World

PERSON = "+15557654321"
NUMBER = "+15550001111"
META_NUMBER = "+15550002222"


async def test_page_and_its_files(world: World) -> None:
    for path, kind in (
        ("/", "text/html"),
        ("/phone.css", "text/css"),
        ("/phone.js", "text/javascript"),
        ("/voice.js", "text/javascript"),
        ("/voice.css", "text/css"),
    ):
        response = await world.client.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(kind)
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "http://" not in response.text.replace("http://www.w3.org", "")
        assert "innerHTML" not in response.text


async def test_data_of_the_page(world: World) -> None:
    await world.sms(body="one")
    await world.write("two")
    await world.sms(to="+15550008888", body="other")
    data = (await world.client.get("/carrier/phone", params={"handset": PERSON})).json()
    assert [message["body"] for message in data["messages"]] == ["one", "two"]
    assert {(n["channel"], n["address"], n["label"]) for n in data["numbers"]} == {
        ("sms", NUMBER, "Shop"),
        ("whatsapp", META_NUMBER, ""),
    }
    assert data["recent"] == [PERSON, "+15550008888"]
    assert (await world.client.get("/carrier/phone?handset=x")).status_code == 400


@asynccontextmanager
async def stream(world: World, handset: str = PERSON) -> AsyncIterator[Any]:
    """Gives a coroutine function for the next event (name, data)."""
    async with world.client.stream("GET", "/carrier/stream", params={"handset": handset}) as response:
        assert response.headers["content-type"] == "text/event-stream"
        lines = response.aiter_lines()

        async def event() -> tuple[str, Any]:
            name = ""
            async with asyncio.timeout(10):
                async for line in lines:
                    if line.startswith("event: "):
                        name = line[7:]
                    elif line.startswith("data: "):
                        return name, orjson.loads(line[6:])
            raise AssertionError("the stream ended")

        yield event


async def test_stream_shows_each_state(world: World) -> None:
    async with stream(world) as event:
        await world.sms(body="hi")
        seen = [await event() for _ in range(3)]
        assert [(name, data["body"], data["state"]) for name, data in seen] == [
            ("message", "hi", "queued"),
            ("message", "hi", "sent"),
            ("message", "hi", "delivered"),
        ]
        await world.sms(to="+15550008888")
        await world.write("back")
        assert [(await event())[1]["state"] for _ in range(2)] == ["sending", "delivered"]
        await world.client.delete("/carrier/messages")
        assert (await event())[0] == "reset"
        await world.client.put("/carrier/accounts", json=[])
        assert (await event())[0] == "numbers"


async def test_stream_forgets_pages_that_left(world: World) -> None:
    async with stream(world):
        assert world.app.network.live.watched(PERSON)
    async with asyncio.timeout(10):
        while world.app.network.live.watched(PERSON):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_stream_needs_a_handset(world: World) -> None:
    assert (await world.client.get("/carrier/stream")).status_code == 400


@asynccontextmanager
async def browser_page(url: str) -> AsyncIterator[Page]:
    """A page in the system's Chromium, else in Playwright's own. Errors of the page fail the test."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run"]  # fmt: skip
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=flags)
        page = await browser.new_page(viewport={"width": 1180, "height": 900})
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        await page.goto(url)
        yield page
        await browser.close()
    assert errors == []


async def test_a_person_writes_and_reads(world: World) -> None:
    hostile = "<img src=x onerror=alert(1)> שלום 😀"
    async with browser_page(str(world.client.base_url)) as page:
        await expect(page.get_by_text("Who are you?")).to_be_visible()
        await page.get_by_label("Your number").fill("12")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert").first).to_contain_text("country code")
        await page.get_by_label("Your number").fill("+1 555 765 4321")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_have_text("Live")
        await expect(page.get_by_text("No messages yet")).to_be_visible()

        await page.get_by_label("Your message").fill(hostile)
        await page.keyboard.press("Enter")
        await expect(page.locator(".message.mine.delivered .bubble")).to_have_text(hostile)
        assert world.tenant.hits[0].form["Body"] == hostile
        assert await page.locator(".bubble img").count() == 0

        await world.sms(body="Your order is ready")
        await expect(page.locator(".message.theirs.delivered .bubble")).to_have_text("Your order is ready")
        await world.behave(receipts="undelivered", receipt_code=30003)
        await world.sms(body="Lost")
        await expect(page.locator(".message.theirs.failed .state")).to_contain_text("30003")

        await world.behave()
        await page.locator("input[value=whatsapp]").check()
        await world.text("Hello on WhatsApp")
        await expect(page.locator(".message.theirs.read .bubble")).to_have_text("Hello on WhatsApp")
        await world.settle()
        assert [status["status"] for status in world.tenant.statuses()] == ["sent", "delivered", "read"]

        await page.reload()
        await expect(page.locator(".message.theirs.read .bubble")).to_have_text("Hello on WhatsApp")
