"""A call script as a table: event -> what is done and where it waits."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hub.voice.interpreter import (
    BEGIN,
    TURNS_MAX,
    Advance,
    Answered,
    Ask,
    Dialled,
    End,
    Event,
    Gathered,
    HungUp,
    Position,
    Recorded,
    advance,
    label,
)
from hub.voice.script import DEPTH_MAX, STEPS_MAX, Call, every_step, spoken, words_of


def say(text: str) -> dict[str, Any]:
    return {"type": "say", "text": text}


MENU = Call.model_validate(
    {
        "steps": [
            say("Hello."),
            {
                "type": "gather",
                "input": ["dtmf", "speech"],
                "digits": 1,
                "retries": 1,
                "prompt": [say("1 for sales, 2 for support.")],
                "branches": {
                    "1": [say("Sales."), {"type": "dial", "number": "+15550001"}],
                    "2": [
                        {
                            "type": "gather",
                            "digits": 4,
                            "retries": 0,
                            "prompt": [say("Your code.")],
                            "silence": [{"type": "hang_up"}],
                        },
                        say("Thank you."),
                    ],
                    "support": [say("A person will call you.")],
                },
                "otherwise": [say("I did not understand.")],
                "silence": [{"type": "record", "seconds_max": 30}],
            },
            say("Goodbye."),
        ],
        "machine": [say("Please call us back.")],
    }
)


def words(found: Advance) -> list[str]:
    return [getattr(action, "text", None) or type(action).__name__ for action in found.actions]


def play(*events: Event) -> list[tuple[list[str], str]]:
    """What is done after each event, and where the call waits then ("" when it is over)."""
    position: Position | None = BEGIN
    seen = []
    for event in events:
        assert position is not None, "the call is over already"
        found = advance(MENU, position, event)
        position = found.position
        seen.append((words(found), label(position) if position else ""))
    return seen


ASKED = (["Hello.", "Ask"], "2")


@pytest.mark.parametrize(
    ("events", "last"),
    [
        ([Gathered("1")], (["Sales.", "Dial"], "2 › 1 › 2")),
        ([Gathered("1"), Dialled()], (["Goodbye.", "End"], "")),
        ([Gathered("1"), Dialled("busy")], (["Goodbye.", "End"], "")),
        ([Gathered("2")], (["Ask"], "2 › 2 › 1")),
        ([Gathered("2"), Gathered("1234")], (["Thank you.", "Goodbye.", "End"], "")),
        ([Gathered("2"), Gathered()], (["End"], "")),
        ([Gathered(speech="Support, please!")], (["A person will call you.", "Goodbye.", "End"], "")),
        ([Gathered(speech="support", confidence=0.1)], (["Ask"], "2")),
        ([Gathered("9")], (["Ask"], "2")),
        ([Gathered("9"), Gathered("8")], (["I did not understand.", "Goodbye.", "End"], "")),
        ([Gathered(), Gathered()], (["Record"], "2 › (silence) › 1")),
        ([Gathered(), Gathered(), Recorded(12)], (["Goodbye.", "End"], "")),
        ([Recorded(3)], (["Ask"], "2")),  # an event of another step is no answer
        ([HungUp()], ([], "")),
        ([Gathered("2"), HungUp()], ([], "")),
        ([Gathered("\x00" * 40)], (["Ask"], "2")),
    ],
)
def test_events_lead_to_actions(events: list[Event], last: tuple[list[str], str]) -> None:
    seen = play(Answered("human"), *events)
    assert seen[0] == ASKED
    assert seen[-1] == last


def test_a_machine_hears_its_own_steps_or_nothing() -> None:
    assert play(Answered("machine")) == [(["Please call us back.", "End"], "")]
    quiet = MENU.model_copy(update={"machine": ()})
    assert words(advance(quiet, BEGIN, Answered("machine"))) == ["End"]
    unasked = MENU.model_copy(update={"machine": None})
    assert words(advance(unasked, BEGIN, Answered("machine"))) == ["Hello.", "Ask"]


def test_what_was_done_is_told() -> None:
    position = advance(MENU, BEGIN, Answered("human")).position
    assert position is not None
    assert advance(MENU, position, Gathered("1")).taken == (
        {"step": "2", "did": "answer", "digits": "1"},
        {"step": "2 › 1 › 1", "did": "say"},
    )


def test_a_position_survives_json() -> None:
    position = advance(MENU, BEGIN, Answered()).position
    assert position is not None
    inner = advance(MENU, position, Gathered("2")).position
    assert inner is not None
    again = Position.model_validate_json(inner.model_dump_json())
    assert again == inner
    assert words(advance(MENU, again, Gathered("1234"))) == ["Thank you.", "Goodbye.", "End"]


def test_nobody_keeps_a_call_going_for_ever() -> None:
    found = advance(MENU, Position(path=(1,), turns=TURNS_MAX), Gathered("9"))
    assert found.position is None
    assert found.actions == (End(),)


def test_a_position_of_another_script_ends_the_call() -> None:
    assert advance(spoken("Hi"), Position(path=(1, "2", 0)), Gathered("1")).position is None


def test_an_ask_carries_its_step() -> None:
    found = advance(MENU, BEGIN, Answered())
    assert isinstance(found.actions[-1], Ask)
    assert found.actions[-1].gather.digits == 1


def nested(depth: int) -> dict[str, Any]:
    step = say("end")
    for _ in range(depth):
        step = {"type": "gather", "branches": {"1": [step]}}
    return step


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ([], "at least 1 item"),
        ([nested(DEPTH_MAX)], f"at most {DEPTH_MAX} deep"),
        ([say("x")] * (STEPS_MAX + 1), f"at most {STEPS_MAX} steps"),
        ([say("x" * 4_000)] * 6, "says at most"),
        ([{"type": "sing"}], "sing"),
        ([{"type": "play"}], "either url or media_id"),
        ([{"type": "dial", "number": "0800"}], "pattern"),
        ([{"type": "gather", "digits": 1, "branches": {"12": [say("x")]}}], "cannot be reached"),
        ([{"type": "gather", "branches": {"1#": [say("x")]}}], "cannot be reached"),
        ([{"type": "gather", "branches": {"yes": [say("x")]}}], "only keys"),
        ([{"type": "gather", "branches": {"(silence)": [say("x")]}, "input": ["speech"]}], "pattern"),
        ([{"type": "say", "text": "x", "shout": True}], "shout"),
    ],
)
def test_a_script_that_cannot_be_carried_is_refused_by_name(steps: list[Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Call.model_validate({"steps": steps})


def test_a_machine_is_not_asked() -> None:
    with pytest.raises(ValidationError, match="a machine cannot answer"):
        Call.model_validate({"steps": [say("x")], "machine": [{"type": "gather"}]})


def test_the_words_of_a_call_are_those_before_the_first_answer() -> None:
    assert words_of(MENU) == "Hello. 1 for sales, 2 for support."
    assert words_of(spoken("Hi")) == "Hi"
    assert len(list(every_step(MENU))) == 14
