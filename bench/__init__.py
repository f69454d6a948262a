"""Benchmarks: each starts what it needs on own ports and data, measures a peer or a limit in the same run, and stops it."""

from __future__ import annotations

import importlib
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

NAMES = (
    "inbound",
    "latency",
    "campaign",
    "live",
    "wallet",
    "import",
    "segment",
    "smpp",
    "assign",
    "flow",
    "screen",
)

ROUTED = ("inbound", "latency")
_MODULES = {"import": "importing"}  # where the name is a word of Python


def run(name: str, quick: bool = False, rules: int = 0, queues: int = 0) -> dict[str, Any]:
    """One benchmark: {"bench", "machine", "seconds", "figures"}. Raises Invalid for a name there is not.

    `quick`: the same with smaller numbers, in under a minute. `rules`, `queues`: how many the hub's tenant has, for the
    benchmarks of ROUTED; 0: the usual few.
    """
    from bench.common import Machine
    from hub.errors import Invalid

    if name not in NAMES:
        raise Invalid(f"there is no benchmark {name!r}; choose from {', '.join(NAMES)}")
    if (rules or queues) and name not in ROUTED:
        raise Invalid(f"--rules and --queues are for {' and '.join(ROUTED)}")
    machine = Machine()
    began = time.monotonic()
    with _terminable():
        module = importlib.import_module(f"bench.{_MODULES.get(name, name)}")
        figures = module.measure_all(quick, *_load(rules, queues))
    return {
        "bench": name,
        "machine": machine.words(),
        "seconds": round(time.monotonic() - began, 1),
        "figures": figures,
    }


def _load(rules: int, queues: int) -> list[Any]:
    if not rules and not queues:
        return []
    from bench.inbound import QUEUES, Load

    return [Load(rules, queues or QUEUES)]


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
