"""Cells of a file that a spreadsheet opens: none may be taken for a formula."""

from __future__ import annotations

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\0")


def guarded(cell: str) -> str:
    """The cell with a leading `'` where a spreadsheet would run it: `=1+1` to `'=1+1`. Telephone numbers are texts too.

    Source: OWASP ASVS 5.0, 1.2.10.
    """
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_DANGEROUS) else cell
