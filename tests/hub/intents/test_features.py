"""Hashed n-grams: the fast loop against a plain one, and TF-IDF's own rules."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.intents.features import CHAR_GRAM_MAX, CHARS_MAX, TextFeatures, grams, spaced


def plain_grams(text: str) -> Counter[tuple[str, bool]]:
    """The same grams by slicing: (gram, is a word gram)."""
    padded = f" {spaced(text)} "
    found: Counter[tuple[str, bool]] = Counter()
    for n in range(2, CHAR_GRAM_MAX + 1):
        for at in range(len(padded) - n + 1):
            window = padded[at : at + n]
            if " " not in window[1:-1] and window.strip():
                found[window, False] += 1
    words = padded.split()
    found.update((word, True) for word in words)
    found.update((f"{a} {b}", True) for a, b in pairwise(words))
    return found


@given(st.lists(st.text(alphabet="ab é?!😀\x00\ud800ßİ", max_size=12), min_size=1, max_size=6))
@settings(max_examples=300, deadline=None)
def test_the_fast_loop_finds_the_same_grams(texts: list[str]) -> None:
    found = grams(texts)
    for row, text in enumerate(texts):
        here = found.rows == row
        for is_word in (False, True):
            counts = sorted(Counter(found.buckets[here & (found.words == is_word)].tolist()).values())
            expected = sorted(count for (_, word), count in plain_grams(text).items() if word == is_word)
            assert counts == expected, (text, is_word)


def test_a_gram_has_the_same_bucket_in_any_batch_and_place() -> None:
    alone = set(grams(["card"]).buckets.tolist())
    among = grams(["my old", "a card is late", ""])
    assert alone <= set(among.buckets[among.rows == 1].tolist())


def test_known_rows_have_word_and_character_blocks_of_length_one() -> None:
    texts = ["where is my card", "my card is late", "late again"]
    rows = TextFeatures.fit(texts, texts_min=1).transform(texts)
    assert np.allclose(np.asarray(rows.multiply(rows).sum(axis=1)).ravel(), 2, atol=1e-5)


def test_strange_words_make_a_row_short() -> None:
    features = TextFeatures.fit(["where is my card", "my card is late"] * 2, texts_min=2)
    known, strange = features.transform(["my card", "my card zzyzx qwrty brzzt"])
    assert strange.multiply(strange).sum() < 0.6 * known.multiply(known).sum()


def test_rare_grams_get_no_column() -> None:
    texts = ["alpha beta", "alpha gamma"]
    assert TextFeatures.fit(texts, texts_min=2).size < TextFeatures.fit(texts, texts_min=1).size


def test_texts_without_grams_are_rows_of_zeros() -> None:
    features = TextFeatures.fit(["my card"], texts_min=1)
    rows = features.transform(["", "\x00", "  ", "漢字"])
    assert rows.shape == (4, features.size)
    assert rows.nnz == 0
    assert features.transform([]).shape == (0, features.size)


def test_long_texts_are_cut() -> None:
    assert len(spaced("word " * 100_000)) <= CHARS_MAX
    assert len(grams(["a" * 1_000_000]).rows) < CHAR_GRAM_MAX * (CHARS_MAX + 2)


def test_case_and_spaces_do_not_matter() -> None:
    features = TextFeatures.fit(["Where is my card?"], texts_min=1)
    one, other = features.transform(["WHERE  is my\ncard ?", "where is my card?"])
    assert abs(one - other).nnz == 0
