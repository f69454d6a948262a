"""What the answers of a message's parts make of the message."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

from actors.bind_calls import Told, told_of
from hub.channels.base import Channel, ChannelKind
from hub.channels.codes import Retry
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.smpp_codes import NO_BIND
from hub.channels.smpp_session import Answer, Kind
from tests.hub.channels.smsc import LINE, SETTINGS

CHANNEL = Channel(uuid4(), uuid4(), uuid4(), ChannelKind.SMS, "smpp", "Line", LINE, LINE)
ROW = SimpleNamespace(tenant_id=CHANNEL.tenant_id, message_id=uuid4())
TAKEN, UNKNOWN, HELD = Answer(Kind.ACCEPTED, "7F3"), Answer(Kind.UNKNOWN), Answer(Kind.HELD, wait_s=2.0)


def refused(status: int) -> Answer:
    return Answer(Kind.REFUSED, status=status)


def told(*answers: Answer) -> Told:
    return told_of(SETTINGS, ROW, CHANNEL, answers)


def refusal(found: Told) -> SendRefused:
    assert isinstance(found.error, SendRefused)
    return found.error


def test_a_single_part_has_its_id_and_no_row() -> None:
    assert told(TAKEN) == Told(provider_message_id="7f3")


def test_all_parts_taken_is_accepted_with_a_row_each() -> None:
    found = told(TAKEN, Answer(Kind.ACCEPTED, "7f4"))
    assert (found.error, found.provider_message_id) == (None, None)
    assert [(part["part"], part["provider_message_id"], part["status"]) for part in found.parts] == [
        (1, "7f3", "sent"),
        (2, "7f4", "sent"),
    ]


def test_a_part_refused_after_others_were_taken_is_final_with_the_parts_on_record() -> None:
    found = told(TAKEN, refused(0x58))
    assert refusal(found).retry is Retry.NEVER
    assert refusal(found).provider_code == "0x58"
    assert [part["status"] for part in found.parts] == ["sent", "failed"]


def test_a_part_held_after_others_were_taken_is_final() -> None:
    assert not refusal(told(TAKEN, HELD)).retryable


def test_a_part_without_an_answer_makes_the_message_unknown() -> None:
    for answers in ([UNKNOWN], [TAKEN, UNKNOWN], [refused(0x66), UNKNOWN], [HELD, UNKNOWN]):
        assert isinstance(told(*answers).error, SendOutcomeUnknown)


def test_what_certainly_did_not_leave_is_held() -> None:
    found = told(HELD, Answer(Kind.HELD))
    assert (found.held_s, found.error, found.parts) == (2.0, None, [])


def test_a_throttled_one_and_one_without_a_bind_may_go_out_again() -> None:
    assert refusal(told(refused(0x58))).retry is Retry.SLOWER
    assert refusal(told(refused(NO_BIND))).retry is Retry.AGAIN


def test_a_wrong_password_stops_the_account() -> None:
    assert refusal(told(refused(0x0E))).retry is Retry.STOP


def test_an_answer_without_an_id_was_taken_all_the_same() -> None:
    assert told(Answer(Kind.ACCEPTED, "")) == Told()
