"""The two-stage intent classifier.

First stage: hashed TF-IDF and a linear head, some 0.1 ms a text. Where its margin is sure (a threshold chosen in
training for a stated precision) it answers. Second stage: MiniLM embedding beside TF-IDF under a linear head.
Each head has its own temperature, so confidence means the same from either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from hub.errors import Conflict
from hub.intents.encoder import DIMENSIONS, Encoder, Floats, Ids, canonical
from hub.intents.features import Flags, TextFeatures

Stage = Literal["first", "second"]

NEIGHBOURS = 5
TOP = 3
OUT_OF_SCOPE_LIMIT = 0.5


@dataclass(eq=False)
class EncoderMismatch(Conflict):
    """The intent model was trained with another encoder."""

    code: ClassVar[str] = "encoder-mismatch"
    detail: str = ""
    trained_with: str = ""
    found: str = ""


@dataclass(slots=True, frozen=True)
class Prediction:
    """What the classifier says of one text.

    `label` is None when `out_of_scope` is above 0.5; `top` still names the nearest labels (up to 3, best first, with
    calibrated probabilities). `confidence` is the probability of `top[0]`, 0 … 1.
    """

    label: str | None
    confidence: float
    out_of_scope: float
    stage: Stage
    top: tuple[tuple[str, float], ...]


NOTHING_SAID = Prediction(None, 0.0, 1.0, "first", ())


@dataclass(slots=True, frozen=True)
class Scope:
    """In or out of scope from two signals: `a · max logit + b · nearest rows' cosine + c`, above 0 = inside.

    The offset is chosen so that a stated share of in-scope validation rows lies above 0. The largest probability is no
    signal here: it is the worst of the known ones (a soft-max must say something even of nonsense).
    """

    logit_weight: float
    nearest_weight: float
    offset: float

    def out_of_scope(self, max_logits: Floats, nearest: Floats | None) -> Floats:
        """0 (surely inside) … 1 (surely outside), 0.5 at the threshold."""
        z = self.logit_weight * max_logits + self.offset
        if nearest is not None:
            z = z + self.nearest_weight * nearest
        return np.asarray(1 / (1 + np.exp(np.clip(z, -30, 30))), np.float32)


@dataclass(slots=True, frozen=True)
class Head:
    """A linear head: `text` (columns, labels), `vector` (384, labels) or None, `bias` (labels). All float32."""

    text: Floats
    vector: Floats | None
    bias: Floats
    temperature: float

    def logits(self, rows: csr_matrix, vectors: Floats | None) -> Floats:
        """Scores, float32 (n, labels)."""
        scores = np.asarray(rows @ self.text, np.float32) + self.bias
        if self.vector is not None and vectors is not None:
            scores += vectors @ self.vector
        return scores

    def probabilities(self, logits: Floats) -> Floats:
        """Soft-max of the logits over the head's temperature."""
        scaled = logits / self.temperature
        scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return np.asarray(scaled / scaled.sum(axis=1, keepdims=True), np.float32)


@dataclass(slots=True, frozen=True)
class Parts:
    """All that training finds out, and all that a file of a model holds."""

    encoder_id: str
    encoder_sha256: str
    labels: tuple[str, ...]
    features: TextFeatures
    first: Head
    second: Head
    margin_min: float
    first_scope: Scope
    second_scope: Scope
    neighbours: Floats  # (rows, 384): embeddings of a sample of the training rows


def margins(logits: Floats) -> Floats:
    """Best minus second best score of each row."""
    best = np.partition(logits, -2, axis=1)
    return best[:, -1] - best[:, -2]


def nearest_cosine(vectors: Floats, neighbours: Floats) -> Floats:
    """Mean cosine of each vector to its five nearest `neighbours`; all are unit vectors."""
    count = min(NEIGHBOURS, len(neighbours))
    similar = vectors @ neighbours.T
    return np.asarray(np.partition(similar, -count, axis=1)[:, -count:].mean(axis=1), np.float32)


