"""What an export can hold: columns by name, and a contact's value in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.contacts.addresses import KINDS
from hub.contacts.attributes import Definitions
from hub.contacts.consents import CHANNELS
from hub.contacts.importing.options import ATTRIBUTE
from hub.conversations.views import instant
from hub.errors import Invalid
from hub.ids import encode_id

FIELDS = ("id", "name", "language", "time_zone", "tags", "created_at", "updated_at", "last_inbound_at")
CONSENT = "consent."
COLUMNS_MAX = 200


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is how it is asked for, `head` how it is called in the file, `type` an attribute's or text."""

    name: str
    head: str
    type: str = "text"


def all_columns(definitions: Definitions) -> list[Column]:
    """Everything there is, in the order of a whole export: what an import of the file would understand again."""
    names = ["id", *KINDS, *FIELDS[1:5]]
    found = [Column(name, name) for name in names]
    found += [Column(f"{ATTRIBUTE}{key}", _head(key), one.type) for key, one in definitions.items()]
    found += [Column(f"{CONSENT}{channel}", f"consent {channel}") for channel in CHANNELS]
    return found + [Column(name, name) for name in FIELDS[5:]]


def _head(key: str) -> str:
    return f"{ATTRIBUTE}{key}" if key in FIELDS or key in KINDS else key


def chosen(wanted: str, definitions: Definitions) -> list[Column]:
    """The columns of `phone,name,attribute.city`; all for an empty text. Raises Invalid naming the unknown one."""
    known = {column.name: column for column in all_columns(definitions)}
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if len(names) > COLUMNS_MAX:
        raise Invalid(f"an export has at most {COLUMNS_MAX} columns", "?columns")
    for name in names:
        if name not in known:
            raise Invalid(f"there is no column {name[:80]!r}", "?columns")
    return [known[name] for name in dict.fromkeys(names)] or list(known.values())


def values(row: Any, columns: Sequence[Column]) -> list[Any]:
    """A contact's values as JSON has them; None where there is nothing."""
    addresses: dict[str, str] = {}
    for address in row.addresses:
        addresses.setdefault(address["kind"], address["address"])
    consents: Mapping[str, str] = row.consents
    return [_value(row, column.name, addresses, consents) for column in columns]


def _value(row: Any, name: str, addresses: Mapping[str, str], consents: Mapping[str, str]) -> Any:
    if name.startswith(ATTRIBUTE):
        return row.attributes.get(name.removeprefix(ATTRIBUTE))
    if name.startswith(CONSENT):
        return consents.get(name.removeprefix(CONSENT))
    if name in KINDS:
        return addresses.get(name)
    if name == "id":
        return encode_id("con", row.id)
    value = getattr(row, name)
    return instant(value) if name.endswith("_at") else value or None


def text(value: Any) -> str:
    """A value as a cell: true, 12.5, tags with `, ` between them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
