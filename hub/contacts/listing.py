"""Lists of contacts: filters and orders as data, and the SQL clauses they become. Pure.

Every order has a key that an index holds (the id, which is the time of making, or the name in lower case with the id),
so that a page costs the same at row 900,000 as at row 1. What cannot lead an index under row-level security (a piece
of a name) is looked at while the index is walked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from hub.contacts.addresses import KINDS_OF_CHANNEL
from hub.contacts.consents import CHANNELS, STATES
from hub.errors import Invalid

Sort = Literal["-created", "created", "name", "-name"]
SEARCH_CHARS_MAX = 80
DIGITS_MIN = 3
NUMBERS_MAX = 20_000  # numbers a search by digits considers; a search that means so many means nobody


@dataclass(frozen=True, slots=True)
class Filter:
    """Whom a list is for. An empty field filters nothing; all given ones must hold."""

    search: str = ""
    tag: str = ""
    segment: UUID | None = None
    channel: str = ""
    consent: str = ""
    language: str = ""

    @property
    def is_empty(self) -> bool:
        return self == Filter()

    def check(self) -> None:
        """Raises Invalid, naming the parameter."""
        if len(self.search) > SEARCH_CHARS_MAX:
            raise Invalid(f"a search has at most {SEARCH_CHARS_MAX} characters", "/search")
        if self.channel and self.channel not in CHANNELS:
            raise Invalid(f"a channel is one of {', '.join(CHANNELS)}", "?channel")
        if self.consent and self.consent not in (*STATES, "none"):
            raise Invalid(f"a consent is one of {', '.join(STATES)}, none", "?consent")


@dataclass(slots=True)
class Clauses:
    """A WHERE over `contacts c` (every part begins with AND) and its values."""

    sql: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, sql: str, **values: Any) -> None:
        self.sql += f" AND {sql}"
        self.values |= values


def clauses(wanted: Filter) -> Clauses:
    """All filters but the segment, which its own module turns into SQL."""
    wanted.check()
    found = Clauses()
    if wanted.tag:
        found.add(f"EXISTS ({_TAGGED})", tag=wanted.tag.strip())
    if wanted.language:
        found.add("c.language = :language", language=wanted.language)
    if wanted.channel:
        found.add(f"EXISTS ({_REACHED})", address_kinds=list(KINDS_OF_CHANNEL[wanted.channel]))
    if wanted.consent:
        _consent(found, wanted)
    if wanted.search.strip():
        _search(found, wanted.search.strip())
    return found


_TAGGED = (
    "SELECT 1 FROM contact_tags t WHERE t.tenant_id = c.tenant_id AND t.tag = :tag AND t.contact_id = c.id"
)
_REACHED = (
    "SELECT 1 FROM contact_addresses a WHERE a.tenant_id = c.tenant_id AND a.contact_id = c.id "
    "AND a.kind = ANY(CAST(:address_kinds AS text[]))"
)
_CONSENT = (
    "SELECT 1 FROM consents n WHERE n.tenant_id = c.tenant_id AND n.contact_id = c.id "
    "AND n.channel_kind = ANY(CAST(:consent_channels AS text[])) AND n.purpose = 'all'"
)


def _consent(found: Clauses, wanted: Filter) -> None:
    channels = [wanted.channel] if wanted.channel else list(CHANNELS)
    if wanted.consent == "none":
        found.add(f"NOT EXISTS ({_CONSENT})", consent_channels=channels)
    else:
        found.add(
            f"EXISTS ({_CONSENT} AND n.state = :consent)", consent_channels=channels, consent=wanted.consent
        )


def _search(found: Clauses, search: str) -> None:
    """A piece of a name, the beginning of a number with `+`, at least three digits of one, or a whole tag."""
    digits = "".join(letter for letter in search if letter.isdecimal() and letter.isascii())
    if search.startswith("+") and digits and not any(letter.isalpha() for letter in search):
        beginning = f"+{digits}"
        numbers = "a.kind = ANY('{phone,whatsapp,rcs}'::text[]) AND a.address >= :low AND a.address < :high"
        found.add(f"c.id IN ({_numbers(numbers)})", low=beginning, high=_after(beginning))
        return
    ways = ["c.name_key LIKE :pattern", f"c.id IN (SELECT t.contact_id {_TAG_OWNERS})"]
    found.values |= {"pattern": f"%{literal(search.lower())}%", "search": search}
    if len(digits) >= DIGITS_MIN:
        ways.append(f"c.id IN ({_numbers('a.address LIKE :digits')})")
        found.values["digits"] = f"%{digits.lstrip('0') or digits}%"
    if search[:5].lower().startswith(("sip:", "sips:")):
        ways.append(f"c.id IN ({_numbers(_SIP)})")
    found.add(f"({' OR '.join(ways)})")


_TAG_OWNERS = "FROM contact_tags t WHERE t.tenant_id = ANY(CAST(:tenants AS uuid[])) AND t.tag = :search"
_SIP = "a.kind = 'sip' AND a.address LIKE :pattern"


def _numbers(condition: str) -> str:
    return (
        "SELECT a.contact_id FROM contact_addresses a WHERE a.tenant_id = ANY(CAST(:tenants AS uuid[])) "
        f"AND {condition} LIMIT {NUMBERS_MAX}"
    )


def _after(prefix: str) -> str:
    """The first text after all that begin with `prefix` (which ends in a digit)."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def literal(text: str) -> str:
    """The text with the wildcards of LIKE escaped."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@dataclass(frozen=True, slots=True)
class Order:
    """An order by an index: its key, its direction, and how a row after a cursor is told."""

    keys: str
    after: str
    by: str
    by_name: bool
    """The cursor needs the name of its row, not only its id."""


ORDERS: dict[str, Order] = {
    "-created": Order("c.id", "c.id < :after", "id DESC", False),
    "created": Order("c.id", "c.id > :after", "id", False),
    "name": Order("c.name_key, c.id", "(c.name_key, c.id) > (:after_name, :after)", "name_key, id", True),
    "-name": Order(
        "c.name_key, c.id", "(c.name_key, c.id) < (:after_name, :after)", "name_key DESC, id DESC", True
    ),
}
