"""Tables of calls, of calls at the desk, and of the phones that agents have."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

# An outbound call has the id of its message: the message is what is sent and paid, the call is how it went.
calls = Table(
    "calls",
    metadata,
    tenant_column(),
    id_column(),
    Column("contact_id", Uuid, nullable=False),
    Column("channel_id", Uuid, nullable=False),
    Column("direction", Text, nullable=False),
    Column("address", Text, nullable=False),  # the person's number
    Column("script", JSONB, nullable=False),
    Column("status", Text, nullable=False, server_default="queued"),
    Column("answered_by", Text, nullable=False, server_default=""),
    # Where the script waits; null before it began and when it is over. Of a flow: how its document ends.
    Column("position", JSONB),
    Column("turn", Integer, nullable=False, server_default="0"),
    Column("reply", Text),  # the provider's document of this turn: asked for again, it is given again
    Column("steps", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("gathered", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("sequence", Integer),  # the provider's number of the last news
    Column("provider_call_id", Text),
    Column(
        "session_id", Uuid
    ),  # of the flow's session that speaks in the call: then `script` is its last document
    Column("tariff", JSONB),  # the price a minute and how time is counted
    Column("billed_s", Integer, nullable=False, server_default="0"),
    Column("price_micros", BigInteger, nullable=False, server_default="0"),
    Column("recording_url", Text),
    Column("recording_s", Integer),
    Column("error_code", Text),
    Column("reason", Text),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("ringing_at", INSTANT),
    Column("answered_at", INSTANT),
    Column("ended_at", INSTANT),
    Column("duration_s", Integer, nullable=False, server_default="0"),
    CheckConstraint("direction IN ('in', 'out')", name="direction"),
    Index("ix_calls_id", "id", unique=True),
    Index("ix_calls_contact", "tenant_id", "contact_id", "id"),
    Index(
        "ix_calls_provider",
        "tenant_id",
        "channel_id",
        "provider_call_id",
        unique=True,
        postgresql_where=text("provider_call_id IS NOT NULL"),
    ),
)

# A call at the desk: hub/voice/desk.py. It has the id of its call, which an outbound one becomes only when it is dialled.
desk_calls = Table(
    "desk_calls",
    metadata,
    tenant_column(),
    id_column(),
    Column("contact_id", Uuid, nullable=False),
    Column("channel_id", Uuid, nullable=False),
    Column("queue_id", Uuid),
    Column("phase", Text, nullable=False),
    Column("agent_id", Uuid),
    Column("state", JSONB, nullable=False),
    Column("log", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("waited_from", INSTANT, nullable=False),
    Column("ring_until", INSTANT),  # while a phone rings that nobody may hear of again
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    Index("ix_desk_calls_id", "id", unique=True),
    Index("ix_desk_calls_contact", "tenant_id", "contact_id", "id"),
    Index(
        "ix_desk_calls_live",
        "tenant_id",
        "id",
        postgresql_where=text("phase NOT IN ('ended', 'voicemail')"),
    ),
    Index("ix_desk_calls_ring", "ring_until", postgresql_where=text("ring_until IS NOT NULL")),
)

# What was said in a call at the desk, as the provider wrote it down: a row for each thing that somebody said.
call_words = Table(
    "call_words",
    metadata,
    tenant_column(),
    id_column(),
    Column("call_id", Uuid, nullable=False),
    Column("contact_id", Uuid, nullable=False),
    Column("key", Text, nullable=False),  # the provider's, so that what is told again is one row
    Column("at", INSTANT, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("user_id", Uuid),
    Column("body", Text, nullable=False),
    Column("confidence", Float),
    CheckConstraint("speaker IN ('contact', 'agent')", name="speaker"),
    same_tenant("contact_id", "contacts", ondelete="CASCADE"),
    Index("ix_call_words_key", "tenant_id", "call_id", "key", unique=True),
    Index("ix_call_words_contact", "tenant_id", "contact_id", "id"),
)

# Where an agent's calls come to: a number in E.164 or a SIP address.
agent_phones = Table(
    "agent_phones",
    metadata,
    tenant_column(),
    Column("user_id", Uuid, primary_key=True),
    Column("address", Text, nullable=False),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    same_tenant("user_id", "users", ondelete="CASCADE"),
)
