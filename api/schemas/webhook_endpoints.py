"""Bodies and answers of outgoing webhooks."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, SecretStr

from api.schemas.common import DeliveryId, EndpointId, In, Instant, Out, Page
from hub.webhooks.endpoint import URL_CHARS_MAX

EventName = Literal[
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
]
DeliveryState = Literal["pending", "delivered", "failed"]
_SECRET = "whsec_ and the base64 of 24 to 64 bytes; left out, the hub makes one."


class NewWebhookEndpoint(In):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://example.com/hooks/parley",
                    "events": ["conversation.closed", "message.received"],
                }
            ]
        }
    )

    url: str = Field(min_length=1, max_length=URL_CHARS_MAX)
    events: list[EventName] = Field(min_length=1, max_length=50)
    description: str = Field("", max_length=200)
    secret: SecretStr | None = Field(None, description=_SECRET)


class ChangeWebhookEndpoint(In):
    """Only what is named changes."""

    url: str | None = Field(None, min_length=1, max_length=URL_CHARS_MAX)
    events: list[EventName] | None = Field(None, min_length=1, max_length=50)
    description: str | None = Field(None, max_length=200)
    enabled: bool | None = None


class RotateSecret(In):
    secret: SecretStr | None = Field(None, description=_SECRET)


class ReplayFailed(In):
    since: Instant = Field(description="All that failed and happened since then is sent again.")


class Replayed(Out):
    deliveries: int


class DeliveryCounts(Out):
    pending: int
    delivered: int
    failed: int


class WebhookEndpoint(Out):
    """Where events are told. The secret is shown when it is made, and never again."""

    id: EndpointId
    url: str
    description: str
    events: list[EventName]
    enabled: bool
    disabled_reason: str = Field(description="Why the hub switched it off; empty when it did not.")
    failing_since: Instant | None = Field(description="Since when nothing was taken.")
    old_secret_until: Instant | None = Field(description="Until then the former secret signs too.")
    deliveries: DeliveryCounts = Field(description="Of the last 30 days.")
    version: int
    created_at: Instant
    updated_at: Instant
    secret: str | None = Field(None, description="Only in the answer that made it.")


class WebhookDelivery(Out):
    """One event to one endpoint."""

    id: DeliveryId
    event: str
    state: DeliveryState
    attempts: int
    status_code: int | None = Field(description="Of the last attempt; null when nothing answered.")
    error: str | None
    took_ms: int | None
    created_at: Instant
    due_at: Instant | None = Field(description="When it is tried next; null when it is not.")
    done_at: Instant | None


class WebhookDeliveryDetail(WebhookDelivery):
    body: dict[str, Any] = Field(description="What is sent.")
    answer: str | None = Field(description="The beginning of the last answer, 2 KiB at most.")


EndpointPage = Page[WebhookEndpoint]
DeliveryPage = Page[WebhookDelivery]
