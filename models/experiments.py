"""Tables of experiments of flows: those that run, and decisions about them, of which none is ever changed."""

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

# The splits of published flows that something may be decided of by itself. `look_at`: when the numbers are looked at again.
flow_experiments = Table(
    "flow_experiments",
    metadata,
    tenant_column(),
    Column("flow_id", Uuid, primary_key=True),
    Column("node", Text, primary_key=True),
    Column("look_at", INSTANT, nullable=False),
    same_tenant("flow_id", "flows", ondelete="CASCADE"),
    Index("ix_flow_experiments_look", "tenant_id", "look_at"),
)
