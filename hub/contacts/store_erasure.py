"""SQL of erasures: every place that can hold something of a person, each with its own statement.

What is found by the contact's id or by its messages' keys is exact. What only holds texts (remembered answers, cells of
imports, events nobody could deliver) is searched for the person's addresses, their digits and their name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.contacts import contact_erasures
from models.db import insert_rows

_THIS = "tenant_id = :tenant_id AND contact_id = :contact_id"
_CANCEL = text(
    """
    WITH gone AS (
        DELETE FROM outbox o USING messages m WHERE m.tenant_id = :tenant_id AND m.contact_id = :contact_id AND m.status = 'queued'
            AND o.tenant_id = m.tenant_id AND o.message_id = m.id AND o.state = 'queued'
        RETURNING m.tenant_id, m.id, m.hold_id, m.price_micros, m.channel_kind
    ), refused AS (
        UPDATE messages m SET status = 'refused', reason = 'erased',
            settlement = CASE WHEN g.hold_id IS NULL THEN NULL ELSE 'released' END
        FROM gone g WHERE m.tenant_id = g.tenant_id AND m.id = g.id
    )
    INSERT INTO settlements (tenant_id, message_id, hold_id, kind, amount_micros, revenue_account)
    SELECT tenant_id, id, hold_id, 'release', price_micros, 'revenue:' || channel_kind FROM gone
    WHERE hold_id IS NOT NULL AND price_micros > 0
    """
)
# Events that messages came in by: their keys are made of the provider's ids, so this is by primary key.
_KEYS = text(
    "SELECT channel_id, 'in:' || provider_message_id AS event_key FROM messages "
    f"WHERE {_THIS} AND direction = 'in' AND provider_message_id IS NOT NULL"
)
_INBOX = text(
    "UPDATE inbox SET payload = '{}' WHERE tenant_id = :tenant_id AND channel_id = ANY(CAST(:channels AS uuid[])) "
    "AND event_key = ANY(CAST(:keys AS text[])) AND payload <> '{}'"
)
_INBOX_WAITING = text(
    "UPDATE inbox SET payload = '{}', done_at = COALESCE(done_at, now()), error = 'erased' WHERE tenant_id = :tenant_id "
    "AND (done_at IS NULL OR error IS NOT NULL) AND payload ->> 'sender' = ANY(CAST(:addresses AS text[]))"
)
_PLANS = text(
    "DELETE FROM failovers f USING messages m WHERE f.tenant_id = :tenant_id AND m.tenant_id = f.tenant_id "
    "AND m.id = f.message_id AND m.contact_id = :contact_id"
)
_MESSAGES = text(
    "UPDATE messages SET body = '', address = '', routing = NULL, content = NULL, plan = NULL, history = NULL "
    f"WHERE {_THIS}"
)
# When and how long stay: a call is paid like a message. Its words, keys and sound go.
_CALLS = text(
    "UPDATE calls SET address = '', reply = NULL, session_id = NULL, position = NULL, recording_url = NULL, steps = '[]', gathered = '[]', "
    """script = '{"type": "call", "steps": [{"type": "hang_up"}]}' """
    f"WHERE {_THIS}"
)
_DESK_CALLS = text(
    f"UPDATE desk_calls SET log = '[]', state = state #- '{{note}}' #- '{{forward}}' WHERE {_THIS}"
)
_SAID_TERMS = text(
    "DELETE FROM message_terms t USING call_words w WHERE t.tenant_id = :tenant_id AND w.tenant_id = t.tenant_id "
    "AND w.id = t.message_id AND w.contact_id = :contact_id"
)
_CALL_WORDS = text(f"DELETE FROM call_words WHERE {_THIS}")
_PARTS = text(
    "DELETE FROM inbound_parts WHERE tenant_id = :tenant_id AND sender = ANY(CAST(:addresses AS text[]))"
)
_EVENTS = text(f"UPDATE contact_events SET properties = '{{}}', key = NULL WHERE {_THIS}")
_ACTIVITIES = text(f"DELETE FROM activities WHERE {_THIS}")
_TERMS = text(
    "DELETE FROM message_terms t USING messages m WHERE t.tenant_id = :tenant_id AND m.tenant_id = t.tenant_id "
    "AND m.id = t.message_id AND m.contact_id = :contact_id"
)
_MENTIONS = text(f"DELETE FROM mentions WHERE {_THIS}")
_CORRECTIONS = text(
    "DELETE FROM intent_corrections c USING messages m WHERE c.tenant_id = :tenant_id AND m.tenant_id = c.tenant_id "
    "AND m.id = c.message_id AND m.contact_id = :contact_id"
)
# Steps and goals name a session, not a person: what was counted stays counted.
_SESSIONS = text(f"DELETE FROM flow_sessions WHERE {_THIS}")
_FLOW_WORK = text(f"DELETE FROM flow_work WHERE {_THIS}")
_WEBHOOKS = text(f"DELETE FROM webhook_deliveries WHERE {_THIS}")
# Others' timelines name who was merged into them, also when that was undone later.
_NAMED = text(
    "UPDATE activities a SET data = a.data - 'loser_name' FROM contact_merges m WHERE m.tenant_id = :tenant_id "
    "AND m.loser_id = :contact_id AND a.tenant_id = m.tenant_id AND a.contact_id = m.winner_id AND a.kind = 'merge'"
)
_MERGES = text(
    "UPDATE contact_merges SET snapshot = '{}' WHERE tenant_id = :tenant_id AND (winner_id = :contact_id OR loser_id = :contact_id)"
)
_UNROUTED = text(
    "UPDATE unrouted_events SET payload = '{}' WHERE tenant_id = :tenant_id "
    "AND payload ->> 'sender' = ANY(CAST(:addresses AS text[]))"
)
_SEGMENTS = text(
    "UPDATE segments SET members = members - 1 WHERE tenant_id = :tenant_id AND members IS NOT NULL "
    "AND id IN (SELECT segment_id FROM segment_members WHERE tenant_id = :tenant_id AND contact_id = :contact_id)"
)
# A remembered answer that shows the person says so no more; the key still stops the request from being done twice.
_ANSWERS = text(
    """
    UPDATE idempotency_keys SET body = jsonb_build_object('text', '{"erased": true}', 'type', 'application/json')
    WHERE tenant_id = :tenant_id AND body IS NOT NULL AND body ->> 'text' LIKE ANY (CAST(:patterns AS text[]))
    """
)
_LINKED = text(
    "SELECT i.id, i.state FROM imports i WHERE i.tenant_id = :tenant_id AND (i.id = :made_by OR EXISTS (SELECT 1 FROM import_changes c "
    "WHERE c.tenant_id = i.tenant_id AND c.import_id = i.id AND c.contact_id = :contact_id))"
)
_CHANGES = text(
    "DELETE FROM import_changes c USING imports i WHERE i.tenant_id = :tenant_id AND c.tenant_id = i.tenant_id AND c.import_id = i.id "
    "AND c.contact_id = :contact_id"
)
_CHUNKS = text(
    "DELETE FROM import_chunks WHERE tenant_id = :tenant_id AND import_id = ANY(CAST(:ids AS uuid[]))"
)
_PREVIEWS = text(
    "UPDATE imports SET file = jsonb_set(file, '{preview}', '[]') WHERE tenant_id = :tenant_id AND file ? 'preview' "
    "AND (id = ANY(CAST(:ids AS uuid[])) OR (file ->> 'preview') LIKE ANY (CAST(:patterns AS text[])) "
    "OR translate(file ->> 'preview', ' ()-./', '') LIKE ANY (CAST(:numbers AS text[])))"
)
_ERRORS = text(
    "UPDATE import_errors SET value = '', detail = 'erased' WHERE tenant_id = :tenant_id "
    "AND (value LIKE ANY (CAST(:patterns AS text[])) OR translate(value, ' ()-./', '') LIKE ANY (CAST(:numbers AS text[])))"
)
_FIXES = text(
    "UPDATE import_fixes SET cells = '{}' WHERE tenant_id = :tenant_id AND (CAST(cells AS text) LIKE ANY (CAST(:patterns AS text[])) "
    "OR translate(CAST(cells AS text), ' ()-./', '') LIKE ANY (CAST(:numbers AS text[])))"
)
_KEPT_FILES = text("SELECT count(DISTINCT import_id) FROM import_chunks WHERE tenant_id = :tenant_id")
_CONTACT = text("DELETE FROM contacts WHERE tenant_id = :tenant_id AND id = :contact_id")
_RECIPIENTS = text(
    "SELECT count(*) FROM campaigns k JOIN campaign_recipients r ON r.tenant_id = k.tenant_id AND r.campaign_id = k.id "
    "AND r.contact_id = :contact_id WHERE k.tenant_id = :tenant_id"
)


@dataclass(frozen=True, slots=True)
class Traces:
    """What a person may be known by in texts: addresses, LIKE patterns of texts, and of digits without separators."""

    addresses: list[str]
    patterns: list[str]
    numbers: list[str]


async def cancel_sends(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> None:
    """Take what still waits for a sender out of the outbox, and release its money."""
    await db.execute(_CANCEL, {"tenant_id": tenant_id, "contact_id": contact_id})


async def blank(db: AsyncConnection, tenant_id: UUID, contact_id: UUID, traces: Traces) -> dict[str, int]:
    """Empty everything that is not the contact's own row; returns rows touched by table."""
    values = {"tenant_id": tenant_id, "contact_id": contact_id}
    found = {"addresses": traces.addresses}
    searched = {"patterns": traces.patterns, "numbers": traces.numbers}
    await _run(db, _PLANS, values)
    await _run(db, _SAID_TERMS, values)
    inbox = await _blank_inbox(db, tenant_id, contact_id) + await _run(db, _INBOX_WAITING, values | found)
    counted = {
        "messages": await _run(db, _MESSAGES, values),
        "calls": await _run(db, _CALLS, values),
        "desk_calls": await _run(db, _DESK_CALLS, values),
        "call_words": await _run(db, _CALL_WORDS, values),
        "inbox": inbox,
        "inbound_parts": await _run(db, _PARTS, values | found),
        "contact_events": await _run(db, _EVENTS, values),
        "activities": await _run(db, _ACTIVITIES, values),
        "message_terms": await _run(db, _TERMS, values),
        "mentions": await _run(db, _MENTIONS, values),
        "intent_corrections": await _run(db, _CORRECTIONS, values),
        "webhook_deliveries": await _run(db, _WEBHOOKS, values),
        "flow_sessions": await _run(db, _SESSIONS, values),
        "flow_work": await _run(db, _FLOW_WORK, values),
        "unrouted_events": await _run(db, _UNROUTED, values | found),
        "idempotency_keys": await _run(db, _ANSWERS, values | {"patterns": traces.patterns}),
        "import_errors": await _run(db, _ERRORS, values | searched),
        "import_fixes": await _run(db, _FIXES, values | searched),
        "import_changes": await _run(db, _CHANGES, values),
    }
    await _run(db, _NAMED, values)
    counted["contact_merges"] = await _run(db, _MERGES, values)
    await _run(db, _SEGMENTS, values)
    return counted


