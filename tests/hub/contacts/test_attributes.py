from __future__ import annotations

from typing import Any

import pytest

from hub.contacts.attributes import (
    BadValue,
    Definition,
    check_choices,
    check_definition,
    checker_for,
    index_text,
    parser_for,
)
from hub.errors import Invalid
from hub.ids import new_id


def definition(kind: str, *choices: str) -> Definition:
    return Definition(new_id(), "a", "A", kind, choices)


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("text", " Leeds ", "Leeds"),
        ("number", "12", 12),
        ("number", "-0.50", -0.5),
        ("number", "1e3", 1000),
        ("number", "2.0", 2),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("date", "2026-11-25", "2026-11-25"),
        ("date", "2026/1/2", "2026-01-02"),
        ("date", "2026-11-25 00:00:00", "2026-11-25"),
        ("choice", "GOLD", "Gold"),
    ],
)
def test_a_cell_is_read(kind: str, cell: str, value: Any) -> None:
    read = parser_for(definition(kind, *(("Gold", "Free") if kind == "choice" else ())))(cell)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("text", "x" * 1001),
        ("number", "1,5"),
        ("number", "٣"),
        ("number", "1e99"),
        ("number", "inf"),
        ("number", "0x10"),
        ("boolean", "maybe"),
        ("date", "25.11.2026"),
        ("date", "2026-02-30"),
        ("date", "2026-11/25"),
        ("choice", "Silver"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_in_words(kind: str, cell: str) -> None:
    with pytest.raises(BadValue) as caught:
        parser_for(definition(kind, *(("Gold",) if kind == "choice" else ())))(cell)
    assert caught.value.detail
    assert len(caught.value.detail) < 200


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["", "x", "ж" * 1000], [1, None, True, ["x"], "x" * 1001]),
        ("number", [0, -1.5, 10**15], ["1", True, None, 10**16, float("1e300"), float("nan"), float("inf")]),
        ("boolean", [True, False], [0, 1, "true", None]),
        (
            "date",
            ["2026-11-25", "0001-01-01"],
            ["20261125", "2026-11-25T00:00:00Z", "2026-13-01", 20261125, "2026-W01-1"],
        ),
        ("choice", ["Gold"], ["gold", "", None, 1]),
    ],
)
def test_json_values_are_taken_as_they_are_typed(kind: str, good: list[Any], bad: list[Any]) -> None:
    check = checker_for(definition(kind, *(("Gold",) if kind == "choice" else ())))
    for value in good:
        assert check(value) == value
    for value in bad:
        with pytest.raises(BadValue):
            check(value)


def test_a_whole_number_is_whole() -> None:
    assert type(checker_for(definition("number"))(2.0)) is int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (2, "2"),
        (2.5, "2.5"),
        (0.00001, "0.00001"),
        ("x" * 300, "x" * 200),
        ("2026-11-25", "2026-11-25"),
    ],
)
def test_the_index_holds_what_the_database_reads(value: Any, text: str) -> None:
    assert index_text(value) == text


@pytest.mark.parametrize(
    ("key", "kind", "choices"),
    [
        ("City", "text", ()),
        ("1st", "text", ()),
        ("a" * 64, "text", ()),
        ("city", "colour", ()),
        ("city", "text", ("x",)),
        ("plan", "choice", ()),
        ("plan", "choice", ("a", "A")),
        ("plan", "choice", ("",)),
        ("plan", "choice", tuple(map(str, range(201)))),
    ],
)
def test_a_bad_definition_is_refused(key: str, kind: str, choices: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        check_definition(key, "", kind, choices)


def test_a_label_is_made_of_the_key() -> None:
    assert check_definition("last_order", "", "text", ()) == ("Last order", ())
    assert check_choices("choice", [" Gold ", "Free"]) == ("Gold", "Free")
