"""Tables of compliance: the tenants' messaging policies."""

from sqlalchemy import Column, Integer, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, metadata, tenant_column

# hub/compliance/policy.py; what a tenant does not set is inherited from above.
messaging_policies = Table(
    "messaging_policies",
    metadata,
    tenant_column(),
    Column("policy", JSONB, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_by", Text, nullable=False, server_default=""),
)
