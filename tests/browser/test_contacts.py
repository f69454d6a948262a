"""Contacts on screen: find, edit beside somebody else, annotate, tag many, merge and undo; a long table; WCAG."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.steps import sign_in, unique
from tests.browser.test_accessibility import check

ADMIN, MANAGER = "admin@north.acme.example", "manager@north.acme.example"
_CALL = """async ({ method, path, body, version }) => {
  const me = await (await fetch('/v1/me')).json();
  const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf_token };
  if (version) headers['If-Match'] = `"${version}"`;
  const answer = await fetch(`/v1${path}`, { method, headers, body: body ? JSON.stringify(body) : undefined });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : await answer.json();
}"""


async def call(page: Page, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
    """What the API answers to the person who is signed in."""
    return await page.evaluate(_CALL, {"method": method, "path": path, "body": body, "version": version})


def number() -> str:
    """A number for fiction that no other test has."""
    return f"+4479{random.randrange(10_000_000, 99_999_999)}"


async def person(page: Page, name: str, **fields: Any) -> dict[str, Any]:
    """A contact made by the API."""
    made: dict[str, Any] = await call(page, "POST", "/contacts", {"phone": number(), "name": name, **fields})
    return made


def line(page: Page, name: str) -> Locator:
    """The row of the table with this name."""
    return page.locator("[data-row]").filter(has_text=name)


def entry(page: Page, words: str) -> Locator:
    """What the timeline says with these words."""
    return page.locator("[data-entry]").filter(has_text=words)


async def search(page: Page, words: str) -> None:
    field = page.get_by_role("textbox", name="Search name, number, tag")
    await field.fill(words)
    await field.press("Escape")


async def test_add_find_edit_and_annotate(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, ADMIN)
    await page.keyboard.press("g")
    await page.keyboard.press("c")
    await expect(page.get_by_role("grid", name="Contacts")).to_be_visible()

    name = unique("Asha")
    await page.get_by_role("button", name="Add contact").click()
    form = page.get_by_role("dialog", name="Add contact")
    await form.get_by_role("textbox", name="Name").fill(name)
    await form.get_by_role("textbox", name="Number").fill("12")
    await form.get_by_role("button", name="Add contact").click()
    await expect(form.get_by_role("textbox", name="Number")).to_have_attribute("aria-invalid", "true")
    await form.get_by_role("textbox", name="Number").fill(number())
    await form.get_by_role("button", name="Add contact").click()
    await expect(page.get_by_role("heading", name=name)).to_be_visible()

    await page.get_by_role("button", name="Add a note").click()
    await page.get_by_role("textbox", name="Add a note").fill("Prefers a call after six.")
    await page.keyboard.press("Control+Enter")
    await expect(entry(page, "Prefers a call after six.")).to_contain_text("Morag Sinclair wrote a note")

    await page.keyboard.press("t")
    await page.get_by_role("combobox", name="Add a tag").fill("vip")
    await page.keyboard.press("Enter")
    await expect(entry(page, "added the tag “vip”")).to_be_visible()

    await page.get_by_role("button", name="Contacts", exact=True).click()
    await search(page, name)
    await expect(page).to_have_url(re.compile(r"/contacts\?q="))
    await expect(page.get_by_test_id("contact-count")).to_contain_text("1")
    await expect(line(page, name)).to_contain_text("vip")
    await search(page, unique("Nobody"))
    await expect(page.get_by_text("No contact matches")).to_be_visible()
    await page.get_by_role("main").get_by_role("button", name="Clear filters").last.click()
    await expect(page.get_by_role("grid", name="Contacts")).to_be_visible()


async def test_two_people_edit_the_same_field(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, ADMIN)
    name = unique("Rahul")
    made = await person(page, name)
    await page.goto(f"{hub_stack.public_url}/contacts/{made['id']}")
    await page.get_by_role("button", name="Edit Name").click()
    field = page.get_by_role("textbox", name="Name")
    await field.fill(mine := f"{name} Rao")

    other = await page.context.browser.new_page()  # type: ignore[union-attr]
    await sign_in(other, hub_stack.public_url, MANAGER)
    theirs = await call(other, "GET", f"/contacts/{made['id']}")
    await call(other, "PATCH", f"/contacts/{made['id']}", {"name": f"{name} Roy"}, theirs["version"])
    await other.close()

    await field.press("Enter")
    conflict = page.get_by_role("dialog", name="Changed by Tom Ashworth")
    await expect(conflict).to_contain_text(f"{name} Roy")
    await expect(conflict).to_contain_text(mine)
    await conflict.get_by_role("button", name="Keep mine").click()
    await expect(page.get_by_role("heading", name=mine)).to_be_visible()
    await expect(entry(page, f"{name} Roy").filter(has_text=mine)).to_be_visible()


async def test_tag_many_and_take_it_back(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, ADMIN)
    family = unique("Iyer")
    for first in ("Kavya", "Rohan", "Meera"):
        await person(page, f"{first} {family}")
    await page.goto(f"{hub_stack.public_url}/contacts")
    await search(page, family)
    await expect(page.locator("[data-row]")).to_have_count(3)

    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(page.get_by_role("toolbar")).to_contain_text("2 selected")
    await page.get_by_role("button", name="Select all 3 matching").click()
    await page.keyboard.press("t")
    dialog = page.get_by_role("dialog", name="Tag 3 contacts")
    await dialog.get_by_role("textbox", name="Tag").fill(tag := unique("autumn"))
    await expect(dialog).to_contain_text("None of them has it yet.")
    await dialog.get_by_role("button", name="Tag 3 contacts").click()
    await expect(line(page, tag)).to_have_count(3)
    await page.get_by_role("button", name="Undo").click()
    await expect(line(page, tag)).to_have_count(0)


async def test_merge_two_and_undo(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, ADMIN)
    family = unique("Bose")
    loser = await person(page, f"Priya {family}", language="hi")
    winner = await person(page, f"P. {family}", language="en")
    await page.goto(f"{hub_stack.public_url}/contacts")
    await search(page, family)
    await expect(page.locator("[data-row]")).to_have_count(2)
    await page.get_by_role("checkbox", name=f"Select P. {family}").check()
    await page.get_by_role("checkbox", name=f"Select Priya {family}").check()
    await page.keyboard.press("m")

    dialog = page.get_by_role("dialog", name="Merge contacts")
    await expect(dialog).to_contain_text("1 address")
    await dialog.get_by_role("radio", name=f"Priya {family}").check()
    await dialog.get_by_role("button", name="Merge", exact=True).click()
    await expect(page).to_have_url(f"{hub_stack.public_url}/contacts/{winner['id']}")
    await expect(page.get_by_role("heading", name=f"Priya {family}")).to_be_visible()
    await expect(page.get_by_text(loser["phone"])).to_be_visible()

    await page.goto(f"{hub_stack.public_url}/contacts/{loser['id']}")
    await page.get_by_role("link", name="Open that contact").click()
    await entry(page, "into this contact").get_by_role("button", name="Undo merge").click()
    await expect(entry(page, "undid a merge")).to_be_visible()
    await expect(page.get_by_role("button", name="Undo merge")).to_have_count(0)
    await expect(page.get_by_role("heading", name=f"P. {family}")).to_be_visible()
    await page.goto(f"{hub_stack.public_url}/contacts/{loser['id']}")
    await expect(page.get_by_role("heading", name=f"Priya {family}")).to_be_visible()


async def test_an_erased_contact_says_so(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, ADMIN)
    made = await person(page, name := unique("Zanele"))
    await page.goto(f"{hub_stack.public_url}/contacts/{made['id']}")
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Erase personal data").click()
    dialog = page.get_by_role("dialog", name=f"Erase {name}")
    await dialog.get_by_role("textbox", name="Reason").fill("Asked for it by letter")
    await expect(dialog.get_by_role("button", name="Erase for good")).to_be_disabled()
    await dialog.get_by_role("textbox", name="Type").fill(name)
    await dialog.get_by_role("button", name="Erase for good").click()
    await expect(page.get_by_text("This contact was erased")).to_be_visible()


async def test_a_long_table_opens_anywhere(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, ADMIN)
    prefix = unique("Long")
    first = random.randrange(10**6)
    phones = [f"+4474{first + place:08}" for place in range(450)]
    people = [{"phone": phone, "name": f"{prefix} {place:04}"} for place, phone in enumerate(phones)]
    await call(page, "POST", "/contacts/batch", {"contacts": people})
    await page.goto(f"{hub_stack.public_url}/contacts?q={prefix}&sort=name")
    await expect(page.get_by_test_id("contact-count")).to_contain_text("450")
    await expect(line(page, f"{prefix} 0000")).to_be_visible()
    grid = page.get_by_role("grid", name="Contacts")
    await grid.evaluate("(grid) => { grid.scrollTop = grid.scrollHeight; }")
    await expect(line(page, f"{prefix} 0449")).to_be_visible()
    assert await page.get_by_role("row").count() < 60
    await page.get_by_role("columnheader", name="Name").get_by_role("button").click()
    await expect(page).to_have_url(re.compile("sort=-name"))
    await expect(line(page, f"{prefix} 0449")).to_have_attribute("data-row", "0")


async def test_a_view_is_saved_and_an_attribute_is_made(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url, ADMIN)
    await page.goto(f"{hub_stack.public_url}/attributes")
    label = unique("Shoe size")
    await page.get_by_role("button", name="Add attribute").first.click()
    form = page.get_by_role("dialog", name="Add attribute")
    await form.get_by_role("textbox", name="Name").fill(label)
    await form.get_by_role("radio", name=re.compile("^Number")).check()
    await form.get_by_role("button", name="Add attribute").click()
    await expect(page.get_by_role("rowheader", name=label)).to_be_visible()

    await page.get_by_role("link", name="Contacts", exact=True).first.click()
    await page.get_by_role("button", name="Columns").click()
    await page.get_by_role("checkbox", name=label).check()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("columnheader", name=label)).to_be_attached()
    await page.get_by_role("button", name="All contacts").click()
    await page.get_by_role("menuitem", name="Save as a new view").click()
    name = unique("Sizes")
    await page.get_by_role("textbox", name="Name of the view").fill(name)
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("button", name=name)).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("columnheader", name=label)).to_be_attached()


async def test_what_a_role_may_not_do_is_not_there(page: Page, hub_stack: Any) -> None:
    await sign_in(page, hub_stack.public_url)
    await page.goto(f"{hub_stack.public_url}/contacts")
    await expect(page.locator("[data-row]").first).to_be_visible()
    for name in ("Import", "Export", "Add contact"):
        await expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    await expect(page.get_by_role("checkbox")).to_have_count(0)
    await page.locator("[data-row]").first.click()
    await expect(page.get_by_role("heading", name="Consent")).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile("^Edit |^Change consent"))).to_have_count(0)
    await expect(page.get_by_role("button", name="Add a note")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_violation(browser: Browser, hub_stack: Any, scheme: Any) -> None:
    context = await browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    await sign_in(page, hub_stack.public_url, ADMIN)
    family = unique("Haddad")
    made = await person(page, f"Layla {family}", tags=["vip"])
    await person(page, f"Omar {family}")
    await call(page, "POST", f"/contacts/{made['id']}/notes", {"body": "Likes short messages."})
    await page.goto(f"{hub_stack.public_url}/contacts")
    await expect(page.locator("[data-row]").first).to_be_visible()
    await check(page, "contacts")

    await search(page, family)
    await expect(page.locator("[data-row]")).to_have_count(2)
    await page.get_by_role("checkbox", name="Select the contacts loaded here").check()
    await check(page, "contacts, selected")
    await page.keyboard.press("m")
    await expect(page.get_by_role("dialog", name="Merge contacts").get_by_role("table")).to_be_visible()
    await check(page, "merge")

    await page.goto(f"{hub_stack.public_url}/contacts/{made['id']}")
    await expect(entry(page, "Likes short messages.")).to_be_visible()
    await check(page, "contact")
    await page.goto(f"{hub_stack.public_url}/attributes")
    await expect(page.get_by_role("heading", name="Attributes")).to_be_visible()
    await page.get_by_role("button", name="Add attribute").first.click()
    await expect(page.get_by_role("dialog", name="Add attribute")).to_be_visible()
    await check(page, "attributes")
    await page.goto(f"{hub_stack.public_url}/suppressions")
    await expect(page.get_by_role("heading", name="Suppressions")).to_be_visible()
    await check(page, "suppressions")
    await context.close()
