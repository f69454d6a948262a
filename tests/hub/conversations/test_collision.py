"""Two people who answer at once: the second is held back until they have seen the first."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest

from hub.conversations.collision import AnsweredMeanwhile
from hub.conversations.memo import NO_MEMO, Burst, HandedOn, Memo, memo_from_json
from hub.conversations.state import Conversation, SendMessage
from hub.ids import encode_id
from tests.hub.conversations.test_turn import ANN, BOB, NOW, opened, reply, run

QUESTION, FIRST, SECOND = UUID(int=50), UUID(int=60), UUID(int=70)


def answered() -> Conversation:
    return run(opened(), reply("Ann here", name="Ann", seen=QUESTION)).state


def test_who_has_not_seen_the_other_answer_is_held_back_and_told() -> None:
    before = answered()
    with pytest.raises(AnsweredMeanwhile) as held:
        run(before, reply("Bob here", user_id=BOB, message_id=SECOND, seen=QUESTION))
    assert (held.value.by, held.value.text, held.value.message_id) == (
        "Ann",
        "Ann here",
        encode_id("msg", FIRST),
    )
    assert before.last_text == "Ann here"


def test_who_has_seen_it_may_send() -> None:
    after = run(answered(), reply("Bob here", user_id=BOB, message_id=SECOND, seen=FIRST))
    assert [effect.text for effect in after.effects if isinstance(effect, SendMessage)] == ["Bob here"]
    with pytest.raises(AnsweredMeanwhile):
        run(after.state, reply("Me again", message_id=UUID(int=80), seen=FIRST))


@pytest.mark.parametrize("user_id", [ANN, BOB])
def test_neither_oneself_nor_who_does_not_say_is_held_back(user_id: UUID) -> None:
    seen = QUESTION if user_id == ANN else None
    assert run(answered(), reply("More", user_id=user_id, message_id=SECOND, seen=seen)).effects


def test_what_is_remembered_reads_back() -> None:
    memo = Memo(answered().memo.answered, Burst(NOW, 3, NOW), HandedOn("asked twice", "user:1", NOW))
    assert memo_from_json(orjson.loads(orjson.dumps(memo.to_json()))) == memo
    assert (NO_MEMO.to_json(), memo_from_json(None)) == (None, NO_MEMO)
