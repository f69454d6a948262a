"""Contacts in full: attributes, values, activities, events, merges, erasures, suppressions, segments, imports; audit log.

Revision ID: 0002
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSERT_ONLY = {"audit_log"}
TENANT_TABLES = (
    "activities attribute_definitions audit_log contact_erasures contact_events contact_merges contact_values "
    "import_changes import_chunks import_errors import_fixes import_mappings imports saved_views segment_members "
    "segment_versions segments suppressions"
).split()
LOOKUPS = (
    (
        "active_imports()",
        "TABLE (tenant_id uuid, id uuid)",
        "SELECT tenant_id, id FROM imports WHERE state IN ('checking', 'running', 'undoing')",
    ),
)


def upgrade() -> None:
    for statement in steps(__file__, TENANT_TABLES, LOOKUPS, INSERT_ONLY):
        op.execute(statement)
