"""Endpoints: which events there are, which addresses may be told, and when an attempt is made again. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from hub.errors import Invalid

EVENTS = (
    "conversation.opened",
    "conversation.assigned",
    "conversation.transferred",
    "conversation.closed",
    "conversation.reopened",
    "conversation.rated",
    "conversation.breached",
    "message.received",
    "message.delivered",
    "message.failed",
    "call.arrived",
    "call.answered",
    "call.ended",
)
PING = "ping"
URL_CHARS_MAX = 2_000
ENDPOINTS_MAX = 20
BODY_BYTES_MAX = 20_000
PORTS = (443, 8443)
SECRET_KEPT = timedelta(hours=24)  # how long an old secret signs beside its successor
GIVE_UP_AFTER = timedelta(days=5)  # of nothing but failures
# Since the event: the first attempt at once, the last after a day.
ATTEMPTS_S = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.1
RETRY_AFTER_S_MAX = 86_400


class Subscription(NamedTuple):
    """An enabled endpoint, as those who write events know it."""

    id: UUID
    events: frozenset[str]


def allowed_hosts(text: str) -> frozenset[str]:
    """`host:port` pairs with commas between them, as the operator sets them."""
    return frozenset(one.strip().lower() for one in text.split(",") if one.strip())


def host_and_port(url: str) -> str:
    """`example.com:443`. Raises Invalid for what is no address of the web."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise Invalid("this is no address", "/url") from None
    plain = len(url) <= URL_CHARS_MAX and url.isascii() and url.isprintable() and " " not in url
    if not plain or parts.scheme not in ("http", "https") or not host:
        raise Invalid("an address such as https://example.com/hooks", "/url")
    if "@" in parts.netloc or parts.fragment:
        raise Invalid("an address without a user and without a fragment", "/url")
    return f"{host}:{port or {'http': 80}.get(parts.scheme, 443)}"


def check_url(url: str, allowed: Collection[str]) -> None:
    """Raises Invalid unless `url` may be told: by https to a name on port 443 or 8443, or what the operator allows.

    Where the name leads is looked at when something is sent, every time.
    """
    place = host_and_port(url)
    if place in allowed:
        return
    host, _, port = place.rpartition(":")
    if not url.lower().startswith("https:") or int(port) not in PORTS:
        raise Invalid("an address that begins with https:// and has port 443 or 8443", "/url")
    if "." not in host or _is_number(host) or host.endswith((".localhost", ".local", ".internal")):
        raise Invalid("an address with a public name, not a number or a name of this house", "/url")


def _is_number(host: str) -> bool:
    """Whether a resolver would read the host as an IP address: also `0x7f.1` and `2130706433` are some."""
    if all(part.isdigit() or part.startswith("0x") for part in host.split(".")):
        return True
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def due_again(
    began_at: datetime, attempts: int, now: datetime, chance: float, retry_after_s: int
) -> datetime | None:
    """When the next attempt is due after `attempts` of them failed; None when that was the last.

    `chance` (0 to 1) spreads those that failed together; `retry_after_s` is what the receiver asked for, or 0.
    """
    if attempts >= len(ATTEMPTS_S):
        return None
    gap = ATTEMPTS_S[attempts] - ATTEMPTS_S[attempts - 1]
    due = began_at + timedelta(seconds=ATTEMPTS_S[attempts] + gap * JITTER * (2 * chance - 1))
    asked = now + timedelta(seconds=min(retry_after_s, RETRY_AFTER_S_MAX))
    return max(due, asked, now + timedelta(seconds=ATTEMPTS_S[1]))
