"""A morning at the desk: a flood of texts, two agents and a supervisor, whose screen says at the end what the database says."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

from playwright.async_api import Browser, Page, expect

from hub.compliance.policy import FLOOD_PER_MINUTE
from hub.ids import encode_id
from tests.api.whole_hub import until
from tests.browser.conftest import PATIENCE_MS
from tests.browser.morning import (
    CAPACITY,
    GIFT,
    LOST,
    QUEUE_OF,
    RATE,
    REFUND,
    Morning,
    at_work,
    begin_morning,
    numbers,
)
from tests.browser.steps import bubble, received, unique

ADA, BEN = CAPACITY
FLOOD = {
    LOST: ("I have lost my card", 8),
    REFUND: ("Where is my refund?", 6),
    RATE: ("What is the exchange rate?", 6),
}
BY_QUEUE = (
    "SELECT q.name, count(c.contact_id) FILTER (WHERE c.assignee_id IS NULL), count(c.assignee_id) "
    "FROM app.queues q LEFT JOIN app.conversations c "
    "ON c.tenant_id = q.tenant_id AND c.queue_id = q.id AND c.status = 'open' "
    "WHERE q.tenant_id = TENANT GROUP BY q.name"
)


async def presence(page: Page, word: str) -> None:
    await page.get_by_test_id("presence").click()
    await page.get_by_role("menuitem", name=word).click()
    await expect(page.get_by_test_id("presence")).to_contain_text(word)


async def so(morning: Morning, query: str, wanted: Any, *values: Any) -> None:
    """Wait until the database answers a query with this value."""

    async def ask() -> Any:
        return morning.one(query, *values)

    await until(ask, lambda found: found == wanted)


async def flood(page: Page, morning: Morning, carrier_url: str) -> None:
    """Twenty people write twice, the cards first; the model's intents bring each to its queue."""
    people = iter(numbers(sum(count for _, count in FLOOD.values())))
    wrote: list[str] = []
    for intent, (text, count) in FLOOD.items():
        senders = [next(people) for _ in range(count)]
        await asyncio.gather(*(morning.text_in(page, carrier_url, sender, text) for sender in senders))
        wrote += senders
        open_ = "SELECT count(*) FROM app.conversations WHERE tenant_id = TENANT AND status = 'open'"
        await so(morning, open_, len(wrote))
        in_queue = (
            "SELECT count(*) FROM app.conversations c JOIN app.queues q ON q.id = c.queue_id "
            "WHERE c.tenant_id = TENANT AND q.name = %s AND c.intent = %s AND c.assignee_id IS NULL"
        )
        assert morning.one(in_queue, QUEUE_OF[intent], intent) == count
    await asyncio.gather(
        *(morning.text_in(page, carrier_url, sender, "Hello? Is anybody there?") for sender in wrote)
    )
    heard = "SELECT count(*) FROM app.messages WHERE tenant_id = TENANT AND direction = 'in'"
    await so(morning, heard, 2 * len(wrote))


async def take(page: Page, morning: Morning, name: str, count: int) -> None:
    """Accept by keyboard what is offered until somebody has so many."""
    offer = page.get_by_test_id("offer")

    async def press() -> int:
        if len(morning.owned(name)) < count and await offer.count():
            await page.keyboard.press("Shift+A")
        return len(morning.owned(name))

    await until(press, lambda owned: owned == count)


async def overtaken_and_left(page: Page, morning: Morning) -> tuple[UUID, UUID]:
    """Ada is offered what missed its target, before cards that are older; takes one and lets the other time out."""
    missed = (
        "SELECT count(*) FROM app.conversations c JOIN app.queues q ON q.id = c.queue_id WHERE c.tenant_id = TENANT "
        "AND q.name = 'Payments' AND c.priority = 1 AND c.desk->'breached' ? 'first_response'"
    )
    offered = (
        "SELECT count(*) FROM app.conversations c JOIN app.users u ON u.id = c.offered_to "
        "WHERE c.tenant_id = TENANT AND c.priority = 1 AND u.name = %s"
    )
    await so(morning, missed, 6)
    await expect(page.locator('[data-priority="1"]').first).to_be_visible()
    await presence(page, "Online")
    card = page.get_by_test_id("offer")
    await expect(card).to_contain_text("Payments")
    await expect(card).to_contain_text("High")
    await so(morning, offered, CAPACITY[ADA], ADA)
    await page.keyboard.press("Shift+A")
    await until(lambda: _owned(morning, ADA), lambda owned: owned == 1)
    (kept,) = _contacts(morning, "assignee_id", ADA)
    (left,) = _contacts(morning, "offered_to", ADA)
    timed_out = "SELECT count(*) FROM app.queue_events WHERE tenant_id = TENANT AND kind = 'timed_out' AND contact_id = %s"
    await so(morning, timed_out, 1, left)
    assert left not in _contacts(morning, "offered_to", ADA)
    assert morning.load(ADA) <= CAPACITY[ADA]
    return kept, left


