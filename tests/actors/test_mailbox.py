"""The batching client: what is asked together goes together, and each gets its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from actors.mailbox import Mailbox


class Handler:
    """Doubles numbers; keeps its batches; can be held back. A negative number gets an error of its own."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.at_work = self.most_at_work = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, batch: list[int]) -> Sequence[int | BaseException]:
        self.batches.append(batch)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            return [ValueError(item) if item < 0 else item * 2 for item in batch]
        finally:
            self.at_work -= 1


async def test_what_comes_within_a_moment_is_one_call() -> None:
    handler = Handler()
    box: Mailbox[int, int] = Mailbox(handler, delay_ms=1)
    assert await asyncio.gather(*(box.ask(n) for n in range(10))) == [n * 2 for n in range(10)]
    assert handler.batches == [list(range(10))]


async def test_a_batch_has_a_limit_and_order_is_kept() -> None:
    handler = Handler()
    box: Mailbox[int, int] = Mailbox(handler, batch_max=4, delay_ms=1, in_flight=1)
    await asyncio.gather(*(box.ask(n) for n in range(10)))
    assert [n for batch in handler.batches for n in batch] == list(range(10))
    assert max(map(len, handler.batches)) <= 4


async def test_an_error_of_one_item_is_its_callers_alone() -> None:
    box: Mailbox[int, int] = Mailbox(Handler(), delay_ms=1)
    answers = await asyncio.gather(*(box.ask(n) for n in (1, -2, 3)), return_exceptions=True)
    assert answers[0] == 2
    assert isinstance(answers[1], ValueError)
    assert answers[2] == 6


async def test_an_error_of_the_handler_is_everybodys_and_the_box_lives_on() -> None:
    calls = 0

    async def failing(batch: list[int]) -> Sequence[int]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionError("gone")
        return batch

    box: Mailbox[int, int] = Mailbox(failing, delay_ms=1)
    answers = await asyncio.gather(box.ask(1), box.ask(2), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionError, ConnectionError]
    assert await box.ask(3) == 3


async def test_a_handler_that_miscounts_is_an_error_for_all() -> None:
    async def short(batch: list[int]) -> Sequence[int]:
        return batch[1:]

    box: Mailbox[int, int] = Mailbox(short, delay_ms=1)
    answers = await asyncio.gather(box.ask(1), box.ask(2), return_exceptions=True)
    assert all(isinstance(answer, RuntimeError) for answer in answers)


@pytest.mark.parametrize("in_flight", [1, 2, 3])
async def test_batches_out_at_a_time_are_bounded_and_grow_under_load(in_flight: int) -> None:
    handler = Handler()
    handler.gate.clear()
    box: Mailbox[int, int] = Mailbox(handler, batch_max=100, delay_ms=0.1, in_flight=in_flight)
    asked = []
    for n in range(20):
        asked.append(box.ask(n))
        await asyncio.sleep(0.002)
    assert len(handler.batches) == in_flight, "the rest waits for a free slot"
    handler.gate.set()
    await asyncio.gather(*asked)
    assert handler.most_at_work == in_flight
    assert len(handler.batches) == in_flight + 1, "what waited went together"


async def test_a_caller_that_gave_up_harms_nobody() -> None:
    handler = Handler()
    handler.gate.clear()
    box: Mailbox[int, int] = Mailbox(handler, delay_ms=0.1)
    first, second = box.ask(1), box.ask(2)
    await asyncio.sleep(0.01)
    first.cancel()
    handler.gate.set()
    assert await second == 4
    assert first.cancelled()
    assert await box.ask(3) == 6


async def test_close_sends_what_waits() -> None:
    handler = Handler()
    box: Mailbox[int, int] = Mailbox(handler, delay_ms=60_000)
    asked = [box.ask(n) for n in range(3)]
    await box.close()
    assert [await one for one in asked] == [0, 2, 4]
