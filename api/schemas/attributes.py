"""Attribute definitions and suppressions in and out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.common import AttributeId, In, Instant, Out, Page
from api.schemas.contacts import AddressKind
from hub.contacts.attributes import CHOICES_MAX

AttributeType = Literal["text", "number", "boolean", "date", "choice"]
_ATTRIBUTE: JsonDict = {
    "id": "att_019apw8qbefw098tnb9qh3r6w5",
    "key": "plan",
    "label": "Plan",
    "type": "choice",
    "choices": ["free", "gold"],
    "indexed": False,
    "position": 2,
    "version": 1,
    "created_at": "2026-01-02T03:04:05.678901Z",
    "updated_at": "2026-01-02T03:04:05.678901Z",
}


class AttributeIn(In):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"key": "plan", "label": "Plan", "type": "choice", "choices": ["free", "gold"]}]
        }
    )

    key: str = Field(description="How values are named: lower-case letters, digits and _. Stays for ever.")
    label: str = Field("", description="What people read; made from the key when it is left out.")
    type: AttributeType = "text"
    choices: Annotated[list[str], Field(max_length=CHOICES_MAX)] = Field(default_factory=list)
    indexed: bool = Field(False, description="Find contacts by an exact value at once; at most five.")


class PatchAttribute(In):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"label": "Price plan", "choices": ["free", "gold", "team"]}]}
    )

    label: str | None = None
    choices: Annotated[list[str], Field(max_length=CHOICES_MAX)] | None = None
    indexed: bool | None = None
    position: int | None = None


class Attribute(Out):
    model_config = ConfigDict(json_schema_extra={"examples": [_ATTRIBUTE]})

    id: AttributeId
    key: str
    label: str
    type: AttributeType
    choices: list[str]
    indexed: bool
    position: int
    version: int
    created_at: Instant
    updated_at: Instant


class AttributePage(Page[Attribute]):
    pass


class Removed(Out):
    """How many contacts lose a value (with dry_run: would lose it)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"contacts": 812}]})

    contacts: int


class NewSuppression(In):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "phone", "address": "+447700900123", "reason": "asked by letter"}]
        }
    )

    kind: AddressKind = "phone"
    address: str
    reason: str = ""


class Suppression(Out):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "phone.5f2b",
                    "kind": "phone",
                    "address": "+447700900123",
                    "reason": "asked by letter",
                    "source": "manual",
                    "created_at": "2026-01-02T03:04:05.678901Z",
                    "created_by": "user:019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071",
                }
            ]
        }
    )

    id: str
    kind: str
    address: str = Field(description="Empty after an erasure: then only its keyed hash is kept.")
    reason: str
    source: str
    created_at: Instant
    created_by: str


class SuppressionPage(Page[Suppression]):
    pass
