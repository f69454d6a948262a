"""Tables of saved replies: what agents say often, and how often they said it to which intent."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, tenant_column

saved_replies = Table(
    "saved_replies",
    metadata,
    tenant_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("shortcut", Text, nullable=False),  # what follows the slash; lower case
    Column("folder", Text, nullable=False, server_default=""),
    Column("body", Text, nullable=False),  # a template of hub/templates
    Column("intents", JSONB, nullable=False, server_default=text("'[]'::jsonb")),  # which it answers
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_by", Text, nullable=False, server_default=""),
    Index("ix_saved_replies_shortcut", "tenant_id", "shortcut", unique=True),
)

# Of the tenant whose agents used it, which may be below the one that wrote it.
saved_reply_uses = Table(
    "saved_reply_uses",
    metadata,
    tenant_column(),
    Column("reply_id", Uuid, primary_key=True),
    Column("intent", Text, primary_key=True),  # of the conversation then; "" for none
    Column("uses", BigInteger, nullable=False),
    Column("last_at", INSTANT, nullable=False),
)
