"""Contacts in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from api.schemas.common import ContactId, FieldError, In, Instant, Out, Page, SegmentId, TenantId
from hub.contacts.consents import PROOF_CHARS_MAX
from hub.contacts.contact import BATCH_MAX, CONSENT_SOURCE_CHARS_MAX, TAGS_MAX

AddressKind = Literal["phone", "whatsapp", "rcs", "sip"]
ChannelKind = Literal["sms", "whatsapp", "rcs", "voice"]
ConsentState = Literal["opted_in", "opted_out"]


def _scalar(value: Any) -> Any:
    if isinstance(value, (str, bool, int, float)):
        return value
    raise ValueError("a text, a number or true/false")


def _scalar_or_null(value: Any) -> Any:
    return value if value is None else _scalar(value)


Scalar = Annotated[
    Any,
    BeforeValidator(_scalar),
    WithJsonSchema({"type": ["string", "number", "boolean"], "examples": ["Pune"]}),
]
ScalarOrNull = Annotated[
    Any,
    BeforeValidator(_scalar_or_null),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"], "examples": ["Pune"]}),
]

_ID = "con_019apw8qbefw098tnb9qh3r6w5"
_TENANT = "ten_019apw8qbefw098tnb9qh3r6w6"
_PERSON: JsonDict = {
    "name": "Asha Rao",
    "phone": "+447700900123",
    "language": "en",
    "tags": ["vip"],
    "attributes": {"city": "Leeds", "order_id": "A-1001"},
}
_FULL: JsonDict = {
    "id": _ID,
    "tenant_id": _TENANT,
    "name": "Asha Rao",
    "phone": "+447700900123",
    "addresses": [
        {
            "kind": "phone",
            "address": "+447700900123",
            "primary": True,
            "created_at": "2026-01-02T03:04:05.678901Z",
        }
    ],
    "language": "en",
    "time_zone": "Europe/London",
    "tags": ["vip"],
    "attributes": {"city": "Leeds", "order_id": "A-1001"},
    "version": 3,
    "last_inbound_at": "2026-02-03T04:05:06.789012Z",
    "created_at": "2026-01-02T03:04:05.678901Z",
    "updated_at": "2026-01-05T08:00:00.000000Z",
}


class NewAddress(In):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "whatsapp", "address": "+447700900456"}]}
    )

    kind: AddressKind
    address: str = Field(description="A telephone number, or `sip:user@host` of kind sip.")


class AddAddress(NewAddress):
    primary: bool = Field(False, description="Write to this one first.")


class ChangeAddress(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"primary": True}]})

    primary: Literal[True]


class NewContact(In):
    model_config = ConfigDict(json_schema_extra={"examples": [_PERSON]})

    phone: str = Field(
        "", description="Its first telephone number. May be left out when `addresses` has one."
    )
    name: str = ""
    language: str = ""
    tags: list[str] = Field(default_factory=list)
    attributes: dict[str, Scalar] = Field(
        default_factory=dict, description="By the key of a defined attribute."
    )
    addresses: list[NewAddress] = Field(default_factory=list, max_length=20)
    time_zone: str = Field("", description="Of the IANA list; left out, it is what the number tells.")


class NewSingleContact(NewContact):
    consent_source: Annotated[str, Field(max_length=CONSENT_SOURCE_CHARS_MAX)] = "api"


class ContactBatch(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"contacts": [_PERSON]}]})

    contacts: Annotated[list[NewContact], Field(max_length=BATCH_MAX)]
    consent_source: Annotated[str, Field(max_length=CONSENT_SOURCE_CHARS_MAX)] = "import"


class PatchContact(In):
    """What is left out stays; an attribute that is null is taken away; an empty time zone is derived anew."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Asha Rao-Smith", "attributes": {"city": "York", "order_id": None}}]
        }
    )

    name: str | None = None
    language: str | None = None
    time_zone: str | None = None
    attributes: dict[str, ScalarOrNull] | None = None


