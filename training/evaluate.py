"""Figures of predictions against the truth: accuracy, calibration, rejection, robustness to noise."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score

from hub.intents.model import IntentModel, Prediction
from training.data import Row
from training.noise import sms_spelling, typos
from training.report import Confusion, Evaluation, OutOfScope

ECE_BINS = 15
CONFUSIONS_SHOWN_MAX = 20


def best_label(prediction: Prediction) -> str:
    """The most probable label, rejected or not; empty for a text that says nothing."""
    return prediction.top[0][0] if prediction.top else ""


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Mean gap between confidence and accuracy over 15 equal bins, weighted by their rows. Source: Guo et al. 2017."""
    confidence, correct = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    bins = np.minimum((confidence * ECE_BINS).astype(np.int64), ECE_BINS - 1)
    gaps = np.bincount(bins, confidence - correct, minlength=ECE_BINS)
    return float(np.abs(gaps).sum() / max(1, len(confidence)))


def _confusions(truth: Sequence[str], found: Sequence[str]) -> tuple[Confusion, ...]:
    pairs = Counter((label, other) for label, other in zip(truth, found, strict=True) if label != other)
    ranked = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Confusion(label=a, predicted=b, count=count) for (a, b), count in ranked[:CONFUSIONS_SHOWN_MAX]
    )


def score_out_of_scope(inside: Sequence[Prediction], outside: Sequence[Prediction]) -> OutOfScope:
    """How well `out_of_scope` separates rows of no label from the others."""
    scores = [prediction.out_of_scope for prediction in (*inside, *outside)]
    truth = [0] * len(inside) + [1] * len(outside)
    return OutOfScope(
        rows=len(outside),
        auroc=float(roc_auc_score(truth, scores)),
        recall=float(np.mean([prediction.label is None for prediction in outside])),
        in_scope_kept=float(np.mean([prediction.label is not None for prediction in inside])),
    )


def score(
    predictions: Sequence[Prediction], truth: Sequence[str], *, outside: Sequence[Prediction] = ()
) -> Evaluation:
    """Figures of `predictions` for rows whose labels are `truth`. Raises ValueError on no rows."""
    if not truth:
        raise ValueError("no rows to evaluate on")
    found = [best_label(prediction) for prediction in predictions]
    right = [label == other for label, other in zip(truth, found, strict=True)]
    kept = [hit for hit, prediction in zip(right, predictions, strict=True) if prediction.label is not None]
    first = [hit for hit, prediction in zip(right, predictions, strict=True) if prediction.stage == "first"]
    confidences = [prediction.confidence for prediction in predictions]
    return Evaluation(
        rows=len(truth),
        accuracy=float(np.mean(right)),
        macro_f1=float(f1_score(truth, found, labels=sorted(set(truth)), average="macro", zero_division=0)),
        rejected_share=1 - len(kept) / len(truth),
        accuracy_of_kept=float(np.mean(kept)) if kept else 0.0,
        first_stage_share=len(first) / len(truth),
        first_stage_precision=float(np.mean(first)) if first else None,
        ece=expected_calibration_error(confidences, right),
        confusions=_confusions(truth, found),
        out_of_scope=score_out_of_scope(predictions, outside) if outside else None,
    )


def evaluate(
    model: IntentModel,
    rows: Sequence[Row],
    *,
    outside: Sequence[str] = (),
    noise: bool = False,
    seed: int = 0,
) -> Evaluation:
    """Figures of `model` on `rows`; with `outside` texts also rejection; with `noise` also under typos and SMS spelling.

    Raises ValueError on no rows.
    """
    truth = [row.label for row in rows]
    texts = [row.text for row in rows]
    plain = score(model.predict(texts), truth, outside=model.predict(outside))
    if not noise:
        return plain
    rng = random.Random(seed)
    with_typos = score(model.predict([typos(text, rng) for text in texts]), truth)
    with_sms = score(model.predict([sms_spelling(text, rng) for text in texts]), truth)
    return plain.model_copy(update={"typos_accuracy": with_typos.accuracy, "sms_accuracy": with_sms.accuracy})
