"""Reading labelled messages: what is accepted, and that each refusal names the row and the column."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from training.data import (
    LABELS_MAX,
    BadTrainingData,
    Problem,
    Row,
    check,
    data_sha256,
    decode,
    parse,
    read_dataset,
    with_corrections,
)

GOOD = [
    Row("where is my order", "order"),
    Row("track it", "order"),
    Row("money back", "refund"),
    Row("refund me", "refund"),
]


@pytest.mark.parametrize(
    "document",
    [
        "text,label\nhi there,greet\n",
        "\ufefftext,label\r\nhi there,greet\r\n",
        "text;label\nhi there;greet\n",
        "text\tlabel\nhi there\tgreet\n",
        "id, Label ,TEXT\n1,greet,hi there\n",
        'text,label\n"hi there",greet\n\n',
    ],
    ids=["plain", "mark and CRLF", "semicolons", "tabs", "more columns", "blank line"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_ways_to_write_the_same_row(document: str, encoding: str) -> None:
    assert parse(decode(document.encode(encoding))) == [Row("hi there", "greet")]


def test_quoted_cells_keep_separators_lines_and_quotes() -> None:
    assert parse('text,label\n"one, ""two""\nthree",a\n') == [Row('one, "two"\nthree', "a")]


@pytest.mark.parametrize(
    ("document", "pointer", "words"),
    [
        ("", "header", "must name the columns"),
        ("message,intent\nhi,a\n", "header", "message, intent"),
        ("text,label\nhi,a\nhello, you,a\n", "row 2, column text", "3 cells"),
        ("text,label\nhi\n", "row 1, column text", "1 cells"),
        ('text,label\n"' + "x" * 200_000 + '",a\n', "line 2", "field larger"),
    ],
    ids=["empty", "other columns", "unquoted comma", "missing cell", "huge cell"],
)
def test_broken_documents(document: str, pointer: str, words: str) -> None:
    with pytest.raises(BadTrainingData) as caught:
        parse(document)
    assert caught.value.pointer == pointer
    assert words in caught.value.detail


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (Row("", "a"), Problem(5, "text", "is empty")),
        (Row("  \n", "a"), Problem(5, "text", "is empty")),
        (Row("hi", " "), Problem(5, "label", "is empty")),
        (Row("h\x00i", "a"), Problem(5, "text", "holds a NUL character")),
    ],
)
def test_broken_cells(row: Row, problem: Problem) -> None:
    with pytest.raises(BadTrainingData) as caught:
        check([*GOOD, row])
    assert caught.value.problems == (problem,)
    assert caught.value.pointer == f"row 5, column {problem.column}"


@pytest.mark.parametrize("label", ["x" * 81, "a\nb", "a\x00b"])
def test_labels_must_be_printable_and_short(label: str) -> None:
    with pytest.raises(BadTrainingData) as caught:
        check([*GOOD, Row("hi", label)])
    assert {problem.column for problem in caught.value.problems} == {"label"}


def test_every_problem_is_told_at_once_up_to_a_limit() -> None:
    with pytest.raises(BadTrainingData, match=r"row 1, column text: is empty \(29 more problems\)") as caught:
        check([Row("", "a")] * 30)
    assert len(caught.value.problems) == 20


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no rows"),
        (GOOD[:2], "only one label"),
        ([*GOOD, Row("hi", "greet")], "'greet'"),
        ([*GOOD, Row("hi", "greet"), Row(" HI ", "greet")], "fewer than 2 different texts"),
        ([Row(f"{n} {m}", f"label {n}") for n in range(LABELS_MAX + 1) for m in range(2)], "501 labels"),
    ],
    ids=["none", "one label", "one row", "one text twice", "too many labels"],
)
def test_rows_that_cannot_be_trained_on(rows: list[Row], words: str) -> None:
    with pytest.raises(BadTrainingData, match=words):
        check(rows)


def test_rows_for_judging_may_be_one() -> None:
    assert check([Row("hi", "greet")], judging=True).rows == (Row("hi", "greet"),)


def test_repeats_are_dropped_and_doubtful_ones_told() -> None:
    dataset = check(
        [*GOOD, Row("Where is  MY order", "order"), Row("track it", "refund"), Row("x" * 3_000, "refund")]
    )
    assert len(dataset.rows) == 6
    assert dataset.rows[0] == GOOD[0]
    told = " ".join(dataset.warnings)
    assert "1 repeated rows were dropped" in told
    assert "'track it' is order and refund" in told
    assert "longer than 2000" in told
    assert "2 labels have fewer than 10 rows" in told


def test_latin_1_is_refused_with_its_line() -> None:
    with pytest.raises(BadTrainingData, match="Line 3 is not UTF-8") as caught:
        decode("text,label\nok,a\ncafé,a\n".encode("latin-1"))
    assert caught.value.pointer == "line 3"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadTrainingData, match=r"rows\.csv cannot be read: No such file"):
        read_dataset(tmp_path / "rows.csv")


def test_the_hash_is_of_the_rows_not_of_the_file(tmp_path: Path) -> None:
    plain, other = tmp_path / "a.csv", tmp_path / "b.csv"
    plain.write_bytes(b"text,label\n" + b"".join(f"{text},{label}\n".encode() for text, label in GOOD))
    other.write_bytes(
        "\ufeffid;text;label\r\n".encode()
        + b"".join(f'7;"{text}";{label}\r\n'.encode() for text, label in GOOD)
    )
    assert read_dataset(plain).sha256 == read_dataset(other).sha256 == data_sha256(GOOD)
    assert data_sha256([Row("ab", "c")]) != data_sha256([Row("a", "bc")])


def test_the_error_survives_the_trip_between_actors() -> None:
    error = BadTrainingData("d", "row 1, column text", (Problem(1, "text", "is empty"),))
    again = pickle.loads(pickle.dumps(error))
    assert (again.detail, again.pointer, again.problems) == (error.detail, error.pointer, error.problems)


def test_the_last_word_of_a_person_replaces_what_the_file_says_of_a_text() -> None:
    rows = [Row("Where is it", "order"), Row("Money back", "refund")]
    corrected = [("where is  it", "refund"), ("New text", "order"), ("WHERE IS IT", "complaint")]
    found = with_corrections(rows, corrected)
    assert [(row.text.casefold(), row.label) for row in found] == [
        ("money back", "refund"),
        ("where is it", "complaint"),
        ("new text", "order"),
    ]