async def _blank_inbox(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> int:
    rows = (await db.execute(_KEYS, {"tenant_id": tenant_id, "contact_id": contact_id})).all()
    if not rows:
        return 0
    channels, keys = list({row.channel_id for row in rows}), [row.event_key for row in rows]
    return await _run(db, _INBOX, {"tenant_id": tenant_id, "channels": channels, "keys": keys})


async def forget_files(
    db: AsyncConnection,
    tenant_id: UUID,
    contact_id: UUID,
    made_by: UUID | None,
    traces: Traces,
    ended: Sequence[str],
) -> tuple[int, int]:
    """Drop the stored files of ended imports that made or changed the contact, and previews that show them.

    Returns (files dropped, files of the tenant that are left and were not searched). Call before the changes go.
    """
    values = {"tenant_id": tenant_id, "contact_id": contact_id, "made_by": made_by}
    linked = (await db.execute(_LINKED, values)).all()
    ids = [row.id for row in linked if row.state in ended]
    if ids:
        await db.execute(_CHUNKS, {"tenant_id": tenant_id, "ids": ids})
    searched = {"patterns": traces.patterns, "numbers": traces.numbers}
    await db.execute(_PREVIEWS, {"tenant_id": tenant_id, "ids": [row.id for row in linked], **searched})
    left = (await db.execute(_KEPT_FILES, {"tenant_id": tenant_id})).scalar_one()
    return len(ids), int(left)


async def delete_contact(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> None:
    """The row, and by its foreign keys addresses, tags, consents, values, memberships and the conversation."""
    await db.execute(_CONTACT, {"tenant_id": tenant_id, "contact_id": contact_id})


async def recipients(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> int:
    """In how many campaigns' numbers the contact stays counted."""
    return int(
        (await db.execute(_RECIPIENTS, {"tenant_id": tenant_id, "contact_id": contact_id})).scalar_one()
    )


async def insert_erasure(db: AsyncConnection, row: Mapping[str, Any]) -> Row[Any]:
    rows = await insert_rows(db, contact_erasures, [row], "RETURNING erased_at")
    found: Row[Any] = rows[0]
    return found


async def _run(db: AsyncConnection, statement: Any, values: Mapping[str, Any]) -> int:
    return int((await db.execute(statement, dict(values))).rowcount)
