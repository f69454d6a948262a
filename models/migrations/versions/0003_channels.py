"""Four channels: more providers, typed content, attempts of one message.

Revision ID: 0003
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

from models.migrations.security import lookup, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TENANT_TABLES: tuple[str, ...] = ()
LOOKUPS: tuple[tuple[str, str, str], ...] = ()


def upgrade() -> None:
    schema = Path(__file__).with_suffix(".sql").read_text()
    for statement in schema.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table in TENANT_TABLES:
        for statement in protect(table):
            op.execute(statement)
    for signature, returns, body in LOOKUPS:
        for statement in lookup(signature, returns, body):
            op.execute(statement)
