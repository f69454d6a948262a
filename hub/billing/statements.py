"""The SQL statements of store.py, where their order and their locks are explained."""

from __future__ import annotations

from sqlalchemy import text

_STATE = "currency, balance_micros, held_micros, credit_limit_micros, overdrawn, late_captures"

# A version-7 UUID in SQL, so that ledger rows made inside a statement sort by time on any PostgreSQL from 13 on.
_UUID7 = (
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING "
    "substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), "
    "52, 1), 53, 1), 'hex')::uuid"
)

TAKE_EPOCH = text(
    "UPDATE wallets SET writer_epoch = writer_epoch + 1 WHERE tenant_id = :tenant RETURNING writer_epoch"
)

# The planner settings last until the end of the transaction. Under row-level security and before the first ANALYZE the
# planner takes every tenant for one row and joins thousands of rows by nested loops over whole tables. So here it may
# look rows up by a key (LATERAL, = ANY) or hash, and nothing else; without sorts, an ORDER BY names the index to use.
# Compiling would cost more than running.
LOCK = text(
    f"SELECT {_STATE}, set_config('enable_seqscan', 'off', true), set_config('enable_nestloop', 'off', true), "
    "set_config('enable_sort', 'off', true), set_config('jit', 'off', true) FROM wallets "
    "WHERE tenant_id = :tenant AND (CAST(:epoch AS bigint) IS NULL OR writer_epoch = :epoch) FOR UPDATE"
)

READ = text(f"SELECT {_STATE} FROM wallets WHERE tenant_id = :tenant")

STORED_HOLDS = text(
    "SELECT id, state, fingerprint, granted, amount_micros, captured_micros FROM holds "
    "WHERE tenant_id = :tenant AND id = ANY (CAST(:ids AS uuid[]))"
)

# A hold of nothing is born resolved: it keeps its id from being used twice, and nobody needs to sweep it.
HOLD = text(
    """
    WITH granted AS (
      INSERT INTO holds (tenant_id, id, kind, amount_micros, fingerprint, granted, expires_at, state, closed_at)
      SELECT :tenant, r.id, r.kind, r.amount, r.fingerprint, r.granted, now() + r.ttl_s * interval '1 second',
             CASE WHEN r.amount > 0 THEN 'open' WHEN r.kind = 'single' THEN 'captured' ELSE 'closed' END,
             CASE WHEN r.amount > 0 THEN NULL ELSE now() END
      FROM jsonb_to_recordset(CAST(:rows AS jsonb))
           AS r (id uuid, kind text, amount bigint, fingerprint text, granted integer, ttl_s bigint)
      RETURNING amount_micros
    )
    UPDATE wallets SET held_micros = held_micros + (SELECT sum(amount_micros) FROM granted)::bigint, updated_at = now()
    WHERE tenant_id = :tenant
    """
)

