"""What became of outbound messages: reports from the sender and from providers, applied by the one state machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from hub.channels import parts_store
from hub.channels.delivery import FINAL_FAILURES, TOOK_PLACE, Status, advance, settlement
from hub.failover import store as failover_store
from models.billing import settlements
from models.db import Db, encode_rows, fetch, insert_rows, put


class Report(NamedTuple):
    """One piece of news. Found by `message_id`, or by channel and provider id when that is None."""

    tenant_id: UUID
    channel_id: UUID
    message_id: UUID | None
    provider_message_id: str | None
    status: Status
    at: datetime
    error_code: str | None = None
    reason: str | None = None


class Changed(NamedTuple):
    """A message as it is after it moved: what live events show."""

    tenant_id: UUID
    contact_id: UUID
    id: UUID
    origin: str
    origin_id: UUID | None
    status: str
    reason: str | None
    error_code: str | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    first_id: UUID | None = None  # of a later attempt
    planned: bool = False  # another attempt may take over


class Ended(NamedTuple):
    """A message whose fate at the handset is known for the first time. `code` of one that was not delivered.

    `first_id`: of a later attempt, the message that its caller knows; `planned`: another attempt may take over.
    """

    tenant_id: UUID
    channel_id: UUID
    delivered: bool
    code: str
    message_id: UUID
    first_id: UUID | None = None
    planned: bool = False


@dataclass(slots=True)
class Applied:
    """`changed`: messages that moved; `unmatched`: places of reports whose message is not known (yet); `ended`: those
    whose fate became known.
    """

    changed: list[Changed]
    unmatched: list[int]
    ended: list[Ended] = field(default_factory=list)


# Ids are given as arrays, so that they are part of the index condition whatever the planner believes of a tenant's size.
# The row locks make reports of one message wait for each other; ids in order keep two batches from deadlock.
_FIND = text(
    """
    SELECT id, tenant_id, contact_id, channel_id, channel_kind, origin, origin_id, provider_message_id, status, reason,
        error_code, settlement, hold_id, price_micros, sent_at, delivered_at, read_at, failed_at,
        first_id, plan IS NOT NULL AS planned
    FROM messages
    WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) AND id = ANY(CAST(:ids AS uuid[])) AND direction = 'out'
    ORDER BY tenant_id, id FOR UPDATE
    """
)
_ACCEPTED = text(
    """
    SELECT tenant_id, id FROM messages
    WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) AND id = ANY(CAST(:ids AS uuid[])) AND direction = 'out'
      AND status IN ('sent', 'delivered', 'read') AND provider_message_id IS NOT NULL
    """
)
_HOLDERS = text(
    """
    SELECT id, channel_id, provider_message_id FROM messages
    WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) AND channel_id = ANY(CAST(:channels AS uuid[]))
      AND provider_message_id = ANY(CAST(:providers AS text[]))
    """
)
_UPDATE = text(
    """
    UPDATE messages m SET status = r.status, error_code = COALESCE(r.error_code, m.error_code),
        reason = COALESCE(r.reason, m.reason),
        provider_message_id = COALESCE(m.provider_message_id, r.provider_message_id),
        settlement = COALESCE(m.settlement, r.settlement),
        sent_at = COALESCE(m.sent_at, r.sent_at), delivered_at = COALESCE(m.delivered_at, r.delivered_at),
        read_at = COALESCE(m.read_at, r.read_at), failed_at = COALESCE(m.failed_at, r.failed_at)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(tenant_id uuid, id uuid, status text, error_code text, reason text,
        provider_message_id text, settlement text, sent_at timestamptz, delivered_at timestamptz, read_at timestamptz,
        failed_at timestamptz)
    WHERE m.tenant_id = r.tenant_id AND m.id = r.id AND m.id = ANY(CAST(:ids AS uuid[]))
    """
)


@dataclass(slots=True)
class _Move:
    """The sum of all reports of one message in a batch."""

    row: Any
    status: Status
    touched: bool = False
    provider_message_id: str | None = None
    error_code: str | None = None
    reason: str | None = None
    settlement: str | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None

    def changed(self) -> Changed:
        """The message after the move: by the same rules as the update."""
        row = self.row
        return Changed(
            row.tenant_id,
            row.contact_id,
            row.id,
            row.origin,
            row.origin_id,
            self.status.value,
            self.reason or row.reason,
            self.error_code or row.error_code,
            row.sent_at or self.sent_at,
            row.delivered_at or self.delivered_at,
            row.read_at or self.read_at,
            row.failed_at or self.failed_at,
            row.first_id,
            row.planned,
        )

    def take(self, report: Report) -> None:
        """Move by one report, and decide the money when it is decided for the first time."""
        if report.provider_message_id and not (self.row.provider_message_id or self.provider_message_id):
            self.provider_message_id, self.touched = report.provider_message_id, True
        status = advance(self.status, report.status)
        if status is self.status:
            return
        self.status, self.touched = status, True
        self.error_code = report.error_code or self.error_code
        self.reason = report.reason or self.reason
        if status in FINAL_FAILURES:
            self.failed_at = report.at
        elif status not in (Status.SENDING, Status.UNKNOWN):
            self.sent_at = self.sent_at or report.at
        if status in (Status.DELIVERED, Status.READ):
            self.delivered_at = self.delivered_at or report.at
        if status is Status.READ:
            self.read_at = report.at
        self.settlement = self.settlement or settlement(self.row.channel_kind, status)


async def apply(db: Db, reports: Sequence[Report], careful: bool = False) -> Applied:
    """Apply reports in their order inside the caller's transaction, with the settlements they decide.

    A report that was applied before changes nothing: no message moves backward, and money is decided once. Raises
    IntegrityError when a provider gave one id to two messages, unless `careful`: then the first one keeps it.
    """
    if not reports:
        return Applied([], [])
    unnamed = [report for report in reports if report.message_id is None]
    holders = await _holders(db, [(r.tenant_id, r.channel_id, r.provider_message_id or "") for r in unnamed])
    lost = [report for report in unnamed if _name(report) not in holders]
    parts = await parts_store.holders(db, [r.tenant_id for r in lost], [_name(r) for r in lost])
    holders |= {name: message_id for name, (message_id, _) in parts.items()}
    found = [report.message_id or holders.get(_name(report)) for report in reports]
    moves = await _lock(
        db, {report.tenant_id for report in reports}, {key for key in found if key is not None}
    )
    unmatched: list[int] = []
    wholes = await _wholes(db, reports, parts, moves)
    for place, (report, key) in enumerate(zip(reports, found, strict=True)):
        move = moves.get(key) if key is not None else None
        # A reference is the provider's word, not a right: it moves messages of its own tenant only.
        if move is None or move.row.tenant_id != report.tenant_id:
            unmatched.append(place)
        else:
            move.take(wholes.get(place, report))
    touched = [move for move in moves.values() if move.touched]
    if not touched:
        return Applied([], unmatched)
    if careful:
        await _drop_taken_ids(db, touched)
    rows = encode_rows([_update_row(move) for move in touched])
    await put(db, _UPDATE, {"rows": rows, "ids": [move.row.id for move in touched]})  # their rows are locked
    await failover_store.at_once(db, [_key(move) for move in touched if move.row.planned and _is_over(move)])
    decided = [_settlement_row(move) for move in touched if _is_decided(move)]
    await insert_rows(db, settlements, decided, "ON CONFLICT DO NOTHING")
    ended = [one for move in touched if (one := _ended(move)) is not None]
    return Applied([move.changed() for move in touched], unmatched, ended)


async def told_before(db: Db, reports: Sequence[Report]) -> set[int]:
    """Places of reports of acceptance that the provider's answer told already: nothing has to be locked for them.

    Who accepts a message answers so, and often reports it too: half of what comes from such a provider.
    """
    told = {place: report for place, report in enumerate(reports) if _is_acceptance(report)}
    if not told:
        return set()
    values = {
        "tenants": list({r.tenant_id for r in told.values()}),
        "ids": [r.message_id for r in told.values()],
    }
    known = {(row.tenant_id, row.id) for row in await fetch(db, _ACCEPTED, values)}
    return {place for place, report in told.items() if (report.tenant_id, report.message_id) in known}


def _is_acceptance(report: Report) -> bool:
    return report.status is Status.SENT and report.message_id is not None


def _ended(move: _Move) -> Ended | None:
    """What the move says of the way to the handset; a late delivery after a failure is not counted again."""
    row = move.row
    if row.delivered_at is not None or row.failed_at is not None:
        return None
    if move.delivered_at is not None:
        return Ended(row.tenant_id, row.channel_id, True, "", row.id, row.first_id)
    if move.failed_at is not None:
        code = move.error_code or ""
        return Ended(row.tenant_id, row.channel_id, False, code, row.id, row.first_id, row.planned)
    return None


def _name(report: Report) -> parts_store.Name:
    return report.channel_id, report.provider_message_id or ""


async def _wholes(
    db: Db,
    reports: Sequence[Report],
    parts: Mapping[parts_store.Name, tuple[UUID, int]],
    moves: Mapping[UUID, _Move],
) -> dict[int, Report]:
    """By place, for reports of one part of a message: the part moves, and what it makes of the whole message."""
    places, news = [], []
    for place, report in enumerate(reports):
        found = parts.get(_name(report)) if report.message_id is None else None
        move = moves.get(found[0]) if found is not None else None
        if found is not None and move is not None and move.row.tenant_id == report.tenant_id:
            places.append(place)
            news.append(
                parts_store.PartNews(report.tenant_id, *found, report.status, report.at, report.error_code)
            )
    if not news:
        return {}
    states = await parts_store.move(db, news)
    return {
        place: reports[place]._replace(provider_message_id=None, status=status)
        for place, status in zip(places, states, strict=True)
    }


async def _lock(db: Db, tenants: set[UUID], ids: set[UUID]) -> dict[UUID, _Move]:
    if not ids:
        return {}
    rows = await fetch(db, _FIND, {"tenants": list(tenants), "ids": list(ids)})
    return {row.id: _Move(row, Status(row.status)) for row in rows}


_PROVIDER_ID = text(
    "SELECT provider_message_id FROM messages WHERE tenant_id = :tenant AND id = :id AND provider_message_id IS NOT NULL"
)


async def provider_id(db: Db, tenant_id: UUID, message_id: UUID) -> str | None:
    """The provider's id of a message, inbound or outbound; None for one that is not there or never left."""
    rows = await fetch(db, _PROVIDER_ID, {"tenant": tenant_id, "id": message_id})
    return str(rows[0].provider_message_id) if rows else None


