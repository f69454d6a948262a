"""The examples of docs/api/channels.md and docs/api/messaging-policy.md, run in their order by a program with an API key."""

from __future__ import annotations

import re
from typing import Any

from api.app import create_app
from hub.channels.base import Account
from hub.channels.checks import Check
from hub.settings import Settings
from tests.api.api_examples import Reader, examples

CHANNELS = ("/v1/channels", "/v1/provider-accounts")
PAGES = (
    ("channels.md", CHANNELS),
    ("messages.md", ("/v1/messages",)),
    ("messaging-policy.md", ("/v1/messaging-policy",)),
)


class NoTrunk:
    """The actors' client as far as the page needs it: this hub has no SIP stack."""

    async def check_link(self, account: Account) -> Check:
        return Check(False, "connection", "calls over SIP are off: set HUB_SIP_LISTEN")


async def test_the_page_of_channels_does_what_it_says(world: Any) -> None:
    world.app.state.hub = NoTrunk()
    async with await world.program("north", "channels:manage", role="sub_org_admin") as program:
        reader = Reader(program)
        for example in examples("channels.md"):
            await reader.follow(example)


async def test_the_page_of_the_messaging_policy_does_what_it_says(world: Any) -> None:
    async with await world.program(
        "north", "policy:write", "channels:manage", role="sub_org_admin"
    ) as program:
        reader = Reader(program)
        for example in examples("messaging-policy.md"):
            await reader.follow(example)


def test_every_operation_has_an_example() -> None:
    for page, prefixes in PAGES:
        shown = set()
        for example in examples(page):
            method, address = example.request.splitlines()[0].split(" ", 1)
            shown.add((method.lower(), address.partition("?")[0]))
        for path, item in create_app(Settings(), connect_hub=False).openapi()["paths"].items():
            if not path.startswith(prefixes):
                continue
            pattern = re.compile(re.sub(r"\{[a-z_]+\}", r"[^/]+", path))
            for method, operation in item.items():
                if "intents" in operation["tags"]:  # what a message means is told in inbox-tools.md
                    continue
                assert operation.get("description"), (method, path)
                found = [address for way, address in shown if way == method and pattern.fullmatch(address)]
                assert found, f"{method.upper()} {path} has no example in docs/api/{page}"