async def _owned(morning: Morning, name: str) -> int:
    return len(morning.owned(name))


def _contacts(morning: Morning, column: str, name: str) -> list[UUID]:
    query = (
        f"SELECT c.contact_id FROM app.conversations c JOIN app.users u ON u.id = c.{column} "
        "WHERE c.tenant_id = TENANT AND c.status = 'open' AND u.name = %s"
    )
    return [contact_id for (contact_id,) in morning.rows(query, name)]


def _owner(morning: Morning, contact_id: UUID) -> str | None:
    query = (
        "SELECT (SELECT u.name FROM app.users u WHERE u.id = c.assignee_id) FROM app.conversations c "
        "WHERE c.tenant_id = TENANT AND c.contact_id = %s"
    )
    found: str | None = morning.one(query, contact_id)
    return found


async def open_thread(page: Page, morning: Morning, contact_id: UUID) -> None:
    conversation = encode_id("cnv", contact_id)
    await page.goto(f"{morning.settings.public_url}/inbox/all/{conversation}")
    await expect(page.get_by_role("textbox", name="Reply to")).to_be_visible()


async def passed_on(ada: Page, ben: Page, morning: Morning, contact_id: UUID) -> None:
    """Ada writes a note for Ben and gives him the conversation; he finds both on his screen."""
    await open_thread(ada, morning, contact_id)
    words = unique("asked twice already, over to you")
    await ada.keyboard.press("n")
    note = ada.get_by_role("textbox", name="Note for the team")
    await note.press_sequentially(f"{words} @ben")
    await expect(ada.get_by_role("option", name=BEN)).to_be_visible()
    await note.press("Enter")
    await note.press("Control+Enter")
    await expect(ada.locator("[data-note-id]")).to_contain_text(f"{words} @{BEN}")
    await ada.get_by_role("textbox", name="Reply to").press("Escape")
    await ada.keyboard.press("a")
    await ada.get_by_role("textbox", name="Note for whoever gets it").fill("please call back before noon")
    await ada.get_by_role("menuitem", name=BEN).click()
    await expect(ada.get_by_test_id("owner")).to_contain_text(f"{BEN} has this conversation")
    has = (
        "SELECT u.name FROM app.conversations c JOIN app.users u ON u.id = c.assignee_id "
        "WHERE c.tenant_id = TENANT AND c.contact_id = %s"
    )
    await so(morning, has, BEN, contact_id)
    row = ben.locator(f'[data-conversation="{encode_id("cnv", contact_id)}"]')
    await expect(row).to_contain_text("please call back before noon")
    await row.get_by_role("link").click()
    await expect(ben.get_by_test_id("handed-on")).to_contain_text(f"{ADA} please call back before noon")
    await expect(ben.locator("[data-note-id]")).to_contain_text(words)


