"""Readers of one column each: texts of cells to what is stored, with what is wrong by place. Values that come again are
read once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring
from typing import Any

import orjson

from hub.contacts.addresses import check_time_zone, normal
from hub.contacts.attributes import TEXT_CHARS_MAX, Definition, index_text, parser_for
from hub.contacts.contact import NAME_CHARS_MAX, TAG_CHARS_MAX, TAGS_MAX
from hub.contacts.importing.numbers import Numbers
from hub.errors import HubError, Invalid

CACHED_MAX = 50_000
Wrong = dict[int, HubError]

_LANGUAGE = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8}){0,3})")
_TAG_SPLIT = re.compile(r"[,;|]")


class Reader:
    """`read` gives one text a cell: "" for an empty or wrong one. Cells come without white space around them."""

    def read(self, values: Sequence[str]) -> tuple[Sequence[str], Wrong]:
        raise NotImplementedError


class Cached(Reader, dict[str, str]):
    """Reads a value once, as long as it is remembered."""

    def __init__(self, parse: Callable[[str], str]) -> None:
        dict.__init__(self)
        self._parse = parse
        self._wrong: dict[str, HubError] = {}

    def __missing__(self, value: str) -> str:
        try:
            found = self._parse(value) if value else ""
        except HubError as error:
            self._wrong[value] = error
            found = ""
        self[value] = found
        return found

    def read(self, values: Sequence[str]) -> tuple[Sequence[str], Wrong]:
        if len(self) > CACHED_MAX:
            self.clear()
            self._wrong.clear()
        found = list(map(self.__getitem__, values))
        if not self._wrong:
            return found, {}
        wrong = self._wrong
        return found, {place: wrong[value] for place, value in enumerate(values) if value in wrong}


class Phones(Reader):
    """Numbers of the kinds phone, whatsapp and rcs."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def read(self, values: Sequence[str]) -> tuple[Sequence[str], Wrong]:
        if all(values):
            found, wrong = self._numbers.read(values)
            return found, dict(wrong)
        places = [place for place, value in enumerate(values) if value]
        some, wrong = self._numbers.read([values[place] for place in places])
        whole = [""] * len(values)
        for place, value in zip(places, some, strict=True):
            whole[place] = value
        return whole, {places[place]: error for place, error in wrong.items()}


class Texts(Reader):
    """Texts of a bounded length, each different from the next: nothing is remembered."""

    def __init__(self, what: str, chars_max: int, *, as_json: bool = False, prefix: str = "") -> None:
        self._what = what
        self._chars_max = chars_max
        self._as_json = as_json
        self._prefix = prefix

    def read(self, values: Sequence[str]) -> tuple[Sequence[str], Wrong]:
        wrong: Wrong = {}
        if max(map(len, values), default=0) > self._chars_max:
            told = Invalid(f"{self._what} has at most {self._chars_max:,} characters")
            wrong = {place: told for place, value in enumerate(values) if len(value) > self._chars_max}
            values = ["" if place in wrong else value for place, value in enumerate(values)]
        if self._as_json:
            prefix, quote = self._prefix, encode_basestring
            return [prefix + quote(value) if value else "" for value in values], wrong
        return values, wrong


def reader_for(target: str, definition: Definition | None, numbers: Numbers) -> Reader:
    """The reader of a column. `definition`: of its attribute, whose values become members of a JSON object."""
    if definition is not None:
        return _attribute_reader(definition)
    if target in ("phone", "whatsapp", "rcs"):
        return Phones(numbers)
    if target == "sip":
        return Cached(lambda text: normal("sip", text, ""))
    if target == "language":
        return Cached(_language)
    if target == "time_zone":
        return Cached(_time_zone)
    if target == "tags":
        return Cached(_tags)
    return Texts("a name", NAME_CHARS_MAX)


def _attribute_reader(definition: Definition) -> Reader:
    prefix = f"{encode_basestring(definition.key)}:"
    if definition.type == "text":
        return Texts("a value", TEXT_CHARS_MAX, as_json=True, prefix=prefix)
    parse = parser_for(definition)
    return Cached(lambda text: prefix + orjson.dumps(parse(text)).decode())


def _language(text: str) -> str:
    """`EN` to `en`, `pt_br` to `pt-BR`."""
    found = _LANGUAGE.fullmatch(text)
    if found is None:
        raise Invalid(f"{text[:40]!r} is not a language such as en or pt-BR")
    rest = [part.upper() if len(part) == 2 else part for part in re.split("[-_]", found[2]) if part]
    return "-".join([found[1].lower(), *rest])


def _time_zone(text: str) -> str:
    try:
        return check_time_zone(text)
    except Invalid:
        raise Invalid(f"{text[:40]!r} is not a time zone such as Europe/London") from None


def _tags(text: str) -> str:
    """`vip; new` to the literal of a PostgreSQL array."""
    tags = list(dict.fromkeys(tag for piece in _TAG_SPLIT.split(text) if (tag := " ".join(piece.split()))))
    if len(tags) > TAGS_MAX:
        raise Invalid(f"a contact has at most {TAGS_MAX} tags")
    for tag in tags:
        if len(tag) > TAG_CHARS_MAX:
            raise Invalid(f"the tag {tag[:20]!r}… has more than {TAG_CHARS_MAX} characters")
    return array_literal(tags)


def array_literal(values: Sequence[str]) -> str:
    """Texts as PostgreSQL writes an array of them; "" for none."""
    quoted = ['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]
    return "{" + ",".join(quoted) + "}" if quoted else ""


def index_reader(definition: Definition) -> Cached:
    """From a member that an attribute reader made to what `contact_values` holds of it."""
    start = len(encode_basestring(definition.key)) + 1

    def text_of(member: str) -> str:
        value: Any = orjson.loads(member[start:])
        return index_text(value)

    return Cached(text_of)
