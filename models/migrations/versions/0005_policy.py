"""Messaging policies; how long a message is worth sending; campaigns over several channels.

Revision ID: 0005
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

from models.migrations.security import lookup, protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LOOKUPS: tuple[tuple[str, str, str], ...] = (
    # A tenant inherits what it does not set, from tenants whose rows it may not see.
    (
        "messaging_policies_for(wanted uuid)",
        "TABLE (tenant_id uuid, distance integer, policy jsonb, version integer)",
        "SELECT p.tenant_id, t.depth, p.policy, p.version FROM tenant_closure t "
        "JOIN messaging_policies p ON p.tenant_id = t.ancestor_id WHERE t.descendant_id = wanted",
    ),
)


def upgrade() -> None:
    schema = Path(__file__).with_suffix(".sql").read_text()
    for statement in schema.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for statement in protect("messaging_policies"):
        op.execute(statement)
    for signature, returns, body in LOOKUPS:
        for statement in lookup(signature, returns, body):
            op.execute(statement)
