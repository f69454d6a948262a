"""What a contact may hold: limits and checks, pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hub.contacts.phones import e164
from hub.errors import Invalid

NAME_CHARS_MAX = 200
TAGS_MAX = 50
TAG_CHARS_MAX = 60
ATTRIBUTES_MAX = 100
ATTRIBUTE_CHARS_MAX = 1_000
BATCH_MAX = 1_000
CONSENT_SOURCE_CHARS_MAX = 80
CHANNEL_KINDS = ("sms", "whatsapp")  # what a consent is granted for when a contact is created

AttributeValue = str | int | float | bool

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class ContactInput:
    """A contact as somebody gives it. Empty `name` or `language`: keep what is there."""

    phone: str
    name: str = ""
    language: str = ""
    tags: Sequence[str] = ()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckedContact:
    """A contact whose values have been looked at; `phone` is E.164, tags are trimmed and distinct."""

    phone: str
    name: str
    language: str
    tags: tuple[str, ...]
    attributes: Mapping[str, AttributeValue]


def check(contact: ContactInput, default_country: str) -> CheckedContact:
    """Raises Invalid or BadPhone, naming the field, when a value is not acceptable."""
    phone = e164(contact.phone.strip(), default_country)
    name = contact.name.strip()
    if len(name) > NAME_CHARS_MAX:
        raise Invalid(f"a name has at most {NAME_CHARS_MAX} characters", "/name")
    if contact.language and not _LANGUAGE.fullmatch(contact.language):
        raise Invalid("a language is written as in BCP 47: en, pt-BR", "/language")
    return CheckedContact(
        phone, name, contact.language, _check_tags(contact.tags), _check_attributes(contact.attributes)
    )


def _check_tags(tags: Sequence[str]) -> tuple[str, ...]:
    distinct = tuple(dict.fromkeys(tag.strip() for tag in tags))
    if len(distinct) > TAGS_MAX:
        raise Invalid(f"a contact has at most {TAGS_MAX} tags", "/tags")
    for place, tag in enumerate(distinct):
        if not 0 < len(tag) <= TAG_CHARS_MAX:
            raise Invalid(f"a tag has 1 to {TAG_CHARS_MAX} characters", f"/tags/{place}")
    return distinct


def _check_attributes(attributes: Mapping[str, AttributeValue]) -> Mapping[str, AttributeValue]:
    if len(attributes) > ATTRIBUTES_MAX:
        raise Invalid(f"a contact has at most {ATTRIBUTES_MAX} attributes", "/attributes")
    for name, value in attributes.items():
        if not _ATTRIBUTE.fullmatch(name):
            shown = name[:63].replace("~", "~0").replace("/", "~1")
            raise Invalid("an attribute's name has lower-case letters, digits and _", f"/attributes/{shown}")
        if isinstance(value, str) and len(value) > ATTRIBUTE_CHARS_MAX:
            raise Invalid(f"a value has at most {ATTRIBUTE_CHARS_MAX} characters", f"/attributes/{name}")
    return attributes
