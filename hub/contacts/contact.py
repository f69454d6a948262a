"""What a contact may hold: limits and checks, pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from hub.contacts.addresses import ADDRESSES_MAX, KINDS, PHONE, check_time_zone, normal
from hub.contacts.attributes import AttributeValue, Definitions, check_values
from hub.contacts.phones import e164
from hub.errors import Invalid

NAME_CHARS_MAX = 200
TAGS_MAX = 50
TAG_CHARS_MAX = 60
ATTRIBUTES_MAX = 100
BATCH_MAX = 1_000
CONSENT_SOURCE_CHARS_MAX = 80
CHANNEL_KINDS = ("sms", "whatsapp")  # what a consent is granted for when a contact is created

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


class NewContact(NamedTuple):
    """Somebody who wrote for the first time: the number, and the name that the provider gave."""

    tenant_id: UUID
    id: UUID
    address: str
    name: str


@dataclass(frozen=True, slots=True)
class ContactInput:
    """A contact as somebody gives it. An empty `name`, `language` or `time_zone`: keep what is there."""

    phone: str = ""
    name: str = ""
    language: str = ""
    tags: Sequence[str] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    addresses: Sequence[tuple[str, str]] = ()
    """(kind, address) beside the telephone number; the first of a kind is its primary."""
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class CheckedContact:
    """A contact whose values have been looked at; addresses are normal, distinct and at least one."""

    addresses: tuple[tuple[str, str], ...]
    name: str
    language: str
    tags: tuple[str, ...]
    attributes: Mapping[str, AttributeValue]
    time_zone: str = ""

    @property
    def phone(self) -> str:
        """The first telephone number, or nothing."""
        return next((address for kind, address in self.addresses if kind == PHONE), "")


def check(contact: ContactInput, default_country: str, definitions: Definitions) -> CheckedContact:
    """Raises Invalid, BadPhone, BadAddress, UnknownAttribute or BadValue, naming the field, for what is not acceptable."""
    addresses = _check_addresses(contact, default_country)
    if len(contact.attributes) > ATTRIBUTES_MAX:
        raise Invalid(f"a contact has at most {ATTRIBUTES_MAX} attributes", "/attributes")
    return CheckedContact(
        addresses,
        check_name(contact.name),
        check_language(contact.language),
        check_tags(contact.tags),
        check_values(contact.attributes, definitions),
        check_time_zone(contact.time_zone),
    )


def _check_addresses(contact: ContactInput, default_country: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    if contact.phone or not contact.addresses:
        found.append((PHONE, e164(contact.phone.strip(), default_country)))
    for place, (kind, address) in enumerate(contact.addresses):
        if kind not in KINDS:
            raise Invalid(f"a kind is one of {', '.join(KINDS)}", f"/addresses/{place}/kind")
        found.append((kind, normal(kind, address, default_country, f"/addresses/{place}/address")))
    distinct = tuple(dict.fromkeys(found))
    if len(distinct) > ADDRESSES_MAX:
        raise Invalid(f"a contact has at most {ADDRESSES_MAX} addresses", "/addresses")
    return distinct


def check_name(name: str) -> str:
    name = name.strip()
    if len(name) > NAME_CHARS_MAX:
        raise Invalid(f"a name has at most {NAME_CHARS_MAX} characters", "/name")
    return name


def check_language(language: str) -> str:
    if language and not _LANGUAGE.fullmatch(language):
        raise Invalid("a language is written as in BCP 47: en, pt-BR", "/language")
    return language


def check_tags(tags: Sequence[str], pointer: str = "/tags") -> tuple[str, ...]:
    """Tags, trimmed and distinct. Raises Invalid, naming the place."""
    distinct = tuple(dict.fromkeys(tag.strip() for tag in tags))
    if len(distinct) > TAGS_MAX:
        raise Invalid(f"a contact has at most {TAGS_MAX} tags", pointer)
    for place, tag in enumerate(distinct):
        if not 0 < len(tag) <= TAG_CHARS_MAX:
            raise Invalid(f"a tag has 1 to {TAG_CHARS_MAX} characters", f"{pointer}/{place}")
    return distinct


def merged(old: CheckedContact, new: CheckedContact) -> CheckedContact:
    """Two entries of one person in one batch, the later one winning field by field."""
    return CheckedContact(
        tuple(dict.fromkeys((*old.addresses, *new.addresses))),
        new.name or old.name,
        new.language or old.language,
        tuple(dict.fromkeys((*old.tags, *new.tags))),
        {**old.attributes, **new.attributes},
        new.time_zone or old.time_zone,
    )
