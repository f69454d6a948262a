"""What a flow says in a call as a document, and what the call answers as an input of the flow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from hub.channels.voice_twiml import HEADER, render
from hub.flows.effects import AddTag, CallStep
from hub.flows.inputs import Call as Happened
from hub.flows.on_call import Ending, Line, OnCall, ending, script, spoken
from hub.flows.session import Session, Waiting
from hub.voice.flow_calls import document, happened
from hub.voice.interpreter import Answered, Dialled, Event, Gathered, HungUp, Recorded
from hub.voice.script import Dial, Gather, HangUp, Play, Record, Say, Step

HI = Say(text="Hi & bye")
ASK = Gather(digits=1, retries=0, prompt=(Say(text="Press 1"),))
SAID = '<Say language="en-US">Hi &amp; bye</Say>'
NEXT = 'action="https://hub/a?turn=2" method="POST"'


@pytest.mark.parametrize(
    ("steps", "ends", "verbs"),
    [
        ((HI,), "end", f"{SAID}<Hangup/>"),
        ((HI, HangUp()), "end", f"{SAID}<Hangup/>"),
        ((), "end", '<Pause length="1"/><Hangup/>'),
        ((HI,), "hold", f'{SAID}<Pause length="1"/><Redirect method="POST">https://hub/a?turn=2</Redirect>'),
        ((HI,), "desk", f'{SAID}<Redirect method="POST">https://hub/a?turn=2</Redirect>'),
        (
            (Play(media_id="med_1"), ASK),
            "ask",
            f'<Play>https://media/med_1</Play><Gather input="dtmf" {NEXT} timeout="5" actionOnEmptyResult="true" '
            'finishOnKey="#" numDigits="1"><Say language="en-US">Press 1</Say></Gather>',
        ),
        (
            (Record(),),
            "ask",
            f'<Record {NEXT} maxLength="120" timeout="5" finishOnKey="#" playBeep="true" '
            'recordingStatusCallback="https://hub/r"/>',
        ),
        (
            (Dial(number="+15550001"),),
            "ask",
            f'<Dial {NEXT} timeout="30"><Number>+15550001</Number></Dial>',
        ),
    ],
)
def test_a_sprint_becomes_a_document(steps: tuple[Step, ...], ends: Ending, verbs: str) -> None:
    position = None if ends == "end" else {"flow": ends}
    found = document(SimpleNamespace(script=script(steps).model_dump(mode="json"), position=position))
    assert (found.position is None) == (ends in ("end", "desk"))
    written = render(script(steps), found.actions, "https://hub/a?turn=2", "https://hub/r", media)
    assert written == f"{HEADER}<Response>{verbs}</Response>"


def media(media_id: str) -> str:
    return f"https://media/{media_id}"


def test_what_is_said_ends_with_the_call() -> None:
    effects = [CallStep(HI), AddTag("x"), CallStep(HangUp()), CallStep(ASK)]
    assert spoken(effects) == (HI, HangUp())


def test_more_than_a_call_takes_is_not_said() -> None:
    long = Say(text="x" * 4_096)
    assert script((long,) * 9).steps == (long,) * 4
    assert len(script((HI,) * 300).steps) <= 200


NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("waiting", "ends"),
    [
        (Waiting("call", 1), "ask"),
        (Waiting("call", 1, data={"placing": True}), "end"),
        (Waiting("webhook", 1, NOW + timedelta(minutes=5)), "hold"),
        (Waiting("time", 1, NOW + timedelta(seconds=20)), "hold"),
        (Waiting("time", 1, NOW + timedelta(days=1)), "end"),
        (Waiting("reply", 1), "end"),
        (Waiting("people", 1), "end"),
    ],
)
def test_how_a_call_goes_on(waiting: Waiting, ends: str) -> None:
    session = Session("f", "n", waiting=waiting, on_call=True)
    assert ending(session, NOW) == ends
    assert ending(Session("f", "n", waiting=waiting), NOW) == "end"
    assert ending(Session("f", "n", reason="stuck", on_call=True), NOW) == "end"
    assert ending(None, NOW) == "end"


@pytest.mark.parametrize(
    ("event", "given"),
    [
        (Answered("machine"), ("answered", "machine")),
        (Gathered("12"), ("keys", "12")),
        (Gathered("", "one", 0.9), ("speech", "one")),
        (Gathered("", "mumble", 0.1), ("speech", "")),
        (Gathered(), ("silence", "")),
        (Recorded(3), ("recorded", "https://r")),
        (Recorded(0), ("recorded", "")),
        (Dialled("completed"), ("dialled", "answered")),
        (Dialled("no-answer"), ("dialled", "no_answer")),
        (Dialled("canceled"), ("dialled", "failed")),
    ],
)
def test_what_a_call_tells_the_flow(event: Event, given: tuple[Any, str]) -> None:
    assert happened(event, "https://r") == Happened(happened=given[0], value=given[1])
    assert happened(HungUp(), "https://r") is None


def test_a_call_is_kept_with_what_it_has_still_to_hear() -> None:
    call = OnCall(Line(UUID(int=1), UUID(int=2), "+15550001"), 3, True, (HI, ASK))
    assert OnCall.from_json(call.to_json()) == call
