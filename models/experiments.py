"""Decisions about experiments of flows. No row is ever changed: the newest ones say what holds."""

from sqlalchemy import CheckConstraint, Column, Index, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

flow_decisions = Table(
    "flow_decisions",
    metadata,
    tenant_column(),
    id_column(),
    Column("flow_id", Uuid, nullable=False),
    Column("node", Text, nullable=False),
    Column("signature", Text, nullable=False),  # of the split that it was made for
    Column("kind", Text, nullable=False),
    Column("arm", Text, nullable=False, server_default=""),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("numbers", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("at", INSTANT, nullable=False, server_default=func.now()),
    same_tenant("flow_id", "flows", ondelete="CASCADE"),
    CheckConstraint("kind IN ('winner', 'stop', 'resume')", name="kind"),
    Index("ix_flow_decisions_flow", "tenant_id", "flow_id", "node", "id"),
)
