"""Messaging policies; how long a message is worth sending; campaigns over several channels.

Revision ID: 0005
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

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
    for statement in steps(__file__, ("messaging_policies",), LOOKUPS):
        op.execute(statement)
