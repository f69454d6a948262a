"""When messages of one contact are a flood, and when it is over."""

from __future__ import annotations

from datetime import timedelta

from hub.compliance.policy import Flood, Policy
from hub.conversations import flood
from hub.conversations.memo import Burst
from hub.conversations.state import Conversation
from tests.hub.conversations.test_turn import NOW, TABLE, inbound, opened, run


def after(gap_s: float, count: int, most: int = 3) -> list[bool]:
    """Whether each of `count` messages that come every `gap_s` seconds is part of a flood."""
    burst: Burst | None = None
    found = []
    for number in range(count):
        at = NOW + timedelta(seconds=gap_s * number)
        burst = flood.heard(burst, at, most)
        found.append(flood.is_on(burst, at))
    return found


def test_it_begins_with_one_too_many_and_lasts_while_it_goes_on() -> None:
    assert after(1, 6) == [False, False, False, True, True, True]
    assert after(10, 24) == [False] * 3 + [True] * 21
    assert after(25, 12) == [False] * 12, "as many as are allowed are none"


def test_it_is_over_after_a_minute_with_fewer() -> None:
    burst = flood.heard(Burst(NOW, 3), NOW, 3)
    assert flood.is_on(burst, NOW + timedelta(seconds=59))
    later = NOW + timedelta(seconds=61)
    assert not flood.is_on(flood.heard(burst, later, 3), later)


def test_what_is_flooded_is_counted_where_somebody_looks_and_opens_nothing() -> None:
    def flooded(status: str) -> Conversation:
        state = opened(status=status, unread=4)
        state.memo = state.memo._replace(burst=Burst(NOW, TABLE.flood_limit))
        result = run(state, inbound("more"))
        assert result.routing == flood.ROUTING
        assert result.effects == []
        return result.state

    assert [(each.status, each.unread) for each in map(flooded, ("open", "snoozed", "closed"))] == [
        ("open", 5),
        ("open", 5),
        ("closed", 4),
    ]


def test_a_tenant_sets_what_is_a_flood() -> None:
    assert (Policy().flood_limit, Policy(flood=Flood(per_minute=5)).flood_limit) == (30, 5)
