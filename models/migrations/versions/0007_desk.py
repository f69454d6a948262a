"""The desk: how urgent a conversation is, who is asked about it, what is due; queues with settings; agents; counts.

Revision ID: 0007
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LOOKUPS: tuple[tuple[str, str, str], ...] = (
    (
        "due_conversations(before timestamptz, most integer)",
        "TABLE (tenant_id uuid, contact_id uuid, due_at timestamptz)",
        "SELECT tenant_id, contact_id, due_at FROM conversations WHERE due_at <= before ORDER BY due_at LIMIT most",
    ),
)


def upgrade() -> None:
    for statement in steps(__file__, ("agents", "queue_events"), LOOKUPS):
        op.execute(statement)
