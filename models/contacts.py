"""Tables of contacts: the person, their addresses, tags, values and consent; what happened to them; who left."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

contacts = Table(
    "contacts",
    metadata,
    tenant_column(),
    id_column(),
    Column("name", Text, nullable=False, server_default=""),
    Column("language", Text, nullable=False, server_default=""),
    Column("time_zone", Text, nullable=False, server_default=""),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    # A column of its own, not an expression index: under row-level security only plain columns compared by leakproof
    # operators may lead an index scan, and lower() is not leakproof.
    Column("name_key", Text(collation="C"), Computed("lower(name)", persisted=True)),
    Column("import_id", Uuid),  # the import that created this contact
    # No two entries are equal, so looking for equal ones when a page is full is work for nothing: 1.8 of 10 µs a row.
    Index("ix_contacts_name", "tenant_id", "name_key", "id", postgresql_with={"deduplicate_items": "off"}),
)

# What hangs on a contact goes with it by the trigger `contacts_gone`, one statement a deletion. A foreign key would
# cost a look-up and a row lock for every address, tag, consent and value that is written: docs/decisions/0012.
contact_addresses = Table(
    "contact_addresses",
    metadata,
    tenant_column(),
    # The address before its kind: one look-up finds a number under every kind, and two entries differ at once.
    Column("address", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column(
        "position", SmallInteger, nullable=False, server_default="0"
    ),  # the lowest of a kind is the primary
    CheckConstraint("kind IN ('phone', 'whatsapp', 'rcs', 'sip')", name="kind"),
    # Not by tenant first: a planner that takes a tenant for a handful of rows would look up addresses by it.
    Index("ix_contact_addresses_contact", "contact_id", "tenant_id"),
)

contact_tags = Table(
    "contact_tags",
    metadata,
    tenant_column(),
    Column("tag", Text, primary_key=True),
    Column("contact_id", Uuid, primary_key=True),
    Index("ix_contact_tags_contact", "tenant_id", "contact_id"),
)

consents = Table(
    "consents",
    metadata,
    tenant_column(),
    Column("contact_id", Uuid, primary_key=True),
    Column("channel_kind", Text, primary_key=True),
    Column("purpose", Text, primary_key=True, server_default="all"),
    Column("state", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("proof", Text, nullable=False, server_default=""),
    Column("changed_at", INSTANT, nullable=False, server_default=func.now()),
    Column("changed_by", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('opted_in', 'opted_out')", name="state"),
    # Few rows, asked for with every segment: who must not be written to.
    Index(
        "ix_consents_opted_out",
        "tenant_id",
        "channel_kind",
        "contact_id",
        postgresql_include=["purpose"],
        postgresql_where=text("state = 'opted_out'"),
    ),
)

# What a tenant's contacts may have beside the fixed fields. Values stand in `contacts.attributes` as typed JSON.
attribute_definitions = Table(
    "attribute_definitions",
    metadata,
    tenant_column(),
    id_column(),
    Column("key", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("choices", ARRAY(Text), nullable=False, server_default="{}"),
    Column("indexed", Boolean, nullable=False, server_default="false"),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    UniqueConstraint("tenant_id", "key"),
    CheckConstraint("type IN ('text', 'number', 'boolean', 'date', 'choice')", name="type"),
)

# The index of attributes that are `indexed`: exact look-ups by a value (an order number, an id elsewhere).
contact_values = Table(
    "contact_values",
    metadata,
    tenant_column(),
    Column("attribute_id", Uuid, primary_key=True),
    Column("value", Text(collation="C"), primary_key=True),
    Column("contact_id", Uuid, primary_key=True),
    same_tenant("attribute_id", "attribute_definitions", ondelete="CASCADE"),
    Index("ix_contact_values_contact", "tenant_id", "contact_id"),
)

# What happened to a contact beside messages and events: notes, changes, assignments, flow steps, merges. The id is
# made when it happened, so it is also the order.
activities = Table(
    "activities",
    metadata,
    tenant_column(),
    Column("contact_id", Uuid, primary_key=True),
    id_column(),
    Column("at", INSTANT, nullable=False, server_default=func.now()),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False, server_default=""),
    Column("data", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
)

# Who is named in a note of the team, and whether they have seen it.
mentions = Table(
    "mentions",
    metadata,
    tenant_column(),
    id_column(),
    Column("user_id", Uuid, nullable=False),
    Column("note_id", Uuid, nullable=False),  # an activity of the contact
    Column("contact_id", Uuid, nullable=False),
    Column("mentioned_by", Text, nullable=False, server_default=""),
    Column("at", INSTANT, nullable=False),
    Column("read_at", INSTANT),
    Index("ix_mentions_user", "tenant_id", "user_id", "id"),
    Index("ix_mentions_contact", "tenant_id", "contact_id", "note_id"),
)

contact_events = Table(
    "contact_events",
    metadata,
    tenant_column(),
    id_column(),
    Column("contact_id", Uuid, nullable=False),
    Column("name", Text(collation="C"), nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("received_at", INSTANT, nullable=False, server_default=func.now()),
    Column("key", Text),  # the sender's own id of the event: the same key twice is one event
    Column("properties", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Index("ix_contact_events_name", "tenant_id", "name", "at", postgresql_include=["contact_id"]),
    Index("ix_contact_events_contact", "tenant_id", "contact_id", "at"),
    Index("ix_contact_events_key", "tenant_id", "key", unique=True, postgresql_where=text("key IS NOT NULL")),
)

contact_merges = Table(
    "contact_merges",
    metadata,
    tenant_column(),
    id_column(),
    Column("winner_id", Uuid, nullable=False),
    Column("loser_id", Uuid, nullable=False),
    Column("snapshot", JSONB, nullable=False),  # both as they were and what moved: all that an undo needs
    Column("merged_by", Text, nullable=False, server_default=""),
    Column("merged_at", INSTANT, nullable=False, server_default=func.now()),
    Column("undone_at", INSTANT),
    Index("ix_contact_merges_loser", "tenant_id", "loser_id"),
    Index("ix_contact_merges_winner", "tenant_id", "winner_id"),
)

contact_erasures = Table(
    "contact_erasures",
    metadata,
    tenant_column(),
    Column("contact_id", Uuid, primary_key=True),
    Column("reason", Text, nullable=False, server_default=""),
    Column("report", JSONB, nullable=False),  # rows touched by table; nothing of the person
    Column("erased_by", Text, nullable=False, server_default=""),
    Column("erased_at", INSTANT, nullable=False, server_default=func.now()),
)

# Addresses nobody may write to. `address_hash` is keyed (HMAC-SHA-256); `address` is empty after an erasure.
suppressions = Table(
    "suppressions",
    metadata,
    tenant_column(),
    Column("kind", Text, primary_key=True),
    Column("address_hash", LargeBinary, primary_key=True),
    Column("address", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False),
    Column("created_by", Text, nullable=False, server_default=""),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    CheckConstraint("kind IN ('phone', 'whatsapp', 'rcs', 'sip')", name="kind"),
)
