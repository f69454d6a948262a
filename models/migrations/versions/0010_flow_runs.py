"""Running flows: sessions, their steps and goals, and what is still to be carried out.

Revision ID: 0010
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TENANT_TABLES: tuple[str, ...] = ("flow_sessions", "flow_steps", "flow_goals", "flow_work")
LOOKUPS: tuple[tuple[str, str, str], ...] = (
    (
        "flow_tenants_due(before timestamptz)",
        "SETOF uuid",
        "SELECT t.id FROM tenants t WHERE EXISTS (SELECT FROM flow_work w WHERE w.tenant_id = t.id AND w.due_at <= before) "
        "OR EXISTS (SELECT FROM flow_sessions s WHERE s.tenant_id = t.id AND s.due_at <= before) "
        "OR EXISTS (SELECT FROM flows f WHERE f.tenant_id = t.id AND f.in_flight IS NOT NULL)",
    ),
)


def upgrade() -> None:
    for statement in steps(__file__, TENANT_TABLES, LOOKUPS):
        op.execute(statement)
