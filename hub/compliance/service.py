"""Use cases of the messaging policy. Each takes `db` and never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.compliance import store
from hub.compliance.policy import NO_POLICY, SECTIONS, Caps, Policy, inherited
from hub.contacts.consents import MARKETING
from hub.door import TOO_OFTEN, Outgoing, release_rows
from hub.errors import Conflict, Invalid
from hub.ids import encode_id
from hub.tenancy import audit_log
from hub.tenancy.audit_log import Record
from models.billing import settlements
from models.db import insert_rows


@dataclass(frozen=True, slots=True)
class Held:
    """A tenant's policy: its own part, what counts in the end, and the version of its own (0: it has set nothing)."""

    own: Policy
    effective: Policy
    inherits: tuple[str, ...]
    version: int
    updated_at: datetime | None
    updated_by: str


async def effective(db: AsyncConnection, tenant_id: UUID) -> Policy:
    """What counts for the tenant: its own parts, else those of the nearest tenant above."""
    return inherited([Policy.model_validate(row.policy) for row in await store.levels(db, tenant_id)])


async def held(db: AsyncConnection, tenant_id: UUID) -> Held:
    """The tenant's policy as people see it."""
    row = await store.own(db, tenant_id)
    own = NO_POLICY if row is None else Policy.model_validate(row.policy)
    counts = await effective(db, tenant_id)
    above = tuple(
        name for name in SECTIONS if getattr(own, name) is None and getattr(counts, name) is not None
    )
    if row is None:
        return Held(own, counts, above, 0, None, "")
    return Held(own, counts, above, row.version, row.updated_at, row.updated_by)


async def put(
    db: AsyncConnection,
    tenant_id: UUID,
    policy: Policy,
    version: int,
    record: Record,
    now: datetime,
) -> None:
    """Set the tenant's own policy over `version`; `record` says who asks.

    Raises Invalid for a channel that is not the tenant's or of another kind, Conflict when somebody was faster.
    """
    kinds = await store.channel_kinds(db, tenant_id)
    for kind, listed in (policy.providers or {}).items():
        for place, channel_id in enumerate(listed):
            if kinds.get(channel_id) != kind.value:
                where = f"/providers/{kind.value}/{place}"
                raise Invalid(f"you have no such {kind.value} channel", where)
    before = (await held(db, tenant_id)).own
    saved = await store.save(db, tenant_id, policy.model_dump_json(), version, record.actor, now)
    if saved is None:
        raise Conflict("the policy was changed meanwhile")
    changed = [name for name in SECTIONS if getattr(before, name) != getattr(policy, name)]
    await audit_log.append(
        db,
        tenant_id,
        Record(
            record.actor,
            "messaging_policy.set",
            encode_id("ten", tenant_id),
            {"changed": changed, "version": saved},
            record.ip,
            record.request_id,
        ),
    )


async def refuse_too_often(
    db: AsyncConnection, outgoings: Sequence[Outgoing], caps: Caps | None, now: datetime
) -> None:
    """Refuse the marketing messages that would be one too many for their contacts, and give back their money.

    In the transaction that writes them: what is counted and what is written are one step.
    """
    if not caps:
        return
    marketing = [each for each in outgoings if each.refused is None and each.purpose == MARKETING]
    if not marketing:
        return
    tenant_id = marketing[0].channel.tenant_id
    found = await store.over_cap(db, tenant_id, caps, [each.contact_id for each in marketing], now)
    for place, words in found.items():
        outgoing = marketing[place]
        outgoing.refused, outgoing.detail, outgoing.plan = TOO_OFTEN, words, None
    await insert_rows(
        db, settlements, release_rows((marketing[place] for place in found), now), "ON CONFLICT DO NOTHING"
    )
