"""Tags of conversations, the defaults of all queues and the limits of the workspace, as people set and see them."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page, expect

from tests.browser.steps import row, sign_in, text_in, unique

SUPERVISOR = "supervisor@north.acme.example"
ADMIN = "admin@north.acme.example"


async def test_a_conversation_is_tagged_found_by_its_tag_and_loses_it(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, SUPERVISOR, "/inbox/open")
    words, other, tag = unique("Broken handle"), unique("Nothing broken"), unique("warranty")
    await text_in(page, hub_stack.carrier_url, other)
    await text_in(page, hub_stack.carrier_url, words)
    await row(page, words).get_by_role("link").first.click()
    await expect(page.get_by_role("button", name="Tags", exact=True)).to_be_visible()
    await page.locator("h2").first.click()  # out of the composer: a letter is a key now
    await page.keyboard.press("l")
    field = page.get_by_role("combobox", name="Tags of the conversation")
    await field.fill(tag)
    await field.press("Enter")
    await field.press("Escape")
    await expect(row(page, words)).to_contain_text(tag)

    await page.get_by_title(f"All conversations tagged {tag}").first.click()
    await expect(row(page, words)).to_be_visible()
    await expect(row(page, other)).to_have_count(0)

    await page.reload()
    await row(page, words).get_by_role("link").first.click()
    await page.get_by_role("button", name="Tags", exact=True).click()
    await page.get_by_role("button", name=f"Remove {tag}").click()
    await expect(page.get_by_role("button", name=f"Remove {tag}")).to_have_count(0)
    await field.press("Escape")
    await page.goto(f"{hub_stack.public_url}/inbox/open")
    await expect(row(page, words)).to_be_visible()
    await expect(row(page, words)).not_to_contain_text(tag)


async def test_defaults_of_queues_and_limits_are_set_and_stay(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, ADMIN, "/queues")
    api = page.context.request
    before = (await (await api.get(f"{hub_stack.public_url}/v1/queue-defaults")).json())["own"]
    await page.get_by_role("button", name="Defaults").click()
    dialog = page.get_by_role("dialog", name="Defaults of all queues")
    holidays = dialog.get_by_role("region", name="Holidays").get_by_role("textbox")
    await holidays.fill("2031-12-25")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The defaults are saved.")).to_be_visible()
    await expect(dialog).to_have_count(0)
    after = (await (await api.get(f"{hub_stack.public_url}/v1/queue-defaults")).json())["own"]
    assert after == before | {"holidays": ["2031-12-25"]}
    await page.get_by_role("button", name="Defaults").click()
    await expect(holidays).to_have_value("2031-12-25")
    await holidays.fill(", ".join(before["holidays"] or []))
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)

    await page.goto(f"{hub_stack.public_url}/settings/policy")
    flood = page.get_by_role("region", name="Floods").get_by_role("textbox")
    await expect(page.get_by_text("Left empty, it is 30.")).to_be_visible()
    await flood.fill("45")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The limits are saved.")).to_be_visible()
    policy = await (await api.get(f"{hub_stack.public_url}/v1/messaging-policy")).json()
    assert policy["own"]["flood"] == {"per_minute": 45}
    await page.reload()
    await expect(flood).to_have_value("45")
    await flood.fill("")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Left empty, it is 30.")).to_be_visible()
