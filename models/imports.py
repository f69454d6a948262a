"""Tables of imports: the file, what was decided about it, what is wrong with it, and what an undo needs."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

STATES = [
    "uploaded",
    "checking",
    "checked",
    "running",
    "completed",
    "canceled",
    "failed",
    "undoing",
    "undone",
]

imports = Table(
    "imports",
    metadata,
    tenant_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="uploaded"),
    Column("size_bytes", BigInteger, nullable=False, server_default="0"),
    Column(
        "file", JSONB, nullable=False, server_default=text("'{}'::jsonb")
    ),  # format, encoding, delimiter, header
    Column(
        "options", JSONB, nullable=False, server_default=text("'{}'::jsonb")
    ),  # mapping, policy, country, consent
    Column(
        "totals", JSONB, nullable=False, server_default=text("'{}'::jsonb")
    ),  # rows by what became of them
    Column("rows_done", BigInteger, nullable=False, server_default="0"),
    Column("rows_total", BigInteger),
    Column("checkpoint", JSONB),  # where to go on after a crash, written with the rows it speaks of
    Column("cancel_asked", Integer, nullable=False, server_default="0"),
    Column("error", JSONB),
    Column("created_by", Text, nullable=False, server_default=""),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("started_at", INSTANT),
    Column("finished_at", INSTANT),
    CheckConstraint("state IN (" + ", ".join(f"'{state}'" for state in STATES) + ")", name="state"),
    Index("ix_imports_active", "state", postgresql_where=text("state IN ('checking', 'running', 'undoing')")),
)

import_chunks = Table(
    "import_chunks",
    metadata,
    tenant_column(),
    Column("import_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    same_tenant("import_id", "imports", ondelete="CASCADE"),
)

import_errors = Table(
    "import_errors",
    metadata,
    tenant_column(),
    Column("import_id", Uuid, primary_key=True),
    Column("row_number", BigInteger, primary_key=True),  # as a spreadsheet counts: the header is row 1
    Column("place", Integer, primary_key=True),  # of the column, from 0; -1 for the row as a whole
    Column("column_name", Text, nullable=False, server_default=""),
    Column("code", Text, nullable=False),
    Column("value", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False),
    same_tenant("import_id", "imports", ondelete="CASCADE"),
)

# Cells that somebody mended after a dry run, by row; they win over the file.
import_fixes = Table(
    "import_fixes",
    metadata,
    tenant_column(),
    Column("import_id", Uuid, primary_key=True),
    Column("row_number", BigInteger, primary_key=True),
    Column("cells", JSONB, nullable=False),
    same_tenant("import_id", "imports", ondelete="CASCADE"),
)

# What existing contacts were before the import changed them. Those it created carry `contacts.import_id` instead.
import_changes = Table(
    "import_changes",
    metadata,
    tenant_column(),
    Column("import_id", Uuid, primary_key=True),
    Column("contact_id", Uuid, primary_key=True),
    Column("before", JSONB, nullable=False),
    Column("after", JSONB, nullable=False),
    same_tenant("import_id", "imports", ondelete="CASCADE"),
)

# The mapping somebody chose for a header, remembered for the next file that has it.
import_mappings = Table(
    "import_mappings",
    metadata,
    tenant_column(),
    Column("header_hash", LargeBinary, primary_key=True),
    Column("options", JSONB, nullable=False),
    Column("used_at", INSTANT, nullable=False, server_default=func.now()),
)
