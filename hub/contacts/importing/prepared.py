"""A checked block as the text of COPY: made in the reading thread, while the database writes the block before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.contacts.importing.checking import Checked
from hub.contacts.importing.columns import array_literal
from hub.contacts.importing.ids import uuid7_texts
from hub.contacts.importing.limits import RowError

_MEMBER = re.compile(r'"(?:[^"\\]|\\.)*"')
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_ESCAPED = ("\\", "\t", "\n", "\r")


@dataclass(frozen=True, slots=True)
class Prepared:
    """`stage`: a line a good row. `more`: a line for each address beside the one that tells who it is."""

    rows: int
    good: int
    first: int
    last: int
    stage: bytes
    more: bytes
    errors: Sequence[RowError]
    bad_rows: int
    skipped: int


def prepare(
    checked: Checked,
    identity: str,
    attributes: Sequence[str],
    addresses: Sequence[str],
    tags: Sequence[str],
    now_ms: int,
    skipped: int = 0,
) -> Prepared:
    """`attributes`: the targets that are members of the JSON object; `tags`: what everybody in the file gets."""
    columns = checked.columns
    count = len(checked.numbers)
    numbers = list(map(str, checked.numbers))
    blank = [""] * count
    stage = b""
    if count:
        safe = _same if checked.plain else escaped
        lines = zip(
            numbers,
            uuid7_texts(now_ms, count),
            safe(columns[identity]),
            safe(columns.get("name", blank)),
            columns.get("language", blank),
            columns.get("time_zone", blank),
            safe(_objects([columns[target] for target in attributes], count)),
            escaped(_tags(columns.get("tags"), tags, count))
            if tags
            else safe(_tags(columns.get("tags"), tags, count)),
            strict=True,
        )
        stage = ("\n".join(map("\t".join, lines)) + "\n").encode()
    return Prepared(
        checked.rows,
        count,
        checked.first,
        checked.last,
        stage,
        _more(columns, numbers, [kind for kind in addresses if kind != identity]),
        checked.errors,
        checked.bad_rows - skipped,
        skipped,
    )


def _same(values: Sequence[str]) -> Sequence[str]:
    return values


def escaped(values: Sequence[str]) -> Sequence[str]:
    """Texts for COPY: backslash, tab and ends of lines as escapes, where any value has one."""
    joined = "".join(values)
    if not any(letter in joined for letter in _ESCAPED):
        return values
    return [value.translate(_ESCAPES) for value in values]


def _objects(members: Sequence[Sequence[str]], count: int) -> Sequence[str]:
    """JSON objects of the members that are not empty."""
    if not members:
        return ["{}"] * count
    if all(map(all, members)):
        pattern = "{" + ",".join(["%s"] * len(members)) + "}"
        return list(map(pattern.__mod__, zip(*members, strict=True)))
    return ["{" + ",".join(filter(None, row)) + "}" for row in zip(*members, strict=True)]


def _tags(found: Sequence[str] | None, everybody: Sequence[str], count: int) -> Sequence[str]:
    """Array literals: a row's own tags and everybody's."""
    general = array_literal(list(dict.fromkeys(everybody))) or "{}"
    if found is None:
        return [general] * count
    if not everybody:
        return [tags or "{}" for tags in found] if not all(found) else found
    known: dict[str, str] = {}
    for tags in found:
        if tags not in known:
            more = [tag for tag in everybody if array_literal([tag])[1:-1] not in _items(tags)]
            known[tags] = (
                array_literal(more)
                if not tags
                else f"{tags[:-1]}{''.join(f',{array_literal([tag])[1:-1]}' for tag in more)}}}"
            )
    return [known[tags] or "{}" for tags in found]


def _items(literal: str) -> list[str]:
    """The quoted members of an array literal of ours."""
    return _MEMBER.findall(literal)


def _more(columns: Mapping[str, Sequence[str]], numbers: Sequence[str], kinds: Sequence[str]) -> bytes:
    lines = [
        f"{number}\t{kind}\t{address}\n"
        for kind in kinds
        for number, address in zip(numbers, escaped(columns[kind]), strict=True)
        if address
    ]
    return "".join(lines).encode()
