"""Tools of the inbox: outgoing webhooks, saved replies, corrected intents, mentions, search, wrap-up codes.

Revision ID: 0008
"""

from __future__ import annotations

from alembic import op

from models.db import APP_ROLE
from models.migrations.security import steps

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TENANT_TABLES: tuple[str, ...] = (
    "webhook_endpoints",
    "webhook_deliveries",
    "saved_replies",
    "saved_reply_uses",
    "intent_corrections",
    "mentions",
    "message_terms",
    "search_marks",
    "wrap_ups",
)
LOOKUPS: tuple[tuple[str, str, str], ...] = (
    (
        "webhook_tenants(now timestamptz)",
        "SETOF uuid",
        "SELECT DISTINCT d.tenant_id FROM webhook_deliveries d JOIN webhook_endpoints e "
        "ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id AND e.enabled "
        "WHERE d.state = 'pending' AND d.due_at <= now",
    ),
    # Replies are inherited from tenants whose rows one may not see.
    (
        "saved_replies_for(wanted uuid)",
        "TABLE (distance integer, tenant_id uuid, id uuid, name text, shortcut text, folder text, body text, "
        "intents jsonb, version integer, updated_at timestamptz)",
        "SELECT t.depth, r.tenant_id, r.id, r.name, r.shortcut, r.folder, r.body, r.intents, r.version, r.updated_at "
        "FROM tenant_closure t JOIN saved_replies r ON r.tenant_id = t.ancestor_id WHERE t.descendant_id = wanted",
    ),
)

# Scripts that write no spaces between words: each of their letters is a word, and a search asks for letters in a row.
LETTERS = r"([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])"
ACCENTS = ("àáâãäåçèéêëìíîïñòóôõöùúûüýÿ", "aaaaaaceeeeiiiinooooouuuuyy")
SEARCH = (
    f"""
    CREATE FUNCTION search_text(body text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
      AS $$ SELECT regexp_replace(translate(lower(body), '{ACCENTS[0]}', '{ACCENTS[1]}'), '{LETTERS}', ' \\1 ', 'g') $$
    """,
    """
    CREATE FUNCTION terms_of(tenant uuid, body text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
      AS $$ SELECT to_tsvector('pg_catalog.simple', replace(tenant::text, '-', '') || ' ' || app.search_text(body)) $$
    """,
    # As its owner: under row-level security the application's own queries could not use the index, whose operator might
    # tell of rows that one may not see. So the function itself keeps to the tenants that the transaction may read.
    """
    CREATE FUNCTION search_messages(wanted uuid, words text[], above uuid, below uuid, kind text, way text, most integer)
      RETURNS TABLE (id uuid) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = app, pg_temp AS $$
    DECLARE
      query tsquery;
    BEGIN
      IF NOT wanted = ANY (read_tenants()) THEN
        RETURN;
      END IF;
      SELECT (quote_literal(replace(wanted::text, '-', ''))
          || string_agg(' & (' || replace(p::text, ''' ', ''':* ') || ':*)', ''))::tsquery INTO query
        FROM unnest(words) AS w, phraseto_tsquery('pg_catalog.simple', search_text(w)) AS p WHERE p::text <> '';
      IF query IS NULL THEN
        RETURN;
      END IF;
      RETURN QUERY EXECUTE 'SELECT t.message_id FROM message_terms t JOIN messages m ON m.tenant_id = t.tenant_id '
        'AND m.id = t.message_id WHERE t.tenant_id = $1 AND t.terms @@ $2 AND t.message_id > $3 AND t.message_id < $4 '
        'AND ($5 IS NULL OR m.channel_kind = $5) AND ($6 IS NULL OR m.direction = $6) '
        'ORDER BY t.message_id DESC LIMIT $7' USING wanted, query, above, below, kind, way, most;
    END $$
    """,
    "REVOKE ALL ON FUNCTION search_messages(uuid, text[], uuid, uuid, text, text, integer) FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION search_messages(uuid, text[], uuid, uuid, text, text, integer) TO {APP_ROLE}",
)


def upgrade() -> None:
    for statement in (*steps(__file__, TENANT_TABLES, LOOKUPS), *SEARCH):
        op.execute(statement)
