"""Figures, against numbers worked out by hand."""

from __future__ import annotations

import pytest

from hub.intents.model import Prediction, Stage
from training.demo_data import OUT_OF_SCOPE, demo_rows
from training.evaluate import evaluate, expected_calibration_error, score
from training.report import Confusion
from training.train import TrainedVersion


def said(label: str, confidence: float = 0.9, outside: float = 0.1, stage: Stage = "second") -> Prediction:
    return Prediction(None if outside > 0.5 else label, confidence, outside, stage, ((label, confidence),))


def test_figures_of_five_rows() -> None:
    predictions = [
        said("a", stage="first"),
        said("a", 0.5),
        said("b"),
        said("b", outside=0.9),
        said("a", stage="first"),
    ]
    figures = score(predictions, ["a", "b", "b", "b", "b"])
    assert figures.rows == 5
    assert figures.accuracy == pytest.approx(3 / 5)
    assert figures.rejected_share == pytest.approx(1 / 5)
    assert figures.accuracy_of_kept == pytest.approx(2 / 4)
    assert figures.first_stage_share == pytest.approx(2 / 5)
    assert figures.first_stage_precision == pytest.approx(1 / 2)
    assert figures.macro_f1 == pytest.approx((2 * 1 / (2 * 1 + 2) + 2 * 2 / (2 * 2 + 2)) / 2)
    assert figures.confusions == (Confusion(label="b", predicted="a", count=2),)
    assert figures.out_of_scope is None


def test_calibration_error() -> None:
    assert expected_calibration_error([0.8] * 10, [True] * 8 + [False] * 2) == pytest.approx(0)
    assert expected_calibration_error([1.0] * 4 + [0.5] * 4, [True] * 4 + [False] * 4) == pytest.approx(0.25)


def test_rejection() -> None:
    inside = [said("a", outside=share) for share in (0.1, 0.2, 0.6)]
    outside = [said("a", outside=share) for share in (0.9, 0.4)]
    figures = score(inside, ["a"] * 3, outside=outside).out_of_scope
    assert figures is not None
    assert (figures.rows, figures.recall) == (2, 0.5)
    assert figures.in_scope_kept == pytest.approx(2 / 3)
    assert figures.auroc == pytest.approx(5 / 6)


def test_no_rows_is_an_error() -> None:
    with pytest.raises(ValueError, match="no rows"):
        score([], [])


def test_a_model_is_judged_under_noise_and_outside_its_scope(demo: TrainedVersion) -> None:
    figures = evaluate(demo.model, demo_rows(), outside=OUT_OF_SCOPE, noise=True, seed=1)
    assert figures.accuracy > 0.98  # its own training rows
    assert figures.typos_accuracy is not None
    assert figures.accuracy >= figures.typos_accuracy > 0.9
    assert figures.sms_accuracy is not None
    assert figures.sms_accuracy > 0.9
    assert figures.out_of_scope is not None
    assert figures.out_of_scope.auroc > 0.9
