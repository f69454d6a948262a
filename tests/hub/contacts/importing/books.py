"""Small workbooks for tests, written by hand so that every oddity can be in them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from hub.contacts.importing.xlsx_rows import column_name

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_RELS = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_BOOK = (
    '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">{0}<sheets>{1}</sheets></workbook>'
)
STYLES = (
    '<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;.&quot;mm"/><numFmt numFmtId="165" formatCode="0&quot;days&quot;"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>'
)


def cell(reference: str, value: Any, texts: list[str]) -> str:
    match value:
        case ("date", days):
            return f'<c r="{reference}" s="1"><v>{days}</v></c>'
        case ("raw", xml):
            return str(xml).replace("REF", reference)
        case ("shared", words):
            texts.append(words)
            return f'<c r="{reference}" t="s"><v>{len(texts) - 1}</v></c>'
        case bool():
            return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
        case int() | float():
            return f'<c r="{reference}"><v>{value!r}</v></c>'
        case "":
            return ""
        case _:
            return (
                f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
            )


def sheet(rows: Sequence[Sequence[Any]], texts: list[str]) -> str:
    lines = [
        f'<row r="{number}">'
        + "".join(cell(f"{column_name(place)}{number}", value, texts) for place, value in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, 1)
        if row
    ]
    return (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<dimension ref="A1:C{len(rows)}"/><sheetData>{"".join(lines)}</sheetData></worksheet>'
    )


def book(
    rows: Sequence[Sequence[Any]], *, more: dict[str, str | bytes] | None = None, is_1904: bool = False
) -> bytes:
    """An XLSX with one sheet; `more` adds parts or replaces them."""
    texts: list[str] = []
    content = sheet(rows, texts)
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "xl/workbook.xml": _BOOK.format(
            '<workbookPr date1904="1"/>' if is_1904 else "", '<sheet name="People" sheetId="1" r:id="rId1"/>'
        ),
        "xl/_rels/workbook.xml.rels": _RELS.format(
            '<Relationship Id="rId1" Target="worksheets/sheet1.xml"/>'
        ),
        "xl/styles.xml": STYLES,
        "xl/worksheets/sheet1.xml": content,
    }
    if texts:
        items = "".join(f"<si><t>{escape(words)}</t></si>" for words in texts)
        parts["xl/sharedStrings.xml"] = (
            f'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{items}</sst>'
        )
    parts |= more or {}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()
