"""Tables of texts in parts: what became of each part that was sent, and parts that wait for the rest of their text."""

from sqlalchemy import Column, Index, Integer, LargeBinary, SmallInteger, Table, Text, Uuid, func, text

from models.base import INSTANT, metadata, tenant_column

# Only messages of several parts have rows here: a single part's id stands in its message.
message_parts = Table(
    "message_parts",
    metadata,
    tenant_column(),
    Column("message_id", Uuid, primary_key=True),
    Column("part", SmallInteger, primary_key=True, autoincrement=False),
    Column("channel_id", Uuid, nullable=False),
    Column("provider_message_id", Text),
    Column("status", Text, nullable=False),
    Column("provider_code", Text),
    Column("reason", Text),
    Column("at", INSTANT, nullable=False),
    Index(
        "ix_message_parts_provider",
        "tenant_id",
        "channel_id",
        "provider_message_id",
        postgresql_where=text("provider_message_id IS NOT NULL"),
    ),
)

# A part that came is answered when it stands here: the SMSC will not send it again. Octets, because a gateway may cut a
# text in the middle of a letter.
inbound_parts = Table(
    "inbound_parts",
    metadata,
    tenant_column(),
    Column("channel_id", Uuid, primary_key=True),
    Column("sender", Text, primary_key=True),
    Column("reference", Integer, primary_key=True, autoincrement=False),
    Column("total", SmallInteger, primary_key=True, autoincrement=False),
    Column("part", SmallInteger, primary_key=True, autoincrement=False),
    Column("data_coding", SmallInteger, nullable=False),
    Column("octets", LargeBinary, nullable=False),
    Column("received_at", INSTANT, nullable=False, server_default=func.now()),
    Index("ix_inbound_parts_received", "tenant_id", "received_at"),
)
