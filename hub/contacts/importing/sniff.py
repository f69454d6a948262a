"""What a file is, from its first bytes: format, encoding, delimiter, quoting, header."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO

from charset_normalizer import from_bytes

from hub.contacts.importing.limits import COLUMNS_MAX, HEADER_CHARS_MAX, FileRefused

HEAD_BYTES = 512 * 1024
_SAMPLE_LINES = 100
_DELIMITERS = ",;\t|"
_DETECT_BYTES = 128 * 1024
_NUL_SHARE_MAX = 0.1
_MIXED_SHARE_MAX = 0.2

# Beginnings of files that are something else, with the words for the person who chose one.
_FOREIGN: Sequence[tuple[bytes, str]] = (
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls): save it as .xlsx or CSV"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PAR1", "a Parquet file: export it as CSV"),
    (b"SQLite format 3", "a database file"),
    (b"{\\rtf", "a text document (RTF)"),
)
_BOMS: Sequence[tuple[bytes, str]] = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ENCODINGS = frozenset(
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp1258",
        "cp437",
        "cp850",
        "cp852",
        "cp866",
        "cp932",
        "cp949",
        "cp950",
        "iso8859-1",
        "iso8859-2",
        "iso8859-5",
        "iso8859-7",
        "iso8859-9",
        "iso8859-15",
        "koi8-r",
        "koi8-u",
        "mac-roman",
        "gb18030",
        "gbk",
        "gb2312",
        "big5",
        "euc-jp",
        "euc-kr",
        "shift_jis",
        "tis-620",
        "ascii",
    ]
)
_SEP = re.compile(r"^sep=(.)\r?\n?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the text of a CSV file is cut into cells. `skip`: lines before the header (`sep=;`)."""

    delimiter: str = ","
    quote: str = '"'
    skip: int = 0


def format_of(head: bytes) -> str:
    """ "csv", or "zip" for what may be an XLSX. Raises FileRefused for an empty file or another kind of file."""
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise FileRefused("the file is empty", "/", "empty")
    for magic, words in _FOREIGN:
        if head.startswith(magic):
            raise FileRefused(f"this is {words}", "/", "format")
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(b"PK"):
        raise FileRefused("this is an empty or broken archive", "/", "format")
    return "csv"


def encoding_of(head: bytes, all_utf8: bool) -> str:
    """The name of the codec. `all_utf8`: every byte of the whole file has been seen to be UTF-8.

    Raises FileRefused for binary data.
    """
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    nuls = head.count(0)
    if nuls > len(head) * _NUL_SHARE_MAX:
        return _wide(head)
    if all_utf8:
        return "utf-8"
    if _is_mixed_utf8(head):
        return "utf-8"
    return _single_byte(head)


