"""Tables of intent model versions. The artefact is stored with its row: one truth for every node of a cluster."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, tenant_column

intent_versions = Table(
    "intent_versions",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", Integer, nullable=False),
    Column("status", Text, nullable=False, server_default="candidate"),
    Column("encoder_id", Text, nullable=False),
    Column("encoder_sha256", Text, nullable=False),
    Column("data_sha256", Text, nullable=False),
    Column("labels", JSONB, nullable=False),
    Column("report", JSONB, nullable=False),
    Column("artifact", LargeBinary, nullable=False),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("published_at", INSTANT),
    UniqueConstraint("tenant_id", "number"),
    CheckConstraint("status IN ('candidate', 'live', 'retired')", name="status"),
    Index("ix_intent_versions_id", "id", unique=True),
)
