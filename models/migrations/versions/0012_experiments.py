"""Decisions about experiments of flows.

Revision ID: 0012
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in steps(__file__, ("flow_decisions",), (), insert_only=("flow_decisions",)):
        op.execute(statement)
