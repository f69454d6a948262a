"""The people and programs behind the words that audit rows and timelines keep: `user:<uuid>`, `key:<uuid>`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.ids import encode_id
from models.tenancy import api_keys, users

PREFIX = {"user": "usr", "key": "key"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something. `name` is empty for somebody whom the reader may not see."""

    kind: str
    id: str | None
    name: str


async def actors(db: AsyncConnection, tenants: Sequence[UUID], words: Iterable[str]) -> dict[str, Actor]:
    """Every word with its person, program, or part of the hub (`system`, `contact`)."""
    wanted = set(words)
    split = {word: _split(word) for word in wanted}
    found: dict[tuple[str, UUID], str] = {}
    for kind, table in (("user", users), ("key", api_keys)):
        ids = [key for head, key in split.values() if head == kind and key is not None]
        if ids:
            query = select(table.c.id, table.c.name).where(
                table.c.tenant_id.in_(tenants), table.c.id.in_(ids)
            )
            found |= {(kind, row.id): row.name for row in await db.execute(query)}
    return {
        word: Actor(kind, encode_id(PREFIX[kind], key), found.get((kind, key), ""))
        if key is not None
        else Actor(kind or "system", None, "")
        for word, (kind, key) in split.items()
    }


def _split(word: str) -> tuple[str, UUID | None]:
    kind, _, tail = word.partition(":")
    if kind not in PREFIX:
        return kind, None
    try:
        return kind, UUID(tail)
    except ValueError:
        return kind, None
