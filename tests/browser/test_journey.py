"""A journey from an empty canvas to its figures: drawn, played with a step back, published, run for a thousand people at the
carrier, and its heat map says what the database says.
"""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.api.whole_hub import until
from tests.browser.drawing import draw_journey, new_flow, option, saved, step
from tests.browser.journey import CONTACTS, ORDERS, Journey, begin_journey
from tests.browser.steps import unique

TEMPLATE = {
    "name": "winter_sale",
    "language": "en",
    "category": "marketing",
    "body": "The winter sale has begun. Is there anything that we can do for you?",
}
OFFER = "Everything must go"
WAYS = (
    ("start", "next", "send"),
    ("send", "next", "ask"),
    ("ask", "answer", "intent"),
    ("intent", ORDERS, "send_2"),
    ("send_2", "next", "hand_over"),
    ("hand_over", "closed", "goal"),
)


def way(page: Page, node: str, port: str) -> Locator:
    """What is counted on a way."""
    return page.locator(f'[data-way][data-from="{node} {port}"]')


async def drawn(page: Page) -> None:
    """The whole journey, without a problem."""
    await draw_journey(page, ORDERS, (15, "Seconds"))
    await page.get_by_role("textbox", name="Name", exact=True).fill("served")
    await step(page, "hand_over").click()
    await option(page, "Queue", "Care")
    await page.get_by_role("button", name="Show everything").click()
    await expect(page.locator(".react-flow__edge")).to_have_count(len(WAYS))
    await saved(page)


async def played(page: Page) -> None:
    """To the desk and back, step by step; and another answer leads another way."""
    await page.get_by_role("tab", name="Simulator").click()
    panel = page.get_by_test_id("simulator")
    phone = panel.get_by_role("region", name="The contact's phone")
    await panel.get_by_role("button", name="Start", exact=True).click()
    await expect(panel.get_by_text("Waits for a reply")).to_be_visible()
    await panel.get_by_role("combobox", name="Force an intent").fill(ORDERS)
    reply = panel.get_by_role("textbox", name="Reply", exact=True)
    await reply.fill("where is it?")
    await panel.get_by_role("button", name="Reply", exact=True).click()
    await expect(phone.get_by_text(OFFER)).to_be_visible()
    await expect(page.locator('[data-step="hand_over"][data-lit]')).to_be_visible()
    await panel.get_by_role("button", name=re.compile("People close it|close")).first.click()
    await expect(panel.get_by_text("Ended", exact=True)).to_be_visible()
    await expect(page.locator('[data-step="goal"][data-lit]')).to_be_visible()

    back = panel.get_by_role("button", name="Back", exact=True)
    await back.click()
    await expect(page.locator('[data-step="goal"][data-lit]')).to_have_count(0)
    await back.click()
    await expect(panel.get_by_text("Waits for a reply")).to_be_visible()
    await expect(phone.get_by_text(OFFER)).to_have_count(0)
    await panel.get_by_role("combobox", name="Force an intent").fill("")
    await reply.fill("never mind")
    await panel.get_by_role("button", name="Reply", exact=True).click()
    await expect(panel.get_by_text("Ended", exact=True)).to_be_visible()
    await expect(page.locator('[data-step="send_2"][data-lit]')).to_have_count(0)


async def published(page: Page) -> str:
    """Publishes the draft; returns the flow's public id."""
    await page.get_by_role("button", name="Publish").click()
    dialog = page.get_by_role("dialog", name=re.compile("Publish"))
    await dialog.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("Version 1 is live.")).to_be_visible()
    return page.url.rpartition("/")[2].partition("?")[0]


async def lived_through(journey: Journey, flow_id: str) -> None:
    """Everybody goes as far as they go by themselves; then the desk is done with half of those who came to it."""
    await journey.begin(flow_id)

    async def at_the_desk() -> dict[str, int]:
        return journey.standing(flow_id)

    async def begun() -> int:
        return journey.taken(flow_id).get(("start", "next"), 0)

    await until(begun, lambda count: count == CONTACTS)
    stand = await until(at_the_desk, lambda found: set(found) == {"hand_over"})
    query = (
        "SELECT contact_id FROM app.flow_sessions WHERE tenant_id = TENANT AND node = 'hand_over' "
        "AND status = 'waiting' ORDER BY contact_id LIMIT %s"
    )
    done = [contact_id for (contact_id,) in journey.rows(query, stand["hand_over"] // 2)]
    await journey.close(done)
    left = stand["hand_over"] - len(done)
    await until(at_the_desk, lambda found: found == {"hand_over": left})


async def the_heat_map_is_right(page: Page, journey: Journey, flow_id: str) -> None:
    """Each box and each way of the canvas has the number that the database has."""
    await page.get_by_role("tab", name="Live").click()
    await expect(page.get_by_test_id("live-figures")).to_be_visible()
    await page.get_by_role("button", name="Show everything").click()
    taken, stand = journey.taken(flow_id), journey.standing(flow_id)
    entered = {"start": CONTACTS} | {target: taken[node, port] for node, port, target in WAYS}
    onward = {node: taken[node, port] for node, port, _ in WAYS}
    for name, count in entered.items():
        waiting = stand.get(name, 0)
        figures = f"{count} {waiting} 0 {count - onward.get(name, 0) - waiting}"
        await expect(step(page, name).locator("[data-figures]")).to_have_attribute("data-figures", figures)
    for node, port, _ in WAYS:
        await expect(way(page, node, port)).to_have_attribute("data-way", str(taken[node, port]))


async def nobody_is_lost(journey: Journey, flow_id: str) -> None:
    """Every session is counted once, everybody got their messages, by SMS who has no RCS, and the books agree."""
    taken = journey.taken(flow_id)
    out = dict(
        journey.rows(
            "SELECT status || ' ' || reason, count(*) FROM app.flow_sessions WHERE tenant_id = TENANT GROUP BY 1"
        )
    )
    opted_out = out.get("exited the contact opted out", 0)
    assert sum(out.values()) == CONTACTS
    assert set(out) == {"ended ", "waiting ", "exited the contact opted out"}
    assert taken["ask", "answer"] + taken["ask", "timeout"] + opted_out == CONTACTS
    assert taken["intent", ORDERS] + taken["intent", "other"] == taken["ask", "answer"]

    async def offers() -> list[Any]:
        return journey.rows(
            "SELECT right(address, 1) IN ('0', '1'), channel_kind, count(*), count(DISTINCT contact_id) "
            "FROM app.messages WHERE tenant_id = TENANT AND body = %s AND status IN ('delivered', 'read') GROUP BY 1, 2",
            OFFER,
        )

    found = await until(offers, lambda rows: sum(count for _, _, count, _ in rows) >= taken["send_2", "next"])
    assert {(alone, kind) for alone, kind, *_ in found} == {(True, "sms"), (False, "rcs")}
    assert all(count == people for *_, count, people in found)
    assert sum(count for _, _, count, _ in found) == taken["send_2", "next"]
    assert await journey.audited() == []


async def test_a_journey(page: Page, hub_stack: Any) -> None:
    async with begin_journey(hub_stack.settings) as journey:
        await journey.approved(TEMPLATE)
        await new_flow(page, hub_stack.public_url, unique("Winter"), journey.run.email)
        await drawn(page)
        await played(page)
        flow_id = await published(page)
        await lived_through(journey, flow_id)
        await the_heat_map_is_right(page, journey, flow_id)
        await nobody_is_lost(journey, flow_id)
