"""Flows: drafts, published versions that never change, tests.

Revision ID: 0009
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TENANT_TABLES: tuple[str, ...] = ("flow_drafts", "flow_versions", "flow_tests")


def upgrade() -> None:
    for statement in steps(__file__, TENANT_TABLES, (), insert_only=("flow_versions",)):
        op.execute(statement)
