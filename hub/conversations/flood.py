"""A flood from one number: every message is kept and shown, but none of it calls the classifier, a rule or a flow. Pure.

A flood begins with one message more than the tenant allows within a minute, and ends after a minute with fewer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hub.conversations.memo import Burst
from hub.conversations.state import UNDER_WAY, Inbound, Turn
from hub.routing.table import RoutingTable

WINDOW = timedelta(minutes=1)
ROUTING: dict[str, str] = {"rule": "", "reason": "part of a flood: kept, and nothing else"}
ARRIVED: dict[str, Any] = {"type": "messages.arrived"}


def heard(burst: Burst | None, at: datetime, most: int) -> Burst:
    """The count after one more message at `at`, of at most `most` a minute."""
    if burst is None or at - burst.since >= WINDOW:
        burst = Burst(at, 1, None if burst is None else burst.until)
    else:
        burst = burst._replace(messages=burst.messages + 1)
    return burst._replace(until=at + WINDOW) if burst.messages > most else burst


def is_on(burst: Burst | None, at: datetime) -> bool:
    """Whether it is flooding at `at`."""
    return burst is not None and burst.until is not None and at < burst.until


def holds(result: Turn, event: Inbound, table: RoutingTable) -> bool:
    """Count the message; True when it is part of a flood and has been taken as such.

    What is closed stays closed: whoever closes a conversation to be rid of a flood is rid of it.
    """
    state = result.state
    burst = heard(state.memo.burst, event.at, table.flood_limit)
    state.memo = state.memo._replace(burst=burst)
    if not is_on(burst, event.at):
        return False
    if state.status in UNDER_WAY:
        state.unread += 1
    result.routing = ROUTING
    result.notices.append(ARRIVED)
    return True
