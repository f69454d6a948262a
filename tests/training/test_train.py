"""Training: what comes out, what it reports, and what it refuses."""

from __future__ import annotations

import csv
import os
import random
from pathlib import Path

import numpy as np
import pytest

from hub.intents.codec import from_bytes
from hub.intents.encoder import MINILM_SHA256, OnnxEncoder
from hub.intents.model import EncoderMismatch
from training.data import BadTrainingData, Row, read_rows
from training.demo_data import MESSAGES, demo_rows
from training.evaluate import evaluate
from training.heads import NEVER_SURE
from training.report import TrainingReport
from training.train import TrainedVersion, TrainOptions, train, train_file

THINGS = ["card", "parcel", "invoice", "password", "ticket", "table", "menu", "taxi", "photo", "lamp"]
WAYS = {
    "where": "where is my {0}|has the {0} come|track the {0} please|any news of my {0}|when do I get the {0}",
    "broken": "the {0} is broken|my {0} does not work|this {0} came damaged|a faulty {0}|the {0} stopped working",
    "cancel": "cancel the {0}|I do not want the {0}|please take back my {0}|stop the {0} order|no {0} any more",
}


def made_rows() -> list[Row]:
    """150 rows of three labels: enough of each for the SVM and a sure first stage."""
    return [
        Row(way.format(thing), label)
        for label, ways in WAYS.items()
        for way in ways.split("|")
        for thing in THINGS
    ]


@pytest.fixture(scope="module")
def made(encoder: OnnxEncoder) -> TrainedVersion:
    return train(made_rows(), encoder=encoder, options=TrainOptions(first_stage_precision=0.95))


def test_the_report_says_what_was_done(demo: TrainedVersion) -> None:
    report = demo.report
    assert (report.rows, report.noised_rows, set(report.rows_per_label.values())) == (200, 200, {25})
    assert (report.encoder_id, report.encoder_sha256) == ("minilm-l6-v2-int8", MINILM_SHA256)
    assert report.head == "logistic"
    assert report.validated_on == "held-out folds of the training rows"
    assert report.validation.rows == 200
    assert report.validation.accuracy > 0.9
    assert report.validation.out_of_scope is not None
    assert report.validation.out_of_scope.auroc > 0.9
    assert report.model_bytes == len(demo.data) < 1_000_000
    assert TrainingReport.model_validate_json(report.model_dump_json()) == report


def test_demo_labels_are_the_eight(demo: TrainedVersion) -> None:
    assert demo.model.labels == tuple(sorted(MESSAGES))
    assert all(len(set(texts)) == 25 for texts in MESSAGES.values())


def test_many_rows_a_label_make_an_svm_and_a_first_stage_that_answers(made: TrainedVersion) -> None:
    assert made.report.head == "svm"
    assert made.report.thresholds.first_stage_margin < NEVER_SURE
    assert made.report.validation.first_stage_share > 0.5
    assert made.report.validation.first_stage_precision is not None
    assert made.report.validation.first_stage_precision >= 0.95
    (prediction,) = made.model.predict(["the radio is broken"])
    assert prediction.top[0][0] == "broken"
    assert 0.9 < prediction.confidence < 0.999  # 150 rows are no proof of more


def test_the_same_seed_gives_the_same_bytes(encoder: OnnxEncoder) -> None:
    rows = demo_rows()[:50]
    options = TrainOptions(threads=1)
    one, two = (train(rows, seed=3, encoder=encoder, options=options).data for _ in range(2))
    assert one == two


def test_validation_rows_are_reported_on_and_not_trained_on(encoder: OnnxEncoder) -> None:
    rows = made_rows()
    random.Random(5).shuffle(rows)
    version = train(
        rows[:120], validation=rows[120:], encoder=encoder, options=TrainOptions(evaluate_noise=True)
    )
    assert version.report.validated_on == "validation rows"
    assert (version.report.rows, version.report.validation.rows) == (120, 30)
    assert version.report.validation.typos_accuracy is not None
    assert version.report.validation.accuracy > 0.9


