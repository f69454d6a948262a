"""Tables of running flows: sessions, the log of their steps, goals reached, and what is still to be carried out."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

# One row a session: one contact on one way through a flow. Live ones also stand in their contact's conversation, which
# decides; both are written by the same transaction.
flow_sessions = Table(
    "flow_sessions",
    metadata,
    tenant_column(),
    id_column(),
    Column("flow_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("contact_id", Uuid, nullable=False),
    Column("state", JSONB, nullable=False),  # hub/flows/session.py
    Column("status", Text, nullable=False),
    Column("node", Text, nullable=False),  # where it stands, or stood at the end
    Column("reason", Text, nullable=False, server_default=""),  # why it is stuck or was ended from outside
    Column("outcome", Text, nullable=False, server_default=""),
    Column("trigger", Text, nullable=False, server_default=""),  # any, keyword, event, api, …
    Column("key", Text),  # of whoever began it: the same key twice is one session
    Column("origin", Uuid),  # the campaign that began it
    Column("due_at", INSTANT),  # when its wait is over
    Column("steps", Integer, nullable=False, server_default="0"),  # how many are logged
    Column("started_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    Column("ended_at", INSTANT),
    same_tenant("contact_id", "contacts", ondelete="CASCADE"),
    CheckConstraint("status IN ('waiting', 'stuck', 'ended', 'exited')", name="status"),
    Index("ix_flow_sessions_flow", "tenant_id", "flow_id", "id"),
    Index("ix_flow_sessions_contact", "tenant_id", "contact_id", "flow_id"),
    Index(
        "ix_flow_sessions_live",
        "tenant_id",
        "flow_id",
        "version",
        "node",
        postgresql_where=text("status IN ('waiting', 'stuck')"),
    ),
    Index("ix_flow_sessions_stuck", "tenant_id", "flow_id", "id", postgresql_where=text("status = 'stuck'")),
    Index("ix_flow_sessions_due", "tenant_id", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    Index(
        "ix_flow_sessions_key",
        "tenant_id",
        "flow_id",
        "contact_id",
        "key",
        unique=True,
        postgresql_where=text("key IS NOT NULL"),
    ),
)

# Nodes that were passed, or arrived at (then `port` is empty). No key to sessions: who is erased stays counted.
flow_steps = Table(
    "flow_steps",
    metadata,
    tenant_column(),
    Column("session_id", Uuid, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("flow_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("node", Text, nullable=False),
    Column("port", Text, nullable=False, server_default=""),
    Column("at", INSTANT, nullable=False),
    Index("ix_flow_steps_node", "tenant_id", "flow_id", "version", "node"),
)

flow_goals = Table(
    "flow_goals",
    metadata,
    tenant_column(),
    Column("session_id", Uuid, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("flow_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("value_micros", BigInteger, nullable=False, server_default="0"),
    Column("at", INSTANT, nullable=False),
    Index("ix_flow_goals_flow", "tenant_id", "flow_id", "version", "name"),
)

# What a session has asked for and is not done yet, and what is on its way back to it. A row is leased by its `due_at`,
# and goes when it is done.
flow_work = Table(
    "flow_work",
    metadata,
    tenant_column(),
    id_column(),
    Column("contact_id", Uuid, nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("due_at", INSTANT, nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    same_tenant("contact_id", "contacts", ondelete="CASCADE"),
    # `receipt`: the id is that of a message whose fate a session waits for; due when nobody waits any more.
    # `dial`: a call is to be placed. `call`: the id is that of a session's call; what the session hears when it is due,
    # should nobody have told how the call ended.
    CheckConstraint("kind IN ('send', 'webhook', 'input', 'receipt', 'dial', 'call')", name="kind"),
    Index("ix_flow_work_due", "tenant_id", "due_at"),
    Index("ix_flow_work_contact", "tenant_id", "contact_id"),
)
