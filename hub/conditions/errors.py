"""What is wrong with a condition, by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from hub.errors import Invalid

ERRORS_MAX = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the JSON pointer of its place, a code for programs, words for people."""

    pointer: str
    code: str
    detail: str


@dataclass(eq=False)
class ConditionInvalid(Invalid):
    """This condition cannot be used."""

    code: ClassVar[str] = "condition-invalid"
    errors: tuple[dict[str, str], ...] = ()


def invalid(faults: Sequence[Fault]) -> ConditionInvalid:
    """The error that names every place (20 at most)."""
    listed = tuple(
        {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
        for fault in faults[:ERRORS_MAX]
    )
    return ConditionInvalid("; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults[:3]), "", listed)
