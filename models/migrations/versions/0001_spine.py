"""The spine: tenancy, contacts, channels, conversations, routing, campaigns, billing, intents.

Revision ID: 0001
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

from models.migrations.security import SCOPES, lookup, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSERT_ONLY = {"ledger_entries"}
TENANT_TABLES = (
    "api_keys campaign_batches campaign_recipients campaigns channels consents contact_addresses contact_tags contacts "
    "conversations flows holds idempotency_keys inbox intent_versions ledger_entries messages outbox provider_accounts "
    "queue_members queues rate_cards rates routing_rules sessions settlements unrouted_events users wallets"
).split()

LOOKUPS = (
    ("tenant_ids()", "uuid[]", "SELECT COALESCE(array_agg(id), '{}') FROM tenants"),
    (
        "subtree(root uuid)",
        "uuid[]",
        "SELECT COALESCE(array_agg(descendant_id), '{}') FROM tenant_closure WHERE ancestor_id = root",
    ),
    (
        "login_candidates(wanted text)",
        "TABLE (tenant_id uuid, user_id uuid, password_hash text, status text, tenant_status text)",
        "SELECT u.tenant_id, u.id, u.password_hash, u.status, t.status FROM users u JOIN tenants t ON t.id = u.tenant_id "
        "WHERE u.email = wanted",
    ),
    ("tenant_of_slug(wanted text)", "uuid", "SELECT id FROM tenants WHERE slug = wanted AND status = 'active'"),
    ("platform_tenant()", "uuid", "SELECT id FROM tenants WHERE parent_id IS NULL ORDER BY created_at, id LIMIT 1"),
    (
        "tenant_is_active(wanted uuid)",
        "boolean",
        "SELECT COALESCE(bool_and(t.status = 'active'), false) FROM tenant_closure c JOIN tenants t ON t.id = c.ancestor_id "
        "WHERE c.descendant_id = wanted",
    ),
    # A tenant without a brand of its own wears that of its nearest ancestor.
    (
        "tenant_brand(wanted uuid)",
        "TABLE (name text, brand jsonb)",
        "SELECT t.name, t.brand FROM tenant_closure c JOIN tenants t ON t.id = c.ancestor_id "
        "WHERE c.descendant_id = wanted AND (t.brand <> '{}' OR t.parent_id IS NULL) ORDER BY c.depth LIMIT 1",
    ),
    ("session_by_hash(wanted bytea)", "SETOF sessions", "SELECT * FROM sessions WHERE token_hash = wanted"),
    ("api_key_by_hash(wanted bytea)", "SETOF api_keys", "SELECT * FROM api_keys WHERE key_hash = wanted"),
    ("provider_account(wanted uuid)", "SETOF provider_accounts", "SELECT * FROM provider_accounts WHERE id = wanted"),
    (
        "channel_of_account(account uuid, wanted text)",
        "SETOF channels",
        "SELECT * FROM channels WHERE account_id = account AND provider_address = wanted",
    ),
    (
        "rates_for(wanted uuid)",
        "TABLE (level integer, card_id uuid, card_name text, version integer, channel_kind text, currency text, "
        "exclusive boolean, rate_id uuid, prefix text, category text, price numeric, valid_from date, valid_to date)",
        "SELECT t.depth, c.id, c.name, c.version, c.channel_kind, c.currency, c.exclusive, r.id, r.prefix, r.category, "
        "r.price, r.valid_from, r.valid_to FROM tenant_closure t JOIN rate_cards c ON c.tenant_id = t.ancestor_id "
        "JOIN rates r ON r.tenant_id = c.tenant_id AND r.card_id = c.id WHERE t.descendant_id = wanted",
    ),
    # Loose index scans: one probe a tenant with work, not one row a message.
    (
        "outbox_tenants()",
        "SETOF uuid",
        "WITH RECURSIVE t AS ((SELECT tenant_id FROM outbox WHERE state = 'queued' ORDER BY tenant_id LIMIT 1) UNION ALL "
        "SELECT (SELECT o.tenant_id FROM outbox o WHERE o.state = 'queued' AND o.tenant_id > t.tenant_id "
        "ORDER BY o.tenant_id LIMIT 1) FROM t WHERE t.tenant_id IS NOT NULL) "
        "SELECT tenant_id FROM t WHERE tenant_id IS NOT NULL",
    ),
    (
        "claimed_tenants(before timestamptz)",
        "SETOF uuid",
        "SELECT DISTINCT tenant_id FROM outbox WHERE state <> 'queued' AND claimed_at < before",
    ),
    (
        "inbox_tenants(before timestamptz)",
        "SETOF uuid",
        "SELECT DISTINCT tenant_id FROM inbox WHERE done_at IS NULL AND received_at < before",
    ),
    ("settlement_tenants()", "SETOF uuid", "SELECT DISTINCT tenant_id FROM settlements"),
    (
        "expired_hold_tenants()",
        "SETOF uuid",
        "SELECT DISTINCT tenant_id FROM holds WHERE state = 'open' AND expires_at < now()",
    ),
    (
        "active_campaigns()",
        "TABLE (tenant_id uuid, id uuid)",
        "SELECT tenant_id, id FROM campaigns WHERE status = 'running'",
    ),
)


def upgrade() -> None:
    schema = Path(__file__).with_suffix(".sql").read_text()
    for statement in schema.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for statement in SCOPES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table in TENANT_TABLES:
        for statement in protect(table, insert_only=table in INSERT_ONLY):
            op.execute(statement)
    for statement in (*protect("tenants", column="id"), *protect("tenant_closure", column="descendant_id")):
        op.execute(statement)
    for signature, returns, body in LOOKUPS:
        for statement in lookup(signature, returns, body):
            op.execute(statement)
