"""Tables of conversations, messages and the outbox."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

# One row a (tenant, contact): one thread over all channels. `version` is the fence of design section 2.4.
conversations = Table(
    "conversations",
    metadata,
    tenant_column(),
    Column("contact_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Column("status", Text, nullable=False, server_default="idle"),
    Column("queue_id", Uuid),
    Column("assignee_id", Uuid),
    Column("session", JSONB),
    Column("opted_out", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("channel_id", Uuid),
    Column("address", Text, nullable=False, server_default=""),
    Column("last_text", Text, nullable=False, server_default=""),
    Column("last_direction", Text, nullable=False, server_default="in"),
    Column("last_at", INSTANT, nullable=False, server_default=func.now()),
    Column("last_inbound_at", INSTANT),
    Column("unread", Integer, nullable=False, server_default="0"),
    Column("intent", Text),
    Column("confidence", Float),
    Column("reason", Text, nullable=False, server_default=""),
    Column("opened_at", INSTANT),
    Column("closed_at", INSTANT),
    Column(
        "priority", SmallInteger, nullable=False, server_default="0"
    ),  # -1 low, 0 normal, 1 high, 2 urgent
    Column("waiting_since", INSTANT),  # while it is open and nobody has it
    Column("offered_to", Uuid),
    Column("offered_until", INSTANT),
    Column("due_at", INSTANT),  # when something of `desk` comes due
    Column("desk", JSONB),  # hub/conversations/desk.py
    Column("memo", JSONB),  # hub/conversations/memo.py
    Column("tags", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    same_tenant("contact_id", "contacts", ondelete="CASCADE"),
    CheckConstraint("status IN ('idle', 'open', 'snoozed', 'waiting', 'closed')", name="status"),
    CheckConstraint("priority BETWEEN -1 AND 2", name="priority"),
    Index("ix_conversations_list", "tenant_id", "status", "last_at", "contact_id"),
    Index(
        "ix_conversations_queue", "tenant_id", "queue_id", "last_at", postgresql_where=text("status = 'open'")
    ),
    Index("ix_conversations_assignee", "tenant_id", "assignee_id", postgresql_where=text("status = 'open'")),
    Index("ix_conversations_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_conversations_tagged", "tenant_id", "last_at", postgresql_where=text("tags <> '[]'")),
)

messages = Table(
    "messages",
    metadata,
    tenant_column(),
    id_column(),
    Column("contact_id", Uuid, nullable=False),
    Column("channel_id", Uuid, nullable=False),
    Column("channel_kind", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("origin_id", Uuid),
    Column("address", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("error_code", Text),
    Column("provider_message_id", Text),
    Column("parts", SmallInteger, nullable=False, server_default="1"),
    Column("price_micros", BigInteger, nullable=False, server_default="0"),
    Column("currency", Text),
    Column("rate_id", Uuid),
    Column("hold_id", Uuid),
    Column("settlement", Text),
    Column("intent", Text),
    Column("confidence", Float),
    Column("intent_version_id", Uuid),
    Column("routing", JSONB),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("sent_at", INSTANT),
    Column("delivered_at", INSTANT),
    Column("read_at", INSTANT),
    Column("failed_at", INSTANT),
    Column("content", JSONB),  # what is more than a text: hub/channels/content.py; null for a plain text
    Column("purpose", Text),
    Column("category", Text),  # of the price, where the provider has several
    Column("plan", JSONB),  # what to try when this attempt fails: hub/failover
    Column("first_id", Uuid),  # of a later attempt: the message that its caller knows
    Column("next_id", Uuid),  # the attempt that took over
    Column("history", JSONB),  # what the other columns do not tell: refused attempts, late receipts
    CheckConstraint("direction IN ('in', 'out')", name="direction"),
    CheckConstraint("settlement IN ('captured', 'released')", name="settlement"),
    Index("ix_messages_thread", "tenant_id", "contact_id", "id"),
    # No index names `status`: a delivery then moves without touching any index (heap-only updates).
    Index("ix_messages_origin", "tenant_id", "origin_id", postgresql_where=text("origin = 'campaign'")),
    Index(
        "ix_messages_provider",
        "tenant_id",
        "channel_id",
        "provider_message_id",
        unique=True,
        postgresql_where=text("provider_message_id IS NOT NULL"),
    ),
    Index("ix_messages_attempts", "tenant_id", "first_id", postgresql_where=text("first_id IS NOT NULL")),
)

# Sends that are owed. A row lives from the commit of its message to the provider's answer.
outbox = Table(
    "outbox",
    metadata,
    tenant_column(),
    Column("message_id", Uuid, primary_key=True),
    Column("channel_id", Uuid, nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("state", Text, nullable=False, server_default="queued"),
    Column("due_at", INSTANT, nullable=False, server_default=func.now()),
    Column("claimed_at", INSTANT),
    Column("claimed_by", Text),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("expires_at", INSTANT),  # after that it is not worth sending
    CheckConstraint("state IN ('queued', 'sending', 'unknown')", name="state"),
    Index("ix_outbox_queued", "tenant_id", "lane", "message_id", postgresql_where=text("state = 'queued'")),
    Index("ix_outbox_claimed", "tenant_id", "claimed_at", postgresql_where=text("state <> 'queued'")),
)

# Attempts that somebody may have to take over from: looked at when their time is over, or when their fate is decided.
failovers = Table(
    "failovers",
    metadata,
    tenant_column(),
    Column("message_id", Uuid, primary_key=True),
    Column("due_at", INSTANT, nullable=False),
    Index("ix_failovers_due", "tenant_id", "due_at"),
)
