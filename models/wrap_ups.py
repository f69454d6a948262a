"""Tables of wrap-up codes: what agents say became of a conversation when they close it."""

from sqlalchemy import Boolean, Column, Integer, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, metadata, tenant_column

wrap_ups = Table(
    "wrap_ups",
    metadata,
    tenant_column(),
    Column("codes", JSONB, nullable=False),  # names in their order
    Column("required", Boolean, nullable=False, server_default=text("false")),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_by", Text, nullable=False, server_default=""),
)
