"""Noise: repeatable, real, and never an error."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.noise import noised, sms_spelling, typos


def test_typos_change_long_words_a_little() -> None:
    rng = random.Random(1)
    text = "my card has still not arrived after two weeks"
    for _ in range(50):
        changed = typos(text, rng)
        assert changed != text or " " in changed
        assert abs(len(changed) - len(text)) <= 6
        assert changed.startswith("my ")  # short words stay


def test_a_text_with_a_long_word_gets_a_slip_almost_always() -> None:
    rng = random.Random(2)
    assert sum(typos("refund", rng) != "refund" for _ in range(200)) > 150


def test_sms_spelling() -> None:
    assert (
        sms_spelling("Please tell me WHY you are late.", random.Random(3), share=1) == "pls tell me y u r l8"
    )


@given(st.lists(st.text(max_size=60), max_size=5), st.integers(0, 9))
def test_any_text_can_be_noised_and_the_same_seed_gives_the_same(texts: list[str], seed: int) -> None:
    once = noised(texts, seed=seed)
    assert len(once) == len(texts)
    assert noised(texts, seed=seed) == once


@pytest.mark.parametrize("text", ["", "ok", "!!", "1234 5678"])
def test_texts_without_words_stay(text: str) -> None:
    assert typos(text, random.Random(0)) == text
