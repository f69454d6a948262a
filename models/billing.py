"""Tables of wallets, holds, the ledger and rates. Amounts are signed integer micros."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)

from models.base import INSTANT, id_column, metadata, same_tenant, tenant_column

wallets = Table(
    "wallets",
    metadata,
    tenant_column(),
    Column("currency", Text, nullable=False),
    Column("balance_micros", BigInteger, nullable=False, server_default="0"),
    Column("held_micros", BigInteger, nullable=False, server_default="0"),
    Column("credit_limit_micros", BigInteger, nullable=False, server_default="0"),
    Column("overdrawn", Boolean, nullable=False, server_default=text("false")),
    Column("late_captures", Integer, nullable=False, server_default="0"),
    Column("writer_epoch", BigInteger, nullable=False, server_default="0"),
    Column("updated_at", INSTANT, nullable=False, server_default=func.now()),
    CheckConstraint("held_micros >= 0", name="held"),
    CheckConstraint("credit_limit_micros >= 0", name="credit_limit"),
    CheckConstraint("overdrawn OR balance_micros + credit_limit_micros - held_micros >= 0", name="available"),
)

# kind single: one message (id = message id). kind block: a campaign batch; captures are keyed by message id.
holds = Table(
    "holds",
    metadata,
    tenant_column(),
    id_column(),
    Column("kind", Text, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("captured_micros", BigInteger, nullable=False, server_default="0"),
    Column("released_micros", BigInteger, nullable=False, server_default="0"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("fingerprint", Text, nullable=False, server_default=""),
    Column("granted", Integer, nullable=False, server_default="1"),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    Column("expires_at", INSTANT, nullable=False),
    Column("closed_at", INSTANT),
    CheckConstraint("kind IN ('single', 'block')", name="kind"),
    CheckConstraint("state IN ('open', 'captured', 'voided', 'expired', 'closed')", name="state"),
    CheckConstraint("amount_micros >= 0 AND captured_micros >= 0 AND released_micros >= 0", name="amounts"),
    CheckConstraint("captured_micros + released_micros <= amount_micros", name="remainder"),
    Index("ix_holds_open", "tenant_id", "expires_at", postgresql_where=text("state = 'open'")),
)

# The journal, insert-only. One row moves one amount from one account to another in one currency, so debit equals
# credit by construction; rows of one event share `transaction_id`. (source_type, source_id, kind, leg) is unique for ever.
ledger_entries = Table(
    "ledger_entries",
    metadata,
    tenant_column(),
    id_column(),
    Column("transaction_id", Uuid, nullable=False),
    Column("source_type", Text, nullable=False),
    Column("source_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("leg", Integer, nullable=False, server_default="0"),
    Column("debit_account", Text, nullable=False),
    Column("credit_account", Text, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("hold_id", Uuid),
    Column("reverses_id", Uuid),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    UniqueConstraint("tenant_id", "source_type", "source_id", "kind", "leg", name="uq_ledger_entries_source"),
    CheckConstraint("amount_micros > 0", name="amount"),
    CheckConstraint("debit_account <> credit_account", name="two_accounts"),
)

# What a message's fate asks of the wallet, written in the transaction that decided the fate; the wallet's writer
# takes the rows out in the same transaction that books them: neither lost nor booked twice.
settlements = Table(
    "settlements",
    metadata,
    tenant_column(),
    Column("message_id", Uuid, primary_key=True),
    Column("hold_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("revenue_account", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    CheckConstraint("kind IN ('capture', 'release')", name="kind"),
)

rate_cards = Table(
    "rate_cards",
    metadata,
    tenant_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("channel_kind", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("exclusive", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", INSTANT, nullable=False, server_default=func.now()),
    UniqueConstraint("tenant_id", "name", "version"),
)

rates = Table(
    "rates",
    metadata,
    tenant_column(),
    id_column(),
    Column("card_id", Uuid, nullable=False),
    Column("prefix", Text, nullable=False, server_default=""),
    Column("category", Text, nullable=False, server_default="*"),
    Column("price", Numeric(20, 9), nullable=False),
    Column("free", Boolean, nullable=False, server_default=text("false")),
    Column("valid_from", Date, nullable=False, server_default=text("'2020-01-01'")),
    Column("valid_to", Date),
    Column(
        "initial_s", Integer, nullable=False, server_default="60"
    ),  # of calls; their price is for a minute
    Column("increment_s", Integer, nullable=False, server_default="60"),
    same_tenant("card_id", "rate_cards", ondelete="CASCADE"),
    UniqueConstraint("tenant_id", "card_id", "prefix", "category", "valid_from", name="uq_rates_match"),
    CheckConstraint("price > 0 OR (price = 0 AND free)", name="price"),
    CheckConstraint("initial_s BETWEEN 1 AND 3600 AND increment_s BETWEEN 1 AND 3600", name="seconds"),
)
