"""Tables of flows: drafts, published versions, and the runs that are kept as tests. What runs stands in `flows`."""

from sqlalchemy import Column, Integer, Table, Text, UniqueConstraint, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

# Apart from `flows`, whose rows every directory reads anew when they are written: a draft is saved all the time.
flow_drafts = Table(
    "flow_drafts",
    metadata,
    tenant_column(),
    Column("flow_id", Uuid, primary_key=True),
    Column("document", JSONB, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_by", Text, nullable=False, server_default=""),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    same_tenant("flow_id", "flows", ondelete="CASCADE"),
)

flow_versions = Table(
    "flow_versions",
    metadata,
    tenant_column(),
    Column("flow_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", JSONB, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_by", Text, nullable=False, server_default=""),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    same_tenant("flow_id", "flows", ondelete="CASCADE"),
)

flow_tests = Table(
    "flow_tests",
    metadata,
    tenant_column(),
    id_column(),
    Column("flow_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("run", JSONB, nullable=False),
    Column("created_by", Text, nullable=False, server_default=""),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    same_tenant("flow_id", "flows", ondelete="CASCADE"),
    UniqueConstraint("tenant_id", "flow_id", "name"),
)
