"""Reading labelled messages: CSV with the columns `text` and `label`, checked before anything is trained on it."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from hub.errors import Invalid
from hub.intents.encoder import TEXT_CHARS_MAX, canonical

ROWS_MAX = 200_000
LABELS_MAX = 500
LABEL_CHARS_MAX = 80
FILE_BYTES_MAX = 200_000_000
ROWS_PER_LABEL_MIN = 2
ROWS_PER_LABEL_GOOD = 10
PROBLEMS_SHOWN_MAX = 20
COLUMNS = ("text", "label")


class Row(NamedTuple):
    """One labelled message."""

    text: str
    label: str


class Problem(NamedTuple):
    """What is wrong with one cell. `row` counts from 1 without the header; `column` is its name."""

    row: int
    column: str
    what: str


@dataclass(eq=False)
class BadTrainingData(Invalid):
    """The training data cannot be used."""

    code: ClassVar[str] = "bad-training-data"
    detail: str = ""
    pointer: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True, frozen=True)
class Dataset:
    """Rows that passed every check, and what a person should still know about them."""

    rows: tuple[Row, ...]
    warnings: tuple[str, ...]
    sha256: str  # of the rows as kept, independent of quoting, line ends and byte order mark

    @property
    def texts(self) -> list[str]:
        """The messages, in order."""
        return [row.text for row in self.rows]

    @property
    def labels(self) -> list[str]:
        """The labels, in order."""
        return [row.label for row in self.rows]


def decode(data: bytes) -> str:
    """CSV bytes as text: UTF-8 with or without a mark, or UTF-16 with one. Raises BadTrainingData naming the line.

    Other encodings are refused, not guessed: a wrong guess trains on broken letters and nobody notices.
    """
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadTrainingData(
            f"Line {line} is not {encoding.removesuffix('-sig').upper()} (byte {error.start}). Save the file as UTF-8 and try again.",
            f"line {line}",
        ) from None


def _separator(header: str) -> str:
    return max((",", ";", "\t"), key=header.count) if header else ","


def parse(text: str) -> list[Row]:
    """Cells of a CSV document, unchecked. The separator is the header's: comma, semicolon or tab.

    Raises BadTrainingData when the header lacks `text` or `label`, or a row has another number of cells.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text.partition("\n")[0]))
    rows: list[Row] = []
    problems: list[Problem] = []
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            found = ", ".join(header)[:200] or "nothing"
            raise BadTrainingData(
                f"The first line must name the columns text and label; it has {found}.", "header"
            )
        at_text, at_label = (header.index(name) for name in COLUMNS)
        for number, cells in enumerate((cells for cells in reader if cells), start=1):
            if number > ROWS_MAX:
                raise BadTrainingData(f"There are more than {ROWS_MAX:,} rows.", f"row {number}")
            if len(cells) != len(header):
                problems.append(
                    Problem(
                        number,
                        "text",
                        f"the row has {len(cells)} cells, the header {len(header)}: quote texts with a separator in them",
                    )
                )
                continue
            rows.append(Row(cells[at_text], cells[at_label]))
    except csv.Error as error:
        raise BadTrainingData(f"Line {reader.line_num}: {error}.", f"line {reader.line_num}") from None
    _raise(problems)
    return rows


def _raise(problems: Sequence[Problem]) -> None:
    if not problems:
        return
    first = problems[0]
    more = f" ({len(problems) - 1} more problems)" if len(problems) > 1 else ""
    where = f"row {first.row}, column {first.column}"
    raise BadTrainingData(f"{where}: {first.what}{more}.", where, tuple(problems[:PROBLEMS_SHOWN_MAX]))


def _cell_problems(rows: Iterable[Row]) -> list[Problem]:
    problems: list[Problem] = []
    for number, row in enumerate(rows, start=1):
        for column, value in zip(COLUMNS, row, strict=True):
            if "\x00" in value:
                problems.append(Problem(number, column, "holds a NUL character"))
            elif not value.strip():
                problems.append(Problem(number, column, "is empty"))
        if len(row.label) > LABEL_CHARS_MAX or not row.label.isprintable():
            problems.append(
                Problem(number, "label", f"must be printable and at most {LABEL_CHARS_MAX} characters")
            )
    return problems


