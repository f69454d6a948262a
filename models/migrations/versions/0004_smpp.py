"""SMPP: the parts of texts that were sent, and those of texts that have not come whole.

Revision ID: 0004
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

from models.migrations.security import lookup, protect

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
    schema = Path(__file__).with_suffix(".sql").read_text()
    for statement in schema.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table in TENANT_TABLES:
        for statement in protect(table):
            op.execute(statement)
    for signature, returns, body in LOOKUPS:
        for statement in lookup(signature, returns, body):
            op.execute(statement)
