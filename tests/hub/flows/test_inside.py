"""Sessions as a conversation carries them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hub.contacts import merge
from hub.flows import inside
from hub.flows.inside import Inside
from hub.flows.session import Session

WINNER, LOSER, FLOW = UUID(int=1), UUID(int=2), UUID(int=3)
FIRST, SECOND = (Inside(UUID(int=key), Session(FLOW.hex, f"n{key}", {}), key) for key in (7, 8))


def test_the_form_of_before_is_read_under_one_id() -> None:
    old = Session(FLOW.hex, "ask", {"a": 1}, "c").to_json()
    once, again = inside.from_json(old, WINNER), inside.from_json(old, WINNER)
    assert once == again
    assert once[0].session.variables == {"a": 1}
    assert inside.from_json(inside.to_json(once), WINNER) == once


def test_who_has_just_asked_stands_last() -> None:
    both = (FIRST, SECOND)
    assert inside.put(both, FIRST, asked=True) == (SECOND, FIRST)
    assert inside.put(both, FIRST, asked=False) == both
    assert inside.without(both, FIRST.id) == (SECOND,)


def test_a_merged_contact_is_inside_of_both_ones_flows() -> None:
    def row(contact: UUID, sessions: Any) -> dict[str, Any]:
        empty = dict.fromkeys(("channel_id", "address", "last_text", "last_direction", "last_inbound_at"))
        own = {"contact_id": str(contact), "session": inside.to_json(sessions), "last_at": str(contact)}
        return {**empty, **own, "status": "idle", "version": 1, "unread": 0, "tags": []}

    found = merge.conversation(row(WINNER, [FIRST]), row(LOSER, [SECOND]), WINNER)
    assert found is not None
    assert inside.from_json(found["session"], WINNER) == (FIRST, SECOND)
