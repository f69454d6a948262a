"""What was said in calls at the desk, and the search that finds it.

Revision ID: 0016
"""

from __future__ import annotations

from alembic import op

from models.migrations.security import steps

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# As in 0008, and over what was said in calls, whose words lie beside those of messages.
SEARCH = """
    CREATE OR REPLACE FUNCTION search_messages(wanted uuid, words text[], above uuid, below uuid, kind text, way text, most integer)
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
      RETURN QUERY EXECUTE 'SELECT t.message_id FROM message_terms t LEFT JOIN messages m ON m.tenant_id = t.tenant_id '
        'AND m.id = t.message_id LEFT JOIN call_words w ON w.tenant_id = t.tenant_id AND w.id = t.message_id '
        'WHERE t.tenant_id = $1 AND t.terms @@ $2 AND t.message_id > $3 AND t.message_id < $4 '
        'AND (m.id IS NOT NULL AND ($5 IS NULL OR m.channel_kind = $5) AND ($6 IS NULL OR m.direction = $6) '
        'OR w.id IS NOT NULL AND ($5 IS NULL OR $5 = ''voice'') AND ($6 IS NULL OR (w.speaker = ''contact'') = ($6 = ''in''))) '
        'ORDER BY t.message_id DESC LIMIT $7' USING wanted, query, above, below, kind, way, most;
    END $$
"""


def upgrade() -> None:
    for statement in (*steps(__file__, ("call_words",), ()), SEARCH):
        op.execute(statement)
