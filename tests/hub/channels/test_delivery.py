"""The one delivery state machine: the whole table, then what holds for every history."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.delivery import FINAL_FAILURES, RANK, TOOK_PLACE, Status, advance, settlement

QUEUED, SENDING, UNKNOWN, SENT = Status.QUEUED, Status.SENDING, Status.UNKNOWN, Status.SENT
DELIVERED, READ = Status.DELIVERED, Status.READ
UNDELIVERED, FAILED, EXPIRED = Status.UNDELIVERED, Status.FAILED, Status.EXPIRED
REPORTABLE = [SENDING, UNKNOWN, SENT, DELIVERED, READ, UNDELIVERED, FAILED, EXPIRED]

# Rows: the state a message is in. Columns: what is reported. "." is "stays as it is".
TABLE = """
              sending  unknown  sent  delivered  read  undelivered  failed  expired
queued        sending  unknown  sent  delivered  read  undelivered  failed  expired
sending       .        .        sent  delivered  read  undelivered  failed  expired
unknown       .        .        sent  delivered  read  undelivered  failed  expired
sent          .        .        .     delivered  read  undelivered  failed  expired
delivered     .        .        .     .          read  .            .       .
read          .        .        .     .          .     .            .       .
undelivered   .        .        .     delivered  read  .            .       .
failed        .        .        .     delivered  read  .            .       .
expired       .        .        .     delivered  read  .            .       .
refused       .        .        .     .          .     .            .       .
received      .        .        .     .          .     .            .       .
"""
_HEAD, *_ROWS = [line.split() for line in TABLE.strip().splitlines()]
CASES = [(row[0], column, cell) for row in _ROWS for column, cell in zip(_HEAD, row[1:], strict=True)]


@pytest.mark.parametrize(("current", "reported", "then"), CASES)
def test_table(current: str, reported: str, then: str) -> None:
    expected = Status(current) if then == "." else Status(then)
    assert advance(Status(current), Status(reported)) is expected


def test_the_table_names_every_state_and_every_report() -> None:
    assert {row[0] for row in _ROWS} == {str(status) for status in Status}
    assert {Status(name) for name in _HEAD} == set(REPORTABLE)


def _height(status: Status) -> int:
    """How far a message has come: a failure stands above sent and below the two that prove it arrived."""
    if status in FINAL_FAILURES:
        return RANK[SENT] * 10 + 5
    return RANK[status] * 10


@given(st.lists(st.sampled_from(REPORTABLE), max_size=12))
def test_no_history_moves_a_message_backward(reports: list[Status]) -> None:
    state = QUEUED
    for report in reports:
        after = advance(state, report)
        assert _height(after) >= _height(state)
        assert advance(after, report) is after, "a repeated report is a no-op"
        state = after


@given(st.sets(st.sampled_from([SENT, DELIVERED, READ])))
def test_receipts_in_any_order_end_in_the_same_state(reports: set[Status]) -> None:
    ends = set()
    for order in itertools.permutations(reports):
        state = QUEUED
        for report in order:
            state = advance(state, report)
        ends.add(state)
    assert ends == {max(reports, key=RANK.__getitem__, default=QUEUED)}


@given(st.lists(st.sampled_from(REPORTABLE), max_size=12))
def test_what_arrived_stays_arrived(reports: list[Status]) -> None:
    state = QUEUED
    for report in reports:
        state = advance(state, report)
    if TOOK_PLACE & set(reports):
        assert state in TOOK_PLACE
    elif FINAL_FAILURES & set(reports):
        assert state in FINAL_FAILURES


SETTLEMENTS = [
    ("sms", QUEUED, None),
    ("sms", SENDING, None),
    ("sms", UNKNOWN, None),
    ("sms", SENT, "capture"),
    ("sms", DELIVERED, "capture"),
    ("sms", READ, "capture"),
    ("sms", UNDELIVERED, "release"),
    ("sms", FAILED, "release"),
    ("sms", EXPIRED, "release"),
    ("sms", Status.REFUSED, None),
    ("whatsapp", SENT, None),
    ("whatsapp", DELIVERED, "capture"),
    ("whatsapp", READ, "capture"),
    ("whatsapp", FAILED, "release"),
    ("whatsapp", EXPIRED, "release"),
    ("whatsapp", Status.REFUSED, None),
]


@pytest.mark.parametrize(("kind", "status", "decided"), SETTLEMENTS)
def test_settlement(kind: str, status: Status, decided: str | None) -> None:
    assert settlement(kind, status) == decided
