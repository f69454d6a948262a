"""The ready journeys that the editor offers on an empty canvas: each is whole, and begins for somebody of whom nothing is known."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from hub.conditions.catalog import Catalog
from hub.flows.definition import read
from hub.flows.engine import advance, begin_at
from hub.flows.inputs import Begin
from hub.flows.preflight import Surroundings, inspect

FOLDER = Path(__file__).resolve().parents[3] / "web/src/pages/flows/starters"
READY = Surroundings(
    catalog=Catalog({}),
    channels={"sms", "rcs", "whatsapp"},
    templates={("win_back", "en"): "approved"},
    queues=set(),
    intents=set(),
    flows={},
)


@pytest.mark.parametrize("name", ["appointment", "survey", "welcome", "win_back"])
def test_a_ready_journey_has_no_problem(name: str) -> None:
    flow = read(orjson.loads((FOLDER / f"{name}.json").read_bytes()))
    assert inspect(flow, READY) == []
    given = Begin(values={"when": "Monday at nine", "remind_at": "2027-03-01T09:00:00Z"})
    sprint = advance(flow, begin_at("f", flow), given, datetime(2027, 1, 4, tzinfo=UTC), random.Random(1))
    assert (sprint.status, sprint.reason) == ("waiting", "")
