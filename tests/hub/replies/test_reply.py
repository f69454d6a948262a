"""Which saved replies come first, and what they are filled in with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from hub.errors import Invalid
from hub.ids import new_id
from hub.replies.reply import Reply, check, ranked, variables

CONTEXT = variables({"name": "Asha Rao"}, "+447700900001", "Meera Joshi", "Acme", {"city": "Leeds"})


def reply(name: str, body: str = "Hello", *intents: str) -> Reply:
    return Reply(new_id(), name, name.lower().replace(" ", "-"), "", body, intents, False)


def names(replies: list[Reply], intent: str | None, uses: dict[UUID, int], search: str = "") -> list[str]:
    return [each.reply.name for each in ranked(replies, CONTEXT, intent, uses, search)]


def test_what_names_the_intent_comes_first_then_what_agents_used_for_it() -> None:
    replies = [reply("Plain"), reply("Often"), reply("Seldom"), reply("Named", "Hi", "refund")]
    uses = {replies[1].id: 9, replies[2].id: 1}
    assert names(replies, "refund", uses) == ["Named", "Often", "Seldom", "Plain"]
    found = ranked(replies, CONTEXT, "refund", uses)
    assert [each.suggested for each in found] == [True, True, True, False]
    assert not any(each.suggested for each in ranked(replies, CONTEXT, None, {}))


def test_a_search_finds_shortcuts_first() -> None:
    replies = [reply("Parcel lost"), reply("Where", "your parcel"), reply("Par"), reply("Other")]
    assert names(replies, None, {}, "par") == ["Par", "Parcel lost", "Where"]
    assert names(replies, None, {}, "nothing like it") == []


def test_a_reply_is_filled_in_for_its_contact_and_its_agent() -> None:
    body = "Hi {{ first_name }} from {{ city }}, {{ contact.city }}; {{ agent.first_name }} at {{ brand }}"
    (found,) = ranked([reply("Greeting", body)], CONTEXT, None, {})
    assert found.text == "Hi Asha from Leeds, Leeds; Meera at Acme"
    nameless = variables({"name": ""}, "", "", "Acme", {})
    (other,) = ranked([reply("Greeting", "Hi {{ first_name | default('there') }}")], nameless, None, {})
    assert other.text == "Hi there"
    (broken,) = ranked([reply("Order", "Your {{ order_id }}", "refund")], CONTEXT, "refund", {})
    assert (broken.text, broken.suggested) == ("", False)
    assert "order_id" in broken.problem


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": "  "}, "/name"),
    ({"shortcut": "two words"}, "/shortcut"),
    ({"body": "{% for x in y %}{% endfor %}"}, "/body"),
    ({"intents": [str(number) for number in range(21)]}, "/intents"),
]


@pytest.mark.parametrize(("values", "pointer"), WRONG)
def test_what_is_wrong_is_named(values: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(values)
    assert refused.value.pointer == pointer


def test_a_shortcut_is_kept_without_its_slash() -> None:
    assert check({"shortcut": " /Parcel ", "intents": ["a", "a", ""]}) == {
        "shortcut": "parcel",
        "intents": ["a"],
    }
