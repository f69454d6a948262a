"""Tables of what begins flows: what published starts wait for, when, who was where, and who is to begin."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

# What published starts wait for: written by publishing, read by whatever happens. `whole`: those who are in the segment
# already have still to begin.
flow_triggers = Table(
    "flow_triggers",
    metadata,
    tenant_column(),
    Column("flow_id", Uuid, primary_key=True),
    Column("node", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("event", Text),
    Column("segment_id", Uuid),
    Column("whole", Boolean, nullable=False, server_default=text("false")),
    same_tenant("flow_id", "flows", ondelete="CASCADE"),
    CheckConstraint("kind IN ('event', 'entry', 'exit')", name="kind"),
    CheckConstraint("(kind = 'event') = (event IS NOT NULL)", name="event"),
    CheckConstraint("(kind = 'event') = (segment_id IS NULL)", name="segment"),
    Index("ix_flow_triggers_event", "tenant_id", "event", postgresql_where=text("event IS NOT NULL")),
)

# One row a start node and time zone ('': the tenant's). While it fires, `firing_at` is the time it was planned for and
# `reached` the last contact that was seen.
flow_schedules = Table(
    "flow_schedules",
    metadata,
    tenant_column(),
    Column("flow_id", Uuid, primary_key=True),
    Column("node", Text, primary_key=True),
    Column("zone", Text, primary_key=True),
    Column("trigger", JSONB, nullable=False),  # hub/flows/nodes/start.py: ScheduleTrigger
    Column("segment_id", Uuid, nullable=False),
    Column("next_at", INSTANT, nullable=False),
    Column("last_at", INSTANT),
    Column("firing_at", INSTANT),
    Column("reached", Uuid),
    Column("error", Text, nullable=False, server_default=""),
    same_tenant("flow_id", "flows", ondelete="CASCADE"),
    Index("ix_flow_schedules_next", "tenant_id", "next_at"),
)

# Who was in a segment that flows wait for when it was last looked at. `version`: of the segment's condition; `look_at`:
# when it is looked at again.
segment_snapshots = Table(
    "segment_snapshots",
    metadata,
    tenant_column(),
    Column("segment_id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("primed_at", INSTANT),
    Column("look_at", INSTANT, nullable=False),
    Column("took_ms", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    same_tenant("segment_id", "segments", ondelete="CASCADE"),
    Index("ix_segment_snapshots_look", "tenant_id", "look_at"),
)

segment_snapshot_members = Table(
    "segment_snapshot_members",
    metadata,
    tenant_column(),
    Column("segment_id", Uuid, primary_key=True),
    Column("contact_id", Uuid, primary_key=True),
    ForeignKeyConstraint(
        ["tenant_id", "segment_id"],
        ["segment_snapshots.tenant_id", "segment_snapshots.segment_id"],
        ondelete="CASCADE",
    ),
    same_tenant("contact_id", "contacts", ondelete="CASCADE"),
    Index("ix_segment_snapshot_members_contact", "tenant_id", "contact_id"),
)

# Who is to begin a flow: written by the transaction of whatever happened, carried out and dropped soon after. A row is
# leased by its `due_at`.
flow_begins = Table(
    "flow_begins",
    metadata,
    tenant_column(),
    id_column(),
    Column("flow_id", Uuid, nullable=False),
    Column("node", Text, nullable=False, server_default=""),
    Column("contact_id", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("given", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("due_at", INSTANT, nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    same_tenant("flow_id", "flows", ondelete="CASCADE"),
    same_tenant("contact_id", "contacts", ondelete="CASCADE"),
    UniqueConstraint("tenant_id", "flow_id", "contact_id", "key"),
    Index("ix_flow_begins_due", "tenant_id", "due_at"),
)
