"""SMPP: the parts of texts that were sent, and those of texts that have not come whole.

Revision ID: 0004
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TENANT_TABLES: tuple[str, ...] = ("message_parts", "inbound_parts")
LOOKUPS: tuple[tuple[str, str, str], ...] = (
    (
        "waiting_parts_tenants(before timestamptz)",
        "SETOF uuid",
        "SELECT DISTINCT tenant_id FROM inbound_parts WHERE received_at < before",
    ),
)


def upgrade() -> None:
    for statement in steps(__file__, TENANT_TABLES, LOOKUPS):
        op.execute(statement)
