"""The served encoder: its files, its vectors, and that it agrees with sentence-transformers."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.intents.encoder import (
    DIMENSIONS,
    TEXT_CHARS_MAX,
    TOKENS_MAX,
    VOCABULARY_PATH,
    Encoder,
    EncoderUnavailable,
    OnnxEncoder,
    Tokenizer,
    canonical,
    like_lengths,
    packaged_model,
)
from training.demo_data import MESSAGES, OUT_OF_SCOPE

HOSTILE = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "😀👩‍👩‍👧",
    "שלום עולם",
    "x" * 1_000_000,
    "é" * 300,
    "\u202e abc",
    "１２３",
    "\ufeffhi",
]


def test_vectors_have_length_one_and_follow_the_order_of_the_texts(encoder: OnnxEncoder) -> None:
    texts = [
        "where is my order",
        "hi",
        "a much longer message that goes on and on about a parcel that never came",
    ] * 3
    vectors = encoder.encode(texts)
    assert vectors.shape == (9, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert (vectors * alone).sum(axis=1).min() > 0.999


def test_meaning_is_in_the_vectors(encoder: OnnxEncoder) -> None:
    refund, money_back, weather = encoder.encode(
        ["I want a refund", "give me my money back", "it will rain tomorrow"]
    )
    assert refund @ money_back > refund @ weather + 0.3


def test_no_texts_give_no_rows(encoder: OnnxEncoder) -> None:
    assert encoder.encode([]).shape == (0, DIMENSIONS)


def test_no_string_makes_it_raise(encoder: OnnxEncoder) -> None:
    vectors = encoder.encode(HOSTILE)
    assert np.isfinite(vectors).all()


def test_it_is_an_encoder(encoder: OnnxEncoder) -> None:
    assert isinstance(encoder, Encoder)


@pytest.mark.parametrize("sha256", ["0" * 64])
def test_changed_weights_are_refused(sha256: str) -> None:
    with pytest.raises(EncoderUnavailable, match="SHA-256"):
        OnnxEncoder(packaged_model(), sha256=sha256)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="cannot be read"):
        OnnxEncoder(tmp_path / "model.onnx")


def test_a_changed_vocabulary_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "vocab.txt"
    shutil.copy(VOCABULARY_PATH, copy)
    copy.write_text(copy.read_text(encoding="utf-8") + "extra\n", encoding="utf-8")
    with pytest.raises(EncoderUnavailable, match="SHA-256"):
        Tokenizer(copy)


def test_tokens_are_cut(encoder: OnnxEncoder) -> None:
    (ids,) = Tokenizer().ids(["a " * 5_000])
    assert len(ids) == TOKENS_MAX
    assert (ids[0], ids[-1]) == (101, 102)


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_canonical_text_is_its_own_canonical_form(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once
    assert "\x00" not in once
    once.encode()  # no lone surrogate is left


def test_canonical_text_is_cut() -> None:
    assert len(canonical("a" * 10_000)) == TEXT_CHARS_MAX


@given(st.lists(st.integers(2, 256), max_size=80), st.integers(1, 16), st.floats(0, 0.9))
def test_batches_hold_every_position_once_and_stay_near_in_length(
    lengths: list[int], batch_max: int, padding: float
) -> None:
    batches = list(like_lengths(lengths, batch_max=batch_max, padding=padding, tokens_max=600))
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        sizes = [lengths[position] for position in batch]
        assert len(batch) <= batch_max
        assert len(batch) == 1 or len(batch) * max(sizes) <= 600
        assert min(sizes) >= max(sizes) * (1 - padding)


def test_served_vectors_agree_with_sentence_transformers(encoder: OnnxEncoder) -> None:
    """The parity that lets a version be trained with torch and served without (mean cosine above 0.995)."""
    if importlib.util.find_spec("torch") is None:
        if os.environ.get("HUB_WITHOUT_TRAIN") == "1":
            pytest.skip("HUB_WITHOUT_TRAIN=1: no parity check without the train group")
        pytest.fail(
            "The train group is not installed: pip install --group train, or set HUB_WITHOUT_TRAIN=1."
        )
    from training.encoder import TorchEncoder

    texts = [text for texts in MESSAGES.values() for text in texts] + list(OUT_OF_SCOPE)
    cosines = (encoder.encode(texts) * TorchEncoder().encode(texts)).sum(axis=1)
    assert cosines.mean() > 0.995
    assert cosines.min() > 0.95  # one word alone ("human") is where int8 activations lose most
