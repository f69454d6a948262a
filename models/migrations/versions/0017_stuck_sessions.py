"""Who is stuck is found without reading everybody who waits.

Revision ID: 0017
"""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_flow_sessions_stuck ON flow_sessions (tenant_id, flow_id, id) WHERE status = 'stuck'"
    )
