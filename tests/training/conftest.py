"""One encoder and one small model for the tests of this folder: loading and training them takes seconds."""

from __future__ import annotations

import pytest

from hub.intents.encoder import OnnxEncoder
from training.demo_data import train_demo
from training.train import TrainedVersion


@pytest.fixture(scope="session")
def encoder() -> OnnxEncoder:
    return OnnxEncoder()


@pytest.fixture(scope="session")
def demo(encoder: OnnxEncoder) -> TrainedVersion:
    return train_demo(encoder=encoder)
