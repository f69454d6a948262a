"""Calls that flows speak in.

Revision ID: 0015
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in steps(__file__, (), ()):
        op.execute(statement)