async def collided(
    ada: Page, ben: Page, morning: Morning, carrier_url: str, contact_id: UUID, address: str
) -> None:
    """Both answer what waits, at once: one has it and is heard; the other's answer is held back until they send it anyway."""
    pages, texts = {ADA: ada, BEN: ben}, {ADA: unique("Ada can help"), BEN: unique("Ben can help")}
    await asyncio.gather(*(open_thread(page, morning, contact_id) for page in pages.values()))
    for name, page in pages.items():
        await expect(page.get_by_test_id("owner")).to_be_empty()
        await page.get_by_role("textbox", name="Reply to").fill(texts[name])

    async def seen() -> bool:
        """A mark that comes before Ada's page listens is lost: as in life, Ben goes on writing."""
        await ben.get_by_role("textbox", name="Reply to").press_sequentially(" ")
        await ben.keyboard.press("Backspace")
        return await ada.get_by_test_id("writing").get_by_text(f"{BEN} is writing").is_visible()

    await until(seen, bool)
    await expect(ada.get_by_test_id("viewing")).to_contain_text(f"{BEN} is looking")
    await asyncio.gather(*(page.keyboard.press("Control+Enter") for page in pages.values()))

    async def who() -> str | None:
        return _owner(morning, contact_id)

    owner = await until(who, lambda name: name in pages)
    other = BEN if owner == ADA else ADA
    await expect(bubble(pages[owner], texts[owner])).to_have_attribute("data-status", "delivered")
    pending = pages[other].locator("[data-pending]")
    await expect(pending).to_contain_text("Held back")
    await expect(pending).to_contain_text(f"{owner} answered")
    await expect(pending).to_contain_text(texts[owner])
    assert [sms["body"] for sms in await received(ada, carrier_url, address)] == [texts[owner]]

    await pages[other].get_by_role("button", name="Send anyway").click()
    for page in pages.values():
        for text in texts.values():
            await expect(bubble(page, text)).to_have_attribute("data-status", "delivered")
            await expect(bubble(page, text)).to_have_count(1)
    await expect(pages[other].locator("[data-pending]")).to_have_count(0)
    arrived = [sms["body"] for sms in await received(ada, carrier_url, address)]
    assert sorted(arrived) == sorted(texts.values())
    await expect(pages[other].get_by_test_id("owner")).to_contain_text(f"{owner} has this conversation")
    await expect(pages[owner].get_by_test_id("owner")).to_be_empty()

    await pages[owner].get_by_role("textbox", name="Reply to").press("Escape")
    await pages[owner].keyboard.press("a")
    await pages[owner].get_by_role("menuitem", name="Unassign").click()
    await expect(pages[other].get_by_test_id("owner")).to_be_empty()
    waits = (
        "SELECT waiting_since IS NOT NULL FROM app.conversations WHERE tenant_id = TENANT AND contact_id = %s"
    )
    assert (_owner(morning, contact_id), morning.one(waits, contact_id)) == (None, True)


async def flooded(page: Page, morning: Morning, carrier_url: str, contact_id: UUID, address: str) -> None:
    """One number writes more than anybody reads: the screen says so, and every message is kept."""
    heard = (
        "SELECT count(*) FROM app.messages WHERE tenant_id = TENANT AND direction = 'in' AND contact_id = %s"
    )
    before = morning.one(heard, contact_id)
    for _ in range(4):
        await asyncio.gather(*(morning.text_in(page, carrier_url, address, "Answer me!") for _ in range(20)))
    await so(morning, heard, before + 80, contact_id)
    await expect(
        page.get_by_role("region", name="Conversation", exact=True).get_by_text("Flood")
    ).to_be_visible()
    last = unique("That is all for now")
    await morning.text_in(page, carrier_url, address, last)
    await expect(bubble(page, last)).to_be_visible()
    understood = "SELECT count(*) FROM app.messages WHERE tenant_id = TENANT AND contact_id = %s AND intent IS NOT NULL"
    assert morning.one(understood, contact_id) <= FLOOD_PER_MINUTE


async def closed(page: Page, morning: Morning, carrier_url: str, contact_id: UUID, address: str) -> None:
    """Ada answers, and closes with a code."""
    await open_thread(page, morning, contact_id)
    answer = unique("It is on its way to you")
    await page.keyboard.press("r")
    await page.keyboard.type(answer)
    await page.keyboard.press("Control+Enter")
    await expect(bubble(page, answer)).to_have_attribute("data-status", "delivered")
    assert [sms["body"] for sms in await received(page, carrier_url, address)] == [answer]
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    await page.get_by_role("menuitem", name="Solved").click()
    await expect(page.get_by_text("Closed:")).to_be_visible()
    ended = (
        "SELECT status, desk->>'wrap_up' FROM app.conversations WHERE tenant_id = TENANT AND contact_id = %s"
    )
    assert morning.rows(ended, contact_id) == [("closed", "Solved")]


