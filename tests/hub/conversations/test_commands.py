"""STOP, START and HELP in the ways people write them. Source of the words: 47 CFR 64.1200(a)(10) and the carriers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.conversations.commands import Command, command_of, confirmation

STOP, START, HELP = Command.STOP, Command.START, Command.HELP
LAWFUL = ["stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"]  # always valid by the rule

CASES: list[tuple[str, bool, Command | None]] = [
    *((word, False, STOP) for word in LAWFUL),
    *((word.upper(), True, STOP) for word in LAWFUL),
    ("STOPALL", False, STOP),
    ("Stop All", False, STOP),
    ("optout", False, STOP),
    ("opt-out", False, STOP),
    ("REMOVE", False, STOP),
    ("ARRET", False, STOP),
    ("  stop  ", False, STOP),
    ("stop\n", False, STOP),
    ("Stop.", False, STOP),
    ("STOP!!!", False, STOP),
    ('"STOP"', False, STOP),
    ("'stop'.", False, STOP),
    ("opt\tout", False, STOP),
    ("stop .", False, STOP),
    ("start", True, START),
    ("Start", False, START),
    ("UNSTOP", True, START),
    ("yes", True, START),
    ("YES!", True, START),
    ("yes", False, None),  # an answer, not a command, for somebody who is subscribed
    ("help", False, HELP),
    ("INFO", True, HELP),
    ("Help!", False, HELP),
    ("stop sending me these", False, None),
    ("please stop", False, None),
    ("nonstop", False, None),
    ("stop?", False, None),
    ("helpful", False, None),
    ("starting", True, None),
    ("", False, None),
    ("   ", True, None),
    ("...", False, None),
    ("stop" + "!" * 100, False, None),
    ("ｓｔｏｐ", False, None),
]


@pytest.mark.parametrize(("text", "opted_out", "command"), CASES)
def test_command(text: str, opted_out: bool, command: Command | None) -> None:
    assert command_of(text, opted_out) is command


@given(
    st.sampled_from([*LAWFUL, "start", "help"]), st.text(" \t\n.!", max_size=4), st.text(" \n.!", max_size=4)
)
def test_white_space_and_end_marks_do_not_matter(word: str, before: str, after: str) -> None:
    assert command_of(before + word.upper() + after, False) is command_of(word, False)


@given(st.text(max_size=50))
def test_opting_out_never_makes_a_stop_of_anything_else(text: str) -> None:
    if command_of(text, False) in (STOP, HELP):
        assert command_of(text, True) is command_of(text, False)


def test_confirmations_name_the_brand_and_the_way_back() -> None:
    assert confirmation(STOP, "Acme").startswith("Acme: ")
    assert "START" in confirmation(STOP, "Acme")
    assert "STOP" in confirmation(START, "Acme")
    assert "STOP" in confirmation(HELP, "Acme")
    assert max(len(confirmation(command, "Acme")) for command in Command) <= 160, "one SMS each"
