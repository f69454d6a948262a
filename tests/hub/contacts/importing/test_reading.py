"""Files as they come: encodings, delimiters, quoting, limits, workbooks, and what is none of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest

from hub.contacts.importing import csv_rows, xlsx_rows
from hub.contacts.importing.limits import FileRefused, RowError
from hub.contacts.importing.source import Choices, FileInfo, inspect, open_rows
from tests.hub.contacts.importing.books import book


def read(
    data: bytes, name: str = "people.csv", choices: Choices | None = None
) -> tuple[FileInfo, list[Any], list[RowError]]:
    try:
        data.decode()
        all_utf8 = True
    except UnicodeDecodeError:
        all_utf8 = False
    file = io.BytesIO(data)
    info = inspect(file, len(data), name, all_utf8, choices)
    found, broken = [], []
    for block in open_rows(file, info):
        found += list(zip(block.numbers, block.rows, strict=True))
        broken += block.broken
    return info, found, broken


def cells(data: bytes, **options: Any) -> list[list[str]]:
    return [row for _, row in read(data, **options)[1]]


HEADER = ["phone", "name"]
ROWS = [["+447700900001", "Zoë"], ["+447700900002", "Ödön"]]
TEXT = "phone,name\n+447700900001,Zoë\n+447700900002,Ödön\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-32"), "utf-32"),
        (TEXT.encode("cp1252"), "cp1252"),
        (TEXT.encode("latin-1"), "cp1252"),
    ],
)
def test_encodings_are_found(data: bytes, encoding: str) -> None:
    info, found, _ = read(data)
    assert (info.encoding, info.header) == (encoding, HEADER)
    assert [row for _, row in found] == ROWS


def test_one_accent_in_a_short_file_is_not_read_as_a_capital_inside_a_word() -> None:
    rows = "".join(
        f"07700 9010{n:02d};spring-pqkcvbhxsa {n};{'Zürich' if n % 3 else 'Pune'};{n * 10}\r\n"
        for n in range(40)
    )
    for tag in ("bcclfxzvji", "blstahqkpj", "cjnhzojizr"):
        text = "Mobile;Full name;Town;Points\r\n" + rows.replace("pqkcvbhxsa", tag)
        info, found, _ = read(text.encode("cp1252"))
        assert found[1][1][2] == "Zürich", info.encoding


def test_other_scripts_of_one_byte_are_found() -> None:
    lines = "телефон;имя\n" + "".join(f"+7916123456{n};Анна Ивановна Петрова\n" for n in range(9))
    info, found, _ = read(lines.encode("cp1251"))
    assert (info.encoding, found[0][1][1]) == ("cp1251", "Анна Ивановна Петрова")


@pytest.mark.parametrize(
    ("text", "delimiter", "quote"),
    [
        ("phone;name\n1;a\n2;b\n", ";", '"'),
        ("phone\tname\n1\ta\n2\tb\n", "\t", '"'),
        ("phone|name\n1|a\n2|b\n", "|", '"'),
        ('phone;name\n1;"a, b, c"\n2;"d, e, f"\n', ";", '"'),
        ("phone,name\n'1','a'\n'2','b'\n'3','c'\n", ",", "'"),
        ("sep=;\nphone;name\n1;a\n", ";", '"'),
        ("phone\n1\n2\n", ",", '"'),
    ],
)
def test_delimiters_and_quotes_are_found(text: str, delimiter: str, quote: str) -> None:
    info, found, _ = read(text.encode())
    assert (info.delimiter, info.quote, info.header[0]) == (delimiter, quote, "phone")
    assert len(found[0][1]) == len(info.header)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_ends_of_lines_and_cells_of_several_lines(end: str) -> None:
    text = end.join(["phone,name", '1,"a', 'b"', "", '2,"say ""hi"""', "3,c"])
    _, found, broken = read(text.encode())
    assert found == [(2, ["1", f"a{end}b"]), (4, ["2", 'say "hi"']), (5, ["3", "c"])]
    assert broken == []


