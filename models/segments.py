"""Tables of segments: named sets of contacts, by a condition (dynamic) or by list (static)."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

segments = Table(
    "segments",
    metadata,
    tenant_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("kind", Text, nullable=False),
    Column("condition", JSONB),  # of a dynamic one
    Column("version", Integer, nullable=False, server_default="1"),
    Column("members", BigInteger),  # of a static one
    Column("created_by", Text, nullable=False, server_default=""),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    Column("archived_at", INSTANT),
    CheckConstraint("kind IN ('dynamic', 'static')", name="kind"),
    CheckConstraint("(kind = 'dynamic') = (condition IS NOT NULL)", name="condition"),
    Index("ix_segments_name", "tenant_id", "name", unique=True, postgresql_where=text("archived_at IS NULL")),
)

segment_versions = Table(
    "segment_versions",
    metadata,
    tenant_column(),
    Column("segment_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("condition", JSONB, nullable=False),
    Column("created_by", Text, nullable=False, server_default=""),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    same_tenant("segment_id", "segments", ondelete="CASCADE"),
)

segment_members = Table(
    "segment_members",
    metadata,
    tenant_column(),
    Column("segment_id", Uuid, primary_key=True),
    Column("contact_id", Uuid, primary_key=True),
    same_tenant("segment_id", "segments", ondelete="CASCADE"),
    same_tenant("contact_id", "contacts", ondelete="CASCADE"),
    Index("ix_segment_members_contact", "tenant_id", "contact_id"),
)
