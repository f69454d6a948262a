"""The batching client: what many callers ask within a moment becomes one call, and each gets its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Mailbox(Generic[Item, Answer]):
    """Coalesces `ask` calls into batches of at most `batch_max`, waiting at most `delay_ms` for company.

    When `eager`, an item that finds no batch out does not wait: it leaves with what is asked in the same round of the
    loop.

    The handler answers each item in order; an answer that is an exception is raised to that caller alone. When the
    handler itself raises, every caller of the batch gets the error. At most `in_flight` batches are out at a time, so
    under load batches grow by themselves.
    """

    def __init__(
        self,
        handler: Callable[[list[Item]], Awaitable[Sequence[Answer | BaseException]]],
        *,
        batch_max: int = 500,
        delay_ms: float = 1.5,
        in_flight: int = 2,
        eager: bool = True,
    ) -> None:
        self._handler = handler
        self._batch_max = batch_max
        self._delay_s = delay_ms / 1000
        self._slots = in_flight
        self._eager = eager
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, item: Item) -> asyncio.Future[Answer]:
        """Queue `item`; the future resolves to its answer."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((item, future))
        if self._slots > 0:
            if len(self._waiting) >= self._batch_max:
                self._send()
            elif self._timer is None:
                self._timer = loop.call_later(
                    0 if self._eager and not self._tasks else self._delay_s, self._send
                )
        return future

    def _send(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and self._slots > 0:
            batch, self._waiting = self._waiting[: self._batch_max], self._waiting[self._batch_max :]
            self._slots -= 1
            task = asyncio.get_running_loop().create_task(self._run(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._handler([item for item, _ in batch])
            if len(answers) != len(batch):
                raise RuntimeError(f"{len(answers)} answers for {len(batch)} items")
        except Exception as error:
            answers = [error] * len(batch)
        finally:
            self._slots += 1
            if self._waiting:
                self._send()
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():  # the caller was cancelled
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def close(self) -> None:
        """Send what waits and wait for the answers."""
        self._send()
        while self._tasks:
            await asyncio.wait(self._tasks)
