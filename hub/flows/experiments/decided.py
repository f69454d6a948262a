"""What has been decided of an experiment, as the running engine asks for it. Pure and small: every turn may read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

Kind = Literal["winner", "stop", "resume"]
Key = tuple[str, str, str]
"""(flow id in hex, node, signature): a split that is changed is another experiment."""


@dataclass(frozen=True, slots=True)
class Decided:
    """`winner`: the arm that everybody goes from now on; `stopped`: arms that nobody goes any more.

    `since`: the numbers count from here; None: from the beginning.
    """

    winner: str = ""
    stopped: frozenset[str] = frozenset()
    since: datetime | None = None


NOTHING = Decided()
Decisions = Mapping[Key, Decided]


class Row(Protocol):
    """A decision as it is kept."""

    @property
    def kind(self) -> str: ...
    @property
    def arm(self) -> str: ...
    @property
    def at(self) -> datetime: ...


def fold(rows: Iterable[Row]) -> Decided:
    """What holds after all decisions of one experiment, the oldest first.

    `resume` with an arm lets people go there again, without one it takes everything back. Either way the numbers are
    counted anew: the shares of the arms among those who came before are others.
    """
    found = NOTHING
    for row in rows:
        match row.kind:
            case "winner":
                found = replace(found, winner=row.arm)
            case "stop":
                found = replace(found, stopped=found.stopped | {row.arm})
            case "resume":
                stopped = found.stopped - {row.arm} if row.arm else frozenset[str]()
                found = Decided("", stopped, row.at)
    return found
