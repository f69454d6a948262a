"""What begins flows: triggers, schedules, snapshots of segments, and who is to begin.

Revision ID: 0011
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TENANT_TABLES: tuple[str, ...] = (
    "flow_triggers",
    "flow_schedules",
    "segment_snapshots",
    "segment_snapshot_members",
    "flow_begins",
)
LOOKUPS: tuple[tuple[str, str, str], ...] = (
    (
        "flow_trigger_tenants(before timestamptz)",
        "SETOF uuid",
        "SELECT t.id FROM tenants t "
        "WHERE EXISTS (SELECT FROM flow_begins b WHERE b.tenant_id = t.id AND b.due_at <= before) "
        "OR EXISTS (SELECT FROM flow_schedules s WHERE s.tenant_id = t.id AND s.next_at <= before) "
        "OR EXISTS (SELECT FROM segment_snapshots n WHERE n.tenant_id = t.id AND n.look_at <= before)",
    ),
)


def upgrade() -> None:
    for statement in steps(__file__, TENANT_TABLES, LOOKUPS):
        op.execute(statement)
