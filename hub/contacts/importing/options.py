"""What somebody decides about an import: which column is what, what happens to people who exist, consent, tags."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Annotated, Literal

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field

from hub.contacts.attributes import CHOICES_MAX, LABEL_CHARS_MAX, check_definition
from hub.contacts.contact import CONSENT_SOURCE_CHARS_MAX, TAG_CHARS_MAX, TAGS_MAX
from hub.contacts.importing.limits import COLUMNS_MAX, HEADER_CHARS_MAX
from hub.errors import Invalid

ADDRESS_TARGETS = ("phone", "whatsapp", "rcs", "sip")
FIELD_TARGETS = ("name", "first_name", "last_name", "language", "time_zone", "tags")
ATTRIBUTE = "attribute."
KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
CREATED_MAX = 100

Policy = Literal["create", "update", "merge", "skip"]
Channel = Literal["sms", "whatsapp", "rcs", "voice"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAttribute(Strict):
    """An attribute that the run creates when there is none with this key."""

    type: Literal["text", "number", "boolean", "date", "choice"] = "text"
    label: Annotated[str, Field(max_length=LABEL_CHARS_MAX)] = ""
    choices: Annotated[list[str], Field(max_length=CHOICES_MAX)] = Field(default_factory=list)


class Mapped(Strict):
    """What a column is: an address, a field, `attribute.<key>`, or "" for a column that is left out."""

    column: Annotated[str, Field(max_length=HEADER_CHARS_MAX + 20, examples=["Mobile"])]
    target: Annotated[str, Field(max_length=80, examples=["phone"])] = ""
    create: NewAttribute | None = None


class ConsentGrant(Strict):
    """Consent that is recorded for people the import creates. Who exists keeps what they said."""

    channels: Annotated[list[Channel], Field(min_length=1, max_length=4, examples=[["sms"]])]
    state: Literal["opted_in", "opted_out"] = "opted_in"
    source: Annotated[
        str, Field(min_length=1, max_length=CONSENT_SOURCE_CHARS_MAX, examples=["Shop form, May 2026"])
    ]
    proof: Annotated[str, Field(max_length=1_000)] = ""


class ImportOptions(Strict):
    """All that may be decided about an import."""

    mapping: Annotated[list[Mapped], Field(max_length=COLUMNS_MAX)] = Field(default_factory=list)
    policy: Policy = Field(
        default="update",
        description="What happens to a row whose person exists. `create`: an error; `update`: filled cells replace; "
        "`merge`: only what is empty is filled; `skip`: nothing. People who do not exist are always created.",
    )
    default_country: Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["GB"])] = "US"
    consent: ConsentGrant | None = None
    tags: Annotated[list[str], Field(max_length=TAGS_MAX)] = Field(default_factory=list)


def check_options(options: ImportOptions, header: Sequence[str], known: Collection[str]) -> None:
    """Raises Invalid naming the place. `known`: the keys of the tenant's attributes."""
    names = set(header)
    used: dict[str, str] = {}
    seen: set[str] = set()
    for place, mapped in enumerate(options.mapping):
        pointer = f"/mapping/{place}"
        if mapped.column not in names:
            raise Invalid(f"the file has no column {mapped.column!r}", f"{pointer}/column")
        if mapped.column in seen:
            raise Invalid(f"the column {mapped.column!r} is named twice", f"{pointer}/column")
        seen.add(mapped.column)
        if not mapped.target:
            continue
        if mapped.target in used:
            other = used[mapped.target]
            raise Invalid(
                f"the columns {other!r} and {mapped.column!r} are both {mapped.target}", f"{pointer}/target"
            )
        used[mapped.target] = mapped.column
        _check_target(mapped, pointer, known)
    if sum(mapped.create is not None for mapped in options.mapping) > CREATED_MAX:
        raise Invalid(f"an import creates at most {CREATED_MAX} attributes", "/mapping")
    if options.default_country not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid(f"{options.default_country} is no country with telephone numbers", "/default_country")
    _check_tags(options.tags)


def _check_target(mapped: Mapped, pointer: str, known: Collection[str]) -> None:
    if mapped.target.startswith(ATTRIBUTE):
        key = mapped.target.removeprefix(ATTRIBUTE)
        if not KEY.fullmatch(key):
            raise Invalid("an attribute's key has lower-case letters, digits and _", f"{pointer}/target")
        if key in known:
            return
        if mapped.create is None:
            raise Invalid(f"there is no attribute {key!r}: create it or choose another", f"{pointer}/target")
        try:
            check_definition(key, mapped.create.label, mapped.create.type, mapped.create.choices)
        except Invalid as error:
            raise Invalid(error.detail, f"{pointer}/create{error.pointer}") from None
    elif mapped.target not in ADDRESS_TARGETS and mapped.target not in FIELD_TARGETS:
        raise Invalid(f"{mapped.target!r} is nothing a column can be", f"{pointer}/target")
    elif mapped.create is not None:
        raise Invalid("only an attribute can be created", f"{pointer}/create")


def _check_tags(tags: Sequence[str]) -> None:
    for place, tag in enumerate(tags):
        if not 0 < len(tag.strip()) <= TAG_CHARS_MAX or "\0" in tag:
            raise Invalid(f"a tag has 1 to {TAG_CHARS_MAX} characters", f"/tags/{place}")


def identity(options: ImportOptions) -> str:
    """The address that says who a row is: the first mapped of phone, WhatsApp, RCS, SIP. Raises Invalid for none."""
    targets = {mapped.target for mapped in options.mapping}
    for kind in ADDRESS_TARGETS:
        if kind in targets:
            return kind
    raise Invalid("no column is a telephone number or another address: rows cannot be told apart", "/mapping")