async def handed_back(page: Page, morning: Morning, carrier_url: str) -> None:
    """A journey brings somebody to people; Ada gives them back by keyboard, and the journey tells them what she found."""
    (number,) = numbers(1)
    await morning.text_in(page, carrier_url, number, GIFT)
    waits = (
        "SELECT c.contact_id FROM app.conversations c JOIN app.queues q ON q.id = c.queue_id "
        "WHERE c.tenant_id = TENANT AND c.address = %s AND c.status = 'open' AND q.name = 'General'"
    )

    async def arrived() -> list[tuple[Any, ...]]:
        return morning.rows(waits, number)

    ((contact_id,),) = await until(arrived, bool)
    await open_thread(page, morning, contact_id)
    await expect(page.get_by_test_id("hand-back")).to_contain_text(
        "The journey Gifts goes on when you are done"
    )
    await page.get_by_role("textbox", name="Reply to").press("Escape")
    await page.keyboard.press("b")
    await page.get_by_role("combobox", name="What came of it").fill("50 euro")
    await page.keyboard.press("Enter")
    await expect(bubble(page, "Your gift card: 50 euro")).to_have_attribute("data-status", "delivered")
    await expect(page.get_by_test_id("hand-back")).to_have_count(0)
    await expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    assert [sms["body"] for sms in await received(page, carrier_url, number)] == ["Your gift card: 50 euro"]
    ended = (
        "SELECT c.status, s.status, g.name FROM app.conversations c JOIN app.flow_sessions s USING (tenant_id, contact_id) "
        "JOIN app.flow_goals g ON g.session_id = s.id WHERE c.tenant_id = TENANT AND c.contact_id = %s"
    )
    assert morning.rows(ended, contact_id) == [("closed", "ended", "given")]


async def the_screen_is_right(page: Page, morning: Morning, open_now: int, presence: str) -> None:
    """Waiting and handled by queue, and what each agent has: as plain SQL counts them."""
    found = morning.rows(BY_QUEUE)
    assert sum(waiting + handled for _, waiting, handled in found) == open_now
    for name, waiting, handled in found:
        cells = page.get_by_role("row").filter(has=page.get_by_role("link", name=name)).get_by_role("cell")
        await expect(cells.nth(1)).to_have_text(str(waiting))
        await expect(cells.nth(2)).to_have_text(str(handled))
    for name, capacity in CAPACITY.items():
        line = page.get_by_role("row").filter(has_text=name)
        await expect(line).to_contain_text(presence)
        await expect(line).to_contain_text(f"{len(morning.owned(name))} of {capacity}")


async def the_wallboard_is_right(page: Page, morning: Morning) -> None:
    """What the supervisor's wallboard is made of, against plain SQL since the midnight that it counts from."""
    answer = await page.context.request.get(f"{morning.settings.public_url}/v1/wallboard")
    assert answer.ok, await answer.text()
    board = await answer.json()
    happened = Counter(
        kind
        for (kind,) in morning.rows(
            "SELECT kind FROM app.queue_events WHERE tenant_id = TENANT AND at >= %s::timestamptz",
            board["since"],
        )
    )
    today = board["today"]
    assert (today["breached"], today["closed"]) == (happened["breached"], happened["closed"])
    assert (today["entered"], today["answered"]) == (happened["entered"], happened["answered"])
    shown = [(each["name"], each["now"]["waiting"], each["now"]["handled"]) for each in board["queues"]]
    assert sorted(shown) == sorted(morning.rows(BY_QUEUE))
    agents = {each["name"]: (each["open"], each["offered"]) for each in board["agents"]}
    assert {name: agents[name] for name in CAPACITY} == {
        name: (len(morning.owned(name)), 0) for name in CAPACITY
    }
    messages = {
        (each["channel_kind"], each["direction"], each["status"]): each["count"] for each in board["messages"]
    }
    counted = morning.rows(
        "SELECT channel_kind, direction, status, count(*) FROM app.messages "
        "WHERE tenant_id = TENANT AND created_at >= %s::timestamptz GROUP BY 1, 2, 3",
        board["since"],
    )
    assert messages == {(kind, direction, status): count for kind, direction, status, count in counted}
    await the_wallboard_shows(page, morning, board["since"])