# Takes settlements out and books them, in one statement.
#   work    what is left to do. Charged or released: what the journal already knows of the message, for a message is
#           charged once and released once (its ORDER BY: by the unique key). on_hold: the hold is open and has not given
#           this message's money back before
#   covered how much of each the hold still covers, captures before releases; single holds resolve as a whole
#   entries a capture covered by its hold, what goes beyond it (overrun), a capture that came too late, a release. A
#           release moves no money; its memo row is the record that this message was resolved
SETTLE = text(
    f"""
    WITH due AS MATERIALIZED (
      DELETE FROM settlements WHERE tenant_id = :tenant AND (CAST(:hold AS uuid) IS NULL OR hold_id = :hold)
        AND message_id <= COALESCE((
          SELECT message_id FROM settlements WHERE tenant_id = :tenant
          AND (CAST(:hold AS uuid) IS NULL OR hold_id = :hold) ORDER BY message_id OFFSET :most - 1 LIMIT 1
        ), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      RETURNING message_id, hold_id, kind, amount_micros, revenue_account
    ), work AS MATERIALIZED (
      SELECT d.message_id, d.hold_id, d.revenue_account, h.kind AS hold_kind, h.remainder, k.kind,
             h.state = 'open' AND s.released IS NOT TRUE AS on_hold, {_UUID7} AS transaction_id,
             CASE WHEN h.kind = 'single' AND k.kind = 'release' THEN h.remainder ELSE d.amount_micros END AS amount
      FROM due d
      CROSS JOIN LATERAL (SELECT CASE WHEN d.amount_micros = 0 THEN 'release' ELSE d.kind END AS kind) k
      LEFT JOIN LATERAL (
        SELECT kind, state, amount_micros - captured_micros - released_micros AS remainder
        FROM holds WHERE tenant_id = :tenant AND id = d.hold_id OFFSET 0
      ) h ON true
      LEFT JOIN LATERAL (
        SELECT bool_or(e.kind = 'release') AS released, bool_or(e.kind <> 'release') AS charged FROM (
          SELECT l.kind FROM ledger_entries l
          WHERE l.tenant_id = :tenant AND l.source_type = 'message' AND l.source_id = d.message_id
          ORDER BY l.kind, l.leg LIMIT 10) e
      ) s ON true
      WHERE s.charged IS NOT TRUE AND NOT (k.kind = 'release' AND s.released IS TRUE)
    ), covered AS MATERIALIZED (
      SELECT w.*, CASE WHEN on_hold THEN GREATEST(0, LEAST(amount, remainder + amount - sum(amount) OVER (
               PARTITION BY hold_id, on_hold ORDER BY kind, message_id ROWS UNBOUNDED PRECEDING)))
             ELSE 0 END::bigint AS covered
      FROM work w
    ), entries AS MATERIALIZED (
      SELECT transaction_id, message_id, hold_id, 'capture' AS kind, covered AS amount, :wallet AS debit,
             revenue_account AS credit FROM covered WHERE kind = 'capture' AND covered > 0
      UNION ALL
      SELECT transaction_id, message_id, hold_id, CASE WHEN on_hold THEN 'overrun' ELSE 'late_capture' END,
             amount - covered, :wallet, revenue_account FROM covered WHERE kind = 'capture' AND amount > covered
      UNION ALL
      SELECT transaction_id, message_id, hold_id, 'release', covered, 'memo:held', 'memo:released'
      FROM covered WHERE kind = 'release' AND covered > 0
    ), posted AS (
      INSERT INTO ledger_entries (tenant_id, id, transaction_id, source_type, source_id, kind, debit_account,
                                  credit_account, amount_micros, currency, hold_id)
      SELECT :tenant, {_UUID7}, transaction_id, 'message', message_id, kind, debit, credit, amount, :currency, hold_id
      FROM entries
      ON CONFLICT ON CONSTRAINT uq_ledger_entries_source DO NOTHING
      RETURNING hold_id, kind, amount_micros
    ), moved AS MATERIALIZED (
      SELECT hold_id, sum(captured)::bigint AS captured, max(remainder) AS remainder,
             CASE WHEN max(kind) = 'single' THEN max(remainder) ELSE sum(captured + released)::bigint END AS freed
      FROM (
        SELECT hold_id, NULL AS kind, NULL::bigint AS remainder,
               CASE WHEN kind = 'capture' THEN amount_micros ELSE 0 END AS captured,
               CASE WHEN kind = 'release' THEN amount_micros ELSE 0 END AS released
        FROM posted WHERE kind IN ('capture', 'release')
        UNION ALL SELECT hold_id, hold_kind, remainder, 0, 0 FROM work
      ) m GROUP BY hold_id HAVING sum(captured + released) > 0
    ), resolved AS (
      UPDATE holds h SET
        captured_micros = h.captured_micros + m.captured,
        released_micros = h.released_micros + m.freed - m.captured,
        state = CASE WHEN m.freed < m.remainder THEN 'open' WHEN h.kind = 'block' THEN 'closed'
                     WHEN m.captured > 0 THEN 'captured' ELSE 'voided' END,
        closed_at = CASE WHEN m.freed < m.remainder THEN NULL ELSE now() END
      FROM moved m WHERE h.tenant_id = :tenant AND h.id = m.hold_id AND h.id = ANY (ARRAY(SELECT hold_id FROM moved))
    ), total AS (
      SELECT COALESCE(sum(amount_micros) FILTER (WHERE kind <> 'release'), 0)::bigint AS charged,
             count(*) FILTER (WHERE kind = 'capture') AS captures, count(*) FILTER (WHERE kind = 'release') AS releases,
             count(*) FILTER (WHERE kind IN ('late_capture', 'overrun')) AS late FROM posted
    ), freed AS (
      SELECT COALESCE(sum(freed), 0)::bigint AS micros, COALESCE(sum(freed - captured), 0)::bigint AS released FROM moved
    ), wallet AS (
      UPDATE wallets w SET balance_micros = w.balance_micros - t.charged, held_micros = w.held_micros - f.micros,
        late_captures = w.late_captures + t.late, updated_at = now(),
        overdrawn = (w.overdrawn OR t.late > 0)
                    AND w.balance_micros - t.charged + w.credit_limit_micros - w.held_micros + f.micros < 0
      FROM total t, freed f WHERE w.tenant_id = :tenant RETURNING 1
    )
    SELECT t.charged, f.released, t.captures, t.releases, t.late, (SELECT count(*) FROM due) FROM total t, freed f
    """
)

