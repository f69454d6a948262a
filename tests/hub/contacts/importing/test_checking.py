"""What a row must be: each error names its row and column, each good row becomes columns."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest

from hub.contacts.attributes import Definition
from hub.contacts.importing.checking import Checked, Checker
from hub.contacts.importing.csv_rows import Block
from hub.contacts.importing.ids import uuid7_texts
from hub.contacts.importing.limits import RowError
from hub.contacts.importing.options import ImportOptions, Mapped
from hub.contacts.importing.prepared import prepare

ATTRIBUTES = {
    "city": Definition(UUID(int=1), "city", "City", "text"),
    "age": Definition(UUID(int=2), "age", "Age", "number"),
    "born": Definition(UUID(int=3), "born", "Born", "date"),
    "vip": Definition(UUID(int=4), "vip", "VIP", "boolean"),
    "size": Definition(UUID(int=5), "size", "Size", "choice", ("S", "M")),
}


def check(
    header: Sequence[str], *rows: Sequence[str], fixes: dict[int, dict[str, str]] | None = None
) -> Checked:
    mapping = [
        Mapped(column=name, target=f"attribute.{name}" if name in ATTRIBUTES else name) for name in header
    ]
    checker = Checker(ImportOptions(mapping=mapping, default_country="GB"), header, ATTRIBUTES, fixes)
    return checker.check(Block(range(2, 2 + len(rows)), [list(row) for row in rows]))


def said(errors: Sequence[RowError]) -> list[tuple[int, int, str]]:
    return [(error.row, error.place, error.code) for error in errors]


def test_a_good_row_becomes_columns() -> None:
    found = check(
        ["phone", "first_name", "last_name", "language", "tags", "city", "age", "born", "vip", "size"],
        [" 07700 900123 ", "Asha", "Rao", "PT_br", "a; b,a", 'Le"eds', "31.0", "2026/5/1", "Yes", "m"],
    )
    assert found.errors == []
    assert {name: list(values) for name, values in found.columns.items()} == {
        "phone": ["+447700900123"],
        "name": ["Asha Rao"],
        "language": ["pt-BR"],
        "time_zone": ["Europe/London"],
        "tags": ['{"a","b"}'],
        "attribute.city": ['"city":"Le\\"eds"'],
        "attribute.age": ['"age":31'],
        "attribute.born": ['"born":"2026-05-01"'],
        "attribute.vip": ['"vip":true'],
        "attribute.size": ['"size":"M"'],
    }


def test_every_bad_cell_is_named_and_the_row_left_out() -> None:
    found = check(
        ["phone", "name", "age", "born", "size"],
        ["12", "ok", "x", "2026-02-30", "XL"],
        ["", "nobody", "1", "", ""],
        ["+447700900001", "a" * 201, "", "", ""],
        ["+447700900002", "fine", "", "", ""],
    )
    assert said(found.errors) == [
        (2, 0, "bad-phone"),
        (2, 2, "bad-value"),
        (2, 3, "bad-value"),
        (2, 4, "bad-value"),
        (3, 0, "missing"),
        (4, 1, "invalid"),
    ]
    assert found.errors[0].value == "12"
    assert list(found.numbers) == [5]
    assert found.bad_rows == 3


def test_numbers_without_a_country_are_of_the_default_one() -> None:
    found = check(
        ["phone"], ["7700 900123"], ["(020) 7946 0018"], ["0033 1 23 45 67 89"], ["+1 415-555-0132"]
    )
    assert list(found.columns["phone"]) == ["+447700900123", "+442079460018", "+33123456789", "+14155550132"]


def test_the_same_person_twice_names_both_rows() -> None:
    found = check(["phone"], ["07700900123"], ["+447700900124"], ["+44 7700 900123"], ["07700 900 123"])
    assert said(found.errors) == [(4, 0, "duplicate-in-file"), (5, 0, "duplicate-in-file")]
    assert found.errors[0].detail == "the same address as in row 2"
    assert list(found.numbers) == [2, 3]


def test_a_row_with_an_error_does_not_make_the_next_one_its_double() -> None:
    found = check(["phone", "age"], ["+447700900123", "x"], ["+447700900123", "7"])
    assert said(found.errors) == [(2, 1, "bad-value")]


def test_over_blocks_too() -> None:
    checker = Checker(ImportOptions(mapping=[Mapped(column="p", target="phone")]), ["p"], {})
    for start in range(0, 50_000, 1_000):
        numbers = [[f"+4477{n:08d}"] for n in range(start, start + 1_000)]
        assert checker.check(Block(range(start + 2, start + 1_002), numbers)).errors == []
    again = checker.check(Block([60_000, 60_001], [["+447700000007"], ["+447700049999"]]))
    assert [error.detail for error in again.errors] == [
        "the same address as in row 9",
        "the same address as in row 50001",
    ]


@pytest.mark.parametrize(
    ("cell", "code"),
    [("a\0b", "nul-character"), ("Zo\udceb", "bad-encoding"), ("x" * 70_000, "cell-too-long")],
)
def test_cells_that_no_text_column_can_hold(cell: str, code: str) -> None:
    found = check(["phone", "name"], ["+447700900123", cell], ["+447700900124", "fine"])
    assert said(found.errors) == [(2, 1, code)]
    assert list(found.numbers) == [3]


def test_rows_are_filled_up_and_longer_ones_named() -> None:
    found = check(
        ["phone", "name", "city"],
        ["+447700900123"],
        ["+447700900124", "a", "b", ""],
        ["+447700900125", "a", "b", "c"],
    )
    assert said(found.errors) == [(4, -1, "too-many-cells")]
    assert list(found.columns["name"]) == ["", "a"]


def test_formulas_stay_texts_and_our_own_guard_is_taken_off() -> None:
    found = check(
        ["phone", "name"],
        ["'+447700900123", "=cmd|' /C calc'!A0"],
        ["+447700900124", "'=1+1"],
        ["+447700900125", "'tis"],
    )
    assert list(found.columns["phone"]) == ["+447700900123", "+447700900124", "+447700900125"]
    assert list(found.columns["name"]) == ["=cmd|' /C calc'!A0", "=1+1", "'tis"]


def test_mended_cells_win_over_the_file() -> None:
    found = check(
        ["phone", "name"], ["bad"], ["+447700900124", "b"], fixes={2: {"phone": "07700 900123", "name": "a"}}
    )
    assert found.errors == []
    assert list(found.columns["name"]) == ["a", "b"]


def test_addresses_of_several_kinds() -> None:
    found = check(
        ["phone", "whatsapp", "sip"],
        ["+447700900123", "+447700900123", "desk@PBX.example"],
        ["+447700900124", "+447700900123", ""],
        ["+447700900125", "", "sip:desk@pbx.example"],
    )
    assert said(found.errors) == [(3, 1, "duplicate-in-file"), (4, 2, "duplicate-in-file")]


def test_lines_of_copy_hold_any_text() -> None:
    found = check(["phone", "name", "tags", "city"], ["+447700900123", "a\\b\tc\nd", 'x"y; z\\', "p\\q"])
    ready = prepare(found, "phone", ["attribute.city"], ["phone"], ["all", 'x"y'], 1)
    number, identifier, phone, name, _, _, attributes, tags = ready.stage.decode().rstrip("\n").split("\t")
    assert (number, len(identifier), phone) == ("2", 32, "+447700900123")
    assert name == "a\\\\b\\tc\\nd"
    assert attributes == '{"city":"p\\\\\\\\q"}'
    assert tags == '{"x\\\\"y","z\\\\\\\\","all"}'


def test_ids_are_of_version_7_and_in_order() -> None:
    ids = [UUID(text) for text in uuid7_texts(1_700_000_000_000, 40_000)]
    assert ids == sorted(ids)
    assert {(one.version, one.variant) for one in ids} == {(7, "specified in RFC 4122")}
    assert {one.int >> 80 for one in ids} == {1_700_000_000_000}
    assert len(set(ids)) == len(ids)
