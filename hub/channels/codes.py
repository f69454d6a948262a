"""What a provider's code means to us: the state it leaves the message in, why in words, and what may be done about it.

The retry classes are the hub's own policy (channel reference, first page); each provider's table stands beside its
adapter and is data: one row a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.channels.delivery import Status


class Retry(StrEnum):
    """What may be done with a message that met a code."""

    AGAIN = "again"  # R: the same message, later
    SLOWER = "slower"  # L: slow the sender down, then the same message
    NEVER = "never"  # N: never this message
    SUPPRESS = "suppress"  # S: never this message, and nothing more to this person on this channel
    STOP = "stop"  # C: something is wrong with the account: stop it and tell somebody


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of a provider's table. `fallback`: the next channel may do better; `attempts_max` bounds AGAIN (0: the usual).

    `of_person`: SLOWER is about this one person; the number itself is not too fast.
    """

    reason: str
    retry: Retry
    status: Status = Status.FAILED
    fallback: bool = False
    attempts_max: int = 0
    of_person: bool = False

    @property
    def retryable(self) -> bool:
        return self.retry in (Retry.AGAIN, Retry.SLOWER)
