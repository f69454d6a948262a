"""Fitting linear heads, and choosing temperatures and thresholds on rows the head has not seen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from hub.intents.encoder import Floats, Ids
from hub.intents.model import Scope, margins

HeadKind = Literal["svm", "logistic"]

# Best on BANKING77's validation rows, and flat around them: C 0.15 to 0.4 and weights 1.5 to 3 differ by 0.3 points. The SVM
# on all rows 94.1, logistic regression on ten a label 86.4 beside the SVM's 85.5.
SVM_C = 0.3
LOGISTIC_C = 3.0
VECTOR_WEIGHT = 2.0
FEW_ROWS_PER_LABEL = 30  # below, logistic regression beats the SVM
NEVER_SURE = 1e9


def beside(text: csr_matrix, vectors: Floats | None) -> csr_matrix:
    """Text features and, right of them, the embedding times `VECTOR_WEIGHT`."""
    if vectors is None:
        return text
    return hstack([text, csr_matrix(vectors * np.float32(VECTOR_WEIGHT))], format="csr")


def fit_linear(
    rows: csr_matrix, labels: Ids, kind: HeadKind, *, seed: int, threads: int = 1
) -> tuple[Floats, Floats]:
    """Weights (features, labels) and bias (labels) of a linear head; `labels` are 0 … n−1 and all occur."""
    if kind == "svm":
        return _fit_svm(rows, labels, seed, threads)
    head = LogisticRegression(C=LOGISTIC_C, tol=1e-4, max_iter=2_000, random_state=seed).fit(rows, labels)
    weights, bias = np.asarray(head.coef_, np.float32), np.asarray(head.intercept_, np.float32)
    if len(weights) == 1:  # two labels: one score, whose sign decides
        half, half_bias = weights / np.float32(2), bias / np.float32(2)
        weights, bias = np.concatenate((-half, half)), np.concatenate((-half_bias, half_bias))
    return np.ascontiguousarray(weights.T), bias


def _fit_svm(rows: csr_matrix, labels: Ids, seed: int, threads: int) -> tuple[Floats, Floats]:
    """One label against the rest, the labels dealt out to threads: liblinear lets go of the GIL while it fits."""
    count = int(labels.max()) + 1
    wide = rows.astype(np.float64)  # liblinear's own type: converted once, not by every thread

    def fit(mine: Ids) -> tuple[Floats, Floats]:
        # Everything else becomes one more class, -1, which sorts first. Two classes give one row of weights, for the second.
        target = np.where(np.isin(labels, mine), labels, -1)
        head = LinearSVC(C=SVM_C, tol=1e-2, dual=True, max_iter=5_000, random_state=seed).fit(wide, target)
        return np.asarray(head.coef_[-len(mine) :], np.float32), np.asarray(
            head.intercept_[-len(mine) :], np.float32
        )

    # With two labels in one part there would be no -1 and one row of weights for both: so one label a part.
    parts = np.array_split(np.arange(count), 2 if count == 2 else min(threads, count))
    with ThreadPoolExecutor(threads, thread_name_prefix="fit") as pool:
        fitted = list(pool.map(fit, parts))
    weights = np.concatenate([weights for weights, _ in fitted])
    return np.ascontiguousarray(weights.T), np.concatenate([bias for _, bias in fitted])


def fit_temperature(logits: Floats, truth: Ids) -> float:
    """The temperature whose soft-max has the smallest log loss on `logits` (n, labels) of unseen rows.

    The target is (n+1)/(n+2), not 1, as in Platt 1999: rows that are all right must not make it sure beyond their number.
    """
    wide = logits.astype(np.float64)
    count, labels = wide.shape
    target = np.full(wide.shape, 1 / (count + 2) / max(1, labels - 1))
    target[np.arange(count), truth] = (count + 1) / (count + 2)

    def loss(log_temperature: float) -> float:
        scaled = wide / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(scaled).sum(axis=1))
        return float(np.mean(log_sum - (target * scaled).sum(axis=1)))

    return float(np.exp(minimize_scalar(loss, bounds=(-5.0, 3.0), method="bounded").x))


def margin_for(logits: Floats, truth: Ids, precision: float) -> float:
    """The smallest margin above which answers are right with `precision`, on unseen rows.

    Counts one wrong answer more than were seen (rule of succession), so that a handful of right ones proves nothing.
    `NEVER_SURE` when no margin reaches it.
    """
    margin = margins(logits)
    order = np.argsort(-margin, kind="stable")
    right = np.cumsum(logits.argmax(axis=1)[order] == truth[order])
    enough = np.flatnonzero(right / np.arange(2, len(order) + 2) >= precision)
    return float(margin[order[enough[-1]]]) if len(enough) else NEVER_SURE


def fit_scope(
    max_logits: Floats,
    nearest: Floats | None,
    inside_recall: float,
    outside: tuple[Floats, Floats | None] | None = None,
) -> Scope:
    """The scope rule that keeps `inside_recall` of the given in-scope rows.

    Both signals count alike, in units of their own spread over in-scope rows. With out-of-scope rows, a logistic
    regression weighs them instead; a weight that comes out negative is noise and becomes 0.
    """
    columns = [max_logits] if nearest is None else [max_logits, nearest]
    signals = np.stack(columns, axis=1).astype(np.float64)
    spread = np.maximum(signals.std(axis=0), 1e-6)
    weights = 1 / spread
    if outside is not None and nearest is not None:
        far = np.stack([outside[0], np.asarray(outside[1])], axis=1).astype(np.float64)
        both = np.concatenate((signals, far)) / spread
        inside = np.concatenate((np.ones(len(signals)), np.zeros(len(far))))
        found = LogisticRegression(class_weight="balanced").fit(both, inside).coef_[0]
        weights = np.maximum(found, 0.0) / spread if found.max() > 0 else weights
    score = signals @ weights
    offset = -float(np.quantile(score, 1 - inside_recall))
    return Scope(float(weights[0]), float(weights[1]) if len(weights) > 1 else 0.0, offset)
