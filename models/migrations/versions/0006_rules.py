"""Routing rules as one ordered list of conditions and actions a tenant, with its versions.

The rows of before looked at keywords first, then at intents, then fell back; of two for the same thing the first won.
They become a list in that order. One that could never win is kept, switched off.

Revision ID: 0006
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from alembic import op
from sqlalchemy import text

from models.migrations.security import lookup, protect, steps

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("rule_lists", "rule_list_versions")
# A tenant inherits rules of tenants whose rows it may not see; what they name is found by name below.
LOOKUPS: tuple[tuple[str, str, str], ...] = (
    (
        "rule_lists_for(wanted uuid)",
        "TABLE (tenant_id uuid, distance integer, tenant text, document jsonb, version integer, queues jsonb, flows jsonb)",
        "SELECT r.tenant_id, t.depth, n.name, r.document, r.version, "
        "(SELECT jsonb_object_agg(q.id, q.name) FROM queues q WHERE q.tenant_id = r.tenant_id "
        "AND position(q.id::text IN r.document::text) > 0), "
        "(SELECT jsonb_object_agg(f.id, f.name) FROM flows f WHERE f.tenant_id = r.tenant_id "
        "AND position(f.id::text IN r.document::text) > 0) "
        "FROM tenant_closure t JOIN rule_lists r ON r.tenant_id = t.ancestor_id JOIN tenants n ON n.id = r.tenant_id "
        "WHERE t.descendant_id = wanted",
    ),
    (
        "rule_lists_mark(wanted uuid)",
        "text",
        "SELECT string_agg(r.tenant_id::text || r.version, ',' ORDER BY t.depth) FROM tenant_closure t "
        "JOIN rule_lists r ON r.tenant_id = t.ancestor_id WHERE t.descendant_id = wanted",
    ),
)
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
KINDS = ("keyword", "intent", "fallback")


def public_id(prefix: str, value: UUID) -> str:
    letters = [ALPHABET[value.int >> shift & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(letters)}"


def converted(rows: Iterable[Any]) -> dict[str, Any]:
    """The document of one tenant's rows, which come in their order."""
    ordered = sorted(rows, key=lambda row: KINDS.index(row.kind))
    last = [row for row in ordered if row.kind == "fallback" and row.segment_id is None and row.queue_id]
    fallback = last[0] if last else None
    taken: set[tuple[str, str]] = set()
    rules = []
    for row in ordered:
        if row is fallback:
            taken.add((row.kind, ""))
            continue
        word = row.match if row.kind == "intent" else " ".join(row.match.casefold().split()).rstrip(".! ")
        rules.append(rule(row, (row.kind, word) not in taken))
        if row.segment_id is None:
            taken.add((row.kind, word))
    return {
        "rules": rules,
        "fallback_queue_id": None if fallback is None else str(fallback.queue_id),
    }


def rule(row: Any, enabled: bool) -> dict[str, Any]:
    tests: list[dict[str, Any]] = []
    if row.segment_id is not None:
        tests.append({"field": "segment", "operator": "in", "value": public_id("seg", row.segment_id)})
    match row.kind:
        case "keyword":
            name = f"Keyword {row.match}"
            tests.append({"field": "message.keyword", "operator": "in", "value": [row.match]})
        case "intent":
            name = f"Intent {row.match}"
            tests.append({"field": "message.intent", "operator": "=", "value": row.match})
            if row.threshold:
                tests.append({"field": "message.confidence", "operator": ">=", "value": row.threshold})
        case _:
            name = "Everything else"
    action = (
        {"type": "queue", "queue_id": str(row.queue_id), "priority": 0}
        if row.queue_id is not None
        else {"type": "flow", "flow_id": str(row.flow_id)}
    )
    return {
        "id": str(row.id),
        "name": name[:80],
        "enabled": enabled,
        "locked": False,
        "continue": False,
        "condition": {"combinator": "and", "not": False, "rules": tests},
        "actions": [action],
    }


def convert() -> None:
    db = op.get_bind()
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in db.execute(text("SELECT * FROM routing_rules ORDER BY tenant_id, position, id")):
        found[row.tenant_id].append(row)
    for tenant_id, rows in found.items():
        values = {"tenant_id": tenant_id, "document": json.dumps(converted(rows))}
        for table, who in (("rule_lists", "updated_by"), ("rule_list_versions", "created_by")):
            db.execute(
                text(
                    f"INSERT INTO {table} (tenant_id, document, version, {who}) "
                    "VALUES (:tenant_id, CAST(:document AS jsonb), 1, 'system')"
                ),
                values,
            )


def upgrade() -> None:
    for statement in steps(__file__, (), ()):
        op.execute(statement)
    convert()  # before the tables are protected: the owner of protected ones may only read
    op.execute("DROP TABLE routing_rules")
    for table in TABLES:
        for statement in protect(table):
            op.execute(statement)
    for each in LOOKUPS:
        for statement in lookup(*each):
            op.execute(statement)
