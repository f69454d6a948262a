"""Tables of contacts: the person, their addresses, tags and consent."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

contacts = Table(
    "contacts",
    metadata,
    tenant_column(),
    id_column(),
    Column("name", Text, nullable=False, server_default=""),
    Column("language", Text, nullable=False, server_default=""),
    Column("time_zone", Text, nullable=False, server_default=""),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
)

contact_addresses = Table(
    "contact_addresses",
    metadata,
    tenant_column(),
    Column("kind", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    same_tenant("contact_id", "contacts", ondelete="CASCADE"),
    CheckConstraint("kind IN ('phone', 'whatsapp', 'rcs', 'sip')", name="kind"),
    Index("ix_contact_addresses_contact", "tenant_id", "contact_id"),
)

contact_tags = Table(
    "contact_tags",
    metadata,
    tenant_column(),
    Column("tag", Text, primary_key=True),
    Column("contact_id", Uuid, primary_key=True),
    same_tenant("contact_id", "contacts", ondelete="CASCADE"),
    Index("ix_contact_tags_contact", "tenant_id", "contact_id"),
)

consents = Table(
    "consents",
    metadata,
    tenant_column(),
    Column("contact_id", Uuid, primary_key=True),
    Column("channel_kind", Text, primary_key=True),
    Column("purpose", Text, primary_key=True, server_default="all"),
    Column("state", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("proof", Text, nullable=False, server_default=""),
    Column("changed_at", INSTANT, nullable=False, server_default=func.now()),
    same_tenant("contact_id", "contacts", ondelete="CASCADE"),
    CheckConstraint("state IN ('opted_in', 'opted_out')", name="state"),
)
