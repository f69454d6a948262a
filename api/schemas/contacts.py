"""Contacts in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from api.schemas.common import ContactId, FieldError, In, Instant, Out, Page, TenantId
from hub.contacts.contact import BATCH_MAX, CONSENT_SOURCE_CHARS_MAX


def _scalar(value: Any) -> Any:
    if isinstance(value, (str, bool, int, float)):
        return value
    raise ValueError("a text, a number or true/false")


Scalar = Annotated[
    Any,
    BeforeValidator(_scalar),
    WithJsonSchema({"type": ["string", "number", "boolean"], "examples": ["Pune"]}),
]

_EXAMPLE: JsonDict = {
    "name": "Asha Rao",
    "phone": "+447700900123",
    "language": "en",
    "tags": ["vip"],
    "attributes": {"city": "Leeds", "order_id": "A-1001"},
}


class NewContact(In):
    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    phone: str
    name: str = ""
    language: str = ""
    tags: list[str] = Field(default_factory=list)
    attributes: dict[str, Scalar] = Field(default_factory=dict)


class NewSingleContact(NewContact):
    consent_source: Annotated[str, Field(max_length=CONSENT_SOURCE_CHARS_MAX)] = "api"


class ContactBatch(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"contacts": [_EXAMPLE]}]})

    contacts: Annotated[list[NewContact], Field(max_length=BATCH_MAX)]
    consent_source: Annotated[str, Field(max_length=CONSENT_SOURCE_CHARS_MAX)] = "import"


class Address(Out):
    kind: str
    address: str


class Consent(Out):
    channel_kind: str
    purpose: str
    state: str
    source: str
    changed_at: Instant


class Contact(Out):
    id: ContactId
    tenant_id: TenantId
    name: str
    phone: str | None = Field(description="The first telephone number, in E.164.")
    addresses: list[Address]
    language: str
    tags: list[str]
    attributes: dict[str, Scalar]
    created_at: Instant
    updated_at: Instant


class ContactDetail(Contact):
    consents: list[Consent]


class ContactPage(Page[Contact]):
    pass


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


class Tag(Out):
    tag: str
    contacts: int


class TagPage(Page[Tag]):
    pass
