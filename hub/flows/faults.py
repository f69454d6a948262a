"""What is wrong with a flow's document, by node and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from hub.errors import Invalid

ERRORS_MAX = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the JSON pointer of its place, a code for programs, words for people, the node's id."""

    pointer: str
    code: str
    detail: str
    node: str = ""


@dataclass(eq=False)
class FlowInvalid(Invalid):
    """This is no flow that could run."""

    code: ClassVar[str] = "flow-invalid"
    errors: tuple[dict[str, str], ...] = ()


def invalid(faults: Sequence[Fault]) -> FlowInvalid:
    """The error that names every place (100 at most)."""
    listed = tuple(
        {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail, "node": fault.node}
        for fault in faults[:ERRORS_MAX]
    )
    return FlowInvalid("; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults[:3]), "", listed)
