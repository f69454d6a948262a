"""Addresses of a contact: their kinds, one form for each, and the time zone that a number tells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import ClassVar
from zoneinfo import ZoneInfo, available_timezones

from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from hub.contacts.phones import e164
from hub.errors import Invalid

PHONE = "phone"
KINDS = ("phone", "whatsapp", "rcs", "sip")
NUMBER_KINDS = ("phone", "whatsapp", "rcs")
"""Kinds whose address is a telephone number in E.164: the same number is the same person whatever the kind."""
ADDRESSES_MAX = 20
SIP_CHARS_MAX = 255

# What a channel can write to, best first.
KINDS_OF_CHANNEL: Mapping[str, tuple[str, ...]] = {
    "sms": ("phone",),
    "whatsapp": ("whatsapp", "phone"),
    "rcs": ("rcs", "phone"),
    "voice": ("phone", "sip"),
}

_SIP = re.compile(
    r"(?P<scheme>sips?):(?P<user>[A-Za-z0-9\-_.!~*'()&=+$,;%]{1,128})"
    r"@(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?P<port>:\d{1,5})?",
    re.IGNORECASE,
)


@dataclass(eq=False)
class BadAddress(Invalid):
    """This is not an address of that kind."""

    code: ClassVar[str] = "bad-address"
    value: str = ""


def normal(kind: str, address: str, default_country: str, pointer: str = "/address") -> str:
    """The one form of an address: E.164 for numbers, `sip:user@host` with a lower-case host.

    Raises Invalid for an unknown kind, BadPhone or BadAddress for a text that is no such address.
    """
    address = address.strip()
    if kind in NUMBER_KINDS:
        return e164(address, default_country, pointer)
    if kind != "sip":
        raise Invalid(f"a kind is one of {', '.join(KINDS)}", "/kind")
    text = address if address[:5].lower().startswith(("sip:", "sips:")) else f"sip:{address}"
    found = _SIP.fullmatch(text) if len(text) <= SIP_CHARS_MAX else None
    if found is None or int((found["port"] or ":5060")[1:]) > 65_535:
        shown = address[:60]
        raise BadAddress(f"{shown!r} is not a SIP address such as sip:desk@pbx.example", pointer, shown)
    return f"{found['scheme'].lower()}:{found['user']}@{found['host'].lower()}{found['port'] or ''}"


def family(kind: str) -> tuple[str, ...]:
    """The kinds among which an address names one person."""
    return NUMBER_KINDS if kind in NUMBER_KINDS else (kind,)


def reachable(
    addresses: Mapping[str, object] | set[str] | frozenset[str], opted_out: set[str]
) -> dict[str, bool]:
    """Channel kind → whether somebody with addresses of these kinds, opted out of these channels, can be written to."""
    return {
        channel: channel not in opted_out and any(kind in addresses for kind in kinds)
        for channel, kinds in KINDS_OF_CHANNEL.items()
    }


def check_time_zone(name: str, pointer: str = "/time_zone") -> str:
    """The name itself, or an empty one. Raises Invalid for what the IANA list does not have."""
    if name and name not in _zones():
        raise Invalid("a time zone of the IANA list, such as Europe/London", pointer)
    return name


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def time_zone_of(number: str) -> str:
    """`+14155550132` to `America/Los_Angeles`; empty when the number's region has clocks that differ.

    Zones of one region that always show the same time are one: the best known of them stands for all. About 1 µs.
    """
    if not number.startswith("+"):
        return ""
    return _zone_of_prefix(number[1 : 1 + TIMEZONE_LONGEST_PREFIX])


@lru_cache(maxsize=100_000)
def _zone_of_prefix(digits: str) -> str:
    for size in range(len(digits), 0, -1):
        zones = TIMEZONE_DATA.get(digits[:size])
        if zones is not None:
            return _one_of(zones)
    return ""


@lru_cache(maxsize=4_000)
def _one_of(zones: tuple[str, ...]) -> str:
    known = [zone for zone in zones if zone in _zones()]
    if not known or len({_clock(zone) for zone in known}) != 1:
        return ""
    return max(known, key=lambda zone: (_popularity()[zone], zone))


@lru_cache(maxsize=1_000)
def _clock(zone: str) -> tuple[str, str]:
    """What a zone's clocks show in winter and in summer."""
    winter, summer = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    return str(winter.astimezone(ZoneInfo(zone)).utcoffset()), str(
        summer.astimezone(ZoneInfo(zone)).utcoffset()
    )


@lru_cache(maxsize=1)
def _popularity() -> Counter[str]:
    """How often a zone is the only one of a range of numbers."""
    return Counter(zones[0] for zones in TIMEZONE_DATA.values() if len(zones) == 1)
