"""STOP, START and HELP in the ways and languages people write them, and what is no command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.sms_parts import sms_parts
from hub.compliance.keyword_table import ANSWERS, FAMILIES
from hub.compliance.keywords import (
    Command,
    ExtraWord,
    Said,
    command_of,
    confirmation,
    extra_words,
    normal,
)

STOP, MARKETING, START, HELP = Command.STOP, Command.STOP_MARKETING, Command.START, Command.HELP
LAWFUL = [
    "stop",
    "quit",
    "end",
    "revoke",
    "opt out",
    "cancel",
    "unsubscribe",
]  # always valid by 47 CFR 64.1200

CASES: list[tuple[str, bool, Command | None, str]] = [
    *((word, False, STOP, "en") for word in LAWFUL),
    *((word.upper(), True, STOP, "en") for word in LAWFUL),
    ("STOPALL", False, STOP, "en"),
    ("Stop All", False, STOP, "en"),
    ("opt-out", False, STOP, "en"),
    ("  stop  ", False, STOP, "en"),
    ("STOP!!!", False, STOP, "en"),
    ('"STOP"', False, STOP, "en"),
    ("opt\tout", False, STOP, "en"),
    ("stop 🛑", False, STOP, "en"),
    ("ｓｔｏｐ", False, STOP, "en"),
    ("please stop", False, STOP, "en"),
    ("Stop marketing", False, MARKETING, "en"),
    ("start", True, START, "en"),
    ("UNSTOP", True, START, "en"),
    ("yes", True, START, "en"),
    ("yes", False, None, ""),  # an answer, not a command, for somebody who is subscribed
    ("help", False, HELP, "en"),
    ("INFO", True, HELP, "en"),
    ("Baja", False, STOP, "es"),
    ("¡BAJA!", False, STOP, "es"),
    ("ARRET", False, STOP, "fr"),
    ("Arrêt.", False, STOP, "fr"),
    ("désabonner", False, STOP, "fr"),
    ("DESABONNER", False, STOP, "fr"),
    ("Stopp", False, STOP, "de"),
    ("abmelden", False, STOP, "de"),
    ("Keine Werbung!", False, MARKETING, "de"),
    ("HILFE", False, HELP, "de"),
    ("SAIR", False, STOP, "pt"),
    ("disiscrivimi", False, STOP, "it"),
    ("uitschrijven", False, STOP, "nl"),
    ("Rezygnuje", False, STOP, "pl"),
    ("rezygnuję", False, STOP, "pl"),
    ("RET", False, STOP, "tr"),
    ("İPTAL", False, STOP, "tr"),
    ("iptal", False, STOP, "tr"),
    ("ÇIKIŞ", False, STOP, "tr"),
    ("yardim", False, HELP, "tr"),
    ("توقف", False, STOP, "ar"),
    ("ايقاف", False, STOP, "ar"),
    ("إيقاف", False, STOP, "ar"),
    ("बंद", False, STOP, "hi"),
    ("मदद", False, HELP, "hi"),
    ("BERHENTI", False, STOP, "id"),
    ("Стоп", False, STOP, "ru"),
    ("ПОДПИСАТЬСЯ", True, START, "ru"),
    ("配信停止", False, STOP, "ja"),
    ("ストップ。", False, STOP, "ja"),
    ("退订", False, STOP, "zh"),
    ("TD", False, STOP, "zh"),
    ("帮助", False, HELP, "zh"),
    ("stop sending me these", False, None, ""),
    ("stop by tomorrow", False, None, ""),
    ("can you stop by tomorrow", False, None, ""),
    ("nonstop", False, None, ""),
    ("stop?", False, None, ""),
    ("バス停止？", False, None, ""),
    ("helpful", False, None, ""),
    ("starting", True, None, ""),
    ("no", False, None, ""),
    ("NO", True, None, ""),
    ("nein", False, None, ""),
    ("non", False, None, ""),
    ("не", False, None, ""),
    ("いいえ", False, None, ""),
    ("cancelar", False, None, ""),  # the answer to "confirmar o cancelar": no rule makes it a command
    ("bajo", False, None, ""),
    ("retard", False, None, ""),
    ("bandh", False, None, ""),
    ("", False, None, ""),
    ("   ", True, None, ""),
    ("...", False, None, ""),
    ("stop" + "!" * 100, False, None, ""),
]


@pytest.mark.parametrize(("text", "opted_out", "command", "language"), CASES)
def test_command(text: str, opted_out: bool, command: Command | None, language: str) -> None:
    said = command_of(text, opted_out)
    assert (None if said is None else (said.command, said.language)) == (
        None if command is None else (command, language)
    )


@pytest.mark.parametrize("language", FAMILIES)
def test_every_language_can_stop_start_and_ask_for_help(language: str) -> None:
    family = FAMILIES[language]
    for command, words in zip(Command, family, strict=True):
        said = {one for word in words if (one := command_of(word.upper(), False)) is not None}
        assert {one.command for one in said} == {command}, "each word is what its column says"
        assert Said(command, language) in {one._replace(carrier_answers=False) for one in said}


def test_no_word_stands_for_two_commands() -> None:
    meanings: dict[str, set[Command]] = {}
    for family in FAMILIES.values():
        for command, words in zip(Command, family, strict=True):
            for word in words:
                meanings.setdefault(normal(word), set()).add(command)
    assert {word: found for word, found in meanings.items() if len(found) > 1} == {}


@given(
    st.sampled_from([*LAWFUL, "start", "help", "退订", "arrêt"]),
    st.text(" \t\n.!", max_size=4),
    st.text(" \n.!", max_size=4),
)
def test_white_space_and_end_marks_do_not_matter(word: str, before: str, after: str) -> None:
    found, plain = command_of(before + word.upper() + after, False), command_of(word, False)
    assert found is not None
    assert plain is not None
    assert (found.command, found.language) == (plain.command, plain.language)


@given(st.text(max_size=50))
def test_opting_out_never_makes_a_stop_of_anything_else(text: str) -> None:
    found = command_of(text, False)
    if found is not None and found.command is not START:
        assert command_of(text, True) == found


@given(st.text(max_size=80))
def test_a_word_is_normal_for_good(text: str) -> None:
    assert normal(normal(text)) == normal(text)


def test_a_carrier_answers_only_what_is_written_as_it_knows_it() -> None:
    answered = {text: said.carrier_answers for text in ("Stop", " HELP ", "stop!", "baja", "please stop")
                if (said := command_of(text, False)) is not None}  # fmt: skip
    assert answered == {"Stop": True, " HELP ": True, "stop!": False, "baja": False, "please stop": False}


def test_a_tenant_adds_words_and_takes_none_away() -> None:
    own = extra_words(
        [ExtraWord("Tschüss", STOP, "de"), ExtraWord("stop", HELP), ExtraWord("Menü", HELP, "de")]
    )
    assert command_of("TSCHUSS!", False, own) == Said(STOP, "de")
    assert command_of("menü", False, own) == Said(HELP, "de")
    assert command_of("stop", False, own) == Said(STOP, "en", True)
    assert command_of("tschüss bis morgen", False, own) is None


@pytest.mark.parametrize("language", ANSWERS)
@pytest.mark.parametrize("command", Command)
def test_the_answer_names_the_brand_and_a_word_that_works(language: str, command: Command) -> None:
    text = confirmation(command, "Acme", language)
    assert text.startswith("Acme")
    assert sms_parts(text).parts <= 2
    other = {STOP: START, MARKETING: STOP}.get(command, STOP)
    words = {word for family in FAMILIES.values() for word in family[list(Command).index(other)]}
    assert any(normal(word) in f"{normal(text)}" for word in words), "it says how to change it"


def test_an_unknown_language_is_answered_in_english() -> None:
    assert confirmation(STOP, "Acme", "xx") == confirmation(STOP, "Acme")
