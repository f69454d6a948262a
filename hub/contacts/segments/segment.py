"""What a saved segment may be, pure: limits, checks, errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from hub.conditions.model import Group
from hub.errors import Conflict, Invalid

NAME_CHARS_MAX = 120
DESCRIPTION_CHARS_MAX = 1_000
MEMBERS_PER_CALL_MAX = 10_000
SEGMENTS_MAX = 2_000
DYNAMIC, STATIC = "dynamic", "static"


@dataclass(eq=False)
class SegmentExists(Conflict):
    """There is already a segment with this name."""

    code: ClassVar[str] = "segment-exists"


@dataclass(eq=False)
class SegmentInUse(Conflict):
    """The segment is used."""

    code: ClassVar[str] = "segment-in-use"
    uses: tuple[dict[str, str], ...] = ()


@dataclass(eq=False)
class SegmentArchived(Conflict):
    """The segment is archived."""

    code: ClassVar[str] = "segment-archived"


@dataclass(frozen=True, slots=True)
class NewSegment:
    """A segment as somebody gives it: a condition for a dynamic one, contacts for a static one."""

    name: str
    description: str = ""
    kind: str = DYNAMIC
    condition: Group | None = None
    contact_ids: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What to change; None: leave as it is."""

    name: str | None = None
    description: str | None = None
    condition: Group | None = None


def check_name(name: str) -> str:
    trimmed = name.strip()
    if not 0 < len(trimmed) <= NAME_CHARS_MAX or not trimmed.isprintable():
        raise Invalid(f"a name has 1 to {NAME_CHARS_MAX} characters", "/name")
    return trimmed


def check_description(description: str) -> str:
    if len(description) > DESCRIPTION_CHARS_MAX:
        raise Invalid(f"a description has at most {DESCRIPTION_CHARS_MAX} characters", "/description")
    return description.strip()


def check_new(new: NewSegment) -> tuple[str, str]:
    """(name, description), trimmed. Raises Invalid when kind and content do not fit each other."""
    if new.kind == DYNAMIC and new.condition is None:
        raise Invalid("a dynamic segment has a condition", "/condition")
    if new.kind == DYNAMIC and new.contact_ids:
        raise Invalid("only a static segment has contacts of its own", "/contact_ids")
    if new.kind == STATIC and new.condition is not None:
        raise Invalid("a static segment has no condition: freeze a dynamic one instead", "/condition")
    check_members(new.contact_ids, "/contact_ids")
    return check_name(new.name), check_description(new.description)


def check_members(contact_ids: Sequence[Any], pointer: str) -> None:
    if len(contact_ids) > MEMBERS_PER_CALL_MAX:
        raise Invalid(f"at most {MEMBERS_PER_CALL_MAX} contacts can be named at once", pointer)
