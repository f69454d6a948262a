"""The closed family of send errors: refused (with or without a later try) and unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hub.errors import HubError


@dataclass(eq=False)
class SendRefused(HubError):
    """The provider did not take the message."""

    code: ClassVar[str] = "send-refused"
    detail: str = ""
    provider_code: str = ""
    retryable: bool = False
    suppress: bool = False


@dataclass(eq=False)
class SendOutcomeUnknown(HubError):
    """Nobody knows whether the provider took the message; it is reconciled, never blindly sent again."""

    code: ClassVar[str] = "send-outcome-unknown"
    detail: str = ""
