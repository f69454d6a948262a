"""The closed family of send errors: refused (with or without a later try) and unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hub.channels.codes import Meaning, Retry
from hub.errors import HubError


@dataclass(eq=False)
class SendRefused(HubError):
    """The provider did not take the message.

    `retry` says what may be done with it; `wait_s` is the provider's own wish.
    """

    code: ClassVar[str] = "send-refused"
    detail: str = ""
    provider_code: str = ""
    retry: Retry = Retry.NEVER
    fallback: bool = False
    wait_s: float = 0.0
    attempts_max: int = 0
    of_person: bool = False

    @property
    def retryable(self) -> bool:
        return self.retry in (Retry.AGAIN, Retry.SLOWER)

    @classmethod
    def of(cls, meaning: Meaning, provider_code: str, detail: str = "", wait_s: float = 0.0) -> SendRefused:
        """The refusal that a row of a provider's table asks for."""
        return cls(
            detail or meaning.reason,
            provider_code,
            meaning.retry,
            meaning.fallback,
            wait_s,
            meaning.attempts_max,
            meaning.of_person,
        )


@dataclass(eq=False)
class SendOutcomeUnknown(HubError):
    """Nobody knows whether the provider took the message; it is reconciled, never blindly sent again."""

    code: ClassVar[str] = "send-outcome-unknown"
    detail: str = ""
