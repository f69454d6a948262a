"""The story of people: a file is tried, mended, imported and taken back; a segment of them is built with a live count."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from playwright.async_api import Browser, Download, Page, expect

from tests.browser.steps import repaint, sign_in, unique
from tests.browser.test_accessibility import YELLOW, check

ADMIN = "admin@north.acme.example"
PEOPLE = 40
CITIES = ("Leeds", "Zürich", "Pune")


def people_file(tag: str) -> bytes:
    """Windows' encoding, semicolons, 40 good rows, a number that is none, and a row without one.

    The header is new each time: what was decided for an earlier file is not taken up.
    """
    first = random.randrange(1_000, 7_000)
    rows = [
        f"07700 9{first + n:05d};{tag} {n};{CITIES[n % 3]};2026-0{1 + n % 9}-15;{n * 10}"
        for n in range(PEOPLE)
    ]
    bad = [f"12;{tag} short;Leeds;2026-01-01;1", f";{tag} none;Leeds;2026-01-01;1"]
    return "\r\n".join([f"Mobile;Full name;Town;Signed up;Points of {tag}", *rows, *bad, ""]).encode("cp1252")


async def decide(page: Page, file: bytes, tag: str) -> None:
    """From the file to the dry run, tagging everybody."""
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Imports").click()
    await page.get_by_role("link", name="Import contacts").first.click()
    await page.locator("input[type=file]").set_input_files(
        {"name": f"{tag}.csv", "mimeType": "text/csv", "buffer": file}
    )
    await expect(page.get_by_role("heading", name="How the file was read")).to_be_visible()
    await expect(page.get_by_role("cell", name="Zürich").first).to_be_visible()
    await expect(page.get_by_role("combobox", name="Delimiter")).to_have_value("Semicolon  ;")
    await page.get_by_role("button", name="Next: columns").click()
    await expect(page.get_by_text("“Mobile” says who a row is")).to_be_visible()
    await expect(page.get_by_role("combobox", name="What Full name becomes")).to_have_value("Name")
    await page.get_by_role("button", name="Next: policy").click()
    await page.get_by_role("switch", name="These people agreed").click()
    await expect(page.get_by_role("button", name="Check the file")).to_be_disabled()
    await page.get_by_label("Where they agreed").fill("Shop form, May 2026")
    await page.get_by_role("combobox", name="Tag everybody in this file").fill(tag)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.get_by_role("button", name="Check the file").click()


async def import_people(page: Page, tag: str) -> None:
    """A whole import without a bad row."""
    file = people_file(tag).decode("cp1252").splitlines()[: PEOPLE + 1]
    await decide(page, "\r\n".join(file).encode("cp1252"), tag)
    await page.get_by_role("button", name=f"Import {PEOPLE} contacts").click()
    await expect(page.get_by_test_id("import-outcome")).to_contain_text("complete")


async def test_an_import_is_tried_mended_run_and_undone(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, ADMIN, "/imports")
    tag = unique("spring").replace(" ", "-")
    await decide(page, people_file(tag), tag)

    await expect(page.get_by_test_id("total-created")).to_contain_text(str(PEOPLE))
    await expect(page.get_by_test_id("total-errors")).to_contain_text("2")
    await expect(page.get_by_text("Nothing has been written yet")).to_be_visible()
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download these rows").click()
    download: Download = await waiting.value
    told = (await download.path()).read_text("utf-8-sig").splitlines()
    assert told[0].startswith("row,column,value,code,reason,")
    assert len(told) == 3

    await page.reload()  # the server knows where it stood
    wrong = page.get_by_label(f"Row {PEOPLE + 2}, Mobile")
    await wrong.fill(f"07700 9{random.randrange(70_000, 99_999)}")
    await wrong.press("Enter")
    await expect(page.get_by_text("Mended, not checked yet")).to_be_visible()
    await expect(page.get_by_role("button", name=f"Import {PEOPLE} contacts")).to_be_disabled()
    await page.get_by_role("button", name="Check again with 1 fix").click()
    await expect(page.get_by_test_id("total-errors")).to_contain_text("1")

    await page.get_by_role("button", name=f"Import {PEOPLE + 1} contacts").click()
    await expect(page.get_by_test_id("import-outcome")).to_contain_text("complete")
    await expect(page.get_by_test_id("total-created")).to_contain_text(str(PEOPLE + 1))
    await page.get_by_role("link", name=f"See those tagged “{tag}”").click()
    people = page.get_by_role("link", name=re.compile(rf"^{tag} \d+$"))
    await expect(people.first).to_be_visible()

    await page.go_back()
    await page.get_by_role("button", name="Undo import").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(f"{PEOPLE + 1} contacts created")
    await dialog.get_by_role("button", name="Undo import").click()
    await expect(page.get_by_test_id("import-outcome")).to_contain_text("undone")
    await expect(page.get_by_test_id("undo-removed")).to_contain_text(str(PEOPLE + 1))
    await page.goto(f"{hub_stack.public_url}/contacts?tag={tag}")
    await expect(page.get_by_role("grid")).to_have_count(0)
    await expect(people).to_have_count(0)


async def choose(page: Page, name: str, option: str) -> None:
    """Pick an option of a select by keyboard, as somebody does who knows its name."""
    field = page.get_by_role("combobox", name=name, exact=True)
    await field.click()
    await page.get_by_role("option", name=option, exact=True).click()
    await expect(field).to_have_value(option)


async def test_a_segment_is_built_with_a_live_count(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, ADMIN, "/imports")
    tag = unique("winter").replace(" ", "-")
    await import_people(page, tag)

    await page.keyboard.press("g")
    await page.keyboard.press("s")
    await page.get_by_role("button", name="New segment").click()
    await page.get_by_role("menuitem", name="By rules").click()
    await page.get_by_label("Name", exact=True).fill(f"Of {tag}")
    count = page.get_by_test_id("reach-count")
    await expect(count).to_be_visible()

    await page.get_by_role("button", name="Add rule").click()
    await choose(page, "Field of rule 1", "Tag")
    await expect(page.get_by_text("1 rule is not complete")).to_be_visible()
    await page.get_by_role("combobox", name="Value of rule 1").fill(tag)
    await expect(count).to_have_text(str(PEOPLE))
    await expect(page.locator("[data-rule='1']")).to_contain_text(f"{PEOPLE} people")

    await page.get_by_role("button", name="Add group").first.click()
    await choose(page, "Field of rule 2.1", "Name")
    await choose(page, "Comparison of rule 2.1", "ends with")
    await page.get_by_role("textbox", name="Value of rule 2.1").fill(" 7")
    await expect(count).to_have_text("1")
    await page.get_by_role("button", name="Add rule to group 2").click()
    await choose(page, "Field of rule 2.2", "Name")
    await choose(page, "Comparison of rule 2.2", "ends with")
    await page.get_by_role("textbox", name="Value of rule 2.2").fill(" 8")
    await expect(count).to_have_text("2")
    await choose(page, "How group 2 matches", "none of")
    await expect(count).to_have_text(str(PEOPLE - 2))
    await expect(page.get_by_test_id("segment-words")).to_contain_text("not (")
    await page.keyboard.press("Control+z")
    await expect(count).to_have_text("2")
    await page.keyboard.press("Control+Shift+z")
    await expect(count).to_have_text(str(PEOPLE - 2))

    await page.get_by_role("tab", name="Why?").click()
    await page.get_by_role("combobox", name="Why is this person in or out?").fill(f"{tag} 7")
    await page.get_by_role("option", name=f"{tag} 7").click()
    await expect(page.get_by_test_id("why")).to_contain_text("Out")
    await expect(page.get_by_test_id("why")).to_contain_text(f"Found: {tag} 7")

    await page.keyboard.press("Control+s")
    await expect(page.get_by_role("heading", name=f"Of {tag}")).to_be_visible()
    await page.get_by_role("button", name="Edit as words").click()
    words = page.get_by_label("Rules in words")
    await words.fill(f"tag is {tag} and")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("alert").filter(has_text="A field is expected here")).to_be_visible()
    await words.fill(f"tag is {tag}")
    await page.get_by_role("button", name="Apply").click()
    await expect(count).to_have_text(str(PEOPLE))
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Not saved yet")).to_have_count(0)

    await page.get_by_role("tab", name="Versions").click()
    await page.get_by_role("button", name="Version 2").click()
    await expect(page.get_by_label("Difference")).to_contain_text("Removed: None of")
    await page.get_by_role("button", name="Version 1").click()
    await page.get_by_role("button", name="Restore version 1").click()
    await expect(count).to_have_text(str(PEOPLE - 2))


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_these_pages_have_no_violation(browser: Browser, hub_stack: Any, scheme: Any) -> None:
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    await repaint(page, YELLOW)
    await sign_in(page, hub_stack.public_url, ADMIN, "/segments")
    await expect(page.get_by_role("table")).to_be_visible()
    await check(page, "segments")
    await page.get_by_role("button", name="New segment").click()
    await page.get_by_role("menuitem", name="By rules").click()
    await page.get_by_role("button", name="Add rule").click()
    await expect(page.get_by_role("option", name="Time zone")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Add group").first.click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("reach-count")).to_be_visible()
    await check(page, "segment builder")
    await page.get_by_role("tab", name="Why?").click()
    await page.keyboard.press("Escape")
    await check(page, "why")

    tag = unique("check").replace(" ", "-")
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Imports").click()
    await page.get_by_role("button", name="Leave").click()
    await page.get_by_role("link", name="Import contacts").first.click()
    await expect(page.get_by_role("heading", name="Choose a file")).to_be_visible()
    await check(page, "choose a file")
    await page.locator("input[type=file]").set_input_files(
        {"name": f"{tag}.csv", "mimeType": "text/csv", "buffer": people_file(tag)}
    )
    await expect(page.get_by_role("heading", name="How the file was read")).to_be_visible()
    await check(page, "file")
    await page.get_by_role("button", name="Next: columns").click()
    await expect(page.get_by_role("heading", name="What the columns are")).to_be_visible()
    await check(page, "columns")
    await page.get_by_role("button", name="Next: policy").click()
    await page.get_by_role("switch", name="These people agreed").click()
    await page.get_by_label("Where they agreed").fill("Shop form")
    await check(page, "policy")
    await page.get_by_role("button", name="Check the file").click()
    await expect(page.get_by_test_id("total-errors")).to_contain_text("2")
    await check(page, "dry run")
    await page.get_by_role("button", name=f"Import {PEOPLE} contacts").click()
    await expect(page.get_by_test_id("import-outcome")).to_be_visible()
    await check(page, "result")
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Imports").click()
    await expect(page.get_by_role("table")).to_be_visible()
    await check(page, "imports")
    await context.close()
