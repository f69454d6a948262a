"""Tables of queues, routing rules and flows."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    SmallInteger,
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
    Column("settings", JSONB),  # hub/routing/queue.py; null: nothing is counted, no clock runs
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_by", Text, nullable=False, server_default=""),
    Column("archived_at", INSTANT),
    UniqueConstraint("tenant_id", "name"),
)

# How much somebody takes at once and what they can; a person without a row takes as much as most. A bot is nobody's user.
agents = Table(
    "agents",
    metadata,
    tenant_column(),
    id_column(),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("capacity", SmallInteger, nullable=False, server_default="5"),
    Column("skills", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("weights", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    CheckConstraint("kind IN ('person', 'bot')", name="kind"),
    CheckConstraint("capacity BETWEEN 1 AND 100", name="capacity"),
)

# What happened in the queues, for reports: hub/conversations/desk.py. No row is changed but by a merge of contacts.
queue_events = Table(
    "queue_events",
    metadata,
    tenant_column(),
    id_column(),
    Column("at", INSTANT, nullable=False),
    Column("kind", Text, nullable=False),
    Column("queue_id", Uuid),
    Column("contact_id", Uuid, nullable=False),
    Column("agent_id", Uuid),
    Column("seconds", Float),
    Column("detail", Text),
    Index("ix_queue_events_queue", "tenant_id", "queue_id", "at"),
    Index("ix_queue_events_contact", "tenant_id", "contact_id"),
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
    Column("in_flight", JSONB),  # what becomes of sessions in earlier versions, while that is being done
    UniqueConstraint("tenant_id", "name"),
)

# One ordered document a tenant: hub/routing/rule.py. Of the queues, flows and people it names any may be gone.
rule_lists = Table(
    "rule_lists",
    metadata,
    tenant_column(),
    Column("document", JSONB, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_by", Text, nullable=False, server_default=""),
)

rule_list_versions = Table(
    "rule_list_versions",
    metadata,
    tenant_column(),
    Column("version", Integer, primary_key=True),
    Column("document", JSONB, nullable=False),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("created_by", Text, nullable=False, server_default=""),
)
