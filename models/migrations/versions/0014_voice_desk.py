"""Calls at the desk, and the phones that agents have.

Revision ID: 0014
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

LOOKUPS: tuple[tuple[str, str, str], ...] = (
    (
        "desk_call_place(wanted uuid)",
        "TABLE (tenant_id uuid, channel_id uuid, account_id uuid)",
        "SELECT d.tenant_id, d.channel_id, c.account_id FROM desk_calls d "
        "JOIN channels c ON c.tenant_id = d.tenant_id AND c.id = d.channel_id WHERE d.id = wanted",
    ),
    (
        "desk_calls_overdue(before timestamptz, most integer)",
        "TABLE (tenant_id uuid, id uuid)",
        "SELECT tenant_id, id FROM desk_calls WHERE ring_until <= before ORDER BY ring_until LIMIT most",
    ),
)


def upgrade() -> None:
    for statement in steps(__file__, ("desk_calls", "agent_phones"), LOOKUPS):
        op.execute(statement)
