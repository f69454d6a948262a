"""The two-stage model: what it answers, when it refuses, and that no text breaks it."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import Conflict
from hub.intents.encoder import Encoder, Floats, OnnxEncoder
from hub.intents.model import NOTHING_SAID, EncoderMismatch, IntentModel, Scope, margins, nearest_cosine
from training.demo_data import MESSAGES, OUT_OF_SCOPE
from training.train import TrainedVersion

HOSTILE = [
    "",
    " \n",
    "\x00",
    "\ud800",
    "a\x00b",
    "😀" * 50,
    "x" * 1_000_000,
    "שלום",
    "\u202eabc",
    "?!.,;",
    "\ufeff",
    "ﷺ" * 900,
]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("where's my stuff???", "order_status"),
        ("pls cancel", "cancel_order"),
        ("human now", "talk_to_agent"),
        ("I moved to 5 Elm Road", "change_address"),
        ("u open sunday?", "opening_hours"),
        ("the parcel was smashed!!", "complaint"),
        ("gimme my money back", "refund"),
        ("thank youuu", "thanks"),
    ],
)
def test_messages_it_never_saw(demo: TrainedVersion, text: str, label: str) -> None:
    (prediction,) = demo.model.predict([text])
    assert prediction.label == label
    assert prediction.top[0] == (label, prediction.confidence)
    assert prediction.confidence > 0.5


def test_what_belongs_nowhere_has_no_label_but_still_a_nearest_one(demo: TrainedVersion) -> None:
    (prediction,) = demo.model.predict(["¿quién ganó las elecciones de 1932?"])
    assert prediction.label is None
    assert prediction.out_of_scope > 0.5
    assert prediction.top[0][0] in demo.model.labels


def test_top_is_best_first_and_holds_probabilities(demo: TrainedVersion) -> None:
    for prediction in demo.model.predict(list(OUT_OF_SCOPE)):
        shares = [share for _, share in prediction.top]
        assert len(shares) == 3
        assert shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) <= 1 + 1e-5


def test_answers_come_in_the_order_of_the_texts(demo: TrainedVersion) -> None:
    texts = [text for texts in MESSAGES.values() for text in texts[:3]]
    together = demo.model.predict(texts)
    alone = [demo.model.predict([text])[0] for text in texts]
    assert [p.top[0][0] for p in together] == [p.top[0][0] for p in alone]
    assert demo.model.predict([]) == []


def test_no_text_makes_it_raise(demo: TrainedVersion) -> None:
    predictions = demo.model.predict(HOSTILE)
    assert len(predictions) == len(HOSTILE)
    assert predictions[0] == predictions[1] == predictions[2] == NOTHING_SAID
    assert all(np.isfinite((p.confidence, p.out_of_scope)).all() for p in predictions)


@given(st.lists(st.text(max_size=80), max_size=4))
@settings(max_examples=60, deadline=None)
def test_no_batch_of_any_text_makes_it_raise(any_model: IntentModel, texts: list[str]) -> None:
    assert len(any_model.predict(texts)) == len(texts)


@pytest.fixture(scope="module")
def any_model(demo: TrainedVersion) -> IntentModel:
    return demo.model


def test_case_and_spaces_do_not_change_an_answer(demo: TrainedVersion) -> None:
    one, other = (demo.model.predict([text])[0] for text in ("Where is MY order", " where is\nmy order "))
    assert one == other


def test_predictions_survive_the_trip_between_actors(demo: TrainedVersion) -> None:
    predictions = demo.model.predict(["refund please", ""])
    assert pickle.loads(pickle.dumps(predictions)) == predictions


class Spy:
    """The served encoder, counting the texts that reach it."""

    def __init__(self, real: Encoder) -> None:
        self.id, self.sha256, self.seen = real.id, real.sha256, 0
        self._real = real

    def encode(self, texts: list[str]) -> Floats:
        self.seen += len(texts)
        return self._real.encode(texts)


def test_the_encoder_sees_only_what_the_first_stage_is_not_sure_of(
    demo: TrainedVersion, encoder: OnnxEncoder
) -> None:
    spy = Spy(encoder)
    texts = [text for texts in MESSAGES.values() for text in texts]
    eager = IntentModel(replace(demo.model.parts, margin_min=2.0), spy)
    predictions = eager.predict([*texts, ""])
    first = sum(prediction.stage == "first" for prediction in predictions)
    assert 0 < first - 1 < len(texts)  # one of them is the empty text
    assert spy.seen == len(predictions) - first


def test_another_encoder_is_refused(demo: TrainedVersion, encoder: OnnxEncoder) -> None:
    other = Spy(encoder)
    other.sha256 = "0" * 64
    with pytest.raises(EncoderMismatch) as caught:
        IntentModel(demo.model.parts, other)
    assert isinstance(caught.value, Conflict)
    assert caught.value.found.endswith("0" * 64)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.code, again.trained_with) == ("encoder-mismatch", caught.value.trained_with)


def test_scope_is_half_at_its_threshold() -> None:
    scope = Scope(logit_weight=2.0, nearest_weight=1.0, offset=-2.0)
    outside = scope.out_of_scope(np.array([0.5, 5, -5], np.float32), np.array([1, 1, 0], np.float32))
    assert outside[0] == pytest.approx(0.5)
    assert outside[1] < 0.01
    assert outside[2] > 0.99


def test_margins_and_neighbours() -> None:
    assert margins(np.array([[1, 4, 2.5], [0, 0, -1]], np.float32)).tolist() == [1.5, 0]
    rows = np.eye(4, dtype=np.float32)
    assert nearest_cosine(rows[:1], rows).tolist() == [0.25]  # fewer rows than five: the mean of all
    assert nearest_cosine(rows[:1], np.repeat(rows, 6, axis=0)).tolist() == [1.0]
