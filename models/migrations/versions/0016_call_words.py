"""What was said in calls at the desk.

Revision ID: 0016
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in steps(__file__, ("call_words",), ()):
        op.execute(statement)
