"""Benchmarks: each starts what it needs on own ports and data, measures a peer or a limit in the same run, and stops it."""

from __future__ import annotations

import importlib
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

NAMES = ("inbound", "latency", "campaign", "live", "wallet", "import", "segment", "smpp", "flow")

_MODULES = {"import": "importing"}  # where the name is a word of Python


def run(name: str, quick: bool = False) -> dict[str, Any]:
    """One benchmark: {"bench", "machine", "seconds", "figures"}. Raises Invalid for a name there is not.

    `quick`: the same with smaller numbers, in under a minute.
    """
    from bench.common import Machine
    from hub.errors import Invalid

    if name not in NAMES:
        raise Invalid(f"there is no benchmark {name!r}; choose from {', '.join(NAMES)}")
    machine = Machine()
    began = time.monotonic()
    with _terminable():
        figures = importlib.import_module(f"bench.{_MODULES.get(name, name)}").measure_all(quick)
    return {
        "bench": name,
        "machine": machine.words(),
        "seconds": round(time.monotonic() - began, 1),
        "figures": figures,
    }


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does, so that everything it started is stopped."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
