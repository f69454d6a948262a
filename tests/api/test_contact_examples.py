"""The examples of docs/api/contacts.md, run in their order by a program with an API key."""

from __future__ import annotations

import re
from typing import Any

from api.app import create_app
from hub.settings import Settings
from tests.api.api_examples import Reader, examples

PAGE = "contacts.md"
OURS = ("/v1/contacts", "/v1/attributes", "/v1/suppressions", "/v1/views", "/v1/tags")


async def test_the_page_does_what_it_says(world: Any) -> None:
    scopes = ("contacts:read", "contacts:write", "contacts:export")
    async with (
        await world.program("north", *scopes) as program,
        await world.sign_in("north", "sub_org_admin") as person,
    ):
        reader = Reader(program)
        for example in examples(PAGE):
            # Erasing is for people, who answer for it: no key may.
            reader.client = person if "/erase" in example.request else program
            await reader.follow(example)


def test_every_operation_on_contacts_has_an_example() -> None:
    shown = set()
    for example in examples(PAGE):
        method, address = example.request.splitlines()[0].split(" ", 1)
        shown.add((method.lower(), address.partition("?")[0]))
    for path, item in create_app(Settings(), connect_hub=False).openapi()["paths"].items():
        if not path.startswith(OURS) or path == "/v1/contacts/export":
            continue
        pattern = re.compile(re.sub(r"\{[a-z_]+\}", r"[^/]+", path))
        for method, operation in item.items():
            assert operation.get("description"), (method, path)
            found = [address for way, address in shown if way == method and pattern.fullmatch(address)]
            assert found, f"{method.upper()} {path} has no example in docs/api/{PAGE}"