def check(rows: Sequence[Row], *, judging: bool = False) -> Dataset:
    """Check rows and drop exact repeats. Rows for `judging` a model may have a single label, and a single row of it.

    Raises BadTrainingData with every cell that is wrong (`problems` holds 20 at most). Repeats are compared as the model reads them (case and spaces do not count). One text under two labels is kept
    under both and warned of: which of them is right is not ours to guess.
    """
    if not rows:
        raise BadTrainingData("There are no rows.", "rows")
    _raise(_cell_problems(rows))
    kept: dict[tuple[str, str], Row] = {}
    labels_of: dict[str, set[str]] = {}
    cut = 0
    for row in rows:
        label = row.label.strip()
        key = canonical(row.text)
        cut += len(row.text) > TEXT_CHARS_MAX
        kept.setdefault((key, label), Row(row.text, label))
        labels_of.setdefault(key, set()).add(label)
    counts = Counter(label for _, label in kept)
    _check_labels(counts, 1 if judging else 2, 1 if judging else ROWS_PER_LABEL_MIN)
    clean = tuple(kept.values())
    warnings = [f"{len(rows) - len(clean)} repeated rows were dropped."] if len(clean) < len(rows) else []
    doubtful = [text for text, labels in labels_of.items() if len(labels) > 1]
    if doubtful:
        example = f"{doubtful[0][:60]!r} is {' and '.join(sorted(labels_of[doubtful[0]]))}"
        warnings.append(f"{len(doubtful)} texts stand under more than one label, for example {example}.")
    if cut:
        warnings.append(
            f"{cut} texts are longer than {TEXT_CHARS_MAX} characters; only the beginning is read."
        )
    small = sorted(label for label, count in counts.items() if count < ROWS_PER_LABEL_GOOD)
    if small:
        warnings.append(
            f"{len(small)} labels have fewer than {ROWS_PER_LABEL_GOOD} rows: {', '.join(small[:5])}."
        )
    return Dataset(clean, tuple(warnings), data_sha256(clean))


def _check_labels(counts: Counter[str], labels_min: int, rows_per_label_min: int) -> None:
    if len(counts) < labels_min:
        raise BadTrainingData(
            f"There is only one label, {next(iter(counts))!r}: give at least two.", "column label"
        )
    if len(counts) > LABELS_MAX:
        raise BadTrainingData(f"There are {len(counts)} labels; {LABELS_MAX} are allowed.", "column label")
    tiny = sorted(label for label, count in counts.items() if count < rows_per_label_min)
    if tiny:
        listed = ", ".join(repr(label) for label in tiny[:5])
        raise BadTrainingData(
            f"{len(tiny)} labels have fewer than {rows_per_label_min} different texts: {listed}.",
            "column label",
        )


def data_sha256(rows: Iterable[Row]) -> str:
    """SHA-256 over texts and labels in order, lower-case hex."""
    digest = hashlib.sha256()
    for text, label in rows:
        for cell in (text.encode("utf-8", "surrogatepass"), label.encode("utf-8", "surrogatepass")):
            digest.update(len(cell).to_bytes(4, "big") + cell)
    return digest.hexdigest()


def read_rows(path: Path) -> list[Row]:
    """Rows of a CSV file as they stand. Raises BadTrainingData (not there, too large, not CSV, wrong columns)."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BadTrainingData(f"{path.name} is larger than {FILE_BYTES_MAX // 1_000_000} MB.", "file")
        data = path.read_bytes()
    except OSError as error:
        raise BadTrainingData(f"{path.name} cannot be read: {error.strerror}.", "file") from None
    return parse(decode(data))


def read_dataset(path: Path, *, judging: bool = False) -> Dataset:
    """`read_rows` and `check` in one."""
    return check(read_rows(path), judging=judging)


def with_corrections(rows: Sequence[Row], corrected: Iterable[tuple[str, str]]) -> list[Row]:
    """`rows` and what people corrected, (text, label) the oldest first: their last word on a text replaces all others."""
    said = {canonical(text): Row(text, label) for text, label in corrected}
    return [*(row for row in rows if canonical(row.text) not in said), *said.values()]
