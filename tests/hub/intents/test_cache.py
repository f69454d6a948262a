"""The exact-text cache."""

from __future__ import annotations

from hub.intents.cache import KEY_CHARS_MAX, PredictionCache
from hub.intents.model import Prediction

YES = Prediction("yes", 0.9, 0.1, "first", (("yes", 0.9),))


def test_versions_do_not_share_answers() -> None:
    cache = PredictionCache()
    cache.put("int_1", "ok", YES)
    assert cache.get("int_1", "ok") is YES
    assert cache.get("int_2", "ok") is None


def test_the_least_recently_used_leaves() -> None:
    cache = PredictionCache(2)
    cache.put("v", "a", YES)
    cache.put("v", "b", YES)
    assert cache.get("v", "a") is YES
    cache.put("v", "c", YES)
    assert [cache.get("v", key) is not None for key in "abc"] == [True, False, True]
    assert len(cache) == 2


def test_long_texts_and_a_size_of_nothing_keep_nothing() -> None:
    cache = PredictionCache()
    cache.put("v", "x" * (KEY_CHARS_MAX + 1), YES)
    assert len(cache) == 0
    none = PredictionCache(0)
    none.put("v", "a", YES)
    assert none.get("v", "a") is None