@pytest.mark.parametrize("size", [7, 50, 1000])
def test_blocks_cut_anywhere_give_the_same_rows(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO(newline="")
    rows = [[str(n), f'a"{n}"\nb', "x" * (n % 40)] for n in range(200)]
    csv.writer(file).writerows([["one", "two", "three"], *rows])
    monkeypatch.setattr(csv_rows, "BLOCK_CHARS", size)
    _, found, broken = read(file.getvalue().encode())
    assert [row for _, row in found] == rows
    assert [number for number, _ in found] == list(range(2, 202))
    assert broken == []


def test_broken_quoting_names_its_rows_and_spares_the_others() -> None:
    _, found, broken = read(b'phone,name\n1,"a"x\n2,b\n3,"open\n4,d\n')
    assert [number for number, _ in found] == [3, 5]
    assert [(error.row, error.code) for error in broken] == [(2, "bad-quoting"), (4, "open-quote")]


def test_a_cell_that_is_too_long_is_named() -> None:
    _, found, broken = read(b"phone,name\n1," + b"x" * 70_000 + b"\n2,b\n")
    assert [number for number, _ in found] == [3]
    assert [(error.row, error.code) for error in broken] == [(2, "cell-too-long")]


def test_a_cell_of_many_megabytes_ends_the_reading_without_filling_memory() -> None:
    class Endless(io.RawIOBase):
        """phone, name, and a cell that does not end."""

        given = 0

        def seek(self, *_: object) -> int:
            self.given = 0
            return 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            assert self.given < 64 * 2**20, "somebody reads it all"
            return b"phone,name\n1,a\n2," + b"x" * (size - 17) if self.given == size else b"x" * size

    info = FileInfo("csv", "utf-8", ",", '"', header=HEADER)
    with pytest.raises(FileRefused) as refused:
        list(open_rows(Endless(), info))  # type: ignore[arg-type]
    assert refused.value.row == 3


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b" \r\n \r\n", b"\0\0\0"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        read(data)
    assert refused.value.reason == "empty"


def test_a_header_alone_has_no_rows() -> None:
    info, found, _ = read(b"phone,name\n")
    assert (info.header, found, info.rows_estimate) == (HEADER, [], 0)


def test_headers_that_repeat_or_are_empty_get_names_of_their_own() -> None:
    info, _, _ = read(b"Phone,phone,,Name\n1,2,3,4\n")
    assert info.header == ["Phone", "phone (2)", "Column 3", "Name"]
    assert len(info.warnings) == 1


def test_a_file_without_a_header_is_all_data() -> None:
    info, found, _ = read(b"+447700900001,Asha\n+447700900002,Ben\n")
    assert (info.has_header, info.header) == (False, ["Column 1", "Column 2"])
    assert [number for number, _ in found] == [1, 2]
    info, found, _ = read(b"+447700900001,Asha\n+447700900002,Ben\n", choices=Choices(has_header=True))
    assert [number for number, _ in found] == [2]


def test_ten_thousand_columns_are_refused() -> None:
    with pytest.raises(FileRefused, match="10,000 columns"):
        read((",".join(f"c{n}" for n in range(10_000)) + "\n" + "," * 9_999 + "\n").encode())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "xls"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x1f\x8b\x08\0abc", "gzip"),
        (b"PK\x05\x06" + b"\0" * 18, "archive"),
        (b"PK\x03\x04 cut off", "cut off"),
        (bytes(range(256)) * 50, "text"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, words: str) -> None:
    if data == bytes(range(256)) * 50:
        data = b"\0\1\0\0\2\0\0\0" * 400 + b"\0" * 800
    with pytest.raises(FileRefused) as refused:
        read(data, "people.xlsx")
    assert words in str(refused.value)


def test_bytes_of_another_encoding_stay_visible_in_their_cells() -> None:
    data = "phone,name\n1,Zoë\n2,Ödön\n".encode() * 3 + "3,Zo\u00eb\n".encode("cp1252")
    info, found, _ = read(data)
    assert info.encoding == "utf-8"
    assert found[-1][1][1] == "Zo\udceb"


def test_the_content_says_what_a_file_is_not_its_name() -> None:
    info, found, _ = read(book([HEADER, *ROWS]), "people.csv")
    assert (info.format, len(found), len(info.warnings)) == ("xlsx", 2, 1)
    info, _, _ = read(TEXT.encode(), "people.xlsx")
    assert (info.format, len(info.warnings)) == ("csv", 1)


def test_cells_of_a_workbook_are_what_a_person_sees() -> None:
    rows: Sequence[Sequence[Any]] = [
        ["phone", "text", "born", "seen", "flag", "sum", "rich", "error"],
        [
            447700900123,
            ("shared", " Zoë & <co> "),
            ("date", 45_000),
            ("raw", '<c r="REF" s="2"><v>45000.5</v></c>'),
            True,
            ("raw", '<c r="REF"><f>1+1</f><v>2</v></c>'),
            (
                "raw",
                '<c r="REF" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r><rPh><t>no</t></rPh></is></c>',
            ),
            ("raw", '<c r="REF" t="e"><v>#N/A</v></c>'),
        ],
        [],
        [
            4.5,
            "=1+1",
            "",
            ("raw", '<c r="REF" s="3"><v>12</v></c>'),
            ("raw", '<c r="REF"><f>A1</f></c>'),
            1e-7,
        ],
    ]
    info, found, _ = read(book(rows), "people.xlsx")
    assert found == [
        (2, ["447700900123", " Zoë & <co> ", "2023-03-15", "2023-03-15 12:00:00", "true", "2", "ab", "#N/A"]),
        (4, ["4.5", "=1+1", "", "12", "=A1", "1e-07"]),
    ]
    assert (info.sheet, info.rows_estimate) == ("People", 3)


def test_days_of_1904() -> None:
    _, found, _ = read(book([["phone", "born"], ["1", ("date", 43_538)]], is_1904=True), "people.xlsx")
    assert found[0][1][1] == "2023-03-15"


def test_a_zip_bomb_is_refused_by_its_directory_and_while_it_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = book([HEADER], more={"xl/worksheets/sheet1.xml": b"<worksheet>" + b" " * (40 * 2**20)})
    assert len(bomb) < 100_000
    with pytest.raises(FileRefused) as refused:
        read(bomb, "people.xlsx")
    assert refused.value.reason == "zip-bomb"
    monkeypatch.setattr(xlsx_rows, "RATIO_FROM_BYTES", 2**30)
    monkeypatch.setattr(xlsx_rows, "PART_BYTES_MAX", 2**30)
    archive = xlsx_rows.open_zip(io.BytesIO(bomb))
    with pytest.raises(FileRefused) as refused:
        list(xlsx_rows.pieces(archive, "xl/worksheets/sheet1.xml", 2**20))
    assert refused.value.reason == "zip-bomb"


@pytest.mark.parametrize(
    "part",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><sheetData><row r="1"><c t="str"><v>&a;</v></c></row></sheetData></worksheet>',
        b"<worksheet><sheetData><row>",
        b"\xff\xfe not xml",
    ],
)
def test_a_workbook_whose_sheet_is_no_sheet_is_refused(part: bytes) -> None:
    with pytest.raises(FileRefused):
        read(book([HEADER], more={"xl/worksheets/sheet1.xml": part}), "people.xlsx")


def test_a_workbook_that_is_cut_off_is_refused() -> None:
    whole = book([HEADER, *ROWS * 5000])
    with pytest.raises(FileRefused):
        read(whole[: len(whole) // 2], "people.xlsx")


def test_cells_far_out_and_long_texts_are_named() -> None:
    with pytest.raises(FileRefused, match="columns"):
        read(book([HEADER, [("raw", '<c r="XFD2" t="str"><v>x</v></c>')]]), "people.xlsx")
    with pytest.raises(FileRefused, match="row 2, column 2"):
        read(book([HEADER, ["1", "x" * 70_000]]), "people.xlsx")


def test_many_shared_texts_lie_on_disk() -> None:
    rows = [[("shared", f"text {n}"), ("shared", f"text {n % 7}")] for n in range(3_000)]
    _, found, _ = read(book([["a", "b"], *rows]), "people.xlsx")
    assert found[2_999][1] == ["text 2999", f"text {2999 % 7}"]
