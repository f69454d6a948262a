"""Tables of provider accounts, channels, and what came in by them."""

from sqlalchemy import (
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

provider_accounts = Table(
    "provider_accounts",
    metadata,
    tenant_column(),
    id_column(),
    Column("provider", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("credentials", Text, nullable=False),  # AES-256-GCM, see hub/channels/secrets.py
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("status", Text, nullable=False, server_default="active"),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint("provider IN ('twilio', 'whatsapp_cloud', 'google_rcs', 'smpp', 'sip')", name="provider"),
    CheckConstraint("status IN ('active', 'paused')", name="status"),
    Index("ix_provider_accounts_id", "id", unique=True),
)

channels = Table(
    "channels",
    metadata,
    tenant_column(),
    id_column(),
    Column(
        "account_id", Uuid, nullable=False
    ),  # may belong to an ancestor: an organization lends its account
    Column("kind", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),  # the number as people see it, E.164
    Column("provider_address", Text, nullable=False),  # as the provider names it: E.164, or a phone_number_id
    Column("status", Text, nullable=False, server_default="active"),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    CheckConstraint("kind IN ('sms', 'whatsapp', 'rcs', 'voice')", name="kind"),
    # One number may send texts and make calls: then it is two channels.
    Index("ix_channels_account_address", "account_id", "provider_address", "kind", unique=True),
)

# What a provider told us, once each: the dedupe key of every webhook and the raw delivery history.
inbox = Table(
    "inbox",
    metadata,
    tenant_column(),
    Column("channel_id", Uuid, primary_key=True),
    Column("event_key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("received_at", INSTANT, nullable=False, server_default=func.now()),
    Column("done_at", INSTANT),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Index("ix_inbox_pending", "tenant_id", "received_at", postgresql_where=text("done_at IS NULL")),
    # The few whose payload still holds a text: an erasure looks through them.
    Index("ix_inbox_failed", "tenant_id", "received_at", postgresql_where=text("error IS NOT NULL")),
)

# Signed by a known account, but no channel has the number: kept under the account's tenant for its admins.
unrouted_events = Table(
    "unrouted_events",
    metadata,
    tenant_column(),
    id_column(),
    Column("account_id", Uuid, nullable=False),
    Column("event_key", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("received_at", INSTANT, nullable=False, server_default=func.now()),
    UniqueConstraint("tenant_id", "account_id", "event_key"),
)
