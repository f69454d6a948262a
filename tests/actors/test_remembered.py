"""What a process remembers: read once, again when old, kept when the database is away."""

from __future__ import annotations

import asyncio

import pytest

from actors.remembered import Remembered


class Shelf:
    """Values to read, and how often they were."""

    def __init__(self, **values: str) -> None:
        self.values = values
        self.reads = 0
        self.away = False

    async def read(self, key: str) -> str | None:
        self.reads += 1
        await asyncio.sleep(0)
        if self.away:
            raise OSError
        return self.values.get(key)


async def test_all_who_ask_at_once_cost_one_read() -> None:
    shelf = Shelf(a="1")
    remembered = Remembered(shelf.read)
    assert await asyncio.gather(*(remembered.get("a") for _ in range(5))) == ["1"] * 5
    assert await remembered.get("a") == "1"
    assert shelf.reads == 1


async def test_what_is_not_there_is_asked_again() -> None:
    shelf = Shelf()
    remembered = Remembered(shelf.read)
    assert await remembered.get("a") is None
    shelf.values["a"] = "1"
    assert await remembered.get("a") == "1"


async def test_an_old_value_is_read_again_and_one_that_went_is_forgotten() -> None:
    shelf = Shelf(a="1")
    remembered = Remembered(shelf.read, ttl_s=0.0)
    assert await remembered.get("a") == "1"
    shelf.values["a"] = "2"
    assert await remembered.get("a") == "2"
    shelf.values.clear()
    assert await remembered.get("a") is None


async def test_while_the_database_is_away_the_old_value_stands() -> None:
    shelf = Shelf(a="1")
    remembered = Remembered(shelf.read, ttl_s=0.0)
    assert await remembered.get("a") == "1"
    shelf.away = True
    assert await remembered.get("a") == "1"
    with pytest.raises(OSError):
        await remembered.get("b")
