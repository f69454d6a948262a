"""Tables of queues, routing rules and flows."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

queues = Table(
    "queues",
    metadata,
    tenant_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    UniqueConstraint("tenant_id", "name"),
)

queue_members = Table(
    "queue_members",
    metadata,
    tenant_column(),
    Column("queue_id", Uuid, primary_key=True),
    Column("user_id", Uuid, primary_key=True),
    same_tenant("queue_id", "queues", ondelete="CASCADE"),
    same_tenant("user_id", "users", ondelete="CASCADE"),
)

flows = Table(
    "flows",
    metadata,
    tenant_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("definition", JSONB),  # what runs: the published version; none before the first, or when put away
    Column("version", Integer, nullable=False, server_default="1"),  # of the definition; 0 before the first
    Column("revision", Integer, nullable=False, server_default="1"),  # of name and description
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("archived_at", INSTANT),
    UniqueConstraint("tenant_id", "name"),
)

routing_rules = Table(
    "routing_rules",
    metadata,
    tenant_column(),
    id_column(),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # keyword: flow branch; intent: queue; fallback: queue
    Column("match", Text, nullable=False, server_default=""),
    Column("threshold", Float, nullable=False, server_default=text("0")),
    Column("queue_id", Uuid),
    Column("flow_id", Uuid),
    Column("segment_id", Uuid),  # only for its members
    same_tenant("queue_id", "queues"),
    same_tenant("flow_id", "flows"),
    same_tenant("segment_id", "segments"),
    CheckConstraint("kind IN ('keyword', 'intent', 'fallback')", name="kind"),
    CheckConstraint("(queue_id IS NULL) <> (flow_id IS NULL)", name="one_target"),
    Index("ix_routing_rules_order", "tenant_id", "position"),
)
