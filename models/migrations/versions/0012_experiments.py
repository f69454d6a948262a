"""Experiments of flows: those that run, and decisions about them.

Revision ID: 0012
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


TENANT_TABLES: tuple[str, ...] = ("flow_decisions", "flow_experiments")
LOOKUPS: tuple[tuple[str, str, str], ...] = (
    (
        "flow_experiment_tenants(before timestamptz)",
        "SETOF uuid",
        "SELECT t.id FROM tenants t "
        "WHERE EXISTS (SELECT FROM flow_experiments e WHERE e.tenant_id = t.id AND e.look_at <= before)",
    ),
)


def upgrade() -> None:
    for statement in steps(__file__, TENANT_TABLES, LOOKUPS, insert_only=("flow_decisions",)):
        op.execute(statement)
