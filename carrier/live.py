"""Live events for open phone pages. A message nobody watches costs one dictionary look-up."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

QUEUE_MAX = 2000


class Watcher:
    """One open page. `queue` holds ready SSE blocks; None means: close and let the page come back."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.closed = False

    def put(self, block: bytes | None) -> None:
        """Queue a block; a page that reads too slowly is closed instead of growing without end."""
        if self.closed:
            return
        if block is None or self.queue.qsize() >= QUEUE_MAX:
            self.closed = True
            block = None
        self.queue.put_nowait(block)


class Live:
    """Watchers by handset."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[Watcher]] = {}

    def watched(self, handset: str) -> bool:
        """True when a page is open for this handset."""
        return handset in self._watchers

    def open(self, handset: str) -> Watcher:
        """Start watching a handset."""
        watcher = Watcher()
        self._watchers.setdefault(handset, set()).add(watcher)
        return watcher

    def leave(self, handset: str, watcher: Watcher) -> None:
        """Stop watching."""
        watchers = self._watchers.get(handset)
        if watchers is not None:
            watchers.discard(watcher)
            if not watchers:
                del self._watchers[handset]

    def publish(self, handset: str, name: str, data: Any) -> None:
        """Send an event to the pages of one handset."""
        watchers = self._watchers.get(handset)
        if watchers:
            block = b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))
            for watcher in watchers:
                watcher.put(block)

    def announce(self, name: str, data: Any) -> None:
        """Send an event to every open page."""
        for handset in list(self._watchers):
            self.publish(handset, name, data)

    def close(self) -> None:
        """End every stream."""
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.put(None)
