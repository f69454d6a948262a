"""Public ids: a prefix and 26 characters that sort as the UUIDs do."""

from __future__ import annotations

import contextlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Invalid
from hub.ids import ALPHABET, decode_id, encode_id, new_id

VECTORS = [
    (UUID(int=0), "con_00000000000000000000000000"),
    (UUID(int=31), "con_0000000000000000000000000z"),
    (UUID(int=2**128 - 1), "con_7zzzzzzzzzzzzzzzzzzzzzzzzz"),
]


@pytest.mark.parametrize(("value", "text"), VECTORS)
def test_vectors(value: UUID, text: str) -> None:
    assert encode_id("con", value) == text
    assert decode_id("con", text) == value


@given(st.uuids(), st.uuids())
def test_ids_come_back_and_keep_their_order(one: UUID, other: UUID) -> None:
    assert decode_id("msg", encode_id("msg", one)) == one
    assert (encode_id("msg", one) < encode_id("msg", other)) == (one.int < other.int)


def test_new_ids_sort_by_their_making() -> None:
    made = [new_id() for _ in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == 1000
    assert {value.version for value in made} == {7}


GOOD = encode_id("con", UUID(int=5))
WRONG = [
    "",
    "con",
    "con_",
    GOOD[:-1],
    GOOD + "0",
    GOOD.replace("con", "msg"),
    GOOD.upper(),
    GOOD[:-1] + "u",  # Crockford leaves out i, l, o, u
    GOOD[:-1] + "é",
    GOOD[:-1] + "\0",
    "con_8" + "0" * 25,  # beyond 128 bits
    "con_" + "z" * 26,
    str(UUID(int=5)),
    "con-" + GOOD[4:],
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        decode_id("con", text)


@given(st.text(max_size=40))
def test_any_text_is_an_id_or_invalid(text: str) -> None:
    with contextlib.suppress(Invalid):
        assert encode_id("con", decode_id("con", text)) == text


def test_the_alphabet_is_crockfords() -> None:
    assert len(ALPHABET) == 32
    assert not set("ilou") & set(ALPHABET)
