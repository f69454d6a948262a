from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.conditions.text import fold, translation


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Pune", "pune"),
        ("MÜNCHEN", "münchen"),
        ("İzmir", "İzmir"),
        ("\u212aelvin", "\u212aelvin"),
        ("ΑΘΉΝΑΣ", "αθήνασ"),
        ("ẞ", "ß"),
    ],
)
def test_case_is_taken_away_letter_by_letter(written: str, folded: str) -> None:
    assert fold(written) == folded


@settings(deadline=None)
@given(st.text())
def test_folding_keeps_the_length_and_is_done_once(written: str) -> None:
    assert len(fold(written)) == len(written)
    assert fold(fold(written)) == fold(written)


def in_sql(text: str, wanted: str) -> str:
    """What `translate(lower(text COLLATE "C"), from, to)` makes of a text, for this wanted one."""
    lowered = "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in text)
    letters = translation([wanted])
    return lowered.translate(str.maketrans(*letters)) if letters else lowered


@settings(deadline=None, max_examples=500)
@given(st.text(), st.text(min_size=1))
def test_a_table_of_the_wanted_letters_is_enough(text: str, wanted: str) -> None:
    folded = fold(wanted)
    assert (folded in in_sql(text, folded)) == (folded in fold(text))
    assert (folded == in_sql(text, folded)) == (folded == fold(text))
    assert (
        folded in in_sql(f"{text}{wanted.upper() if len(wanted.upper()) == len(wanted) else wanted}", folded)
        or fold(wanted.upper()) != folded
    )
