"""What `hub doctor` looks at: this machine, and the servers of the hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor. `warn` and `skip` do not fail the command."""

    name: str
    status: Literal["ok", "warn", "fail", "skip"]
    detail: str
    remedy: str = ""
