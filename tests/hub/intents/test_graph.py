"""The rewriting of the encoder's graph, and what the encoder does where int8 products are not good enough."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.intents import encoder as encoder_module
from hub.intents.encoder import FLOAT_PRODUCTS, EncoderUnavailable, OnnxEncoder, packaged_model
from hub.intents.graph import BadGraph, with_int8_products

TEXTS = [
    "where is my order",
    "the parcel came broken and nobody answers me",
    "open on sunday?",
    "I want my money back now",
]


def test_int8_products_give_the_same_vectors_but_for_rounding(encoder: OnnxEncoder) -> None:
    floats = OnnxEncoder(int8_products=False)
    assert not floats.int8_products
    cosines = (encoder.encode(TEXTS) * floats.encode(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.99
    assert encoder.sha256 == floats.sha256  # the weights are the same


def test_each_product_can_be_kept() -> None:
    model = packaged_model().read_bytes()
    all_int8, some, one = (with_int8_products(model, keep=keep) for keep in ((), FLOAT_PRODUCTS, range(35)))
    assert [part.count(b"DynamicQuantizeMatMul") for part in (all_int8, some, one)] == [
        36,
        36 - len(FLOAT_PRODUCTS),
        1,
    ]
    with pytest.raises(BadGraph, match="no product"):
        with_int8_products(model, keep=range(36))


def test_where_int8_is_not_good_enough_products_are_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_module, "AGREEMENT_MIN", 0.998)
    fallen_back = OnnxEncoder()
    assert not fallen_back.int8_products
    assert np.isfinite(fallen_back.encode(TEXTS)).all()


def test_weights_that_compute_something_else_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_module, "PROBE_TEXTS", encoder_module.PROBE_TEXTS[::-1])
    with pytest.raises(EncoderUnavailable, match="mean cosine"):
        OnnxEncoder()


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_other_bytes_are_no_graph(data: bytes) -> None:
    with pytest.raises(BadGraph):
        # Field 7 is the graph: whatever stands in it, nothing but BadGraph comes out.
        with_int8_products(b"\x3a" + bytes([len(data)]) + data)
