"""Tools of the inbox: outgoing webhooks.

Revision ID: 0008
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None

TENANT_TABLES: tuple[str, ...] = ("webhook_endpoints", "webhook_deliveries")
LOOKUPS: tuple[tuple[str, str, str], ...] = (
    (
        "webhook_tenants(now timestamptz)",
        "SETOF uuid",
        "SELECT DISTINCT d.tenant_id FROM webhook_deliveries d JOIN webhook_endpoints e "
        "ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id AND e.enabled "
        "WHERE d.state = 'pending' AND d.due_at <= now",
    ),
)


def upgrade() -> None:
    for statement in steps(__file__, TENANT_TABLES, LOOKUPS):
        op.execute(statement)
