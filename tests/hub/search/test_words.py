"""What a search asks for, and the piece of a message that it shows."""

from __future__ import annotations

import doctest

import pytest

from hub.search import words
from hub.search.words import EXCERPT_CHARS, excerpt, folded, words_of


def test_the_example_is_true() -> None:
    found = doctest.testmod(words)
    assert (found.attempted > 0, found.failed) == (True, 0)


@pytest.mark.parametrize("query", ["", "   ", '""', "& | ! :*", "'"])
def test_what_holds_no_word_asks_for_nothing(query: str) -> None:
    assert words_of(query) == []


def marked(body: str, query: str) -> list[str]:
    found = excerpt(body, words_of(query))
    return [found.text[at:to] for at, to in found.marks]


def test_beginnings_of_words_are_marked_whatever_their_case_and_accents() -> None:
    assert marked("Où est ma COMMANDE? commandes, recommande", "commande ou") == [
        "Où",
        "COMMANDE",
        "commande",
    ]
    assert marked("the card has not\narrived", '"not arrived"') == ["not arrived"]
    assert marked("我的订单在哪里", "订单") == ["订单"]
    assert marked("a.b costs (10", "(10 a.b") == ["a.b", "(10"]
    assert marked("refund refunds", "refund ref") == ["refund", "refund"]


def test_an_excerpt_stands_around_the_first_hit() -> None:
    body = "word " * 200 + "needle " + "word " * 200
    found = excerpt(body, ["needle"])
    (span,) = found.marks
    assert found.text[slice(*span)] == "needle"
    assert (found.text[0], found.text[-1]) == ("…", "…")
    assert len(found.text) <= EXCERPT_CHARS + 2
    assert excerpt("short", ["nothing"]).text == "short"


def test_folding_keeps_every_character_at_its_place() -> None:
    text = "Straße ÉCOLE İstanbul 한국 ﬁn"
    assert len(folded(text)) == len(text)
