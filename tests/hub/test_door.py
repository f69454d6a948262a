"""The one door out: who may not pass and why, what a message costs, and which rows it leaves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from hub import door
from hub.billing.holds import HoldAnswer
from hub.billing.pricing import Rate, RateTable
from hub.channels.base import Channel, ChannelKind
from models.billing import holds
from models.conversations import messages, outbox

TODAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SMS = Channel(
    UUID(int=1), UUID(int=2), UUID(int=3), ChannelKind.SMS, "twilio", "Line", "+15550100", "+15550100"
)
CHAT = Channel(
    UUID(int=4), UUID(int=2), UUID(int=3), ChannelKind.WHATSAPP, "whatsapp_cloud", "Chat", "+15550101", "77"
)


def rate(kind: str, prefix: str, price: str) -> Rate:
    return Rate(
        0,
        UUID(int=9),
        kind,
        1,
        kind,
        "EUR",
        False,
        UUID(int=8),
        prefix,
        "*",
        Decimal(price),
        date(2020, 1, 1),
    )


RATES = RateTable([rate("sms", "1", "0.045"), rate("sms", "44", "0"), rate("whatsapp", "", "0.055")])


def outgoing(text: str = "Hello", channel: Channel = SMS, address: str = "+15550001") -> door.Outgoing:
    return door.Outgoing(UUID(int=50), channel, UUID(int=51), address, text, "agent", None, door.LANE_LIVE)


def prepared(*, opted_out: bool = False, **changes: Any) -> door.Outgoing:
    return door.prepare(outgoing(**changes), opted_out=opted_out, rates=RATES, today=TODAY)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"opted_out": True}, "opted-out"),
    ({"opted_out": True, "address": ""}, "opted-out"),
    ({"address": ""}, "no-address"),
    ({"text": ""}, "empty-text"),
    ({"text": " \n\t"}, "empty-text"),
    ({"text": "x" * 1601}, "too-long"),
    ({"text": "x" * 4097, "channel": CHAT}, "too-long"),
    ({"address": "+99550001"}, "no-rate"),
]


@pytest.mark.parametrize(("changes", "reason"), REFUSED)
def test_refused_with_a_reason_and_recorded(changes: dict[str, Any], reason: str) -> None:
    message = prepared(**changes)
    assert message.refused == reason
    row = door.message_row(message, NOW)
    assert (row["status"], row["reason"], row["hold_id"]) == ("refused", reason, None)
    assert door.outbox_rows([message], NOW) == []


PRICED: list[tuple[dict[str, Any], int, int]] = [
    ({}, 1, 45_000),
    ({"text": "x" * 160}, 1, 45_000),
    ({"text": "x" * 161}, 2, 90_000),
    ({"text": "Ж" * 71}, 2, 90_000),
    ({"text": "x" * 1600}, 11, 495_000),
    ({"address": "+447700900001", "text": "x" * 161}, 2, 0),
    ({"channel": CHAT, "text": "x" * 4096}, 1, 55_000),
]


@pytest.mark.parametrize(("changes", "parts", "micros"), PRICED)
def test_priced_by_parts(changes: dict[str, Any], parts: int, micros: int) -> None:
    message = prepared(**changes)
    assert (message.refused, message.parts, message.price_micros, message.currency) == (
        None,
        parts,
        micros,
        "EUR",
    )
    assert message.rate_id == UUID(int=8), "every price can be explained"


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        ("held", None),
        ("exists", None),
        ("refused", door.NO_MONEY),
        ("conflict", door.NO_MONEY),
        ("expired", door.NO_MONEY),
    ],
)
def test_only_a_hold_opens_the_door(state: Any, refused: str | None) -> None:
    message = prepared()
    request = door.single_hold(message)
    assert (request.hold_id, request.amounts, request.kind) == (message.id, (45_000,), "single")
    door.apply_hold(message, HoldAnswer(message.id, state, 1, 45_000, 0))
    assert message.refused == refused
    assert (message.hold_id is None) == (refused is not None)
    assert len(door.outbox_rows([message], NOW)) == (refused is None)


def test_rows_fit_their_tables() -> None:
    message = prepared()
    assert set(door.message_row(message, NOW)) <= set(messages.c.keys())
    assert set(door.outbox_rows([message], NOW)[0]) <= set(outbox.c.keys())
    assert set(door.HOLD_TTL_S) == set(ChannelKind)
    assert holds.c.expires_at is not None
