"""Row-level security in one place: every migration that adds a tenant table calls `protect`.

Policies wrap the scope functions in a sub-select, so that PostgreSQL runs them once a statement, not once a row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from models.db import APP_ROLE, OWNER_ROLE

SCOPES = """
CREATE FUNCTION read_tenants() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT COALESCE(NULLIF(current_setting('hub.read_tenants', true), ''), '{}')::uuid[] $$;
CREATE FUNCTION write_tenants() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT COALESCE(NULLIF(current_setting('hub.write_tenants', true), ''), '{}')::uuid[] $$;
"""


def protect(table: str, *, column: str = "tenant_id", insert_only: bool = False) -> Iterator[str]:
    """Statements that enable and force row-level security on `table` and grant the application role its use."""
    read = f"{column} = ANY ((SELECT read_tenants())::uuid[])"
    write = f"{column} = ANY ((SELECT write_tenants())::uuid[])"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield f"CREATE POLICY tenant_read ON {table} FOR SELECT TO {APP_ROLE} USING ({read})"
    yield f"CREATE POLICY tenant_insert ON {table} FOR INSERT TO {APP_ROLE} WITH CHECK ({write})"
    yield f"CREATE POLICY tenant_update ON {table} FOR UPDATE TO {APP_ROLE} USING ({write}) WITH CHECK ({write})"
    yield f"CREATE POLICY tenant_delete ON {table} FOR DELETE TO {APP_ROLE} USING ({write})"
    # FORCE binds the owner too: lookup functions run as the owner and must see the rows they look up.
    yield f"CREATE POLICY lookup ON {table} FOR SELECT TO {OWNER_ROLE} USING (true)"
    rights = "SELECT, INSERT" if insert_only else "SELECT, INSERT, UPDATE, DELETE"
    yield f"GRANT {rights} ON {table} TO {APP_ROLE}"


def lookup(signature: str, returns: str, body: str) -> Iterator[str]:
    """A function that answers one question before a tenant is known, with its owner's rights and a fixed path."""
    name = signature.partition("(")[0]
    types = ", ".join(argument.split()[-1] for argument in _arguments(signature))
    yield (
        f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE sql STABLE SECURITY DEFINER "
        f"SET search_path = app, pg_temp AS $$ {body} $$"
    )
    yield f"REVOKE ALL ON FUNCTION {name}({types}) FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION {name}({types}) TO {APP_ROLE}"


def steps(
    migration: str,
    tables: Iterable[str],
    lookups: Iterable[tuple[str, str, str]],
    insert_only: Collection[str] = (),
) -> Iterator[str]:
    """All statements of a migration: the .sql file beside it, then its new tables protected, then its look-ups."""
    for statement in Path(migration).with_suffix(".sql").read_text().split(";\n"):
        if statement.strip():
            yield statement
    for table in tables:
        yield from protect(table, insert_only=table in insert_only)
    for each in lookups:
        yield from lookup(*each)


def _arguments(signature: str) -> Iterable[str]:
    inside = signature.partition("(")[2].rstrip(")")
    return [part.strip() for part in inside.split(",") if part.strip()]
