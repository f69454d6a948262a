"""The desk: how urgent a conversation is.

Revision ID: 0007
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in steps(__file__, (), ()):
        op.execute(statement)