class IntentModel:
    """A trained version, ready to predict. Immutable; safe for several threads."""

    __slots__ = ("_encoder", "parts")

    def __init__(self, parts: Parts, encoder: Encoder) -> None:
        """Raises EncoderMismatch when `encoder` is not the one the model was trained for."""
        wanted, found = (f"{name}@{sha256}" for name, sha256 in
                         ((parts.encoder_id, parts.encoder_sha256), (encoder.id, encoder.sha256)))  # fmt: skip
        if wanted != found:
            raise EncoderMismatch(
                "Train the intents again with this encoder, or bring the other one back.", wanted, found
            )
        self.parts = parts
        self._encoder = encoder

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels it can answer, in the order of its scores."""
        return self.parts.labels

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction a text, in order. Any str is fine: long ones are cut, empty ones are out of scope."""
        cleaned = [canonical(text) for text in texts]
        spoken = [position for position, text in enumerate(cleaned) if text]
        answers = [NOTHING_SAID] * len(cleaned)
        if spoken:
            for position, answer in zip(spoken, self._predict([cleaned[at] for at in spoken]), strict=True):
                answers[position] = answer
        return answers

    def _predict(self, texts: list[str]) -> list[Prediction]:
        rows = self.parts.features.transform(texts)
        first = self.parts.first.logits(rows, None)
        sure = self.sure(first)
        positions: Ids = np.flatnonzero(sure)
        found = dict(zip(positions.tolist(), self.first_answers(first[sure]), strict=True))
        unsure: Ids = np.flatnonzero(~sure)
        if len(unsure):
            vectors = self._encoder.encode([texts[at] for at in unsure])
            second = self.parts.second.logits(rows if len(unsure) == len(texts) else rows[unsure], vectors)
            nearest = nearest_cosine(vectors, self.parts.neighbours)
            found.update(zip(unsure.tolist(), self.second_answers(second, nearest), strict=True))
        return [found[at] for at in range(len(texts))]

    def sure(self, first_logits: Floats) -> Flags:
        """Which rows the first stage may answer: a wide margin, and inside the scope it knows."""
        outside = self.parts.first_scope.out_of_scope(first_logits.max(axis=1), None)
        wide: Flags = margins(first_logits) >= self.parts.margin_min
        return wide & (outside <= OUT_OF_SCOPE_LIMIT)

    def first_answers(self, logits: Floats) -> list[Prediction]:
        """Predictions from first-stage logits (n, labels)."""
        if not len(logits):
            return []
        outside = self.parts.first_scope.out_of_scope(logits.max(axis=1), None)
        return self._answers("first", self.parts.first.probabilities(logits), outside)

    def second_answers(self, logits: Floats, nearest: Floats) -> list[Prediction]:
        """Predictions from second-stage logits (n, labels) and the nearest rows' cosine (n)."""
        outside = self.parts.second_scope.out_of_scope(logits.max(axis=1), nearest)
        return self._answers("second", self.parts.second.probabilities(logits), outside)

    def _answers(self, stage: Stage, probabilities: Floats, outside: Floats) -> list[Prediction]:
        labels = self.parts.labels
        count = min(TOP, len(labels))
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
        names = best.tolist()
        shares = probabilities[np.arange(len(best))[:, None], best].tolist()
        answers = []
        for name, share, out in zip(names, shares, outside.tolist(), strict=True):
            top = tuple((labels[at], probability) for at, probability in zip(name, share, strict=True))
            label = None if out > OUT_OF_SCOPE_LIMIT else top[0][0]
            answers.append(Prediction(label, top[0][1], out, stage, top))
        return answers


def check_shapes(parts: Parts) -> str | None:
    """Why the arrays of `parts` do not fit together, or None."""
    labels, columns = len(parts.labels), parts.features.size
    wanted: list[tuple[str, npt.NDArray[np.float32] | None, tuple[int, ...]]] = [
        ("idf", parts.features.idf, (columns,)),
        ("first.text", parts.first.text, (columns, labels)),
        ("first.bias", parts.first.bias, (labels,)),
        ("second.text", parts.second.text, (columns, labels)),
        ("second.vector", parts.second.vector, (DIMENSIONS, labels)),
        ("second.bias", parts.second.bias, (labels,)),
        ("neighbours", parts.neighbours, (len(parts.neighbours), DIMENSIONS)),
    ]
    for name, array, shape in wanted:
        if array is None or array.shape != shape:
            return f"{name} has shape {None if array is None else array.shape}, expected {shape}"
    if labels < 2 or not len(parts.neighbours):
        return "a model needs two labels and one neighbour at least"
    return None
