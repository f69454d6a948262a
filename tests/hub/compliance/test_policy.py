"""A policy: what is inherited, which channel comes first, which ones stand in for each other."""

from __future__ import annotations

from uuid import UUID

import pytest
from pydantic import ValidationError

from hub.channels.base import Channel, ChannelKind
from hub.compliance.keywords import Command, Said
from hub.compliance.policy import (
    NO_POLICY,
    Caps,
    Fallback,
    Keyword,
    Policy,
    inherited,
    ordered,
    stand_ins,
    steps,
)
from hub.compliance.quiet_hours import QuietHours

TENANT, ACCOUNT = UUID(int=1), UUID(int=2)


def channel(number: int, kind: ChannelKind) -> Channel:
    return Channel(UUID(int=number), TENANT, ACCOUNT, kind, "twilio", f"{kind} {number}", "", "")


FIRST, SECOND, THIRD = (channel(number, ChannelKind.SMS) for number in (10, 11, 12))
CHAT, AGENT = channel(20, ChannelKind.WHATSAPP), channel(30, ChannelKind.RCS)
CHANNELS = {each.id: each for each in (FIRST, CHAT, SECOND, THIRD, AGENT)}
BY_SECOND = Policy(providers={ChannelKind.SMS: (SECOND.id, FIRST.id)})


def test_each_part_comes_from_the_nearest_that_sets_it() -> None:
    own = Policy(caps=Caps(per_day=1))
    above = Policy(caps=Caps(per_week=9), quiet_hours=QuietHours())
    top = Policy(quiet_hours=QuietHours(purposes=()), fallback=(Fallback(kind=ChannelKind.SMS),))
    found = inherited([own, above, top])
    assert (found.caps, found.quiet_hours, found.fallback) == (own.caps, above.quiet_hours, top.fallback)
    assert (found.providers, found.keywords) == (None, None)
    assert inherited([]) == NO_POLICY


def test_the_policy_s_channels_lead_and_the_others_follow() -> None:
    assert ordered(BY_SECOND, CHANNELS, ChannelKind.SMS) == [SECOND, FIRST, THIRD]
    assert ordered(NO_POLICY, CHANNELS, ChannelKind.SMS) == [FIRST, SECOND, THIRD]
    above = Policy(
        providers={ChannelKind.SMS: (UUID(int=99), THIRD.id)}
    )  # another tenant's channel is passed over
    assert ordered(above, CHANNELS, ChannelKind.SMS) == [THIRD, FIRST, SECOND]


def test_only_channels_that_the_policy_names_together_stand_in_for_each_other() -> None:
    assert stand_ins(BY_SECOND, CHANNELS, SECOND) == [FIRST]
    assert stand_ins(BY_SECOND, CHANNELS, FIRST) == [SECOND]
    assert stand_ins(BY_SECOND, CHANNELS, THIRD) == []
    assert stand_ins(BY_SECOND, CHANNELS, CHAT) == []
    assert stand_ins(NO_POLICY, CHANNELS, FIRST) == []


def test_what_is_tried_when_nobody_names_a_channel() -> None:
    assert [(step.channel_id, step.timeout_s) for step in steps(NO_POLICY, CHANNELS)] == [
        (AGENT.id, 300),
        (CHAT.id, 900),
        (FIRST.id, None),
    ]
    own = Policy(
        providers=BY_SECOND.providers,
        fallback=(Fallback(kind=ChannelKind.WHATSAPP, timeout_s=60), Fallback(kind=ChannelKind.SMS)),
    )
    assert [(step.channel_id, step.timeout_s) for step in steps(own, CHANNELS)] == [
        (CHAT.id, 60),
        (SECOND.id, None),
    ]
    assert steps(Policy(fallback=(Fallback(kind=ChannelKind.VOICE),)), CHANNELS) == []


def test_a_policy_survives_the_way_to_the_database() -> None:
    own = Policy(
        providers=BY_SECOND.providers,
        fallback=(Fallback(kind=ChannelKind.SMS),),
        quiet_hours=QuietHours(closed_days=("sunday",)),
        caps=Caps(per_day=1, per_week=3),
        keywords=(Keyword(word="Tschüss", command=Command.STOP, language="de"),),
    )
    read = Policy.model_validate_json(own.model_dump_json())
    assert read == own
    assert read.words == {"tschuss": Said(Command.STOP, "de")}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"providers": {"sms": [str(FIRST.id), str(FIRST.id)]}}, "each channel once"),
        ({"fallback": [{"kind": "sms"}, {"kind": "sms"}]}, "stands there twice"),
        ({"fallback": []}, "at least 1"),
        ({"caps": {"per_day": 0}}, "greater than or equal to 1"),
        ({"keywords": [{"word": "!!!", "command": "stop"}]}, "letters or digits"),
        ({"keywords": [{"word": "x", "command": "stop", "language": "tlh"}]}, "a language is one of"),
        ({"quiet": {}}, "Extra inputs"),
    ],
)
def test_what_is_no_policy(document: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Policy.model_validate(document)
