"""One timer for all planned events: a heap and a single event-loop handle, cheap at thousands of events a second."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger("carrier")


class Schedule:
    """Runs callbacks after a delay, in order of their time. `clear()` forgets all that is planned."""

    __slots__ = ("_firing", "_heap", "_loop", "_sequence", "_timer", "_timer_at")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._loop = asyncio.get_running_loop()
        self._sequence = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._firing = False

    def __len__(self) -> int:
        return len(self._heap)

    def after(self, delay_s: float, callback: Callable[..., object], *args: Any) -> None:
        """Call `callback(*args)` in `delay_s` seconds; never within this call, even for 0."""
        due = self._loop.time() + delay_s
        self._sequence += 1
        heapq.heappush(self._heap, (due, self._sequence, callback, args))
        if not self._firing and (self._timer is None or due < self._timer_at):
            self._arm(due)

    def clear(self) -> None:
        """Forget everything planned."""
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._fire)
        self._timer_at = due

    def _fire(self) -> None:
        self._timer = None
        # libuv counts whole milliseconds: what falls due within the next one is taken along.
        now = self._loop.time() + 0.001
        heap = self._heap
        self._firing = True
        while heap and heap[0][0] <= now:
            _, _, callback, args = heapq.heappop(heap)
            try:
                callback(*args)
            except Exception:
                log.exception("a planned event failed")
        self._firing = False
        if heap:
            self._arm(heap[0][0])
