"""An exact-text cache of predictions.

The key is (version, canonical text). Canonical means lower case with single spaces (`encoder.canonical`), which is
exactly what both stages read: "YES", "yes " and "Yes" cannot get different answers, so they share one entry. Marks and
accents stay in the key, as the model sees them.
"""

from __future__ import annotations

from collections import OrderedDict

from hub.intents.model import Prediction

TEXTS_MAX = 50_000
KEY_CHARS_MAX = 200  # longer messages hardly repeat; this bounds the memory at about 40 MB


class PredictionCache:
    """Least recently used predictions. Not thread-safe: one event loop owns it."""

    __slots__ = ("_entries", "_texts_max")

    def __init__(self, texts_max: int = TEXTS_MAX) -> None:
        self._entries: OrderedDict[tuple[str, str], Prediction] = OrderedDict()
        self._texts_max = texts_max

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, version: str, text: str) -> Prediction | None:
        """The prediction for a canonical text, or None."""
        found = self._entries.get((version, text))
        if found is not None:
            self._entries.move_to_end((version, text))
        return found

    def put(self, version: str, text: str, prediction: Prediction) -> None:
        """Keep a prediction; the least recently used leaves when there are too many."""
        if len(text) > KEY_CHARS_MAX or self._texts_max == 0:
            return
        self._entries[version, text] = prediction
        self._entries.move_to_end((version, text))
        if len(self._entries) > self._texts_max:
            self._entries.popitem(last=False)
