"""Tables of campaigns: the plan, its frozen audience and the batches that carry it out."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

campaigns = Table(
    "campaigns",
    metadata,
    tenant_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="draft"),
    Column("reason", Text),
    Column("audience", JSONB, nullable=False),
    Column("template", Text, nullable=False),
    Column("variables", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("channel_id", Uuid, nullable=False),
    Column("flow_id", Uuid),
    Column("recipients", BigInteger, nullable=False, server_default="0"),
    Column("created_by", Text, nullable=False, server_default=""),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("launched_at", INSTANT),
    Column("finished_at", INSTANT),
    Column("steps", JSONB),  # the channels to try, best first; null: `channel_id` alone
    Column("content", JSONB),  # what is more than a text: its texts are templates too
    Column("validity_s", Integer),  # how long a message is worth sending
    same_tenant("channel_id", "channels"),
    same_tenant("flow_id", "flows"),
    CheckConstraint("status IN ('draft', 'running', 'paused', 'completed', 'canceled')", name="status"),
)

# The audience as it was at launch, in a fixed order: a resume continues at the same recipient.
campaign_recipients = Table(
    "campaign_recipients",
    metadata,
    tenant_column(),
    Column("campaign_id", Uuid, primary_key=True),
    Column("ordinal", BigInteger, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    same_tenant("campaign_id", "campaigns", ondelete="CASCADE"),
    Index("ix_campaign_recipients_contact", "tenant_id", "campaign_id", "contact_id", unique=True),
)

campaign_batches = Table(
    "campaign_batches",
    metadata,
    tenant_column(),
    Column("campaign_id", Uuid, primary_key=True),
    Column("first_ordinal", BigInteger, primary_key=True),
    Column("last_ordinal", BigInteger, nullable=False),
    Column("hold_id", Uuid, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("messages", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),
    same_tenant("campaign_id", "campaigns", ondelete="CASCADE"),
    CheckConstraint("state IN ('pending', 'sent', 'canceled')", name="state"),
    Index(
        "ix_campaign_batches_pending", "tenant_id", "campaign_id", postgresql_where=text("state = 'pending'")
    ),
)