@pytest.mark.parametrize("labels", [["order_status", "refund"], ["refund", "thanks", "complaint"]], ids=len)
@pytest.mark.parametrize("noise", [True, False])
def test_few_labels_and_few_rows(encoder: OnnxEncoder, labels: list[str], noise: bool) -> None:
    rows = [Row(text, label) for label in labels for text in MESSAGES[label][:2]]
    version = train(rows, encoder=encoder, options=TrainOptions(noise=noise))
    assert version.model.labels == tuple(sorted(labels))
    assert [len(p.top) for p in version.model.predict(["hello"])] == [min(3, len(labels))]


def test_progress_goes_forward_through_the_steps(encoder: OnnxEncoder) -> None:
    seen: list[tuple[str, int, int]] = []
    train(demo_rows()[:50], encoder=encoder, progress=lambda *step: seen.append(step))
    assert list(dict.fromkeys(step for step, _, _ in seen)) == [
        "encode",
        "first stage",
        "second stage",
        "evaluate",
    ]
    for name in ("encode", "first stage", "second stage", "evaluate"):
        done = [(at, total) for step, at, total in seen if step == name]
        assert done == sorted(done)
        assert done[-1][0] == done[-1][1]


def test_a_file_is_trained_on(tmp_path: Path, encoder: OnnxEncoder) -> None:
    rows, judged = tmp_path / "rows.csv", tmp_path / "judged.csv"
    for path, part in ((rows, demo_rows()[:75]), (judged, [Row("where's my parcel??", "order_status")])):
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file).writerows([("text", "label"), *part])
    version = train_file(
        rows, validation=judged, encoder=encoder, options=TrainOptions(vectors_folder=tmp_path / "vectors")
    )
    assert version.report.rows == 75
    assert version.report.validation.rows == 1
    assert len(list((tmp_path / "vectors").iterdir())) == 1


def test_validation_labels_must_be_known(encoder: OnnxEncoder) -> None:
    with pytest.raises(BadTrainingData, match="weather"):
        train(demo_rows(), validation=[Row("rain again", "weather")], encoder=encoder)


def test_rows_that_say_nothing_are_refused(encoder: OnnxEncoder) -> None:
    with pytest.raises(BadTrainingData, match="only one label"):
        train([Row("a", "x"), Row("b", "x")], encoder=encoder)


class Elsewhere(OnnxEncoder):
    """The same weights under another name: an encoder that trains for another one to serve."""

    id = "elsewhere"


def test_a_version_is_bound_to_the_encoder_that_serves_it(encoder: OnnxEncoder) -> None:
    version = train(demo_rows()[:50], encoder=Elsewhere(), served_by=encoder)
    assert version.report.encoder_id == encoder.id
    assert version.report.trained_with_encoder_id == "elsewhere"
    with pytest.raises(EncoderMismatch):
        from_bytes(version.data, Elsewhere())


def test_label_names_teach_where_rows_are_few_but_codes_do_not(encoder: OnnxEncoder) -> None:
    rows = [Row(text, label) for label in ("refund", "opening_hours") for text in MESSAGES[label][:4]]
    coded = [Row(row.text, {"refund": "L1", "opening_hours": "L2"}[row.label]) for row in rows]
    named, codes = (train(part, encoder=encoder).model.parts.second.bias for part in (rows, coded))
    assert not np.allclose(named, codes, atol=1e-6)


@pytest.mark.long
@pytest.mark.skipif(
    "HUB_INTENT_DATA" not in os.environ, reason="HUB_INTENT_DATA names no folder with BANKING77"
)
def test_banking77_reaches_the_reference(encoder: OnnxEncoder, tmp_path: Path) -> None:
    folder = Path(os.environ["HUB_INTENT_DATA"])
    version = train_file(folder / "train.csv", validation=folder / "val.csv", encoder=encoder)
    figures = evaluate(version.model, read_rows(folder / "test.csv"))
    assert figures.accuracy >= 0.93
    assert figures.first_stage_share >= 0.6
    assert figures.first_stage_precision is not None
    assert figures.first_stage_precision >= 0.985
    assert len(version.data) <= 15_000_000
