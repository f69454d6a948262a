"""Tables of outgoing webhooks: where tenants want to hear of events, and what was told them."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, tenant_column

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    tenant_column(),
    id_column(),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("events", JSONB, nullable=False),  # names of hub/webhooks/endpoint.py
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("secrets", Text, nullable=False),  # AES-256-GCM, see hub/channels/secrets.py
    Column("old_secret_until", INSTANT),  # while both secrets sign
    Column("failing_since", INSTANT),  # since when nothing was taken
    Column("disabled_reason", Text, nullable=False, server_default=""),  # why the hub switched it off
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_by", Text, nullable=False, server_default=""),
)

# One row an event and endpoint: what is owed, and then the log. `body` is what is signed, so it is kept as it is sent.
# No foreign key: a conversation's turn must not fail because an endpoint was taken away a moment ago.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    tenant_column(),
    id_column(),
    Column("endpoint_id", Uuid, nullable=False),
    Column("contact_id", Uuid),  # whom it tells of: an erasure finds it by that
    Column("event", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("due_at", INSTANT, nullable=False),
    Column("began_at", INSTANT, nullable=False),  # the schedule of the attempts counts from here
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("status_code", SmallInteger),
    Column("error", Text),
    Column("answer", Text),
    Column("took_ms", Integer),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("done_at", INSTANT),
    CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
    Index(
        "ix_webhook_deliveries_due",
        "tenant_id",
        "endpoint_id",
        "due_at",
        postgresql_where=text("state = 'pending'"),
    ),
    Index("ix_webhook_deliveries_log", "tenant_id", "endpoint_id", "id"),
    Index(
        "ix_webhook_deliveries_contact",
        "tenant_id",
        "contact_id",
        postgresql_where=text("contact_id IS NOT NULL"),
    ),
)
