"""Settings of the local carrier: one dataclass, filled from the command line, a JSON file or a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

# Waits between the tries of one webhook, in seconds: ten tries in all over about a minute.
WEBHOOK_RETRY_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)


@dataclass(slots=True)
class Config:
    """What a carrier is started with. Every limit is here, so a test can make it small.

    `token` guards /carrier/… and the phone page's data; without one only loopback clients are let in.
    `accounts` and `behaviours` take the same JSON as PUT /carrier/accounts and PUT /carrier/behaviours.
    `smpp_port` None: no SMSC; 0: any free port. `coalesce_max=1` sends every WhatsApp event in a body of its own.
    """

    token: str | None = None
    smpp_host: str = "127.0.0.1"
    smpp_port: int | None = None
    accounts: list[Any] = field(default_factory=list)
    behaviours: dict[str, Any] = field(default_factory=dict)
    messages_max: int = 200_000
    pairs_max: int = 500_000
    distinct_max: int = 2_000_000
    body_bytes_max: int = 4 * 1024 * 1024
    upload_bytes_max: int = 110 * 1024 * 1024
    media_bytes_max: int = 256 * 1024 * 1024
    webhook_timeout_s: float = 15.0
    webhook_retry_s: tuple[float, ...] = WEBHOOK_RETRY_S
    webhook_connections_max: int = 64
    webhook_backlog_max: int = 200_000
    coalesce_s: float = 0.004
    coalesce_max: int = 50
    hang_s: float = 120.0

    def __post_init__(self) -> None:
        """Bring values from JSON into their types. Raises ValueError when one cannot work."""
        self.webhook_retry_s = tuple(float(wait) for wait in self.webhook_retry_s)
        if any(wait < 0 for wait in self.webhook_retry_s):
            raise ValueError("webhook_retry_s: a wait cannot be negative")
        if not 1 <= self.coalesce_max <= 50:
            raise ValueError("coalesce_max: between 1 and 50")
        for name in ("messages_max", "pairs_max", "distinct_max", "body_bytes_max", "media_bytes_max"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: at least 1")
        if self.webhook_connections_max < 1 or self.webhook_backlog_max < 1 or self.webhook_timeout_s <= 0:
            raise ValueError("webhook limits must be positive")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Config:
        """Build from a parsed JSON object with the field names above. Raises ValueError on an unknown name."""
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(unknown)}")
        try:
            return cls(**data)
        except TypeError as error:
            raise ValueError(f"settings: {error}") from error