async def _holders(db: Db, wanted: Sequence[tuple[UUID, UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    """Which messages have these (tenant, channel, provider id): by channel and provider id."""
    if not wanted:
        return {}
    tenants, channels, providers = (list(set(column)) for column in zip(*wanted, strict=True))
    rows = await fetch(db, _HOLDERS, {"tenants": tenants, "channels": channels, "providers": providers})
    return {(row.channel_id, row.provider_message_id): row.id for row in rows}


async def _drop_taken_ids(db: Db, touched: Sequence[_Move]) -> None:
    """A provider's id that another message has already stays with that one: the move counts, the id does not."""
    named = [move for move in touched if move.provider_message_id]
    wanted = [(move.row.tenant_id, move.row.channel_id, move.provider_message_id or "") for move in named]
    taken = set(await _holders(db, wanted))
    for move in named:
        name = (move.row.channel_id, move.provider_message_id or "")
        if name in taken:
            move.provider_message_id = None
        taken.add(name)


def _is_decided(move: _Move) -> bool:
    return bool(
        move.settlement and move.row.settlement is None and move.row.hold_id and move.row.price_micros
    )


def _is_over(move: _Move) -> bool:
    return move.status in FINAL_FAILURES or move.status in TOOK_PLACE


def _key(move: _Move) -> tuple[UUID, UUID]:
    return move.row.tenant_id, move.row.id


def _update_row(move: _Move) -> dict[str, Any]:
    decided = {"capture": "captured", "release": "released"}.get(move.settlement or "")
    return {
        "tenant_id": move.row.tenant_id,
        "id": move.row.id,
        "status": move.status.value,
        "error_code": move.error_code,
        "reason": move.reason,
        "provider_message_id": move.provider_message_id,
        "settlement": decided,
        "sent_at": move.sent_at,
        "delivered_at": move.delivered_at,
        "read_at": move.read_at,
        "failed_at": move.failed_at,
    }


def _settlement_row(move: _Move) -> dict[str, Any]:
    return {
        "tenant_id": move.row.tenant_id,
        "message_id": move.row.id,
        "hold_id": move.row.hold_id,
        "kind": move.settlement,
        "amount_micros": move.row.price_micros,
        "revenue_account": f"revenue:{move.row.channel_kind}",
    }
