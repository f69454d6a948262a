"""The words of a condition back to the condition; an error says where."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hub.conditions.catalog import CHANNELS, EVENT, Catalog, FieldSpec, is_event_name
from hub.conditions.model import DEPTH_MAX, RULES_MAX, Group, Rule, normal
from hub.conditions.values import UNITS
from hub.conditions.vocabulary import (
    CAMPAIGN,
    CONSENT,
    INBOUND,
    OUTBOUND,
    PROPERTY,
    RESERVED,
    Vocabulary,
    ids_by_name,
    labels_of,
    number_of,
)
from hub.errors import Invalid

WORDS_CHARS_MAX = 20_000
_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([(),])|([^\s(),"]+))', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(eq=False)
class WordsInvalid(Invalid):
    """These words are no condition."""

    code: ClassVar[str] = "words-invalid"
    position: int = 0


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the words: `(`, `)`, `,`, a bare word, or a text that stood in quotes."""

    text: str
    position: int
    quoted: bool = False

    def says(self, word: str) -> bool:
        return not self.quoted and self.text.lower() == word


def parse(said: str, catalog: Catalog, pointer: str = "/words") -> Group:
    """The condition, in the form of `words.canonical`. Raises WordsInvalid with the position (from 0) of what is wrong.
    Values are taken as they stand: `check` says whether they fit.
    """
    if len(said) > WORDS_CHARS_MAX:
        raise WordsInvalid(f"a condition has at most {WORDS_CHARS_MAX} characters", pointer, WORDS_CHARS_MAX)
    reader = _Reader(_tokens(said, pointer), len(said), Vocabulary(catalog), pointer)
    return reader.whole()


def _tokens(said: str, pointer: str) -> list[_Token]:
    found, at, end = [], 0, len(said.rstrip())
    while at < end:
        match = _TOKEN.match(said, at)
        if match is None:
            quote = said.index('"', at)
            raise WordsInvalid(f"at character {quote + 1}: a quotation mark is not closed", pointer, quote)
        text, mark, bare = match.groups()
        begin = match.end() - len(text or mark or bare)
        if text is not None:
            found.append(_Token(_ESCAPED.sub(r"\1", text[1:-1]), begin, True))
        else:
            found.append(_Token(mark or bare, begin))
        at = match.end()
    return found


