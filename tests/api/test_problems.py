"""Every error of the product has a code, a status and a title, survives pickle, and becomes a problem document."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
from dataclasses import fields
from types import ModuleType

import orjson
import pytest

import actors
import api
import hub
from api.problems import STATUS, answer_of, document_of, pointer_of, status_of
from hub.errors import HubError, InsufficientFunds, Invalid, Malformed, Throttled, Unavailable


def _load(package: ModuleType) -> None:
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _below(kind: type[HubError]) -> list[type[HubError]]:
    return [found for child in kind.__subclasses__() for found in (child, *_below(child))]


for _package in (hub, actors, api):
    _load(_package)
KINDS = sorted(
    {kind for kind in _below(HubError) if not kind.__module__.startswith("tests")},
    key=lambda kind: kind.__name__,
)
# What a flow, a provider or an address refuses is an outcome that the hub records; it never becomes an HTTP answer.
INSIDE = {"hub.flows.engine", "hub.channels.errors", "hub.media.fetch"}
SAMPLES = {"str": "text", "int": 7, "float": 1.5, "bool": True}


def example(kind: type[HubError]) -> HubError:
    return kind(*(SAMPLES.get(str(field.type), "text") for field in fields(kind)))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_has_all_it_needs(kind: type[HubError]) -> None:
    assert kind.code != "error"
    assert kind.code == kind.code.lower().strip()
    assert " " not in kind.code
    assert status_of(kind) in STATUS.values() or kind.__module__ in INSIDE
    title = kind.title()
    assert title.endswith(".")
    assert len(title) < 100
    error = example(kind)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert again.args == error.args
    problem = document_of(error, "/v1/x")
    assert problem["status"] == status_of(kind)
    assert problem["type"] == f"/problems/{kind.code}"
    orjson.dumps(problem)


def test_codes_name_one_error_each() -> None:
    codes = [kind.code for kind in KINDS]
    doubled = {code for code in codes if codes.count(code) > 1}
    shared = {code: [kind for kind in KINDS if kind.code == code] for code in doubled}
    # A subclass that adds no code of its own says the same thing as its parent.
    assert {
        code
        for code, kinds in shared.items()
        if not any(all(issubclass(k, top) for k in kinds) for top in kinds)
    } == set()


def test_the_fields_of_an_error_become_members() -> None:
    problem = document_of(InsufficientFunds("", 5, 7), "/v1/x")
    assert problem["available_micros"] == 5
    assert problem["required_micros"] == 7
    assert problem["detail"] == problem["title"] == "The wallet cannot cover the hold."
    assert document_of(Invalid("no", "/a/b"), "/v1/x")["errors"] == [
        {"pointer": "/a/b", "code": "invalid", "detail": "no"}
    ]


def test_waiting_is_told_where_it_helps() -> None:
    assert answer_of(Throttled("", 17), "/").headers["retry-after"] == "17"
    assert "retry-after" in answer_of(Unavailable(), "/").headers
    assert "retry-after" not in answer_of(Malformed(), "/").headers
    assert answer_of(Malformed(), "/").media_type == "application/problem+json"


def test_places_are_json_pointers() -> None:
    assert pointer_of(("body", "contacts", 0, "a/b~c")) == "/contacts/0/a~1b~0c"
    assert pointer_of(("query", "limit")) == "?limit"
    assert pointer_of(("header", "x-csrf-token")) == "x-csrf-token"
    assert pointer_of(("body",)) == ""
