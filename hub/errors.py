"""The one error family. `api/problems.py` alone knows how a family becomes an HTTP status."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import ClassVar


@dataclass(eq=False)
class HubError(Exception):
    """Something went wrong.

    Subclasses are positional dataclasses: `args` equals the fields, so an error survives the
    pickle between two actors. The first line of the docstring is the problem's title and safe to show.
    """

    code: ClassVar[str] = "error"

    def __post_init__(self) -> None:
        super().__init__(*astuple(self))

    def __str__(self) -> str:
        return getattr(self, "detail", "") or self.title()

    @classmethod
    def title(cls) -> str:
        """First line of the class docstring, shown to people."""
        return (cls.__doc__ or "Something went wrong.").strip().splitlines()[0]


@dataclass(eq=False)
class NotFound(HubError):
    """There is no such thing here."""

    code: ClassVar[str] = "not-found"
    detail: str = ""


@dataclass(eq=False)
class Conflict(HubError):
    """The thing is not in a state that allows this."""

    code: ClassVar[str] = "conflict"
    detail: str = ""


@dataclass(eq=False)
class Unauthorized(HubError):
    """Sign in first."""

    code: ClassVar[str] = "unauthorized"
    detail: str = ""


@dataclass(eq=False)
class Forbidden(HubError):
    """You may not do this."""

    code: ClassVar[str] = "forbidden"
    detail: str = ""


@dataclass(eq=False)
class PaymentRequired(HubError):
    """There is not enough money."""

    code: ClassVar[str] = "payment-required"
    detail: str = ""


@dataclass(eq=False)
class Malformed(HubError):
    """The request cannot be read."""

    code: ClassVar[str] = "malformed"
    detail: str = ""


@dataclass(eq=False)
class Invalid(HubError):
    """A value is not acceptable."""

    code: ClassVar[str] = "invalid"
    detail: str = ""
    pointer: str = ""


@dataclass(eq=False)
class PreconditionRequired(HubError):
    """Say which version you saw: send its ETag as If-Match."""

    code: ClassVar[str] = "precondition-required"
    detail: str = ""


@dataclass(eq=False)
class Stale(HubError):
    """Somebody changed this since you read it. Read it again."""

    code: ClassVar[str] = "stale"
    detail: str = ""
    version: int = 0
    changed_by: str = ""
    changed_at: str = ""


@dataclass(eq=False)
class Throttled(HubError):
    """Too many requests."""

    code: ClassVar[str] = "throttled"
    detail: str = ""
    retry_after_s: int = 1


@dataclass(eq=False)
class Unavailable(HubError):
    """A part of the hub does not answer now."""

    code: ClassVar[str] = "unavailable"
    detail: str = ""


@dataclass(eq=False)
class BadSignature(Forbidden):
    """The signature does not match."""

    code: ClassVar[str] = "bad-signature"


@dataclass(eq=False)
class InsufficientFunds(PaymentRequired):
    """The wallet cannot cover the hold."""

    code: ClassVar[str] = "insufficient-funds"
    detail: str = ""
    available_micros: int = 0
    required_micros: int = 0


@dataclass(eq=False)
class IdempotencyMismatch(Invalid):
    """This Idempotency-Key was used with another request."""

    code: ClassVar[str] = "idempotency-mismatch"
