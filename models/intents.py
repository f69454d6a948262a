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
    Uuid,
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

# What people say a message means when the model said something else: training data. One row a message.
intent_corrections = Table(
    "intent_corrections",
    metadata,
    tenant_column(),
    Column("message_id", Uuid, primary_key=True),
    Column("text", Text, nullable=False),
    Column("was", Text),  # what the model said, if anything
    Column("intent", Text, nullable=False),
    Column("version_id", Uuid),  # of the model that said it
    Column("corrected_by", Text, nullable=False, server_default=""),
    Column("corrected_at", INSTANT, nullable=False, server_default=func.now()),
    Index("ix_intent_corrections_at", "tenant_id", "corrected_at", "message_id"),
)