class NewConsent(In):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channel_kind": "sms",
                    "purpose": "marketing",
                    "state": "opted_in",
                    "source": "web form",
                    "proof": "Ticked the box of the newsletter form on 2026-01-02",
                }
            ]
        }
    )

    channel_kind: ChannelKind
    purpose: str = Field("all", description="`all`, or a word of yours such as marketing.")
    state: ConsentState
    source: str
    proof: str = Field("", max_length=PROOF_CHARS_MAX)


class ContactFilter(In):
    """The filters of GET /v1/contacts, all of which must hold."""

    search: str = ""
    tag: str = ""
    segment: SegmentId | None = None
    channel: ChannelKind | None = None
    consent: Literal["opted_in", "opted_out", "none"] | None = None
    language: str = ""


class BulkChange(In):
    """Tags for the named contacts, or for all that the filter finds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"filter": {"tag": "lapsed"}, "add_tags": ["win-back"], "dry_run": True}]
        }
    )

    contact_ids: Annotated[list[ContactId], Field(max_length=1_000)] | None = None
    filter: ContactFilter | None = None
    add_tags: Annotated[list[str], Field(max_length=TAGS_MAX)] = Field(default_factory=list)
    remove_tags: Annotated[list[str], Field(max_length=TAGS_MAX)] = Field(default_factory=list)
    dry_run: bool = False


class Address(Out):
    kind: str
    address: str
    primary: bool = Field(description="The one of its kind that is written to first.")
    created_at: Instant


class Consent(Out):
    channel_kind: str
    purpose: str
    state: str
    source: str
    proof: str
    changed_at: Instant
    changed_by: str = Field(description="`user:…` or `key:…`; empty when the contact said so.")
    changed_by_name: str = Field(description="Their name, where you may see it; else empty.")


class ContactFields(Out):
    id: ContactId
    tenant_id: TenantId
    name: str
    phone: str | None = Field(description="The first telephone number, in E.164.")
    addresses: list[Address]
    language: str
    time_zone: str = Field(description="Empty when the number does not tell and nobody said.")
    tags: list[str]
    attributes: dict[str, Scalar]
    version: int = Field(description="Counts changes; the ETag of a contact.")
    last_inbound_at: Instant | None
    created_at: Instant
    updated_at: Instant


class Contact(ContactFields):
    model_config = ConfigDict(json_schema_extra={"examples": [{**_FULL, "consents": {"sms": "opted_in"}}]})

    consents: dict[str, str] = Field(description="Channel → what was said of it for all purposes.")


class ContactDetail(ContactFields):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_FULL,
                    "consents": [
                        {
                            "channel_kind": "sms",
                            "purpose": "all",
                            "state": "opted_in",
                            "source": "api",
                            "proof": "",
                            "changed_at": "2026-01-02T03:04:05.678901Z",
                            "changed_by": "",
                            "changed_by_name": "",
                        }
                    ],
                    "reachable": {"sms": True, "whatsapp": True, "rcs": True, "voice": True},
                }
            ]
        }
    )

    consents: list[Consent]
    reachable: dict[str, bool] = Field(
        description="Channel → has an address for it and has not opted out of it."
    )


class ContactPage(Page[Contact]):
    pass


class ContactCount(Out):
    model_config = ConfigDict(json_schema_extra={"examples": [{"count": 48210}]})

    count: int


class Landmarks(Out):
    """Where a long list can be entered: a page that starts after the first item begins with row `every` + 1."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"every": 500, "count": 740, "items": [_ID]}]})

    every: int
    count: int
    items: list[ContactId]


class BatchResult(Out):
    index: int
    status: Literal["created", "updated", "error"]
    id: ContactId | None
    error: FieldError | None


class BatchResults(Out):
    results: list[BatchResult]
    created: int
    updated: int
    errors: int


class BulkResult(Out):
    model_config = ConfigDict(json_schema_extra={"examples": [{"matched": 12, "changed": 9}]})

    matched: int
    changed: int = Field(description="With dry_run: how many would change.")


class Duplicate(Out):
    """Somebody who may be the same person."""

    contact: Contact
    reason: str = Field(description="`name`, or the label of the attribute whose value both have.")
    value: str


class Duplicates(Out):
    items: list[Duplicate]


class Tag(Out):
    tag: str
    contacts: int


class TagPage(Page[Tag]):
    pass