@dataclass
class _Reader:
    tokens: Sequence[_Token]
    length: int
    vocabulary: Vocabulary
    pointer: str
    at: int = 0
    rules: int = 0

    def whole(self) -> Group:
        if len(self.tokens) == 1 and self._take("everyone"):
            return Group(rules=[])
        if len(self.tokens) == 2 and self._take("no", "one"):
            return Group(not_=True, rules=[])
        group = self._sequence(1)
        if self.at < len(self.tokens):
            raise self._wrong('only "and", "or" or the end can stand here')
        return normal(group)

    # Groups

    def _sequence(self, depth: int) -> Group:
        """Terms joined by one and the same combinator."""
        items: list[Rule | Group] = [self._term(depth)]
        combinator: Any = None
        while (joint := "and" if self._next("and") else "or" if self._next("or") else None) is not None:
            if combinator not in (None, joint):
                raise self._wrong('"and" and "or" cannot stand side by side: use brackets')
            combinator = joint
            self.at += 1
            items.append(self._term(depth))
        return Group(combinator=combinator or "and", rules=items)

    def _term(self, depth: int) -> Rule | Group:
        negated = self._next("not", "(")
        if negated:
            self.at += 1
        if not self._next("("):
            self.rules += 1
            if self.rules > RULES_MAX:
                raise self._wrong(f"a condition has at most {RULES_MAX} rules")
            return self._rule()
        if depth >= DEPTH_MAX:
            raise self._wrong(f"groups nest at most {DEPTH_MAX} deep")
        self.at += 1
        group = self._sequence(depth + 1)
        self._expect(")")
        return group.model_copy(update={"not_": negated})

    # Rules

    def _rule(self) -> Rule:
        for said, reader in _SENTENCES:
            if self._next(*said):
                self.at += len(said)
                return reader(self)
        spec = self._field()
        operator = self._operator(spec.operators)
        return Rule(field=spec.name, operator=operator, value=self._value(spec, operator))

    def _field(self) -> FieldSpec:
        for count in range(self.vocabulary.words_max, 0, -1):
            ahead = self.tokens[self.at : self.at + count]
            if any(token.quoted for token in ahead):
                continue
            spec = self.vocabulary.fields.get(tuple(token.text.lower() for token in ahead))
            if spec is not None:
                self.at += count
                return spec
        raise self._wrong("a field is expected here")

    def _operator(self, operators: Mapping[str, str]) -> str:
        longest = sorted(operators.items(), key=lambda item: -len(item[1]))
        for operator, label in longest:
            if self._take(*label.split(" ")):
                return operator
        labels = ", ".join(dict.fromkeys(operators.values()))
        raise self._wrong(f"a comparison is expected here: {labels}")

    def _value(self, spec: FieldSpec, operator: str) -> Any:
        match spec.type:
            case "consent":
                return self._one(CONSENT)
            case "boolean":
                return self._one({True: ("true",), False: ("false",)})
            case "number":
                return self._compared(operator, self._number)
            case "named":
                ids = {label: value for value, label in labels_of(spec).items()}
                return self._compared(operator, lambda: ids.get(said := self._text(), said))
            case _:
                return self._compared(operator, self._text)

    def _compared(self, operator: str, read: Callable[[], Any]) -> Any:
        match operator:
            case "null" | "notNull":
                return None
            case "between" | "notBetween":
                low = read()
                self._expect("and")
                return [low, read()]
            case "in" | "notIn" | "containsAny" | "containsNone":
                found = [read()]
                while self._take(","):
                    found.append(read())
                return found
            case "inLast" | "notInLast":
                return self._duration()
            case _:
                return read()

    def _one(self, choices: Mapping[Any, tuple[str, ...]]) -> Any:
        for value, said in choices.items():
            if self._take(*said):
                return value
        raise self._wrong(f"one of {', '.join(' '.join(said) for said in choices.values())} is expected here")

    # Sentences

    def _reachable(self, operator: str) -> Rule:
        return Rule(field="reachable", operator=operator, value=self._channel())

    def _segment(self, operator: str) -> Rule:
        return Rule(field="segment", operator=operator, value=self._named("seg"))

    def _campaign(self, operator: str) -> Rule:
        return Rule(field="campaign", operator=operator, value=self._named("cmp"))

    def _message(self, field: str, happened: bool) -> Rule:
        value = self._how_often()
        value["channel"] = self._channel() if self._take("on") else None
        return Rule(field=field, operator="happened" if happened else "didNotHappen", value=value)

    def _event(self) -> Rule:
        begin = self.at
        name = self._text()
        if not is_event_name(name):
            self.at = begin
            raise self._wrong("an event's name has 1 to 80 characters")
        operator = self._operator({"didNotHappen": "did not happen", "happened": "happened"})
        value = self._how_often()
        value["where"] = self._where() if self._take("with", "(") else []
        return Rule(field=EVENT + name, operator=operator, value=value)

    def _where(self) -> list[dict[str, Any]]:
        found = []
        while True:
            name = self._text()
            operator = self._operator(PROPERTY)
            found.append(
                {"property": name, "operator": operator, "value": self._compared(operator, self._literal)}
            )
            if self._take(")"):
                return found
            self._expect("and")

    def _how_often(self) -> dict[str, Any]:
        times = 1
        if self._take("at", "least"):
            times = self._whole_number()
            self._expect("times")
        within = self._duration() if self._take("in", "the", "last") else None
        return {"at_least": times, "within": within}

    # Words

    def _named(self, prefix: str) -> str:
        catalog = self.vocabulary.catalog
        names = ids_by_name(prefix, catalog.segments if prefix == "seg" else catalog.campaigns)
        begin = self.at
        found = names.get(self._text())
        if found is None:
            self.at = begin
            raise self._wrong(f"there is no {'segment' if prefix == 'seg' else 'campaign'} of this name")
        return found

    def _channel(self) -> str:
        return str(self._one({kind: (kind,) for kind in CHANNELS}))

    def _duration(self) -> dict[str, Any]:
        amount = self._whole_number()
        for unit in UNITS:
            if self._take(unit) or self._take(unit[:-1]):
                return {"amount": amount, "unit": unit}
        raise self._wrong("minutes, hours, days or weeks is expected here")

    def _whole_number(self) -> int:
        number = self._number()
        if not isinstance(number, int):
            self.at -= 1
            raise self._wrong("a whole number is expected here")
        return number

    def _number(self) -> int | float:
        token = self._peek()
        number = None if token is None or token.quoted else number_of(token.text)
        if number is None:
            raise self._wrong("a number is expected here")
        self.at += 1
        return number

    def _text(self) -> str:
        token = self._peek()
        if token is None or (not token.quoted and (token.text in "()," or token.text.lower() in RESERVED)):
            raise self._wrong("a value is expected here, in quotes if it is more than one word")
        self.at += 1
        return token.text

    def _literal(self) -> Any:
        token = self._peek()
        if token is not None and not token.quoted:
            if (number := number_of(token.text)) is not None:
                self.at += 1
                return number
            if token.text.lower() in ("true", "false"):
                self.at += 1
                return token.text.lower() == "true"
        return self._text()

    def _peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _next(self, *words: str) -> bool:
        ahead = self.tokens[self.at : self.at + len(words)]
        return len(ahead) == len(words) and all(
            token.says(word) for token, word in zip(ahead, words, strict=True)
        )

    def _take(self, *words: str) -> bool:
        if self._next(*words):
            self.at += len(words)
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._wrong(f'"{word}" is expected here')

    def _wrong(self, detail: str) -> WordsInvalid:
        token = self._peek()
        position = token.position if token is not None else self.length
        return WordsInvalid(f"at character {position + 1}: {detail}", self.pointer, position)


_SENTENCES: Sequence[tuple[tuple[str, ...], Callable[[_Reader], Rule]]] = (
    (("reachable", "on"), lambda reader: reader._reachable("on")),
    (("unreachable", "on"), lambda reader: reader._reachable("notOn")),
    (("in", "segment"), lambda reader: reader._segment("in")),
    (("not", "in", "segment"), lambda reader: reader._segment("notIn")),
    *((said, lambda reader, op=operator: reader._campaign(op)) for operator, said in CAMPAIGN.items()),
    *(
        (said, lambda reader, yes=yes: reader._message("message.inbound", yes))
        for yes, said in INBOUND.items()
    ),
    *(
        (said, lambda reader, yes=yes: reader._message("message.outbound", yes))
        for yes, said in OUTBOUND.items()
    ),
    (("event",), lambda reader: reader._event()),
)