def _wide(head: bytes) -> str:
    """UTF-16 without a mark, by where its zero bytes stand. Raises FileRefused when they stand everywhere."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > 4 * even:
        return "utf-16-le"
    if even > 4 * odd:
        return "utf-16-be"
    raise FileRefused("this is not a text file", "/", "format")


def _is_mixed_utf8(head: bytes) -> bool:
    """Mostly UTF-8 with a few bytes that are not: two files pasted together. Their rows are named, not guessed."""
    text = head.decode("utf-8", "surrogateescape")
    good = sum(letter > "\x7f" and not "\udc80" <= letter <= "\udcff" for letter in text)
    bad = sum("\udc80" <= letter <= "\udcff" for letter in text)
    return good > 0 and bad <= (good + bad) * _MIXED_SHARE_MAX


def _single_byte(head: bytes) -> str:
    """The code page, guessed from the lines that hold more than ASCII."""
    lines = [line for line in head.splitlines() if not line.isascii()]
    sample = b"\n".join(lines)[:_DETECT_BYTES]
    best = from_bytes(sample).best() if sample else None
    if best is None or "cp1252" in best.could_be_from_charset:
        return "cp1252"
    found = _known(best.encoding.replace("_", "-").lower())
    # Western code pages differ in a few signs only, and what writes such files is Windows.
    if found in ("", "ascii", "utf-8", "iso8859-1", "cp437", "cp850", "mac-roman", "iso8859-15"):
        return "cp1252"
    # A few accents in a short file fit many code pages: the guess must at least read no worse.
    return "cp1252" if _oddities(sample, found) > _oddities(sample, "cp1252") else found


def _oddities(sample: bytes, encoding: str) -> int:
    """How many signs beyond ASCII stand where nobody writes them: a capital or a sign inside a word of small letters."""
    text = sample.decode(encoding, "replace")
    return sum(
        here > "\x7f" and not here.islower() and before.isalpha() and (before.islower() or after.islower())
        for before, here, after in zip(text, text[1:], text[2:], strict=False)
    )


def _known(name: str) -> str:
    """The name of a codec as this module writes it, or "" for one it does not offer."""
    try:
        canonical = codecs.lookup(name).name
    except LookupError:
        return ""
    for known in ENCODINGS:
        if codecs.lookup(known).name == canonical:
            return known
    return ""


def checked_encoding(name: str) -> str:
    """A codec somebody chose. Raises FileRefused for an unknown one."""
    found = _known(name.strip())
    if not found:
        raise FileRefused(f"{name[:40]!r} is not a known encoding", "/file/encoding", "encoding")
    return found


def errors_of(encoding: str) -> str:
    """How undecodable bytes are marked: as lone surrogates where the codec can, else as U+FFFD."""
    return "replace" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"


def decode_head(head: bytes, encoding: str) -> str:
    """The text of the first bytes; an incomplete last character is left out."""
    decoder = codecs.getincrementaldecoder(encoding)(errors_of(encoding))
    return decoder.decode(head)


def dialect_of(text: str) -> Dialect:
    """The delimiter and quote that cut the first lines into the most even table of more than one column."""
    lines = StringIO(text, newline="").readlines(len(text))[:_SAMPLE_LINES]
    told = _SEP.match(lines[0]) if lines else None
    if told:
        return Dialect(told.group(1), _quote_of(lines[1:], told.group(1)), 1)
    best, score = Dialect(), 0.0
    for delimiter in _DELIMITERS:
        quote = _quote_of(lines, delimiter)
        found = _evenness(lines, delimiter, quote)
        if found > score:
            best, score = Dialect(delimiter, quote), found
    return best


def _quote_of(lines: Iterable[str], delimiter: str) -> str:
    """`'` only where it encloses cells and `"` encloses none."""
    text = "".join(lines)
    edge = re.escape(delimiter)
    enclosed = {
        quote: len(
            re.findall(rf"(?:^|{edge}){quote}[^{quote}\n]*{quote}(?=[\r\n]|{edge}|$)", text, re.MULTILINE)
        )
        for quote in "\"'"
    }
    return "'" if enclosed["'"] > 2 and not enclosed['"'] else '"'


def _evenness(lines: Sequence[str], delimiter: str, quote: str) -> float:
    """0 for one column; else higher for more rows of the commonest width, then for more columns."""
    try:
        widths = Counter(
            len(row) for row in csv.reader(lines, delimiter=delimiter, quotechar=quote) if any(row)
        )
    except csv.Error:
        return 0.0
    if not widths:
        return 0.0
    width, rows = max(widths.items(), key=lambda item: (item[1] if item[0] > 1 else 0, item[0]))
    if width < 2:
        return 0.0
    return rows / widths.total() + min(width, 100) / 1000


def header_names(cells: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names for the columns, each once, and what had to be changed, in words.

    Raises FileRefused above 500 columns.
    """
    if len(cells) > COLUMNS_MAX:
        raise FileRefused(
            f"row 1 has {len(cells):,} columns: a file has at most {COLUMNS_MAX}", "/", "columns", 1
        )
    names: list[str] = []
    said: list[str] = []
    taken: set[str] = set()
    for place, cell in enumerate(cells, 1):
        clean = " ".join(cell.replace("\0", "").split())[:HEADER_CHARS_MAX]
        name = clean or f"Column {place}"
        if name.casefold() in taken:
            count = 2
            while f"{name} ({count})".casefold() in taken:
                count += 1
            said.append(f"column {place} has the same name as another: it is shown as {name} ({count})")
            name = f"{name} ({count})"
        taken.add(name.casefold())
        names.append(name)
    return names, said


def looks_like_header(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """A header holds words, no numbers or addresses; a first row like all others is data."""
    filled = [cell.strip() for cell in first if cell.strip()]
    if not filled:
        return True
    digits = [cell for cell in filled if sum(letter.isdigit() for letter in cell) > len(cell) / 2]
    if any(len(cell) >= 7 for cell in digits):
        return False
    return len(digits) * 2 < len(filled) or not others
