"""Thresholds and temperatures on numbers small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from training.heads import NEVER_SURE, HeadKind, beside, fit_linear, fit_scope, fit_temperature, margin_for


def logits_of(margins: list[float], right: list[bool]) -> tuple[np.ndarray, np.ndarray]:
    """Two labels; the first always wins, by `margins`; the truth agrees where `right`."""
    return np.array([[margin, 0] for margin in margins], np.float32), np.array(
        [0 if ok else 1 for ok in right]
    )


def test_the_margin_is_the_smallest_that_keeps_the_precision() -> None:
    margins = [n / 100 for n in range(100, 0, -1)]
    logits, truth = logits_of(margins, [n < 60 for n in range(100)])
    assert margin_for(logits, truth, 0.90) == pytest.approx(
        margins[65 - 1]
    )  # 60 right of 65, and one more: 60 / 66
    assert margin_for(logits, truth, 0.95) == pytest.approx(margins[62 - 1])


def test_a_few_right_answers_prove_nothing() -> None:
    logits, truth = logits_of([3, 2, 1], [True, True, True])
    assert margin_for(logits, truth, 0.99) == NEVER_SURE


def test_temperature_makes_confidence_match_accuracy() -> None:
    rng = np.random.default_rng(1)
    true_logits = rng.normal(size=(4_000, 5))
    odds = np.exp(true_logits) / np.exp(true_logits).sum(axis=1, keepdims=True)
    truth = np.array([rng.choice(5, p=row) for row in odds])
    assert fit_temperature((true_logits * 3).astype(np.float32), truth) == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("recall", [0.9, 0.98])
def test_scope_keeps_the_stated_share(recall: float) -> None:
    rng = np.random.default_rng(2)
    logits, nearest = (
        rng.normal(1, 2, 1_000).astype(np.float32),
        rng.normal(0.7, 0.1, 1_000).astype(np.float32),
    )
    scope = fit_scope(logits, nearest, recall)
    kept = scope.out_of_scope(logits, nearest) <= 0.5
    assert kept.mean() == pytest.approx(recall, abs=0.002)
    assert scope.logit_weight * 2 == pytest.approx(scope.nearest_weight * 0.1, rel=0.1)


def test_out_of_scope_rows_decide_which_signal_counts() -> None:
    rng = np.random.default_rng(3)
    inside = rng.normal(0, 1, 300).astype(np.float32), rng.normal(0.8, 0.05, 300).astype(np.float32)
    outside = rng.normal(0, 1, 60).astype(np.float32), rng.normal(0.4, 0.05, 60).astype(np.float32)
    scope = fit_scope(*inside, 0.98, outside)
    assert (scope.out_of_scope(*outside) > 0.5).mean() > 0.98
    assert scope.nearest_weight * 0.05 > 5 * scope.logit_weight


@pytest.mark.parametrize("kind", ["svm", "logistic"])
@pytest.mark.parametrize("labels", [2, 3, 7])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_heads_of_any_number_of_labels_learn(kind: HeadKind, labels: int, threads: int) -> None:
    truth = np.arange(labels * 20) % labels
    rows = csr_matrix(np.eye(labels, dtype=np.float32)[truth])
    weights, bias = fit_linear(rows, truth, kind, seed=0, threads=threads)
    assert weights.shape == (labels, labels)
    assert bias.shape == (labels,)
    assert ((rows @ weights + bias).argmax(axis=1) == truth).all()


def test_threads_do_not_change_the_head() -> None:
    rng = np.random.default_rng(4)
    rows, truth = csr_matrix(rng.random((200, 30), np.float32)), rng.permutation(np.arange(200) % 6)
    one, _ = fit_linear(rows, truth, "svm", seed=0, threads=1)
    two, _ = fit_linear(rows, truth, "svm", seed=0, threads=2)
    assert np.abs(one - two).max() < 0.1 * np.abs(one).max()


def test_the_embedding_stands_right_of_the_text() -> None:
    both = beside(csr_matrix(np.ones((2, 3), np.float32)), np.ones((2, 4), np.float32))
    assert both.toarray().tolist() == [[1, 1, 1, 2, 2, 2, 2]] * 2
