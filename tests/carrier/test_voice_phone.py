"""The call screen in a real browser: it rings, is answered, shows what is said, takes keys and words, and ends."""

from __future__ import annotations

from playwright.async_api import expect

from tests.carrier.conftest import NUMBER, PERSON, SID, TOKEN, World
from tests.carrier.test_phone import browser_page
from tests.carrier.test_voice import dial, hits, over, script

MENU = (
    b'<Response><Gather input="dtmf speech" numDigits="1" timeout="20" action="/menu">'
    b"<Say>Press &lt;b&gt;1&lt;/b&gt;.</Say></Gather></Response>"
)
ASK = (
    b'<Response><Gather input="speech" timeout="20" action="/said"><Say>What is it?</Say></Gather></Response>'
)


async def test_a_person_takes_a_call_presses_speaks_and_hangs_up(world: World) -> None:
    script(
        world,
        start=MENU,
        menu=ASK,
        said=b'<Response><Say>Goodbye for now.</Say><Pause length="30"/></Response>',
    )
    async with browser_page(str(world.client.base_url)) as page:
        await page.get_by_label("Your number").fill(PERSON)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_have_text("Live")
        sid = await dial(world)
        screen = page.get_by_role("dialog", name="Call")
        await expect(screen.get_by_text("Ringing…")).to_be_visible()
        await expect(screen.get_by_role("button", name="Answer")).to_be_focused()
        await screen.get_by_role("button", name="Answer").click()
        await expect(screen.get_by_text("Press <b>1</b>.")).to_be_visible()
        await screen.get_by_role("button", name="1", exact=True).click()
        await expect(screen.get_by_text("What is it?")).to_be_visible()
        await screen.get_by_label("What you say").fill("my order")
        await page.keyboard.press("Enter")
        await expect(screen.get_by_text("Goodbye for now.")).to_be_visible()
        await screen.get_by_role("button", name="Hang up").click()
        await expect(screen.get_by_text("Call ended")).to_be_visible()
    assert hits(world, "/menu")[0].form["Digits"] == "1"
    assert hits(world, "/said")[0].form["SpeechResult"] == "my order"
    assert (await over(world, sid))["status"] == "completed"


async def test_a_person_declines_and_calls_back(world: World) -> None:
    script(world, answer=b"<Response><Say>Welcome back.</Say></Response>")
    account = {
        "provider": "twilio", "account_sid": SID, "auth_token": TOKEN,
        "numbers": [{"address": NUMBER, "label": "Shop", "voice_url": f"{world.tenant.url}/answer"}],
    }  # fmt: skip
    await world.client.put("/carrier/accounts", json=[account])
    async with browser_page(str(world.client.base_url)) as page:
        await page.get_by_label("Your number").fill(PERSON)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_have_text("Live")
        sid = await dial(world)
        screen = page.get_by_role("dialog", name="Call")
        await screen.get_by_role("button", name="Decline").click()
        await expect(screen.get_by_text("Busy")).to_be_visible()
        await page.get_by_role("button", name="Call Shop").click()
        await expect(screen.get_by_text("Welcome back.")).to_be_visible()
    assert (await over(world, sid))["status"] == "busy"
