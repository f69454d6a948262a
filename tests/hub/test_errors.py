"""Every error of the product: a code, a status, words that are safe to show, and a trip between two processes."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

import actors
import api
import hub
import training
from api.problems import status_of
from hub.errors import HubError

INTERNAL = {
    "FetchRefused",
    "SendRefused",
    "SendOutcomeUnknown",
    "FlowFailed",
}  # caught where they arise, never answered


def _all() -> list[type[HubError]]:
    for package in (hub, actors, api, training):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)

    def below(kind: type[HubError]) -> Iterator[type[HubError]]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    return sorted(set(below(HubError)), key=lambda kind: kind.__name__)


ERRORS = _all()
SAMPLES: dict[str, Any] = {"str": "words", "int": 7, "bool": True}


def sample(kind: type[HubError]) -> HubError:
    return kind(*(SAMPLES.get(str(field.type), field.default) for field in fields(kind)))


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_survives_the_trip_between_actors(kind: type[HubError]) -> None:
    error = sample(kind)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert again.args == error.args
    assert {field.name: getattr(again, field.name) for field in fields(kind)} == {
        field.name: getattr(error, field.name) for field in fields(kind)
    }
    assert str(again) == str(error)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_has_a_code_a_title_and_a_status(kind: type[HubError]) -> None:
    assert kind.code == kind.code.lower().strip()
    assert " " not in kind.code
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}("), (
        "a title written by hand, not the dataclass's own"
    )
    assert kind.title().endswith(".")
    assert 400 <= status_of(kind) < 600
    assert (status_of(kind) == 500) == (kind.__name__ in INTERNAL)


def test_codes_are_of_one_error_each() -> None:
    codes = [kind.code for kind in ERRORS]
    assert sorted(codes) == sorted(set(codes))


def test_words_are_the_detail_or_the_title() -> None:
    assert str(hub.errors.NotFound()) == "There is no such thing here."
    assert str(hub.errors.NotFound("no such contact")) == "no such contact"
