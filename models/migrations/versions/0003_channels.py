"""Four channels: more providers, typed content, attempts of one message.

Revision ID: 0003
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TENANT_TABLES: tuple[str, ...] = ("calls", "failovers", "media", "message_templates")
LOOKUPS: tuple[tuple[str, str, str], ...] = (
    # voice: what a minute costs and how time is counted; numbers that have two kinds of channel
    (
        "rates_for(wanted uuid)",
        "TABLE (level integer, card_id uuid, card_name text, version integer, channel_kind text, currency text, "
        "exclusive boolean, rate_id uuid, prefix text, category text, price numeric, valid_from date, valid_to date, "
        "initial_s integer, increment_s integer)",
        "SELECT t.depth, c.id, c.name, c.version, c.channel_kind, c.currency, c.exclusive, r.id, r.prefix, r.category, "
        "r.price, r.valid_from, r.valid_to, r.initial_s, r.increment_s FROM tenant_closure t "
        "JOIN rate_cards c ON c.tenant_id = t.ancestor_id "
        "JOIN rates r ON r.tenant_id = c.tenant_id AND r.card_id = c.id WHERE t.descendant_id = wanted",
    ),
    (
        "channel_of_account(account uuid, wanted text)",
        "SETOF channels",
        "SELECT * FROM channels WHERE account_id = account AND provider_address = wanted AND kind <> 'voice'",
    ),
    (
        "voice_channel_of_account(account uuid, wanted text)",
        "SETOF channels",
        "SELECT * FROM channels WHERE account_id = account AND provider_address = wanted AND kind = 'voice'",
    ),
    (
        "open_trunk_calls()",
        "TABLE (tenant_id uuid, id uuid)",
        "SELECT c.tenant_id, c.id FROM calls c JOIN channels n ON n.tenant_id = c.tenant_id AND n.id = c.channel_id "
        "WHERE n.provider = 'sip' AND c.status IN ('ringing', 'in-progress')",
    ),
    (
        "accounts_of(wanted text)",
        "SETOF provider_accounts",
        "SELECT * FROM provider_accounts WHERE provider = wanted AND status = 'active'",
    ),
    (
        "call_place(wanted uuid)",
        "TABLE (tenant_id uuid, channel_id uuid, account_id uuid)",
        "SELECT c.tenant_id, c.channel_id, n.account_id FROM calls c JOIN channels n "
        "ON n.tenant_id = c.tenant_id AND n.id = c.channel_id WHERE c.id = wanted",
    ),
    (
        "failover_tenants(now timestamptz)",
        "SETOF uuid",
        "SELECT DISTINCT tenant_id FROM failovers WHERE due_at <= now",
    ),
    # media and templates: a link names no tenant; a worker looks for what is due over all of them
    (
        "media_file(wanted uuid)",
        "TABLE (tenant_id uuid, status text, kind text, mime_type text, filename text, sha256 text)",
        "SELECT tenant_id, status, kind, mime_type, filename, sha256 FROM media WHERE id = wanted",
    ),
    (
        "provider_work_tenants(before timestamptz)",
        "SETOF uuid",
        "SELECT tenant_id FROM media WHERE status = 'pending' AND due_at <= before "
        "UNION SELECT tenant_id FROM message_templates WHERE wish IS NOT NULL AND due_at <= before",
    ),
)


def upgrade() -> None:
    for statement in steps(__file__, TENANT_TABLES, LOOKUPS):
        op.execute(statement)
