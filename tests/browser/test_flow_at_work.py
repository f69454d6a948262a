"""A flow with people inside: who waits at a step, an experiment's arms and a decision, what a new draft changes, and what becomes of
those inside when it is published.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
from playwright.async_api import Page, expect

from tests.api.whole_hub import client, fresh_number, start, until
from tests.browser.drawing import step
from tests.browser.steps import sign_in, unique
from tests.browser.test_accessibility import check

PEOPLE = 6


def document(question: str, choices: tuple[str, ...]) -> dict[str, Any]:
    """A split with a test, then a question; the first answer is the goal."""
    return {
        "spec_version": 2,
        "nodes": [
            {"id": "start", "type": "start", "position": {"x": 0, "y": 0}},
            {
                "id": "offer",
                "type": "split",
                "data": {
                    "arms": [{"name": "A", "weight": 50}, {"name": "B", "weight": 50}],
                    "test": {"goal": "bought"},
                },
                "position": {"x": 0, "y": 160},
            },
            {
                "id": question,
                "type": "ask",
                "data": {"kind": "choice", "choices": [{"name": name} for name in choices]},
                "position": {"x": 0, "y": 320},
            },
            {"id": "bought", "type": "goal", "data": {"name": "bought"}, "position": {"x": 0, "y": 480}},
        ],
        "edges": [
            {"source": "start", "target": "offer"},
            {"source": "offer", "port": "A", "target": question},
            {"source": "offer", "port": "B", "target": question},
            {"source": question, "port": choices[0], "target": "bought"},
        ],
    }


async def who_waits_there(page: Page) -> None:
    await page.get_by_role("tab", name="Live").click()
    await expect(step(page, "ask").locator("[data-figures]")).to_have_attribute(
        "data-figures", f"{PEOPLE} {PEOPLE} 0 0"
    )
    await step(page, "ask").click()
    inside = page.get_by_role("region", name="Who is inside")
    await expect(inside.get_by_role("heading", name="Who is at Ask and wait (ask)")).to_be_visible()
    people = inside.get_by_role("listitem")
    await expect(people).to_have_count(PEOPLE)
    await check(page, "who waits at a step")
    # No key changes the draft, which lies below.
    await page.keyboard.press("Delete")
    await people.first.get_by_role("button", name="End").click()
    await expect(people).to_have_count(PEOPLE - 1)
    await expect(step(page, "ask").locator("[data-figures]")).to_have_attribute(
        "data-figures", f"{PEOPLE} {PEOPLE - 1} 0 1"
    )
    await inside.get_by_role("button", name="All steps").click()
    await expect(inside.get_by_role("heading", name="Who is inside")).to_be_visible()


async def an_arm_is_stopped(page: Page) -> None:
    await page.get_by_role("tab", name="Experiments").click()
    await expect(step(page, "ask")).to_be_visible()  # the draft has it still
    panel = page.get_by_test_id("experiments")
    arms = panel.locator("[data-arm]")
    await expect(arms).to_have_count(2)
    came = [int(await arms.nth(nth).locator("dd").first.inner_text()) for nth in (0, 1)]
    assert sum(came) == PEOPLE
    await check(page, "an experiment")
    await panel.get_by_role("button", name="Stop arm: B").click()
    dialog = page.get_by_role("dialog", name="Stop B?")
    await dialog.get_by_role("textbox", name="Why").fill("too dear")
    await page.keyboard.press("Enter")
    await expect(panel.locator('[data-arm="B"]')).to_have_attribute("data-status", "stopped")
    await expect(panel.locator('[data-arm="B"]')).to_contain_text("too dear")


async def what_the_draft_changes(page: Page) -> None:
    await page.get_by_role("tab", name="Compare").click()
    panel = page.get_by_test_id("compare")
    changes = panel.locator("[data-change]")
    await expect(changes).to_have_count(3)
    await expect(panel.locator('[data-change="removed"]')).to_contain_text("ask")
    await expect(panel.locator('[data-change="added"]')).to_contain_text("question")
    for name, mark in (("ask", "removed"), ("question", "added")):
        await expect(step(page, name)).to_have_attribute("data-mark", mark)
    await check(page, "two versions laid over each other")


async def published_with_people_inside(page: Page) -> None:
    """By keys: the answer to what becomes of them, and where they go on."""
    await page.get_by_role("button", name="Publish").click()
    dialog = page.get_by_role("dialog", name="Publish version 2")
    inside = dialog.get_by_role("group", name=re.compile(f"{PEOPLE - 1} people are inside"))
    await expect(inside.locator(f'[data-standing="ask {PEOPLE - 1}"]')).to_contain_text(
        "not in the new version"
    )
    await expect(inside.get_by_role("radio", name="They finish on their version")).to_be_checked()
    await inside.get_by_role("radio", name="They finish on their version").focus()
    await page.keyboard.press("ArrowDown")
    await expect(inside.get_by_role("radio", name="They move into the new version")).to_be_checked()
    place = inside.get_by_role("combobox", name="Who stands at “Ask and wait (ask)” goes on at")
    await expect(place).to_have_value(re.compile(r"Ask and wait \(question\)"))
    await check(page, "publishing with people inside")
    await place.focus()
    await page.keyboard.press("ArrowDown")
    await page.get_by_role("option", name=re.compile("Nowhere")).click()
    await expect(inside.get_by_role("status")).to_contain_text(f"{PEOPLE - 1} people will be stuck")
    await place.click()
    await page.get_by_role("option", name=re.compile(r"\(question\)")).click()
    await dialog.get_by_role("textbox", name="Note").focus()
    await page.keyboard.type("asks anew")
    await dialog.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("Version 2 is live.")).to_be_visible()


async def a_look_into_it_from_another(page: Page, public_url: str, http: Any, flow_id: str) -> None:
    """A flow that goes through it shows it beside the step."""
    nodes = [
        {"id": "start", "type": "start"},
        {"id": "inner", "type": "sub_flow", "data": {"flow_id": flow_id}, "position": {"x": 0, "y": 160}},
    ]
    outer = {"spec_version": 2, "nodes": nodes, "edges": [{"source": "start", "target": "inner"}]}
    made = await http.post("/v1/flows", json={"name": unique("Outer"), "document": outer})
    await page.goto(f"{public_url}/flows/{made.json()['id']}")
    await step(page, "inner").click()
    peek = page.get_by_role("region", name="The flow that it goes through")
    await expect(peek.get_by_role("heading", name="version 2")).to_be_visible()
    await expect(peek.locator('[data-step="question"]')).to_be_visible()
    await expect(peek.get_by_role("link", name="Open in a new tab")).to_have_attribute(
        "href", f"/flows/{flow_id}"
    )
    await check(page, "a look into a sub-flow")


async def test_a_flow_with_people_inside(page: Page, hub_stack: Any) -> None:
    run = await start(hub_stack.settings, "Work")
    async with client(hub_stack.settings, Authorization=f"Bearer {run.key}") as http:
        made = await http.post(
            "/v1/flows", json={"name": unique("Work"), "document": document("ask", ("yes", "no"))}
        )
        flow_id = made.json()["id"]
        assert (await http.post(f"/v1/flows/{flow_id}/publish", json={})).is_success
        people = [{"contact": {"address": fresh_number()}} for _ in range(PEOPLE)]
        body = {"contacts": people, "create_missing": True}
        assert (await http.post(f"/v1/flows/{flow_id}/sessions", json=body)).json()["accepted"] == PEOPLE

        await sign_in(page, hub_stack.public_url, run.email, f"/flows/{flow_id}")
        await who_waits_there(page)
        await an_arm_is_stopped(page)

        other = document("question", ("yes", "maybe", "no"))
        saved = await http.put(
            f"/v1/flows/{flow_id}/draft", json={"document": other}, headers={"If-Match": "*"}
        )
        assert saved.is_success, saved.text
        await page.reload()
        await what_the_draft_changes(page)
        await published_with_people_inside(page)
        await a_look_into_it_from_another(page, hub_stack.public_url, http, flow_id)

    async def standing() -> list[Any]:
        with psycopg.connect(hub_stack.settings.database_url) as db:
            query = (
                "SELECT version, node, status, count(*) FROM app.flow_sessions WHERE tenant_id = %s "
                "AND status IN ('waiting', 'stuck') GROUP BY 1, 2, 3"
            )
            return db.execute(query, (run.workspace.tenant_id,)).fetchall()

    await until(standing, lambda rows: rows == [(2, "question", "waiting", PEOPLE - 1)])
