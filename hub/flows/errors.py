"""Why something cannot be done with a flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from hub.errors import Conflict


@dataclass(eq=False)
class FlowExists(Conflict):
    """There is already a flow of this name."""

    code: ClassVar[str] = "flow-exists"


@dataclass(eq=False)
class FlowArchived(Conflict):
    """The flow has been put away."""

    code: ClassVar[str] = "flow-archived"


@dataclass(eq=False)
class FlowInUse(Conflict):
    """The flow is still used."""

    code: ClassVar[str] = "flow-in-use"
    uses: tuple[dict[str, str], ...] = ()


@dataclass(eq=False)
class FlowNotReady(Conflict):
    """The draft cannot be published yet."""

    code: ClassVar[str] = "flow-not-ready"
    findings: tuple[dict[str, Any], ...] = ()
    tests: tuple[dict[str, Any], ...] = ()