async def the_wallboard_shows(page: Page, morning: Morning, since: str) -> None:
    """The cells that the supervisor reads: queues, agents and messages, against plain SQL."""
    await page.goto(f"{morning.settings.public_url}/live")
    happened = Counter(
        morning.rows(
            "SELECT q.name, e.kind FROM app.queue_events e JOIN app.queues q ON q.id = e.queue_id "
            "WHERE e.tenant_id = TENANT AND e.at >= %s::timestamptz",
            since,
        )
    )
    queues = page.get_by_role("region", name="Queues")
    for name, waiting, handled in morning.rows(BY_QUEUE):
        cells = queues.get_by_role("row").filter(has_text=name).get_by_role("cell")
        shown = {
            0: waiting,
            2: handled,
            4: happened[name, "entered"],
            5: happened[name, "answered"],
            7: happened[name, "breached"],
        }
        for place, count in shown.items():
            await expect(cells.nth(place)).to_have_text(str(count))
    for name in CAPACITY:
        line = page.get_by_role("region", name="Agents").get_by_role("row").filter(has_text=name)
        await expect(line).to_contain_text(f"{morning.load(name)} of {CAPACITY[name]}")
        await expect(line.get_by_role("cell").last).to_have_text(str(len(morning.owned(name))))
    ((heard, delivered),) = morning.rows(
        "SELECT count(*) FILTER (WHERE direction = 'in'), count(*) FILTER (WHERE status IN ('delivered', 'read')) "
        "FROM app.messages WHERE tenant_id = TENANT AND created_at >= %s::timestamptz",
        since,
    )
    sms = page.get_by_role("region", name="Messages today").get_by_role("row").filter(has_text="SMS")
    await expect(sms.get_by_role("cell").first).to_have_text(str(heard))
    await expect(sms.get_by_role("cell").nth(3)).to_have_text(str(delivered))


async def test_a_morning(browser: Browser, hub_stack: Any) -> None:
    morning = await begin_morning(hub_stack.settings)
    async with (
        at_work(browser, morning, "Sue Visor", "/queues", PATIENCE_MS) as sue,
        at_work(browser, morning, ADA, "/inbox/unassigned", PATIENCE_MS) as ada,
        at_work(browser, morning, BEN, "/inbox/mine", PATIENCE_MS) as ben,
    ):
        await flood(sue, morning, hub_stack.carrier_url)
        await the_screen_is_right(sue, morning, 20, "Offline")
        kept, left = await overtaken_and_left(ada, morning)
        await presence(ben, "Online")
        await asyncio.gather(take(ada, morning, ADA, 2), take(ben, morning, BEN, 3))
        assert _owner(morning, left) == BEN
        await presence(ada, "Busy")
        await presence(ben, "Busy")
        assert {name: morning.load(name) for name in CAPACITY} == CAPACITY

        (passed,) = set(_contacts(morning, "assignee_id", ADA)) - {kept}
        await passed_on(ada, ben, morning, passed)
        cards = (
            "SELECT c.contact_id, c.address FROM app.conversations c JOIN app.queues q ON q.id = c.queue_id "
            "WHERE c.tenant_id = TENANT AND q.name = 'Cards' AND c.assignee_id IS NULL ORDER BY c.contact_id LIMIT 1"
        )
        ((card, number),) = morning.rows(cards)
        await collided(ada, ben, morning, hub_stack.carrier_url, card, number)
        await flooded(ben, morning, hub_stack.carrier_url, card, number)
        address = morning.one(
            "SELECT address FROM app.conversations WHERE tenant_id = TENANT AND contact_id = %s", kept
        )
        await closed(ada, morning, hub_stack.carrier_url, kept, address)
        await handed_back(ada, morning, hub_stack.carrier_url)

        await the_screen_is_right(sue, morning, 19, "Busy")
        await the_wallboard_is_right(sue, morning)
    tenant_id = morning.run.workspace.tenant_id
    assert [found for found in await morning.audited() if found.tenant_id == tenant_id] == []
