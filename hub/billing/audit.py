"""The audit anyone can run while the hub works: each check is one query that must return no rows.

All checks read one snapshot (REPEATABLE READ, read only) over all tenants. The codes I1 … I13 are the invariants of the
billing rules; the others guard what money depends on. Ledger rows move one amount between two accounts, so a journal
transaction cannot be out of balance unless one of its rows is malformed (I1).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.tenancy.permissions import ROLES, may_answer
from models.db import Scope, transaction

FINDINGS_MAX = 1_000  # a check


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken invariant: which, whose, what it is about, and the numbers."""

    code: str
    tenant_id: UUID
    subject: str
    detail: str


_CHARGES = "('capture', 'late_capture', 'overrun')"
_OWN_WALLET = "'wallet:' || replace(tenant_id::text, '-', '')"
_ANSWERS = ", ".join(f"'{role}'" for role in ROLES if may_answer([role]))
_ANSWERING = f"ARRAY[{_ANSWERS}]"

# Every query returns (tenant_id, subject, detail).
CHECKS: dict[str, tuple[str, ...]] = {
    "I1": (
        "SELECT tenant_id, id::text, format('%s moves %s from %s to %s', kind, amount_micros, debit_account, credit_account) "
        "FROM ledger_entries WHERE amount_micros <= 0 OR debit_account = credit_account",
        "SELECT tenant_id, transaction_id::text, 'one transaction in several currencies' FROM ledger_entries "
        "GROUP BY tenant_id, transaction_id HAVING count(DISTINCT currency) > 1",
    ),
    "I2": (
        f"""
        SELECT tenant_id, 'wallet', format('balance %s, journal %s', w.balance_micros, COALESCE(j.micros, 0))
        FROM wallets w FULL JOIN (
          SELECT tenant_id, sum(CASE WHEN credit_account = {_OWN_WALLET} THEN amount_micros ELSE -amount_micros END) AS micros
          FROM ledger_entries WHERE {_OWN_WALLET} IN (debit_account, credit_account) GROUP BY tenant_id
        ) j USING (tenant_id) WHERE w.balance_micros IS DISTINCT FROM COALESCE(j.micros, 0)
        """,
    ),
    "I3": (
        """
        SELECT tenant_id, 'wallet', format('held %s, open holds %s', w.held_micros, COALESCE(h.micros, 0))
        FROM wallets w FULL JOIN (
          SELECT tenant_id, sum(amount_micros - captured_micros - released_micros) AS micros
          FROM holds WHERE state = 'open' GROUP BY tenant_id
        ) h USING (tenant_id) WHERE w.held_micros IS DISTINCT FROM COALESCE(h.micros, 0)
        """,
    ),
    "I4": (
        "SELECT tenant_id, 'wallet', format('available %s, not marked overdrawn', "
        "balance_micros + credit_limit_micros - held_micros) FROM wallets "
        "WHERE NOT overdrawn AND balance_micros + credit_limit_micros - held_micros < 0",
    ),
    "I5": (
        "SELECT tenant_id, id::text, format('%s: captured %s and released %s of %s', state, captured_micros, "
        "released_micros, amount_micros) FROM holds WHERE captured_micros + released_micros > amount_micros "
        "OR (state <> 'open' AND captured_micros + released_micros < amount_micros)",
        """
        SELECT h.tenant_id, h.id::text, format('captured %s, journal %s', h.captured_micros, COALESCE(j.micros, 0))
        FROM holds h LEFT JOIN (
          SELECT tenant_id, hold_id, sum(amount_micros) AS micros FROM ledger_entries
          WHERE kind = 'capture' AND hold_id IS NOT NULL GROUP BY tenant_id, hold_id
        ) j ON j.tenant_id = h.tenant_id AND j.hold_id = h.id
        WHERE h.captured_micros <> COALESCE(j.micros, 0)
        """,
    ),
    "I6": (
        "SELECT tenant_id, source_id::text, format('%s rows of %s %s', count(*), source_type, kind) FROM ledger_entries "
        "GROUP BY tenant_id, source_type, source_id, kind, leg HAVING count(*) > 1",
        "SELECT tenant_id, source_id::text, 'charged inside its hold and again after it' FROM ledger_entries "
        "WHERE source_type = 'message' GROUP BY tenant_id, source_id "
        "HAVING bool_or(kind = 'late_capture') AND bool_or(kind IN ('capture', 'overrun'))",
    ),
    # A message is owed from the provider's acceptance (SMS, voice) or from delivery (WhatsApp, RCS). One that had failed,
    # was released, and was delivered after all is not charged again.
    "I7": (
        f"""
        SELECT m.tenant_id, m.id::text, format('%s, price %s, charged %s', m.status, m.price_micros, COALESCE(c.micros, 0))
        FROM messages m
        LEFT JOIN (
          SELECT tenant_id, source_id, sum(amount_micros) AS micros FROM ledger_entries
          WHERE source_type = 'message' AND kind IN {_CHARGES} GROUP BY tenant_id, source_id
        ) c ON c.tenant_id = m.tenant_id AND c.source_id = m.id
        LEFT JOIN settlements s ON s.tenant_id = m.tenant_id AND s.message_id = m.id
        WHERE m.direction = 'out' AND m.price_micros > 0 AND s.message_id IS NULL
          AND (m.status IN ('delivered', 'read') OR (m.status = 'sent' AND m.channel_kind IN ('sms', 'voice'))
               OR c.micros IS NOT NULL)
          AND c.micros IS DISTINCT FROM m.price_micros
          AND NOT (c.micros IS NULL AND m.settlement = 'released' AND m.failed_at IS NOT NULL)
        """,
    ),
    "I8": (
        f"""
        SELECT e.tenant_id, e.source_id::text, format('%s of %s for a message that is %s', e.kind, e.amount_micros,
               COALESCE(m.status, 'missing'))
        FROM ledger_entries e LEFT JOIN messages m ON m.tenant_id = e.tenant_id AND m.id = e.source_id
        WHERE e.source_type = 'message' AND e.kind IN {_CHARGES}
          AND (m.id IS NULL OR m.direction = 'in'
               OR (m.sent_at IS NULL AND m.status NOT IN ('sent', 'delivered', 'read', 'undelivered')))
        """,
    ),
    # Not the reference's sum over all accounts, which is zero by construction here, but what would spoil it.
    "I11": (
        "SELECT e.tenant_id, e.id::text, format('an entry in %s, the wallet is kept in %s', e.currency, w.currency) "
        "FROM ledger_entries e JOIN wallets w USING (tenant_id) WHERE e.currency <> w.currency "
        "AND (e.debit_account LIKE 'wallet:%' OR e.credit_account LIKE 'wallet:%')",
    ),
    "I13": (
        "SELECT tenant_id, id::text, format('from %s to %s', debit_account, credit_account) FROM ledger_entries "
        f"WHERE (debit_account LIKE 'wallet:%' AND debit_account <> {_OWN_WALLET}) "
        f"OR (credit_account LIKE 'wallet:%' AND credit_account <> {_OWN_WALLET})",
    ),
    "outbox-without-message": (
        "SELECT o.tenant_id, o.message_id::text, o.state FROM outbox o LEFT JOIN messages m "
        "ON m.tenant_id = o.tenant_id AND m.id = o.message_id WHERE m.id IS NULL",
    ),
    "message-without-outbox": (
        "SELECT m.tenant_id, m.id::text, m.status FROM messages m LEFT JOIN outbox o "
        "ON o.tenant_id = m.tenant_id AND o.message_id = m.id "
        "WHERE m.direction = 'out' AND m.status IN ('queued', 'sending') AND o.message_id IS NULL",
    ),
    "conversation-without-owner": (
        "SELECT tenant_id, contact_id::text, status || ', in no queue and with nobody' FROM conversations "
        "WHERE status NOT IN ('idle', 'closed') AND queue_id IS NULL AND assignee_id IS NULL",
    ),
    # Whoever answers may come from a tenant above.
    "conversation-with-nobody-able": (
        f"""
        SELECT v.tenant_id, v.contact_id::text, 'unanswered, with somebody who may not answer' FROM conversations v
        WHERE v.status = 'open' AND v.assignee_id IS NOT NULL AND (v.last_direction = 'in' OR v.desk ->> 'woken_at' IS NOT NULL)
          AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = v.assignee_id AND u.status = 'active' AND u.roles && {_ANSWERING})
          AND NOT EXISTS (SELECT 1 FROM agents a WHERE a.tenant_id = v.tenant_id AND a.id = v.assignee_id AND a.kind = 'bot')
        """,
    ),
    "conversation-in-no-queue": (
        """
        SELECT v.tenant_id, v.contact_id::text,
               v.status || CASE WHEN q.id IS NULL THEN ', in a queue that does not exist' ELSE ', in a queue that is archived' END
        FROM conversations v LEFT JOIN queues q ON q.tenant_id = v.tenant_id AND q.id = v.queue_id
        WHERE v.status NOT IN ('idle', 'closed') AND v.queue_id IS NOT NULL AND (q.id IS NULL OR q.archived_at IS NOT NULL)
        """,
    ),
}

# Under row-level security the planner takes every tenant for a few rows; nested loops over real numbers of them never end.
_PLANNER = text("SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)")


async def audit(engine: AsyncEngine) -> list[Finding]:
    """Run every check over all tenants; an empty list means that the books are right. Changes nothing."""
    async with transaction(engine, Scope.nothing()) as db:
        tenants = (await db.execute(text("SELECT tenant_ids()"))).scalar_one()
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    async with transaction(snapshot, Scope(frozenset(tenants), frozenset())) as db:
        return await run_checks(db)


async def run_checks(db: AsyncConnection) -> list[Finding]:
    """Every check over the tenants in scope, in the caller's transaction."""
    await db.execute(_PLANNER)
    found: list[Finding] = []
    for code, queries in CHECKS.items():
        for query in queries:
            rows = await db.execute(text(f"{query} LIMIT {FINDINGS_MAX}".replace(":", "\\:")))
            found += [Finding(code, *row) for row in rows]
    return found
