from __future__ import annotations

import itertools

import pytest

from hub.channels.delivery import Status
from hub.voice.state import DELIVERY, ENDED, CallStatus, delivery_of, moves

WAY = [CallStatus.QUEUED, CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.COMPLETED]


def after(news: list[tuple[CallStatus, int | None]]) -> CallStatus:
    status, sequence = CallStatus.QUEUED, None
    for reported, number in news:
        if moves(status, sequence, reported, number):
            status, sequence = reported, number
    return status


def test_any_order_of_arrival_ends_the_same() -> None:
    for order in itertools.permutations(zip(WAY[1:], (1, 2, 3), strict=True)):
        assert after(list(order)) is CallStatus.COMPLETED


def test_news_told_twice_or_late_changes_nothing() -> None:
    assert after([(CallStatus.IN_PROGRESS, 2), (CallStatus.RINGING, 1), (CallStatus.IN_PROGRESS, 2)]) is (
        CallStatus.IN_PROGRESS
    )
    assert after([(CallStatus.BUSY, 1), (CallStatus.COMPLETED, 3)]) is CallStatus.BUSY


def test_a_provider_without_numbers_moves_forward_only() -> None:
    assert after([(CallStatus.IN_PROGRESS, None), (CallStatus.RINGING, None)]) is CallStatus.IN_PROGRESS


def test_an_end_counts_whatever_its_number() -> None:
    assert after([(CallStatus.IN_PROGRESS, 7), (CallStatus.COMPLETED, 3)]) is CallStatus.COMPLETED


@pytest.mark.parametrize("status", list(CallStatus))
def test_every_status_is_a_delivery(status: CallStatus) -> None:
    assert (DELIVERY[status] is Status.SENT) == (status not in ENDED)


def test_a_machine_that_was_hung_up_on_has_not_got_the_message() -> None:
    assert delivery_of(CallStatus.COMPLETED, "machine", False) is Status.UNDELIVERED
    assert delivery_of(CallStatus.COMPLETED, "machine", True) is Status.DELIVERED
    assert delivery_of(CallStatus.COMPLETED, "human", False) is Status.DELIVERED
