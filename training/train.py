"""Training a version: rows in, a model and its report out.

Both heads are fitted on the rows and one noised copy of them (typos, SMS spelling): it buys some five points under
typos and costs none on clean text. Thresholds and temperatures come from rows the heads have not seen: validation
rows if given, else held-out folds of the training rows. The same seed and rows give the same model.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from hub.intents.codec import from_bytes, to_bytes
from hub.intents.encoder import Encoder, Floats, Ids, OnnxEncoder
from hub.intents.features import TextFeatures
from hub.intents.model import Head, IntentModel, Parts, nearest_cosine
from training.data import BadTrainingData, Dataset, Row, check, read_dataset, with_corrections
from training.embed import Progress, embed, silent
from training.evaluate import evaluate, score
from training.heads import (
    FEW_ROWS_PER_LABEL,
    VECTOR_WEIGHT,
    HeadKind,
    beside,
    fit_linear,
    fit_scope,
    fit_temperature,
    margin_for,
)
from training.noise import noised
from training.report import Evaluation, Thresholds, Timings, TrainingReport

SMALL_ROWS = 3_000  # up to here every fold is scored; beyond, a few say enough and cost fewer fits
FIRST_FOLDS, SECOND_FOLDS = 3, 1
NEIGHBOUR_ROWS_MAX = 4_096
NEIGHBOUR_ROWS_PER_LABEL_MAX = 48
_NAME = re.compile(r"[^\W\d_]{3,}")


@dataclass(slots=True, frozen=True)
class TrainOptions:
    """Knobs of a run; the defaults are what the published figures were measured with."""

    first_stage_precision: float = 0.99
    in_scope_recall: float = 0.98
    noise: bool = True  # fit on a noised copy as well
    evaluate_noise: bool = False  # report accuracy under noise: encodes the validation rows twice more
    folds: int = 5
    threads: int = field(default_factory=lambda: min(2, os.cpu_count() or 1))
    vectors_folder: Path | None = None  # keep embeddings here, so that an interrupted run goes on


@dataclass(slots=True, frozen=True)
class TrainedVersion:
    """A model as it will be served (already through its bytes once), the bytes, and the report."""

    model: IntentModel
    data: bytes = field(repr=False)
    report: TrainingReport


@dataclass(slots=True, frozen=True)
class _Matrix:
    """Fitting rows: the originals 0 … n−1, then noised copies and label names; `origin` is −1 for a name."""

    text: csr_matrix
    vectors: Floats
    labels: Ids
    origin: Ids
    rows: int

    def outside_fold(self, held_out: Ids) -> Ids:
        """Positions to fit on when the originals `held_out` (and whatever comes from them) are left out."""
        return np.flatnonzero(~np.isin(self.origin, held_out))


@dataclass(slots=True, frozen=True)
class _Seen:
    """Scores of rows that the heads they come from were not fitted on."""

    truth: Ids
    logits: Floats
    nearest: Floats | None


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.perf_counter()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def timings(self) -> Timings:
        total = round(time.perf_counter() - self._began, 2)
        return Timings(
            total_s=total, **{f"{name}_s": round(value, 2) for name, value in self.seconds.items()}
        )


class _Run:
    """One training run. Steps in order: encode, first stage, second stage, evaluate."""

    def __init__(
        self, dataset: Dataset, encoder: Encoder, options: TrainOptions, seed: int, progress: Progress
    ) -> None:
        self.dataset, self.encoder, self.options, self.seed, self.progress = (
            dataset,
            encoder,
            options,
            seed,
            progress,
        )
        self.names = tuple(sorted(set(dataset.labels)))
        self.number = {name: at for at, name in enumerate(self.names)}
        self.truth = self.numbers(dataset)
        self.kind: HeadKind = "logistic" if len(self.truth) < FEW_ROWS_PER_LABEL * len(self.names) else "svm"
        self.copies = noised(dataset.texts, seed=seed) if options.noise else []
        self.clock = _Clock()

    def numbers(self, dataset: Dataset) -> Ids:
        return np.fromiter((self.number[label] for label in dataset.labels), np.int64)

    def embed(self, texts: Sequence[str], step: str) -> Floats:
        return embed(
            self.encoder,
            texts,
            folder=self.options.vectors_folder,
            threads=self.options.threads,
            progress=self.progress,
            step=step,
        )

    def matrix(self) -> tuple[TextFeatures, _Matrix]:
        """Features of the rows, their noised copies and, where rows are few, the labels' own names."""
        count = len(self.truth)
        named = [(at, name.replace("_", " ")) for at, name in enumerate(self.names) if _says_something(name)]
        if self.kind != "logistic":
            named = []
        texts = [*self.dataset.texts, *self.copies, *(name for _, name in named)]
        # A gram of one message alone teaches nothing; with the noised copy each clean one is there twice.
        texts_min = (2 if count <= SMALL_ROWS else 3) if self.copies else (1 if count <= SMALL_ROWS else 2)
        features = TextFeatures.fit(texts, texts_min=texts_min)
        rows = np.arange(count)
        again = rows[: len(self.copies)]
        matrix = _Matrix(
            text=features.transform(texts),
            vectors=self.embed(texts, "encode"),
            labels=np.concatenate(
                (self.truth, self.truth[again], np.array([at for at, _ in named], np.int64))
            ),
            origin=np.concatenate((rows, again, np.full(len(named), -1))),
            rows=count,
        )
        return features, matrix

    def folds(self, few: int) -> list[tuple[Ids, Ids]]:
        """(kept, held out) pairs; only the first `few` where rows are many. A shorter list is a prefix of a longer."""
        smallest = min(Counter(self.truth.tolist()).values())
        splitter = StratifiedKFold(min(self.options.folds, smallest), shuffle=True, random_state=self.seed)
        pairs = list(splitter.split(np.zeros(len(self.truth)), self.truth))
        return pairs if len(self.truth) <= SMALL_ROWS else pairs[:few]

    def held_out(self, matrix: _Matrix, folds: list[tuple[Ids, Ids]], *, vectors: bool, step: str) -> _Seen:
        """Scores of the folds' held-out originals by heads fitted without them."""
        logits: list[Floats] = []
        nearest: list[Floats] = []
        for done, (kept, held) in enumerate(folds):
            self.progress(step, done, len(folds) + 1)
            at = matrix.outside_fold(held)
            rows = beside(matrix.text, matrix.vectors if vectors else None)
            weights, bias = fit_linear(
                rows[at], matrix.labels[at], self.kind, seed=self.seed, threads=self.options.threads
            )
            logits.append(np.asarray(rows[held] @ weights, np.float32) + bias)
            if vectors:
                nearest.append(nearest_cosine(matrix.vectors[held], matrix.vectors[self.neighbours(kept)]))
        truth = np.concatenate([self.truth[held] for _, held in folds])
        return _Seen(truth, np.concatenate(logits), np.concatenate(nearest) if nearest else None)

    def neighbours(self, rows: Ids) -> Ids:
        """A sample of the originals `rows`, even over the labels, for the nearest-row signal."""
        each = max(1, min(NEIGHBOUR_ROWS_PER_LABEL_MAX, NEIGHBOUR_ROWS_MAX // len(self.names)))
        shuffled = np.random.default_rng(self.seed).permutation(rows)
        order = shuffled[np.argsort(self.truth[shuffled], kind="stable")]
        labels = self.truth[order]
        rank = np.arange(len(order)) - np.searchsorted(labels, labels)
        return np.asarray(order[rank < each], np.int64)

    def first_stage(
        self, features: TextFeatures, matrix: _Matrix, validation: Dataset | None
    ) -> tuple[Head, _Seen]:
        """The first head, and scores of rows unseen: held-out folds and, behind them, the validation rows."""
        folds = self.folds(FIRST_FOLDS)
        seen = self.held_out(matrix, folds, vectors=False, step="first stage")
        self.progress("first stage", len(folds), len(folds) + 1)
        weights, bias = fit_linear(
            matrix.text, matrix.labels, self.kind, seed=self.seed, threads=self.options.threads
        )
        self.progress("first stage", len(folds) + 1, len(folds) + 1)
        if validation is not None:
            logits = Head(weights, None, bias, 1.0).logits(features.transform(validation.texts), None)
            truth = np.concatenate((seen.truth, self.numbers(validation)))
            seen = _Seen(truth, np.concatenate((seen.logits, logits)), None)
        return Head(weights, None, bias, fit_temperature(seen.logits, seen.truth)), seen

    def second_stage(
        self, features: TextFeatures, matrix: _Matrix, validation: Dataset | None
    ) -> tuple[Head, _Seen]:
        """The second head, and scores of rows unseen: validation rows, or else held-out folds."""
        folds = self.folds(SECOND_FOLDS) if validation is None else []
        seen = self.held_out(matrix, folds, vectors=True, step="second stage") if folds else None
        self.progress("second stage", len(folds), len(folds) + 1)
        weights, bias = fit_linear(
            beside(matrix.text, matrix.vectors),
            matrix.labels,
            self.kind,
            seed=self.seed,
            threads=self.options.threads,
        )
        head = Head(weights[: features.size], weights[features.size :] * np.float32(VECTOR_WEIGHT), bias, 1.0)
        if validation is not None:
            vectors = self.embed(validation.texts, "encode validation")
            logits = head.logits(features.transform(validation.texts), vectors)
            nearest = nearest_cosine(vectors, matrix.vectors[self.neighbours(np.arange(matrix.rows))])
            seen = _Seen(self.numbers(validation), logits, nearest)
        assert seen is not None
        self.progress("second stage", len(folds) + 1, len(folds) + 1)
        head = Head(head.text, head.vector, head.bias, fit_temperature(seen.logits, seen.truth))
        return head, seen


def _says_something(name: str) -> bool:
    """Whether a label's name is words ("change_address") and not a code ("L12")."""
    return bool(_NAME.search(name)) and not any(map(str.isdigit, name))


def train(
    rows: Sequence[Row],
    *,
    validation: Sequence[Row] | None = None,
    outside: Sequence[str] = (),
    seed: int = 0,
    encoder: Encoder | None = None,
    served_by: Encoder | None = None,
    options: TrainOptions | None = None,
    progress: Progress = silent,
) -> TrainedVersion:
    """Train a version on labelled `rows`.

    `validation` rows choose the thresholds and are reported on; `outside` are texts of no label, which sharpen the
    rejection and are not trained on. `encoder` makes the training vectors (default: the served one); `served_by` is
    the encoder the version is bound to, when another. Raises BadTrainingData and EncoderUnavailable.
    """
    dataset, judged = check(rows), _known(rows, validation)
    encoder = encoder or OnnxEncoder()
    run = _Run(dataset, encoder, options or TrainOptions(), seed, progress)
    with threadpool_limits(1, "blas"):  # the products are small: more BLAS threads only wait for each other
        return _train(run, judged, list(outside), served_by or encoder)


def _known(rows: Sequence[Row], validation: Sequence[Row] | None) -> Dataset | None:
    """The validation rows, checked. A label that the training rows lack cannot be validated."""
    if not validation:
        return None
    dataset = check(validation, judging=True)
    strange = sorted({row.label for row in dataset.rows} - {row.label.strip() for row in rows})
    if strange:
        raise BadTrainingData(
            f"The validation rows have labels the training rows lack: {', '.join(strange[:5])}.",
            "column label",
        )
    return dataset


def _train(run: _Run, validation: Dataset | None, outside: list[str], served_by: Encoder) -> TrainedVersion:
    options = run.options
    with run.clock.step("encode"):
        features, matrix = run.matrix()
        far = (features.transform(outside), run.embed(outside, "encode out of scope")) if outside else None
    with run.clock.step("first_stage"):
        first, first_seen = run.first_stage(features, matrix, validation)
    with run.clock.step("second_stage"):
        second, second_seen = run.second_stage(features, matrix, validation)
    sample = matrix.vectors[run.neighbours(np.arange(matrix.rows))]
    far_signals = (second.logits(*far).max(axis=1), nearest_cosine(far[1], sample)) if far else None
    parts = Parts(
        encoder_id=served_by.id,
        encoder_sha256=served_by.sha256,
        labels=run.names,
        features=features,
        first=first,
        second=second,
        margin_min=margin_for(first_seen.logits, first_seen.truth, options.first_stage_precision),
        first_scope=fit_scope(first_seen.logits.max(axis=1), None, options.in_scope_recall),
        second_scope=fit_scope(
            second_seen.logits.max(axis=1), second_seen.nearest, options.in_scope_recall, far_signals
        ),
        neighbours=sample,
    )
    data = to_bytes(IntentModel(parts, served_by))
    model = from_bytes(data, served_by)
    with run.clock.step("evaluate"):
        run.progress("evaluate", 0, 1)
        if validation is not None:
            figures = evaluate(
                model, validation.rows, outside=outside, noise=options.evaluate_noise, seed=run.seed
            )
        else:
            figures = _score_folds(model, run, first_seen, second_seen, outside)
        run.progress("evaluate", 1, 1)
    return TrainedVersion(
        model, data, _report(run, model, options, figures, len(data), validation is not None)
    )


def _score_folds(
    model: IntentModel, run: _Run, first: _Seen, second: _Seen, outside: list[str]
) -> Evaluation:
    """Figures from the held-out scores of both stages: every row is judged by heads that did not see it."""
    assert second.nearest is not None
    first_logits = first.logits[
        : len(second.truth)
    ]  # the second stage's folds are the first ones of the first's
    sure = model.sure(first_logits).tolist()
    early, late = model.first_answers(first_logits), model.second_answers(second.logits, second.nearest)
    answers = [a if is_sure else b for a, b, is_sure in zip(early, late, sure, strict=True)]
    return score(answers, [run.names[at] for at in second.truth], outside=model.predict(outside))


def _report(
    run: _Run, model: IntentModel, options: TrainOptions, figures: Evaluation, size: int, validated: bool
) -> TrainingReport:
    parts = model.parts
    return TrainingReport(
        data_sha256=run.dataset.sha256,
        rows=len(run.dataset.rows),
        rows_per_label=dict(sorted(Counter(run.dataset.labels).items())),
        warnings=run.dataset.warnings,
        encoder_id=parts.encoder_id,
        encoder_sha256=parts.encoder_sha256,
        trained_with_encoder_id=run.encoder.id,
        head=run.kind,
        text_columns=parts.features.size,
        noised_rows=len(run.copies),
        seed=run.seed,
        validated_on="validation rows" if validated else "held-out folds of the training rows",
        validation=figures,
        thresholds=Thresholds(
            first_stage_margin=parts.margin_min,
            first_stage_precision_wanted=options.first_stage_precision,
            in_scope_recall_wanted=options.in_scope_recall,
            first_temperature=parts.first.temperature,
            second_temperature=parts.second.temperature,
        ),
        timings=run.clock.timings(),
        model_bytes=size,
    )


def train_file(
    path: Path,
    *,
    validation: Path | None = None,
    corrected: Sequence[tuple[str, str]] = (),
    seed: int = 0,
    encoder: Encoder | None = None,
    options: TrainOptions | None = None,
    progress: Progress = silent,
) -> TrainedVersion:
    """`train` on a CSV file with the columns text and label, and on what agents corrected since, (text, label).

    Raises BadTrainingData and EncoderUnavailable.
    """
    progress("read", 0, 1)
    rows = with_corrections(read_dataset(path).rows, corrected)
    judged = read_dataset(validation, judging=True).rows if validation is not None else None
    progress("read", 1, 1)
    return train(rows, validation=judged, seed=seed, encoder=encoder, options=options, progress=progress)
