"""A column of telephone numbers to E.164: what `hub.contacts.phones.e164` says of each, at the speed of a column.

The parser of `phonenumbers` costs 80 µs a number. Numbers in E.164, and numbers written as in their own country, are
read with the same rules and tables without it; whatever is unusual goes to the parser.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from phonenumbers import PhoneMetadata

from hub.contacts.phones import BadPhone, calling_code_lengths, e164

_PUNCTUATION = str.maketrans("", "", " ()-./\u00a0\u2010\u2011\u2012\u2013\u200b\u202f")
_DIGITS = b"0123456789"
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}")


class _Lengths(dict[str, frozenset[int]]):
    """`+447` to the lengths that a whole number may have which begins so."""

    def __missing__(self, prefix: str) -> frozenset[int]:
        found: frozenset[int] = frozenset()
        if (
            len(prefix) == 4
            and prefix[0] == "+"
            and prefix[1:].isascii()
            and prefix[1:].isdigit()
            and prefix[1] != "0"
        ):
            for size in (1, 2, 3):
                lengths = calling_code_lengths(int(prefix[1 : 1 + size]))
                if lengths is not None:
                    found = frozenset(1 + size + length for length in lengths if 7 <= size + length <= 15)
                    break
        if len(self) < 2_000:  # there are a thousand prefixes; texts that are none must not fill memory
            self[prefix] = found
        return found


_LENGTHS = _Lengths()


class Numbers:
    """Reads columns of one file, whose numbers without a country are of `default_country`."""

    def __init__(self, default_country: str) -> None:
        self.country = default_country
        self._national = _National.of(default_country)

    def read(self, values: Sequence[str]) -> tuple[list[str], dict[int, BadPhone]]:
        """E.164 by place, and what is wrong with the others (which are empty there). Values are stripped."""
        lengths = _LENGTHS
        if self._are_plain(values):
            found = [value if len(value) in lengths[value[:4]] else "" for value in values]
            if all(found):
                return found, {}
        else:
            found = [""] * len(values)
        wrong: dict[int, BadPhone] = {}
        for place, value in enumerate(values):
            if not found[place]:
                try:
                    found[place] = self.one(value)
                except BadPhone as error:
                    wrong[place] = error
        return found, wrong

    @staticmethod
    def _are_plain(values: Sequence[str]) -> bool:
        """Whether every value has digits and one `+` only; where the `+` stands, the prefix tells."""
        joined = "\n".join(values)
        if not joined.isascii():
            return False
        return joined.encode().translate(None, _DIGITS) == b"\n".join([b"+"] * len(values))

    def one(self, value: str) -> str:
        """Raises BadPhone."""
        if value[:1] == "+" and len(value) in _LENGTHS[value[:4]] and _INTERNATIONAL.fullmatch(value):
            return value
        bare = value.translate(_PUNCTUATION)
        if bare[:1] == "+":
            usual = len(bare) in _LENGTHS[bare[:4]] and _INTERNATIONAL.fullmatch(bare)
            # `+49 (0)30 …`: the zero is dialled only inside the country, which the parser knows.
            if usual and not _after_code(bare).startswith(("0", "8")) and "(0)" not in value:
                return bare
        elif self._national is not None and bare.isascii() and bare.isdigit():
            read = self._national.read(bare)
            if read:
                return read
        return e164(value, self.country)


def _after_code(number: str) -> str:
    for size in (1, 2, 3):
        if calling_code_lengths(int(number[1 : 1 + size])) is not None:
            return number[1 + size :]
    return number


class _National:
    """Numbers as they are dialled in one country, where its rule is a plain prefix."""

    def __init__(self, code: int, prefix: str, abroad: re.Pattern[str], general: re.Pattern[str]) -> None:
        self._code = str(code)
        self._prefix = prefix
        self._abroad = abroad
        self._general = general
        self._lengths = calling_code_lengths(code) or frozenset()

    @classmethod
    def of(cls, country: str) -> _National | None:
        """None for a country whose numbers are rewritten by more than leaving a prefix away."""
        metadata = PhoneMetadata.metadata_for_region(country, None)
        if metadata is None or metadata.general_desc is None or metadata.country_code is None:
            return None
        prefix = metadata.national_prefix_for_parsing or ""
        simple = prefix == "" or prefix.isdigit()
        shared = metadata.main_country_for_code or metadata.country_code not in _SHARED
        if not simple or not shared or metadata.national_prefix_transform_rule is not None:
            return None
        general = re.compile(metadata.general_desc.national_number_pattern or "(?!)")
        abroad = re.compile(metadata.international_prefix or "(?!)")
        return cls(metadata.country_code, prefix, abroad, general)

    def read(self, digits: str) -> str:
        """E.164, or "" for what the parser must decide."""
        if digits.startswith(self._code) or self._abroad.match(digits):
            return ""
        national = digits
        if self._prefix and digits.startswith(self._prefix):
            national = digits[len(self._prefix) :]
            if self._general.fullmatch(digits) and not self._general.fullmatch(national):
                return ""
        return f"+{self._code}{national}" if len(national) in self._lengths else ""


_SHARED = frozenset({1, 7, 39, 44, 47, 61, 212, 262, 290, 358, 590, 599})
"""Calling codes of several regions: only the main one's numbers are read here."""
