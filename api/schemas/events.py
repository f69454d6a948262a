"""Custom events in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from api.schemas.common import ContactId, EventId, FieldError, In, Instant, Out
from api.schemas.contacts import Scalar
from hub.contacts.events.event import BATCH_MAX

EXAMPLE: dict[str, Any] = {
    "events": [
        {
            "name": "order placed",
            "contact": {"address": "+447700900123"},
            "at": "2026-01-02T03:04:05Z",
            "properties": {"amount": 120.5, "plan": "gold", "paid": True},
            "id": "order-1001",
        },
        {"name": "clicked", "contact": {"attribute": {"key": "customer_no", "value": "C-17"}}},
    ],
    "create_missing": False,
}


class AttributeValue(In):
    key: str = Field(description="The key of an indexed attribute.")
    value: Scalar


class EventContact(In):
    """Whose event it is: by id, by an address, or by the value of an indexed attribute. Exactly one."""

    id: ContactId | None = None
    address: Annotated[str, Field(max_length=300)] | None = Field(
        None, description="A telephone number of any kind, or sip:user@host."
    )
    attribute: AttributeValue | None = None


class NewEvent(In):
    name: str = Field(description="1 to 80 characters: what segments ask for as `event.<name>`.")
    contact: EventContact
    at: Instant | None = Field(None, description="When it happened; now when it is left out.")
    properties: dict[str, Scalar] = Field(default_factory=dict)
    id: str | None = Field(None, description="Your own id of the event: the same id twice is one event.")


class EventBatch(In):
    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    events: Annotated[list[NewEvent], Field(max_length=BATCH_MAX)]
    create_missing: bool = Field(
        False, description="Make a contact of an address that nobody has. Needs contacts:write."
    )


class EventResult(Out):
    index: int
    status: Literal["accepted", "duplicate", "error"]
    id: EventId | None
    contact_id: ContactId | None
    error: FieldError | None


class EventResults(Out):
    results: list[EventResult]
    accepted: int
    duplicates: int
    errors: int


class EventName(Out):
    name: str
    last_at: Instant
    properties: list[str] = Field(description="Names of properties that its newest events had.")


class EventNames(Out):
    items: list[EventName]
    has_more: bool
