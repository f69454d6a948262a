"""A call at the desk, told as a story: each line an event, then where the call is and what was asked of the world."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from hub.channels.voice_news import Spoken
from hub.voice import desk
from hub.voice.desk import DeskCall, Effect, Event, Phase, arrived, scene_of
from hub.voice.desk_moves import advance, outgoing
from hub.voice.words import speaker_of

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
ANN, BOB, SUE = UUID(int=1), UUID(int=2), UUID(int=3)
PHONE = "+15550000001"


class Story:
    """One call and all that was asked of the world for it."""

    def __init__(self, call: DeskCall | None = None) -> None:
        self.call = call or arrived("CA1", NOW)
        self.seconds = 0

    def at(self) -> datetime:
        self.seconds += 1
        return NOW + timedelta(seconds=self.seconds)

    def __call__(self, event: Event) -> list[Effect]:
        result = advance(self.call, event)
        self.call = result.call
        return result.effects

    def names(self, event: Event) -> list[str]:
        return [type(effect).__name__ for effect in self(event)]


def talking() -> Story:
    """Ann talks with the contact; hers is leg 1."""
    story = Story()
    assert story.names(desk.Take(ANN, PHONE, story.at())) == ["Ring"]
    assert story.names(desk.LegUp(1, "CA2", story.at())) == ["Look", "Spoke"]
    assert story.call.phase is Phase.CONNECTED
    return story


def test_a_call_is_taken_held_and_hung_up() -> None:
    story = talking()
    assert [scene_of(story.call, number) for number in (0, 1)] == ["room", "room"]
    assert story.names(desk.Hold(ANN, story.at())) == ["Look"]
    assert [scene_of(story.call, number) for number in (0, 1)] == ["hold", "room"]
    assert story.names(desk.Resume(ANN, story.at())) == ["Look"]
    assert story.names(desk.HangUp(ANN, story.at())) == ["Drop", "Drop"]
    assert (story.call.phase, story.call.outcome) == (Phase.ENDED, "completed")
    assert [scene_of(story.call, number) for number in (0, 1, 7)] == ["end", "end", "end"]
    assert story(desk.LegGone(0, "completed", story.at())) == []  # news of what is known


def test_two_who_take_at_once_are_not_both_its_agent() -> None:
    story = Story()
    story(desk.Take(ANN, PHONE, story.at()))
    with pytest.raises(desk.CallMoved):
        story(desk.Take(BOB, PHONE, story.at()))
    assert story.call.agent_id == ANN


def test_only_its_agent_does_things_to_a_call() -> None:
    story = talking()
    for event in (
        desk.Hold(BOB, NOW),
        desk.Keys(BOB, "1", NOW),
        desk.PassOn(BOB, NOW),
        desk.HangUp(BOB, NOW),
        desk.Mute(BOB, True, NOW),
        desk.Consult(BOB, SUE, PHONE, NOW),
    ):
        with pytest.raises(desk.NotYourCall):
            story(event)
    with pytest.raises(desk.CallMoved):
        story(desk.Resume(ANN, NOW))


def test_a_phone_that_does_not_answer_gives_the_call_back() -> None:
    story = Story()
    story(desk.Take(ANN, PHONE, story.at()))
    (give,) = story(desk.LegGone(1, "no-answer", story.at()))
    assert give == desk.Give(None, "their phone did not answer the call")
    assert (story.call.phase, story.call.agent_id) == (Phase.QUEUED, None)
    assert scene_of(story.call, 0) == "wait"
    story(desk.Take(BOB, PHONE, story.at()))
    assert story(desk.LegUp(1, "CA2", story.at())) == []  # Ann's phone, too late
    assert story.names(desk.LegUp(2, "CA3", story.at())) == ["Look", "Spoke"]
    assert story.call.agent_id == BOB


def test_a_phone_nobody_heard_of_again_is_given_up() -> None:
    story = Story()
    story(desk.Take(ANN, PHONE, NOW))
    assert story(desk.Tick(NOW + desk.RING / 2)) == []
    assert story.names(desk.Tick(NOW + desk.RING)) == ["Drop", "Give"]
    assert story.call.phase is Phase.QUEUED


def test_keys_are_kept_until_the_line_has_looked() -> None:
    story = talking()
    story(desk.Keys(ANN, "1", story.at()))
    story(desk.Keys(ANN, "2#", story.at()))
    contact = story.call.leg(0)
    assert contact is not None
    assert contact.press == "12#"
    with pytest.raises(desk.CallMoved):
        story(desk.Keys(ANN, "1" * 32, story.at()))


def test_passed_on_the_contact_waits_again_and_nobody_has_it() -> None:
    story = talking()
    assert story.names(desk.PassOn(ANN, story.at(), to="Care", note="angry")) == ["Drop", "Look"]
    assert (story.call.phase, story.call.agent_id, story.call.note) == (Phase.QUEUED, None, "angry")
    assert story(desk.LegGone(1, "completed", story.at())) == []
    assert story.names(desk.Take(BOB, PHONE, story.at())) == ["Ring"]
    story(desk.LegUp(2, "CA3", story.at()))
    assert (story.call.phase, story.call.agent_id) == (Phase.CONNECTED, BOB)


def test_forwarded_to_a_number_outside() -> None:
    story = talking()
    assert story.names(desk.PassOn(ANN, story.at(), forward="+15550000009")) == ["Drop", "Look"]
    assert (story.call.phase, scene_of(story.call, 0)) == (Phase.FORWARDED, "forward")
    again = Story(story.call)
    story(desk.ForwardGone("completed", story.at()))
    assert story.call.phase is Phase.ENDED
    assert again.names(desk.ForwardGone("busy", again.at())) == ["Give"]
    assert again.call.phase is Phase.QUEUED


@pytest.mark.parametrize("by_hanging_up", [False, True])
def test_asked_first_the_other_agent_gets_the_call(by_hanging_up: bool) -> None:
    story = talking()
    assert story.names(desk.Consult(ANN, BOB, PHONE, story.at(), note="vip")) == ["Ring", "Look"]
    assert scene_of(story.call, 0) == "hold"
    with pytest.raises(desk.CallMoved):
        story(desk.Complete(ANN, story.at()))  # Bob's phone still rings
    story(desk.LegUp(2, "CA3", story.at()))
    if by_hanging_up:
        effects = story(desk.LegGone(1, "completed", story.at()))
    else:
        effects = story(desk.Complete(ANN, story.at()))
    assert desk.Give(BOB, "vip", ANN) in effects
    assert (story.call.phase, story.call.agent_id) == (Phase.CONNECTED, BOB)
    assert [scene_of(story.call, number) for number in (0, 1, 2)] == ["room", "end", "room"]
    story(desk.HangUp(BOB, story.at()))


def test_a_question_that_is_taken_back_or_not_answered() -> None:
    story = talking()
    story(desk.Consult(ANN, BOB, PHONE, story.at()))
    assert story.names(desk.CancelConsult(ANN, story.at())) == ["Drop", "Look"]
    assert story.call.phase is Phase.CONNECTED
    story(desk.Consult(ANN, BOB, PHONE, story.at()))
    assert story(desk.LegGone(3, "busy", story.at())) == []
    assert (story.call.phase, story.call.agent_id) == (Phase.HELD, ANN)


def test_a_listener_is_muted_and_changes_nothing() -> None:
    story = talking()
    (ring,) = story(desk.Listen(SUE, PHONE, story.at()))
    assert isinstance(ring, desk.Ring)
    assert ring.leg.muted
    story(desk.LegUp(2, "CA3", story.at()))
    assert (story.call.agent_id, story.call.phase) == (ANN, Phase.CONNECTED)
    with pytest.raises(desk.CallMoved):
        story(desk.Listen(SUE, PHONE, story.at()))
    with pytest.raises(desk.CallMoved):
        story(desk.Listen(ANN, PHONE, story.at()))
    assert story.names(desk.StopListening(SUE, story.at())) == ["Drop"]
    assert story.call.phase is Phase.CONNECTED


def test_who_is_called_back_keeps_the_place_and_is_rung_after_the_agent() -> None:
    story = Story()
    story(desk.WantCallback(story.at()))
    assert scene_of(story.call, 0) == "end"
    story(desk.LegGone(0, "completed", story.at()))
    assert (story.call.phase, story.call.waited_from) == (Phase.CALLBACK, NOW)
    story(desk.CallBack(story.at()))
    assert (story.call.phase, story.call.outcome) == (Phase.ENDED, "called_back")
    story = Story(outgoing(ANN, PHONE, story.at(), waited_from=NOW, callback=True).call)
    assert story.call.waited_from == NOW
    assert story.names(desk.LegUp(1, "CA2", story.at())) == ["CallContact"]
    assert story.call.phase is Phase.CALLING
    assert story.names(desk.LegUp(0, "CA3", story.at())) == ["Look", "Spoke"]
    assert story.call.phase is Phase.CONNECTED


def test_an_agent_who_does_not_come_leaves_the_callback_where_it_was() -> None:
    story = Story(outgoing(ANN, PHONE, NOW, callback=True).call)
    assert story.names(desk.LegGone(1, "busy", story.at())) == ["Give"]
    assert story.call.phase is Phase.CALLBACK


def test_an_agent_calls_out() -> None:
    result = outgoing(ANN, PHONE, NOW)
    story = Story(result.call)
    assert [type(effect).__name__ for effect in result.effects] == ["Ring"]
    assert story.names(desk.LegUp(1, "CA2", story.at())) == ["CallContact"]
    assert story.names(desk.LegGone(0, "busy", story.at())) == ["Drop"]
    assert (story.call.phase, story.call.outcome) == (Phase.ENDED, "busy")


def test_a_contact_who_hangs_up_while_waiting_and_one_nobody_came_for() -> None:
    story = Story()
    story(desk.LegGone(0, "completed", story.at()))
    assert (story.call.phase, story.call.outcome) == (Phase.ENDED, "abandoned")
    story = Story()
    story(desk.GiveUp(story.at()))
    assert scene_of(story.call, 0) == "script"
    with pytest.raises(desk.CallMoved):
        story(desk.Take(ANN, PHONE, story.at()))


def test_a_leg_that_was_given_up_before_it_had_a_name_is_ended_when_it_has_one() -> None:
    story = talking()
    story(desk.Consult(ANN, BOB, PHONE, story.at()))
    story(desk.CancelConsult(ANN, story.at()))
    assert story.names(desk.LegNamed(2, "CA9", story.at())) == ["Drop"]


def test_a_state_survives_json() -> None:
    story = talking()
    story(desk.Keys(ANN, "1", story.at()))
    assert DeskCall.model_validate(story.call.model_dump(mode="json")) == story.call


def test_a_call_is_kept_from_when_the_contact_was_told_until_it_is_passed_on_outside() -> None:
    story = talking()
    story(desk.Keep(False, False, story.at()))
    assert not story.call.told
    story(desk.Keep(True, True, story.at()))
    assert (story.call.recorded, story.call.transcribed) == (True, True)
    story(desk.PassOn(ANN, story.at(), forward="+15550009"))
    story(desk.ForwardGone("busy", story.at()))
    assert (story.call.phase, story.call.recorded, story.call.transcribed) == (Phase.QUEUED, False, False)
    story(desk.Keep(True, True, story.at()))
    assert not story.call.recorded
    result = advance(story.call, desk.LegGone(0, "completed", story.at()))
    assert result.log[-1]["kept"] is True


def test_who_said_what_the_contact_hears() -> None:
    story = talking()
    said = Spoken("GT1:1", 1, False, "Good morning", 0.9, None)
    assert speaker_of(story.call, said, story.at()) == ("agent", ANN)
    assert speaker_of(story.call, replace(said, contact=True), story.at()) == ("contact", None)
    before = replace(said, at=story.at())
    story(desk.Hold(ANN, story.at()))
    after = replace(said, at=story.at() + timedelta(minutes=1))
    assert speaker_of(story.call, before, story.at()) == ("agent", ANN)
    assert speaker_of(story.call, after, story.at()) is None
