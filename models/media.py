"""Tables of the media library and of provider templates."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
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

from models.base import INSTANT, id_column, metadata, tenant_column

# What stands on disk is named by its content; a row is one use of it. A pending one is still at its provider.
media = Table(
    "media",
    metadata,
    tenant_column(),
    id_column(),
    Column("status", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("mime_type", Text, nullable=False, server_default=""),
    Column("filename", Text, nullable=False, server_default=""),
    Column("sha256", Text),
    Column("size_bytes", BigInteger, nullable=False, server_default="0"),
    Column("account_id", Uuid),
    Column("provider_media_id", Text),
    Column("provider_url", Text),
    Column(
        "uploads", JSONB, nullable=False, server_default=text("'{}'::jsonb")
    ),  # account → id at the provider
    Column("reason", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", INSTANT),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    CheckConstraint("status IN ('pending', 'ready', 'failed')", name="status"),
    CheckConstraint("source IN ('upload', 'inbound')", name="source"),
    Index("ix_media_id", "id", unique=True),
    Index("ix_media_due", "due_at", postgresql_where=text("status = 'pending'")),
)

# A template of a provider's, as we last knew it. `wish` is what the provider has not been told yet.
message_templates = Table(
    "message_templates",
    metadata,
    tenant_column(),
    id_column(),
    Column("account_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("parameter_format", Text, nullable=False),
    Column("components", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("quality", Text),
    Column("provider_template_id", Text),
    Column("wish", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", INSTANT),
    Column("edited_at", INSTANT),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    CheckConstraint("wish IN ('create', 'edit', 'delete')", name="wish"),
    UniqueConstraint("tenant_id", "account_id", "name", "language"),
    Index("ix_message_templates_due", "due_at", postgresql_where=text("wish IS NOT NULL")),
)
