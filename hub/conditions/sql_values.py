"""Tests of values as SQL: of a contact's columns and attributes, and of an event's properties."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import Any

from hub.conditions import nodes
from hub.conditions.catalog import ATTRIBUTE
from hub.conditions.text import translation

_COLUMNS = {"name": "name", "language": "language", "time_zone": "time_zone", "created_at": "created_at"}


def like_json(value: str) -> bool:
    """Whether the text of JSON that is no text could be this: a number, true, false, a list, an object."""
    return value[0] in "0123456789-{[" or value in ("true", "false")


@dataclass
class ValueWriter:
    """Writes tests over `alias` and gathers the values that they bind, named `prefix_0`, `prefix_1`…"""

    now: datetime
    alias: str
    prefix: str
    _: KW_ONLY
    values: dict[str, Any] = field(default_factory=dict)

    def bind(self, value: Any, kind: str) -> str:
        for name, known in self.values.items():
            if known is value or (type(known) is type(value) and known == value):
                return f"CAST(:{name} AS {kind})"
        name = f"{self.prefix}_{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {kind})"

    def json_of(self, name: str) -> str:
        """The JSON of an attribute, or nothing for a column."""
        if not name.startswith(ATTRIBUTE):
            return ""
        return f"({self.alias}.attributes -> {self.bind(name[len(ATTRIBUTE) :], 'text')})"

    def text_of(self, name: str) -> str:
        if not name.startswith(ATTRIBUTE):
            return f"{self.alias}.{_COLUMNS[name]}"
        return f"({self.alias}.attributes ->> {self.bind(name[len(ATTRIBUTE) :], 'text')})"

    def value_test(self, test: nodes.Value, json: str, text: str) -> str:
        """A test of a value by its JSON and its text; of a column when there is no JSON. Never raises in PostgreSQL."""
        match test:
            case nodes.Text():
                return self._text_test(test, json, text)
            case nodes.OneOf(_, values):
                plain = f'{text} COLLATE "C"'
                if values is None:
                    return self._is(json, "string") + f"{plain} <> ''"
                return self._typed(json, values) + self._equals(plain, values)
            case nodes.Number():
                bounds = self._bounds(test, f"CAST({json} AS numeric)")
                return f"CASE WHEN jsonb_typeof({json}) = 'number' THEN {bounds} END"
            case nodes.Boolean(_, value):
                return f"{json} = CAST('{'true' if value else 'false'}' AS jsonb)"
            case nodes.Day(_, low, high):
                first = self.bind(low.day(self.now).isoformat() if low else "0", "text")
                end = self.bind(high.day(self.now).isoformat() if high else ":", "text")
                plain = f'{text} COLLATE "C"'
                return f"{self._is(json, 'string')}{plain} >= {first} AND {plain} < {end}"
            case nodes.Moment(_, low, high):
                return self.span(text, low, high)

    def _text_test(self, test: nodes.Text, json: str, text: str) -> str:
        if test.how == "known":
            return self._is(json, "string") + f"{text} COLLATE \"C\" <> ''"
        folded = f'lower({text} COLLATE "C")'
        letters = translation(test.values)
        if letters is not None:
            folded = f"translate({folded}, {self.bind(letters[0], 'text')}, {self.bind(letters[1], 'text')})"
        if test.how == "equals":
            return self._typed(json, test.values) + self._equals(folded, test.values)
        value = self.bind(test.values[0], "text")
        found = {
            "contains": f"strpos({folded}, {value}) > 0",
            "begins": f"starts_with({folded}, {value})",
            "ends": f"right({folded}, char_length({value})) = {value}",
        }[test.how]
        return self._is(json, "string") + found

    def _equals(self, expression: str, values: tuple[str, ...]) -> str:
        if len(values) == 1:
            return f"{expression} = {self.bind(values[0], 'text')}"
        return f"{expression} = ANY ({self.bind(list(values), 'text[]')})"

    def _is(self, json: str, kind: str) -> str:
        return f"jsonb_typeof({json}) = '{kind}' AND " if json else ""

    def _typed(self, json: str, values: tuple[str, ...]) -> str:
        """A check that the JSON is a text, where another type's text could equal one of the values."""
        return self._is(json, "string") if any(map(like_json, values)) else ""

    def _bounds(self, test: nodes.Number, value: str) -> str:
        parts = []
        if test.low is not None and test.low == test.high:
            return f"{value} = {self.bind(str(test.low), 'numeric')}"
        if test.low is not None:
            parts.append(f"{value} {'>' if test.low_open else '>='} {self.bind(str(test.low), 'numeric')}")
        if test.high is not None:
            parts.append(f"{value} {'<' if test.high_open else '<='} {self.bind(str(test.high), 'numeric')}")
        return " AND ".join(parts) or "true"

    def span(self, value: str, low: nodes.Edge | None, high: nodes.Edge | None) -> str:
        parts = []
        if low is not None:
            parts.append(f"{value} >= {self.bind(low.at(self.now), 'timestamptz')}")
        if high is not None:
            parts.append(f"{value} < {self.bind(high.at(self.now), 'timestamptz')}")
        return " AND ".join(parts) or f"{value} IS NOT NULL"
