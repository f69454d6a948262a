"""Tables of the full-text search: the words of messages, filled in the background so that no message waits for it."""

from sqlalchemy import Column, Index, Table, Uuid
from sqlalchemy.dialects.postgresql import TSVECTOR

from models.base import metadata, tenant_column

message_terms = Table(
    "message_terms",
    metadata,
    tenant_column(),
    Column("message_id", Uuid, primary_key=True),
    # The tenant is one of the words, so that a search reads no other tenant's rows.
    Column("terms", TSVECTOR, nullable=False),
    Index("ix_message_terms_terms", "terms", postgresql_using="gin"),
)

# Up to which message a tenant's words are filled in; what is younger is looked at again.
search_marks = Table("search_marks", metadata, tenant_column(), Column("upto", Uuid, nullable=False))
