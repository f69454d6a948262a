"""Tables of the tenant tree, people, sessions and keys."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

tenants = Table(
    "tenants",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("parent_id", Uuid, ForeignKey("tenants.id")),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("slug", Text, nullable=False, unique=True),
    Column("status", Text, nullable=False, server_default="active"),
    Column("depth", SmallInteger, nullable=False),
    Column("currency", Text, nullable=False, server_default="EUR"),
    Column("time_zone", Text, nullable=False, server_default="UTC"),
    Column("default_country", Text, nullable=False, server_default="US"),
    Column("brand", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("intent_version_id", Uuid),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    CheckConstraint("kind IN ('platform', 'organization', 'sub_organization')", name="kind"),
    CheckConstraint("status IN ('active', 'suspended', 'closing', 'closed')", name="status"),
)

tenant_closure = Table(
    "tenant_closure",
    metadata,
    Column("ancestor_id", Uuid, ForeignKey("tenants.id"), primary_key=True),
    Column("descendant_id", Uuid, ForeignKey("tenants.id"), primary_key=True),
    Column("depth", Integer, nullable=False),
    Index("ix_tenant_closure_descendant", "descendant_id", "depth"),
)

users = Table(
    "users",
    metadata,
    tenant_column(),
    id_column(),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("status", Text, nullable=False, server_default="active"),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    UniqueConstraint("tenant_id", "email"),
    Index("ix_users_email", "email"),
)

sessions = Table(
    "sessions",
    metadata,
    tenant_column(),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("acting_tenant_id", Uuid, nullable=False),
    Column("csrf_token", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("last_seen_at", INSTANT, nullable=False, server_default=func.now()),
    Column("expires_at", INSTANT, nullable=False),
    same_tenant("user_id", "users", ondelete="CASCADE"),
    Index("ix_sessions_token_hash", "token_hash", unique=True),
)

api_keys = Table(
    "api_keys",
    metadata,
    tenant_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("key_hash", LargeBinary, nullable=False),
    Column("last4", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_by", Uuid),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("expires_at", INSTANT),
    Column("last_used_at", INSTANT),
    Column("revoked_at", INSTANT),
    Index("ix_api_keys_key_hash", "key_hash", unique=True),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    tenant_column(),
    Column("principal", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer),
    Column("body", JSONB),
    Column("finished", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
)

# Hash-chained, one chain a tenant, insert only: see hub.tenancy.audit_log.
audit_log = Table(
    "audit_log",
    metadata,
    tenant_column(),
    Column("seq", BigInteger, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("ip", Text, nullable=False, server_default=""),
    Column("request_id", Text, nullable=False, server_default=""),
    Column("data", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("hash", LargeBinary, nullable=False),
)

# Filters, columns and order of a table that somebody saved under a name. Without an owner it is everybody's.
saved_views = Table(
    "saved_views",
    metadata,
    tenant_column(),
    id_column(),
    Column("area", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Column("config", JSONB, nullable=False),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    UniqueConstraint("tenant_id", "area", "owner", "name"),
)
