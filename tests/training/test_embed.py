"""Encoding a data set: order, equal texts once, and going on after an interruption."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hub.intents.encoder import DIMENSIONS, Floats
from training.embed import CHUNK_TEXTS, embed


class Counting:
    """An encoder whose vector of a text is its length in one place; counts, and fails when told to."""

    def __init__(self, sha256: str = "a" * 64) -> None:
        self.id, self.sha256 = "counting", sha256
        self.texts: list[str] = []
        self.fails_after = 1 << 30

    def encode(self, texts: Sequence[str]) -> Floats:
        if len(self.texts) >= self.fails_after:
            raise RuntimeError("power cut")
        self.texts += texts
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        vectors[np.arange(len(texts)), [len(text) for text in texts]] = 1
        return vectors


TEXTS = ["a" * (n % 200 + 1) + str(n) for n in range(CHUNK_TEXTS + 50)]


def test_vectors_follow_the_texts_and_equal_ones_are_encoded_once() -> None:
    encoder = Counting()
    vectors = embed(encoder, [*TEXTS, *reversed(TEXTS), TEXTS[0].upper()], threads=2)
    lengths = [len(text) for text in [*TEXTS, *reversed(TEXTS), TEXTS[0]]]
    assert vectors.argmax(axis=1).tolist() == lengths
    assert sorted(encoder.texts) == sorted(TEXTS)


def test_progress_ends_at_the_total() -> None:
    seen: list[tuple[str, int, int]] = []
    embed(Counting(), TEXTS, progress=lambda *step: seen.append(step), step="encode")
    assert seen[0] == ("encode", 0, len(TEXTS))
    assert seen[-1] == ("encode", len(TEXTS), len(TEXTS))


def test_nothing_gives_no_rows() -> None:
    assert embed(Counting(), []).shape == (0, DIMENSIONS)


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    broken, fresh = Counting(), Counting()
    broken.fails_after = CHUNK_TEXTS
    with pytest.raises(RuntimeError, match="power cut"):
        embed(broken, TEXTS, folder=tmp_path, threads=1)
    vectors = embed(fresh, TEXTS, folder=tmp_path, threads=1)
    assert len(fresh.texts) == len(TEXTS) - CHUNK_TEXTS
    assert vectors.argmax(axis=1).tolist() == [len(text) for text in TEXTS]


def test_a_record_that_was_cut_off_is_encoded_again(tmp_path: Path) -> None:
    embed(Counting(), TEXTS[:3], folder=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-5])
    again = Counting()
    vectors = embed(again, TEXTS[:3], folder=tmp_path)
    assert len(again.texts) == 1
    assert vectors.argmax(axis=1).tolist() == [len(text) for text in TEXTS[:3]]
    last = Counting()
    embed(last, TEXTS[:3], folder=tmp_path)
    assert last.texts == []


def test_another_encoder_does_not_read_them(tmp_path: Path) -> None:
    embed(Counting(), TEXTS[:3], folder=tmp_path)
    other = Counting(sha256="b" * 64)
    embed(other, TEXTS[:3], folder=tmp_path)
    assert len(other.texts) == 3
