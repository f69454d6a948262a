"""What a training run reports: kept with the version, shown on the screen, printed by `hub train --json`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Confusion(_Frozen):
    """`count` rows of `label` were called `predicted`."""

    label: str
    predicted: str
    count: int


class OutOfScope(_Frozen):
    """Rejection, measured on rows that belong to no label."""

    rows: int
    auroc: float
    recall: float  # share of out-of-scope rows that were rejected
    in_scope_kept: float  # share of in-scope rows that were not


class Evaluation(_Frozen):
    """Figures of a model on labelled rows. Shares and accuracies are 0 … 1."""

    rows: int
    accuracy: float  # of the best label, rejected or not
    macro_f1: float  # likewise
    rejected_share: float  # told out of scope
    accuracy_of_kept: float  # of the rows not rejected
    first_stage_share: float
    first_stage_precision: float | None
    ece: float  # expected calibration error of the confidence, 15 equal bins
    confusions: tuple[Confusion, ...]  # most frequent first, 20 at most
    typos_accuracy: float | None = None
    sms_accuracy: float | None = None
    out_of_scope: OutOfScope | None = None


class Thresholds(_Frozen):
    """Chosen on rows the heads had not seen."""

    first_stage_margin: float
    first_stage_precision_wanted: float
    in_scope_recall_wanted: float
    first_temperature: float
    second_temperature: float


class Timings(_Frozen):
    """Wall-clock seconds of each step."""

    encode_s: float
    first_stage_s: float
    second_stage_s: float
    evaluate_s: float
    total_s: float


class TrainingReport(_Frozen):
    """Everything about a version that is not the model itself."""

    data_sha256: str
    rows: int
    rows_per_label: dict[str, int]
    warnings: tuple[str, ...]
    encoder_id: str
    encoder_sha256: str
    trained_with_encoder_id: str
    head: Literal["svm", "logistic"]
    text_columns: int
    noised_rows: int
    seed: int
    validated_on: Literal["validation rows", "held-out folds of the training rows"]
    validation: Evaluation
    thresholds: Thresholds
    timings: Timings
    model_bytes: int
