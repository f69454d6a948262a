"""Conversations with tags and a memory between turns; settings of queues that tenants below inherit.

Revision ID: 0013
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# A tenant inherits from tenants whose rows it may not see.
LOOKUPS: tuple[tuple[str, str, str], ...] = (
    (
        "queue_defaults_for(wanted uuid)",
        "TABLE (tenant_id uuid, distance integer, tenant text, document jsonb, version integer)",
        "SELECT d.tenant_id, t.depth, n.name, d.document, d.version FROM tenant_closure t "
        "JOIN queue_defaults d ON d.tenant_id = t.ancestor_id JOIN tenants n ON n.id = d.tenant_id "
        "WHERE t.descendant_id = wanted",
    ),
)


def upgrade() -> None:
    for statement in steps(__file__, ("queue_defaults",), LOOKUPS):
        op.execute(statement)
