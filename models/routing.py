"""Tables of queues, routing rules and flows."""

from sqlalchemy import Column, Integer, Table, Text, UniqueConstraint, Uuid, func
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
    Column("definition", JSONB, nullable=False),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
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
