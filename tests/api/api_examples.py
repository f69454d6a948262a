"""Runs the examples of a page of docs/api: each `http` block is sent, each `json STATUS` block is what must come back.

An answer may have more than its block shows: objects are compared by the keys that the block has, lists item by item.
`…` fits anything; `{name}` fits an id and keeps it for the blocks that follow.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

PAGES = Path(__file__).parents[2] / "docs" / "api"
_BLOCK = re.compile(r"^```(http|json) ?(\d*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"\{([a-z_0-9]+)\}")


@dataclass
class Example:
    """One request and the answer that the page promises."""

    request: str
    status: int
    answer: str


def examples(page: str) -> list[Example]:
    """Every example of a page, in its order."""
    blocks = [match.groups() for match in _BLOCK.finditer((PAGES / page).read_text())]
    found = []
    for (kind, _, request), (after, status, answer) in zip(blocks[::2], blocks[1::2], strict=True):
        assert (kind, after) == ("http", "json"), request
        found.append(Example(request, int(status), answer))
    return found


@dataclass
class Reader:
    """Follows a page as a reader would, with the ids that the answers gave."""

    client: httpx2.AsyncClient
    names: dict[str, str] = field(default_factory=dict)

    async def follow(self, example: Example) -> None:
        head, _, body = example.request.partition("\n\n")
        first, *lines = head.strip().splitlines()
        method, address = self.fill(first).split(" ", 1)
        headers = dict(line.split(": ", 1) for line in lines)
        sent = json.loads(self.fill(body)) if body.strip() else None
        answer = await self.client.request(method, address, json=sent, headers=headers)
        assert answer.status_code == example.status, f"{first}\n{answer.text}"
        if example.answer.strip():
            self.compare(json.loads(example.answer), answer.json(), first)

    def fill(self, text: str) -> str:
        return _NAME.sub(lambda match: self.names.get(match[1], match[0]), text)

    def compare(self, wanted: Any, found: Any, where: str) -> None:
        match wanted:
            case dict():
                for key, value in wanted.items():
                    assert key in found, f"{where}: no {key}"
                    self.compare(value, found[key], f"{where} / {key}")
            case list():
                assert len(wanted) == len(found), f"{where}: {found}"
                for place, value in enumerate(wanted):
                    self.compare(value, found[place], f"{where} / {place}")
            case str() if (name := _NAME.fullmatch(wanted)) is not None:
                assert found == self.names.setdefault(name[1], found), where
            case "…":
                assert found is not None, where
            case _:
                assert found == wanted, where
