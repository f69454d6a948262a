"""The examples of docs/segments.md are conditions, and their words are the words that stand above them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from api.schemas.events import EventBatch
from hub.conditions.catalog import AttributeSpec, contact_catalog
from hub.conditions.model import read
from hub.conditions.parse import parse
from hub.conditions.plan import check
from hub.conditions.words import canonical, words
from hub.ids import decode_id

GUIDE = (Path(__file__).parents[3] / "docs" / "segments.md").read_text()
PAIRS = re.findall(r"```text\n(.*?)\n```\n```json\n(.*?)```", GUIDE, re.DOTALL)
SOME = "01kasw8qbefy09m6sc7n75yr3h"
CATALOG = contact_catalog(
    [AttributeSpec("city", "City", "text")],
    segments={decode_id("seg", f"seg_{SOME}"): "Spring buyers"},
    campaigns={decode_id("cmp", f"cmp_{SOME}"): "Spring offer"},
)


@pytest.mark.parametrize(("said", "example"), PAIRS, ids=[said[:40] for said, _ in PAIRS])
def test_an_example_is_what_its_words_say(said: str, example: str) -> None:
    condition = read(json.loads(example))
    check(condition, CATALOG)
    assert words(condition, CATALOG) == said
    assert parse(said, CATALOG) == canonical(condition)


def test_there_are_examples() -> None:
    assert len(PAIRS) >= 4


def test_the_events_of_the_guide_are_accepted() -> None:
    [example] = re.findall(r"```json events\n(.*?)```", GUIDE, re.DOTALL)
    body: Any = json.loads(example)
    assert len(EventBatch.model_validate(body).events) == 2
