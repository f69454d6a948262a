"""Tags of a conversation: put on and taken off by people and by rules; and the webhooks that rules tell."""

from __future__ import annotations

from uuid import UUID

import pytest

from hub.conversations.desk import SetTags
from hub.conversations.rules import RULE_MATCHED
from hub.conversations.state import CallWebhook, Happened, TagContact
from hub.conversations.tagging import TAGS_MAX, clean
from hub.conversations.turn import turn
from hub.errors import Invalid
from hub.ids import encode_id
from tests.hub.conversations.test_turn import ANN, NOW, conversation, inbound, opened, run
from tests.hub.routing.rules import CARE, TARGETS, keyword, queue, rule, table

HOOK, GONE = UUID(int=71), UUID(int=72)


def test_tags_are_put_on_once_and_taken_off() -> None:
    state = opened(tags=("vip", "refund"))
    result = run(state, SetTags(("refund", "late"), ("vip", "unknown"), NOW, f"user:{ANN}"))
    assert result.state.tags == ("refund", "late")
    assert result.happened == [Happened("tagged", {"added": ["late"], "removed": ["vip"]}, f"user:{ANN}")]
    assert run(result.state, SetTags(("late",), (), NOW)).happened == []
    with pytest.raises(Invalid):
        run(state, SetTags(tuple(map(str, range(TAGS_MAX))), (), NOW))


def test_tags_are_cleaned_and_a_wrong_one_is_named() -> None:
    assert clean(["  a  b ", "c", "a b"], "/add") == ("a b", "c")
    with pytest.raises(Invalid) as wrong:
        clean(["fine", " "], "/add")
    assert wrong.value.pointer == "/add/1"


def test_a_rule_tags_the_conversation_or_the_contact_and_tells_a_webhook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "tests.hub.routing.rules.TARGETS",
        TARGETS.__class__(TARGETS.queues, TARGETS.flows, TARGETS.users, {HOOK: "CRM"}),
    )
    made = rule(
        1,
        [keyword("refund")],
        {"type": "tag", "tag": "buyer"},
        {"type": "tag", "tag": "money", "on": "conversation"},
        {"type": "webhook", "endpoint_id": HOOK},
        {"type": "webhook", "endpoint_id": GONE},
        queue(CARE),
    )
    event = inbound("refund")
    result = turn(conversation(tags=("old",)), event, table([made], intent_version_id=None))
    assert (result.state.tags, result.state.queue_id) == (("old", "money"), CARE)
    assert [effect for effect in result.effects if isinstance(effect, TagContact)] == [TagContact("buyer")]
    (told,) = [effect for effect in result.effects if isinstance(effect, CallWebhook)]
    assert (told.endpoint_id, told.event) == (HOOK, RULE_MATCHED)
    assert told.data["rule"] == {"id": encode_id("rul", UUID(int=1)), "name": "r1"}
    assert told.data["message"]["body"] == "refund"
