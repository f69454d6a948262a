"""Vectors of the Twilio calculator and the billing rules, then the same answers as an independent splitter."""

from __future__ import annotations

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.sms_parts import BASIC, EXTENSION, Parts, sms_parts, split_parts

VECTORS = [
    ("", "gsm7", 0, 1),
    ("a" * 160, "gsm7", 160, 1),
    ("a" * 161, "gsm7", 161, 2),
    ("a" * 306, "gsm7", 306, 2),
    ("a" * 307, "gsm7", 307, 3),
    ("€" * 80, "gsm7", 160, 1),
    ("€" * 81, "gsm7", 162, 2),
    ("a" * 159 + "€", "gsm7", 161, 2),
    ("a" * 152 + "€" + "b" * 151, "gsm7", 305, 2),
    ("a" * 152 + "€" + "b" * 152, "gsm7", 306, 3),
    ("Ж" * 70, "ucs2", 70, 1),
    ("Ж" * 71, "ucs2", 71, 2),
    ("Ж" * 134, "ucs2", 134, 2),
    ("Ж" * 135, "ucs2", 135, 3),
    ("😀" * 35, "ucs2", 70, 1),
    ("😀" * 36, "ucs2", 72, 2),
    ("👋" * 35, "ucs2", 70, 1),
    ("👋" * 36, "ucs2", 72, 2),
    ("Ж" * 66 + "😀" + "Ж" * 66, "ucs2", 134, 3),
    ("à è é ì ò ù ä ö ü ñ å ø æ ß Ç\r\n", "gsm7", 31, 1),
    ("\f^{}\\[~]|", "gsm7", 18, 1),
]
NOT_GSM7 = "`ç“”‘’–—…\u00a0\táíóúêãõ\x00\x1b\x7f"


@pytest.mark.parametrize(("text", "encoding", "units", "parts"), VECTORS)
def test_vectors(text: str, encoding: str, units: int, parts: int) -> None:
    assert sms_parts(text) == Parts(encoding, units, parts)  # type: ignore[arg-type]
    pieces = split_parts(text)
    assert len(pieces) == parts
    assert "".join(pieces) == text


@pytest.mark.parametrize("letter", NOT_GSM7)
def test_one_foreign_character_turns_the_whole_text(letter: str) -> None:
    assert sms_parts("a" * 70 + letter) == Parts("ucs2", 71, 2)


def test_a_pair_is_never_cut() -> None:
    assert split_parts("a" * 152 + "€" + "b" * 152) == ["a" * 152, "€" + "b" * 151, "b"]
    assert split_parts("Ж" * 66 + "😀" + "Ж" * 66) == ["Ж" * 66, "😀" + "Ж" * 65, "Ж"]


GSM7_TEXT = st.text(st.sampled_from(BASIC + EXTENSION), min_size=1, max_size=700)
ANY_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x1b"), min_size=1, max_size=300
)


@given(st.one_of(GSM7_TEXT, ANY_TEXT, GSM7_TEXT.flatmap(lambda text: ANY_TEXT.map(lambda more: text + more))))
def test_agrees_with_smsutil(text: str) -> None:
    theirs = smsutil.split(text)
    ours = sms_parts(text)
    assert ours.parts == len(theirs.parts)
    assert (ours.encoding == "gsm7") == theirs.encoding.startswith("gsm")
    assert split_parts(text) == [part.content for part in theirs.parts]
