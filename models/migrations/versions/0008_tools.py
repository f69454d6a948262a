"""Tools of the inbox: outgoing webhooks, saved replies, corrected intents, mentions.

Revision ID: 0008
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None

TENANT_TABLES: tuple[str, ...] = (
    "webhook_endpoints",
    "webhook_deliveries",
    "saved_replies",
    "saved_reply_uses",
    "intent_corrections",
    "mentions",
)
LOOKUPS: tuple[tuple[str, str, str], ...] = (
    (
        "webhook_tenants(now timestamptz)",
        "SETOF uuid",
        "SELECT DISTINCT d.tenant_id FROM webhook_deliveries d JOIN webhook_endpoints e "
        "ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id AND e.enabled "
        "WHERE d.state = 'pending' AND d.due_at <= now",
    ),
    # Replies are inherited from tenants whose rows one may not see.
    (
        "saved_replies_for(wanted uuid)",
        "TABLE (distance integer, tenant_id uuid, id uuid, name text, shortcut text, folder text, body text, "
        "intents jsonb, version integer, updated_at timestamptz)",
        "SELECT t.depth, r.tenant_id, r.id, r.name, r.shortcut, r.folder, r.body, r.intents, r.version, r.updated_at "
        "FROM tenant_closure t JOIN saved_replies r ON r.tenant_id = t.ancestor_id WHERE t.descendant_id = wanted",
    ),
)


def upgrade() -> None:
    for statement in steps(__file__, TENANT_TABLES, LOOKUPS):
        op.execute(statement)
