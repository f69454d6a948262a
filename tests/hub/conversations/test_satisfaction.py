"""The question after a conversation: who is asked, what counts as an answer, and what is left as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.compliance.keyword_table import FAMILIES
from hub.conversations.desk import Handling
from hub.conversations.satisfaction import score_of
from hub.conversations.satisfaction_texts import WORDS
from hub.conversations.state import (
    AgentReply,
    Assign,
    Close,
    Conversation,
    Inbound,
    Reopen,
    SendMessage,
    Turn,
)
from hub.conversations.turn import needs_classifier, turn, wants_record
from hub.routing.fields import Record
from hub.routing.queue import Queues, QueueSettings
from tests.hub.routing.rules import keyword, queue, rule, table

CARE, OTHER, ANN = UUID(int=1), UUID(int=2), UUID(int=11)
SMS, CHAT, CALLS = UUID(int=21), UUID(int=22), UUID(int=23)
KINDS = {SMS: "sms", CHAT: "whatsapp", CALLS: "voice"}
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TABLE = table(
    [rule(90, [keyword("5")], queue(OTHER))],
    fallback_queue_id=CARE,
    intent_version_id=UUID(int=61),
    channel_kinds=KINDS,
)
ASKS: Queues = {CARE: QueueSettings.model_validate({"satisfaction": {"enabled": True}})}


class Story:
    """One conversation through time: each step is `hours` after noon."""

    def __init__(self, queues: Queues = ASKS, language: str = "", channel_id: UUID = SMS) -> None:
        self.queues, self.channel_id = queues, channel_id
        self.record = Record(variables={"language": language})
        self.state = Conversation(UUID(int=7), UUID(int=8))

    def turn(self, event: Any) -> Turn:
        result = turn(self.state, event, TABLE, record=self.record, queues=self.queues)
        self.state = result.state
        kept = self.state.desk
        written = None if kept is None else orjson.loads(orjson.dumps(kept.to_json(), default=str))
        assert (Handling.from_json(written) or Handling()) == (kept or Handling()), "it survives the database"
        return result

    def inbound(self, hours: float, text: str) -> Inbound:
        kind = KINDS[self.channel_id]
        return Inbound(UUID(int=20), "k", self.channel_id, kind, "+15550001", text, "p", at(hours))

    def write(self, hours: float, text: str = "hello") -> Turn:
        return self.turn(self.inbound(hours, text))

    def close(self, hours: float) -> list[str]:
        return said(self.turn(Close(at(hours), "user:ann")))

    def asked(self) -> Story:
        """Ann answers, closes after an hour, and the contact is asked."""
        self.write(0)
        self.turn(Assign(ANN, at(0.5)))
        assert len(self.close(1)) == 1
        return self


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def said(result: Turn) -> list[str]:
    return [effect.text for effect in result.effects if isinstance(effect, SendMessage)]


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("5", 5), (" 4 ", 4), ("3.", 3), ("5!", 5), ("2/5", 2), ("1 / 5", 1), ("5 out of 5", 5), ("four of five", 4),
        ("Five", 5), ("ONE!", 1), ("４", 4), ("٣", 3), ("४", 4), ("5️⃣", 5),
        ("0", None), ("6", None), ("7/5", None), ("4/10", None), ("55", None), ("4.5", None), ("-3", None), ("", None),
        ("5 please", None), ("I want 5", None), ("5?", None), ("five" * 9, None),
    ],
)  # fmt: skip
def test_a_score_is_all_that_is_said(text: str, score: int | None) -> None:
    assert score_of(text) == score


def test_there_are_words_for_every_language_that_has_commands() -> None:
    assert set(WORDS) == set(FAMILIES)
    assert all("1" in words.question and "5" in words.question and words.thanks for words in WORDS.values())


def test_a_score_is_counted_thanked_for_and_opens_nothing() -> None:
    story = Story(language="de-AT").asked()
    before = replace(story.state)
    assert not needs_classifier(story.state, story.inbound(2, "4"), TABLE)
    answer = story.write(2, "4")
    assert said(answer) == [WORDS["de"].thanks]
    assert [(each.kind, each.queue_id, each.agent_id, each.detail) for each in answer.moved] == [
        ("rated", CARE, ANN, "4")
    ]
    assert [(each.kind, each.data, each.actor) for each in answer.happened] == [
        ("rated", {"score": 4}, "contact")
    ]
    assert (story.state.status, story.state.unread, story.state.due_at) == ("closed", 0, None)
    assert (story.state.assignee_id, story.state.queue_id) == (before.assignee_id, before.queue_id)
    assert story.state.closed_at == before.closed_at
    assert needs_classifier(story.state, story.inbound(3, "4"), TABLE), "one question, one answer"
    story.write(3, "4")
    assert story.state.status == "open"


def test_whatever_else_is_written_goes_its_way_and_ends_the_waiting() -> None:
    story = Story().asked()
    assert needs_classifier(story.state, story.inbound(2, "It broke again"), TABLE)
    assert story.write(2, "It broke again").moved[-1].kind == "entered"
    assert story.state.status == "open"
    assert said(story.write(3, "4")) == []
    assert story.close(4) == [], "once a day is enough"
    story.write(5, "5")
    assert (story.state.status, story.state.queue_id) == ("open", OTHER), "nothing was asked: rules have it"


def test_a_command_is_a_command_and_ends_the_waiting() -> None:
    story = Story().asked()
    story.write(2, "STOP")
    story.write(3, "5")
    assert story.state.status == "open"


def test_an_agent_who_opens_it_again_ends_the_waiting() -> None:
    story = Story().asked()
    story.turn(Reopen(at(2), "user:ann"))
    answer = story.write(3, "5")
    assert (said(answer), story.state.status) == ([], "open")
    assert story.close(4) == []


def test_an_answer_that_comes_a_day_late_is_none() -> None:
    story = Story().asked()
    assert said(story.write(25, "4")) == []
    assert story.state.status == "open"
    assert len(story.close(26)) == 1, "asked again the next day"


def test_the_queue_s_own_words_are_used_in_every_language() -> None:
    own: Queues = {CARE: QueueSettings.model_validate({"satisfaction": {"enabled": True, "text": "1 to 5?"}})}
    story = Story(own, "fr")
    story.write(0)
    assert wants_record(story.state, Close(at(1)), TABLE, own)
    assert story.close(1) == ["1 to 5?"]


def test_nobody_is_asked_who_cannot_or_need_not_answer() -> None:
    silent = Story({CARE: QueueSettings()})
    silent.write(0)
    assert silent.close(1) == []
    call = Story(channel_id=CALLS)
    call.write(0)
    assert call.close(1) == [], "a call cannot hear a number"
    gone = Story()
    gone.write(0)
    gone.state.opted_out = frozenset({"sms"})
    assert gone.close(1) == []
    stranger = Story()
    stranger.state = replace(stranger.state, channel_id=SMS, address="+15550001", queue_id=CARE)
    stranger.turn(AgentReply(UUID(int=30), ANN, "Hi", at(0)))
    assert stranger.close(1) == [], "who never wrote is not asked how it was"
    left = Story()
    left.write(0)
    left.state.channel_id = UUID(int=99)
    assert left.close(1) == [], "the channel is not there any more"


@pytest.mark.parametrize(("hours", "asked"), [(23, 1), (24, 0)])
def test_by_whatsapp_only_within_its_window(hours: float, asked: int) -> None:
    story = Story(channel_id=CHAT)
    story.write(0)
    assert len(story.close(hours)) == asked
