"""The first guess of what the columns of a file are: from their names, then from what they hold."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.contacts.exporting.cells import unguarded
from hub.contacts.importing.options import ADDRESS_TARGETS, ATTRIBUTE, CREATED_MAX, Mapped, NewAttribute
from hub.contacts.importing.words import PIECES, TARGET_OF, fold

_PHONE = re.compile(r"\+?[\d\s().\-/\u00a0]{7,24}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{4}/\d{1,2}/\d{1,2}")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
_LANGUAGE = re.compile(r"[a-z]{2}([-_][A-Za-z]{2})?", re.IGNORECASE)
_BOOLEANS = frozenset({"true", "false", "yes", "no"})
# Numbers that are as long as a telephone number and are none.
_NOT_PHONES = re.compile(
    r"(^|_)(id|ids|uid|uuid|code|zip|postcode|postal|order|invoice|account|iban|amount|total|sum|price|balance|date|time|"
    r"created|updated|birthday|dob|ean|sku|vat|tax|card|lat|lon|year|ref|reference)(_|$)"
)
_LIKELY = 0.8


@dataclass(frozen=True, slots=True)
class Known:
    """An attribute the tenant has."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class _Column:
    place: int
    name: str
    values: tuple[str, ...]

    def share(self, pattern: re.Pattern[str]) -> float:
        if not self.values:
            return 0.0
        return sum(pattern.fullmatch(value) is not None for value in self.values) / len(self.values)

    @property
    def phones(self) -> float:
        """The share of values that could be telephone numbers."""
        if not self.values:
            return 0.0
        good = [
            value
            for value in self.values
            if _PHONE.fullmatch(value)
            and 7 <= sum(letter.isdigit() for letter in value) <= 15
            and not _DATE.fullmatch(value)
        ]
        return len(good) / len(self.values)


def guess(header: Sequence[str], rows: Sequence[Sequence[str]], known: Sequence[Known]) -> list[Mapped]:
    """One entry a column. A telephone number is never guessed to be an attribute."""
    columns = [_column(place, name, rows) for place, name in enumerate(header)]
    targets: dict[int, str] = {}
    for column in columns:
        target = _by_name(column, known)
        if target and target not in targets.values():
            targets[column.place] = target
    if not any(target in ADDRESS_TARGETS for target in targets.values()):
        _find_phone(columns, targets)
    mapping: list[Mapped] = []
    created = 0
    for column in columns:
        target = targets.get(column.place)
        if target is None and created < CREATED_MAX:
            made = _new_attribute(column, header, mapping)
            created += made.create is not None
            mapping.append(made)
        else:
            mapping.append(Mapped(column=column.name, target=target or ""))
    return mapping


def _column(place: int, name: str, rows: Sequence[Sequence[str]]) -> _Column:
    values = (unguarded(row[place].strip()) for row in rows if place < len(row))
    return _Column(place, name, tuple(value for value in values if value))


def _by_name(column: _Column, known: Sequence[Known]) -> str | None:
    folded = fold(column.name)
    target = TARGET_OF.get(folded)
    if target is None:
        target = _attribute(folded, known) or _by_piece(column, folded)
    if target == "phone" and column.values and column.phones < 0.5:
        return None  # called a number, and holds something else
    if target == "name" and column.phones >= _LIKELY:
        return "phone"  # "Contact"
    return target


def _attribute(folded: str, known: Sequence[Known]) -> str | None:
    for attribute in known:
        if folded in (fold(attribute.key), fold(attribute.label)):
            return f"{ATTRIBUTE}{attribute.key}"
    return None


def _by_piece(column: _Column, folded: str) -> str | None:
    for piece, target in PIECES.items():
        if folded.startswith(piece) or folded.endswith(piece):
            if target in ADDRESS_TARGETS and column.phones < _LIKELY:
                return None
            return target
    return None


def _find_phone(columns: Sequence[_Column], targets: dict[int, str]) -> None:
    """The column that holds telephone numbers whatever it is called."""
    likely = [
        (column.phones, -column.place)
        for column in columns
        if column.phones >= _LIKELY
        and column.place not in targets
        and not _NOT_PHONES.search(slug(column.name))
    ]
    named = [column.place for column in columns if TARGET_OF.get(fold(column.name)) == "phone"]
    if likely:
        targets[-max(likely)[1]] = "phone"
    elif named:
        targets[named[0]] = "phone"  # nothing in it is a number, and nothing else is one either


def _new_attribute(column: _Column, header: Sequence[str], before: Sequence[Mapped]) -> Mapped:
    """An attribute to be made of a column nobody knows; a column of telephone numbers or without values is left out."""
    phone_like = column.phones >= _LIKELY and not _NOT_PHONES.search(slug(column.name))
    named_phone = TARGET_OF.get(fold(column.name)) in ADDRESS_TARGETS and column.phones > 0
    if phone_like or named_phone or not column.values:
        return Mapped(column=column.name, target="")
    taken = {mapped.target for mapped in before}
    key = base = slug(column.name) or f"column_{column.place + 1}"
    count = 2
    while f"{ATTRIBUTE}{key}" in taken:
        key = f"{base[:58]}_{count}"
        count += 1
    label = header[column.place][:80]
    return Mapped(
        column=column.name,
        target=f"{ATTRIBUTE}{key}",
        create=NewAttribute(type=_type_of(column), label=label),
    )


def _type_of(column: _Column) -> str:
    if all(value.casefold() in _BOOLEANS for value in column.values):
        return "boolean"
    if column.share(_ISO_DATE) == 1.0:
        return "date"
    if column.share(_NUMBER) == 1.0 and not any(
        value.startswith("0") and value[1:2].isdigit() for value in column.values
    ):
        return "number"
    return "text"


def slug(name: str) -> str:
    """`Date of birth` to `date_of_birth`; "" when nothing of it can stand in a key."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    words = re.sub(r"^[0-9_]+", "", words)
    return words[:63].rstrip("_")


def fingerprint(header: Sequence[str]) -> bytes:
    """The same for the same columns in the same order, however they are written."""
    return hashlib.sha256("\x1f".join(fold(name) for name in header).encode()).digest()


def recall(header: Sequence[str], remembered: Mapping[str, Mapped]) -> list[Mapped]:
    """A remembered mapping, by column, for the header of a new file."""
    by_fold = {fold(name): mapped for name, mapped in remembered.items()}
    found = []
    for name in header:
        old = remembered.get(name) or by_fold.get(fold(name))
        found.append(
            Mapped(column=name, target=old.target if old else "", create=old.create if old else None)
        )
    return found