# A hold whose messages have settlements waiting is not due: they were decided in time.
_DUE_EXPIRED = """
  SELECT id, amount_micros - captured_micros - released_micros AS remainder FROM holds h
  WHERE tenant_id = :tenant AND state = 'open' AND expires_at < now() AND NOT EXISTS (
    SELECT 1 FROM settlements s WHERE s.tenant_id = :tenant AND s.hold_id = h.id) ORDER BY expires_at LIMIT :most
"""
_DUE_BLOCK = """
  SELECT id, amount_micros - captured_micros - released_micros AS remainder FROM holds
  WHERE tenant_id = :tenant AND id = :hold AND kind = 'block' AND state = 'open'
"""
_END = """
    WITH due AS MATERIALIZED ({due}), ended AS (
      UPDATE holds h SET state = '{state}', released_micros = h.released_micros + d.remainder, closed_at = now()
      FROM due d WHERE h.tenant_id = :tenant AND h.id = d.id AND h.id = ANY (ARRAY(SELECT id FROM due))
      RETURNING d.remainder
    ), total AS (SELECT count(*) AS holds, COALESCE(sum(remainder), 0)::bigint AS micros FROM ended), wallet AS (
      UPDATE wallets w SET held_micros = w.held_micros - t.micros, updated_at = now(),
        overdrawn = w.overdrawn AND w.balance_micros + w.credit_limit_micros - w.held_micros + t.micros < 0
      FROM total t WHERE w.tenant_id = :tenant AND t.holds > 0 RETURNING 1
    )
    SELECT holds, micros FROM total
"""
EXPIRE = text(_END.format(due=_DUE_EXPIRED, state="expired"))
CLOSE_BLOCK = text(_END.format(due=_DUE_BLOCK, state="closed"))

TOP_UP_ROWS = text(
    "SELECT leg, amount_micros, currency FROM ledger_entries "
    "WHERE tenant_id = :tenant AND source_type = 'top_up' AND source_id = :source AND kind = 'top_up'"
)
CREDIT = text(
    f"UPDATE wallets SET balance_micros = balance_micros + :amount, updated_at = now(), "
    "overdrawn = overdrawn AND balance_micros + :amount + credit_limit_micros - held_micros < 0 "
    f"WHERE tenant_id = :tenant RETURNING {_STATE}"
)
# Lowering the limit below what is in use voids nothing: the wallet is marked, and new holds are refused.
SET_LIMIT = text(
    "UPDATE wallets SET credit_limit_micros = :limit, updated_at = now(), "
    "overdrawn = balance_micros + :limit - held_micros < 0 "
    f"WHERE tenant_id = :tenant RETURNING {_STATE}"
)

CREATE_WALLET = text(
    "INSERT INTO wallets (tenant_id, currency, credit_limit_micros) VALUES (:tenant, :currency, :limit) "
    "ON CONFLICT (tenant_id) DO NOTHING"
)
ENTRIES = text(
    "SELECT id, transaction_id, source_type, source_id, kind, debit_account, credit_account, amount_micros, currency, "
    "note, created_at FROM ledger_entries WHERE tenant_id = :tenant AND kind <> 'release' "
    "AND (CAST(:before AS uuid) IS NULL OR id < :before) ORDER BY id DESC LIMIT :most"
)
RATES = text(
    "SELECT level, card_id, card_name, version, channel_kind, currency, exclusive, rate_id, prefix, category, price, "
    "valid_from, valid_to, initial_s, increment_s FROM rates_for(:tenant)"
)
CARD = text(
    "SELECT id FROM rate_cards WHERE tenant_id = :tenant AND name = :name ORDER BY version DESC LIMIT 1"
)
