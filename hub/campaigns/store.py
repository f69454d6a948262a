"""All SQL of campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.campaigns.campaign import Recipient, batch_edges
from hub.conditions.sql import CompiledCondition
from hub.contacts.addresses import KINDS_OF_CHANNEL
from models.campaigns import campaign_batches, campaign_recipients, campaigns
from models.conversations import conversations
from models.db import insert_rows

Batch = Any


def _is(tenant_id: UUID, campaign_id: UUID) -> tuple[Any, Any]:
    return campaigns.c.tenant_id == tenant_id, campaigns.c.id == campaign_id


async def get(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID, *, lock: bool = False) -> Any | None:
    query = select(campaigns).where(*_is(tenant_id, campaign_id))
    return (await db.execute(query.with_for_update() if lock else query)).one_or_none()


async def page(db: AsyncConnection, tenant_id: UUID, *, after: UUID | None, limit: int) -> list[Any]:
    """Campaigns, newest first; one more than `limit` when there are more."""
    query = select(campaigns).where(campaigns.c.tenant_id == tenant_id)
    if after is not None:
        query = query.where(campaigns.c.id < after)
    return list((await db.execute(query.order_by(campaigns.c.id.desc()).limit(limit + 1))).all())


async def insert(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, campaigns, [row])


async def set_status(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID, **values: Any) -> None:
    await db.execute(update(campaigns).where(*_is(tenant_id, campaign_id)).values(**values))


_FREEZE = """
    INSERT INTO campaign_recipients (tenant_id, campaign_id, ordinal, contact_id)
    SELECT c.tenant_id, :campaign_id, row_number() OVER (ORDER BY c.id), c.id FROM contacts c
    WHERE c.tenant_id = :tenant_id AND ({who})
"""
EVERYBODY = CompiledCondition("true", {})


def tagged(tag: str) -> CompiledCondition:
    """The contacts with a tag."""
    exists = "SELECT 1 FROM contact_tags t WHERE t.tenant_id = c.tenant_id AND t.contact_id = c.id AND t.tag = :tag"
    return CompiledCondition(f"EXISTS ({exists})", {"tag": tag})


async def freeze_audience(
    db: AsyncConnection,
    tenant_id: UUID,
    campaign_id: UUID,
    size: int,
    who: CompiledCondition = EVERYBODY,
) -> int:
    """Write the recipients, `who` over `contacts c`, in a fixed order and the batches over them; returns how many
    recipients there are.
    """
    values = {"tenant_id": tenant_id, "campaign_id": campaign_id, **who.values}
    count = (await db.execute(text(_FREEZE.format(who=who.sql)), values)).rowcount
    rows = [
        {
            "tenant_id": tenant_id,
            "campaign_id": campaign_id,
            "first_ordinal": first,
            "last_ordinal": last,
            "hold_id": uuid4(),
            "state": "pending",
            "messages": 0,
            "refused": 0,
        }
        for first, last in batch_edges(count, size)
    ]
    await insert_rows(db, campaign_batches, rows)
    return count


async def pending_batches(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID, limit: int) -> list[int]:
    """First ordinals of the batches that are still to be sent, in order."""
    query = (
        select(campaign_batches.c.first_ordinal)
        .where(
            campaign_batches.c.tenant_id == tenant_id,
            campaign_batches.c.campaign_id == campaign_id,
            campaign_batches.c.state == "pending",
        )
        .order_by(campaign_batches.c.first_ordinal)
        .limit(limit)
    )
    return list((await db.execute(query)).scalars())


async def batch(
    db: AsyncConnection, tenant_id: UUID, campaign_id: UUID, first_ordinal: int, *, lock: bool = False
) -> Batch | None:
    query = select(campaign_batches).where(
        campaign_batches.c.tenant_id == tenant_id,
        campaign_batches.c.campaign_id == campaign_id,
        campaign_batches.c.first_ordinal == first_ordinal,
        campaign_batches.c.state == "pending",
    )
    return (await db.execute(query.with_for_update() if lock else query)).one_or_none()


_RECIPIENTS = text(
    """
    SELECT c.id, c.name, c.language, c.time_zone, c.attributes, a.address, o.contact_id IS NOT NULL AS opted_out
    FROM contacts c
    LEFT JOIN (
        SELECT DISTINCT ON (contact_id) contact_id, address FROM contact_addresses
        WHERE tenant_id = :tenant_id AND contact_id = ANY(CAST(:contacts AS uuid[]))
          AND kind = ANY(CAST(:address_kinds AS text[]))
        ORDER BY contact_id, array_position(CAST(:address_kinds AS text[]), kind), position, created_at, address
    ) a ON a.contact_id = c.id
    LEFT JOIN (
        SELECT DISTINCT contact_id FROM consents
        WHERE tenant_id = :tenant_id AND contact_id = ANY(CAST(:contacts AS uuid[])) AND channel_kind = :kind
          AND purpose IN ('all', 'marketing') AND state = 'opted_out'
    ) o ON o.contact_id = c.id
    WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:contacts AS uuid[]))
    """
)


async def recipients(
    db: AsyncConnection, tenant_id: UUID, campaign_id: UUID, first: int, last: int, kind: str
) -> list[Recipient]:
    """The contacts of one batch in their order. Erased contacts are gone from it."""
    table = campaign_recipients
    frozen = await db.execute(
        select(table.c.contact_id, table.c.ordinal).where(
            table.c.tenant_id == tenant_id,
            table.c.campaign_id == campaign_id,
            table.c.ordinal.between(first, last),
        )
    )
    ordinals = {row.contact_id: row.ordinal for row in frozen}
    values = {
        "tenant_id": tenant_id,
        "contacts": list(ordinals),
        "kind": kind,
        "address_kinds": list(KINDS_OF_CHANNEL[kind]),
    }
    rows = await db.execute(_RECIPIENTS, values)
    people = [
        Recipient(
            ordinals[r.id], r.id, r.name, r.language, r.address or "", r.attributes, r.opted_out, r.time_zone
        )
        for r in rows
    ]
    return sorted(people, key=lambda person: person.ordinal)


_OPTED_OUT_NOW = text(
    "SELECT contact_id, channel_kind FROM consents WHERE tenant_id = :tenant_id AND state = 'opted_out' "
    "AND purpose IN ('all', 'marketing') AND contact_id = ANY(CAST(:contacts AS uuid[]))"
)


async def opted_out_now(
    db: AsyncConnection, tenant_id: UUID, contact_ids: Sequence[UUID]
) -> set[tuple[UUID, str]]:
    """(contact, kind of channel) that are opted out at this moment: consent counts at send, not at plan time."""
    names = "{" + ",".join(map(str, contact_ids)) + "}"
    rows = await db.execute(_OPTED_OUT_NOW, {"tenant_id": tenant_id, "contacts": names})
    return {(row.contact_id, row.channel_kind) for row in rows}


_STILL_THERE = text(
    "SELECT id FROM contacts WHERE tenant_id = :tenant_id AND id = ANY(CAST(:contacts AS uuid[])) ORDER BY id FOR KEY SHARE"
)


async def gone_now(db: AsyncConnection, tenant_id: UUID, contact_ids: Sequence[UUID]) -> set[UUID]:
    """Those who were erased or merged since the batch was read; the others stay until this transaction ends."""
    names = "{" + ",".join(map(str, contact_ids)) + "}"
    there = (await db.execute(_STILL_THERE, {"tenant_id": tenant_id, "contacts": names})).scalars()
    return set(contact_ids) - set(there)


async def finish_batch(db: AsyncConnection, row: Batch, last_ordinal: int, sent: int, refused: int) -> None:
    """Mark a batch as sent up to `last_ordinal`; what is left becomes a pending batch of its own."""
    where = (
        campaign_batches.c.tenant_id == row.tenant_id,
        campaign_batches.c.campaign_id == row.campaign_id,
        campaign_batches.c.first_ordinal == row.first_ordinal,
    )
    values = {"state": "sent", "last_ordinal": last_ordinal, "messages": sent, "refused": refused}
    await db.execute(update(campaign_batches).where(*where).values(**values))
    if last_ordinal < row.last_ordinal:
        rest = {
            "tenant_id": row.tenant_id,
            "campaign_id": row.campaign_id,
            "first_ordinal": last_ordinal + 1,
            "last_ordinal": row.last_ordinal,
            "hold_id": uuid4(),
            "state": "pending",
            "messages": 0,
            "refused": 0,
        }
        await insert_rows(db, campaign_batches, [rest])


async def renew_hold(db: AsyncConnection, row: Batch) -> bool:
    """A batch that is not written under its hold asks for a new one. False when it is written, or has another already."""
    where = (
        campaign_batches.c.tenant_id == row.tenant_id,
        campaign_batches.c.campaign_id == row.campaign_id,
        campaign_batches.c.first_ordinal == row.first_ordinal,
        campaign_batches.c.hold_id == row.hold_id,
        campaign_batches.c.state == "pending",
    )
    return bool((await db.execute(update(campaign_batches).where(*where).values(hold_id=uuid4()))).rowcount)


async def is_canceled(db: AsyncConnection, row: Batch) -> bool:
    """True when the batch was canceled under this hold: nothing will ever be sent for its money."""
    query = select(campaign_batches.c.state).where(
        campaign_batches.c.tenant_id == row.tenant_id,
        campaign_batches.c.campaign_id == row.campaign_id,
        campaign_batches.c.first_ordinal == row.first_ordinal,
        campaign_batches.c.hold_id == row.hold_id,
    )
    return (await db.execute(query)).scalar() == "canceled"


_KEEP_OPT_OUTS = text(
    """
    UPDATE conversations v SET opted_out = n.kinds
    FROM (SELECT tenant_id, contact_id, jsonb_agg(channel_kind ORDER BY channel_kind) AS kinds FROM consents
          WHERE state = 'opted_out' GROUP BY tenant_id, contact_id) n
    WHERE v.tenant_id = n.tenant_id AND v.contact_id = n.contact_id AND v.opted_out <> n.kinds
      AND v.tenant_id = :tenant_id AND v.contact_id = ANY(CAST(:contacts AS uuid[]))
    """
)


# Beside the other flows that the contact is inside of; of this one the new session takes the place of the old.
_BEGIN = """
    ON CONFLICT (tenant_id, contact_id) DO UPDATE SET version = conversations.version + 1,
        channel_id = EXCLUDED.channel_id, address = EXCLUDED.address,
        session = CASE WHEN conversations.session ? 'sessions' THEN jsonb_build_object('sessions', (
            SELECT COALESCE(jsonb_agg(each), '[]') FROM jsonb_array_elements(conversations.session -> 'sessions') AS each
            WHERE each ->> 'flow_id' <> EXCLUDED.session -> 'sessions' -> 0 ->> 'flow_id'
        ) || (EXCLUDED.session -> 'sessions')) ELSE EXCLUDED.session END
    WHERE conversations.status NOT IN ('open', 'snoozed', 'waiting') RETURNING contact_id
"""


async def begin_sessions(db: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Let the contacts' next message answer the campaign's flow; whoever talks with a person keeps talking with them.

    Returns those who do wait for the question now.
    """
    begun = [row.contact_id for row in await insert_rows(db, conversations, rows, _BEGIN)]
    if rows:
        contacts = "{" + ",".join(str(row["contact_id"]) for row in rows) + "}"
        await db.execute(_KEEP_OPT_OUTS, {"tenant_id": rows[0]["tenant_id"], "contacts": contacts})
    return begun


_BACKLOG = text(
    "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE tenant_id = :tenant_id AND lane = 1 AND state = 'queued' "
    "AND due_at <= now() + interval '2 minutes' LIMIT :most) o"
)
_OWED = text(
    "SELECT EXISTS (SELECT 1 FROM messages WHERE tenant_id = :tenant_id AND origin_id = :campaign_id "
    "AND origin = 'campaign' AND status IN ('queued', 'sending'))"
)


async def status(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID) -> str | None:
    """The campaign's status, or None."""
    query = select(campaigns.c.status).where(*_is(tenant_id, campaign_id))
    found: str | None = (await db.execute(query)).scalar()
    return found


async def backlog(db: AsyncConnection, tenant_id: UUID, most: int) -> int:
    """How many bulk messages of the tenant wait for a sender, counted up to `most`."""
    return int((await db.execute(_BACKLOG, {"tenant_id": tenant_id, "most": most})).scalar_one())


async def owes(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID) -> bool:
    """True while a message of the campaign has not been taken by a provider, or refused. Reads all its messages."""
    values = {"tenant_id": tenant_id, "campaign_id": campaign_id}
    return bool((await db.execute(_OWED, values)).scalar_one())


_CAMPAIGN_OUTBOX = (
    "FROM messages m WHERE m.tenant_id = :tenant_id AND m.origin_id = :campaign_id AND m.origin = 'campaign' "
    "AND m.status = 'queued' AND o.tenant_id = m.tenant_id AND o.message_id = m.id AND o.state = 'queued'"
)
_POSTPONE = text(f"UPDATE outbox o SET due_at = 'infinity' {_CAMPAIGN_OUTBOX}")
_RELEASE = text(f"UPDATE outbox o SET due_at = now() {_CAMPAIGN_OUTBOX} AND o.due_at = 'infinity'")
_CANCEL = text(
    """
    WITH plans AS (
        DELETE FROM failovers f USING messages m WHERE m.tenant_id = :tenant_id AND m.origin_id = :campaign_id
            AND m.origin = 'campaign' AND f.tenant_id = m.tenant_id AND f.message_id = m.id
    ), gone AS (
        DELETE FROM outbox o USING messages m WHERE m.tenant_id = :tenant_id AND m.origin_id = :campaign_id
            AND m.origin = 'campaign' AND m.status = 'queued' AND o.tenant_id = m.tenant_id AND o.message_id = m.id
            AND o.state = 'queued'
        RETURNING m.tenant_id, m.id, m.hold_id, m.price_micros, m.channel_kind
    ), refused AS (
        UPDATE messages m SET status = 'refused', reason = 'canceled',
            settlement = CASE WHEN g.hold_id IS NULL THEN NULL ELSE 'released' END
        FROM gone g WHERE m.tenant_id = g.tenant_id AND m.id = g.id
    )
    INSERT INTO settlements (tenant_id, message_id, hold_id, kind, amount_micros, revenue_account)
    SELECT tenant_id, id, hold_id, 'release', price_micros, 'revenue:' || channel_kind FROM gone
    WHERE hold_id IS NOT NULL AND price_micros > 0
    """
)


async def postpone(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID) -> None:
    """Hold back what the campaign has in the outbox."""
    await db.execute(_POSTPONE, {"tenant_id": tenant_id, "campaign_id": campaign_id})


async def release(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID) -> None:
    """Let go what `postpone` held back."""
    await db.execute(_RELEASE, {"tenant_id": tenant_id, "campaign_id": campaign_id})


async def cancel(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID) -> None:
    """Refuse what is still in the outbox, release its money and drop the pending batches."""
    await db.execute(_CANCEL, {"tenant_id": tenant_id, "campaign_id": campaign_id})
    where = (
        campaign_batches.c.tenant_id == tenant_id,
        campaign_batches.c.campaign_id == campaign_id,
        campaign_batches.c.state == "pending",
    )
    await db.execute(update(campaign_batches).where(*where).values(state="canceled"))


async def resume_unfunded(db: AsyncConnection, tenant_id: UUID) -> list[UUID]:
    """After a top-up: campaigns that wait for money run again."""
    where = (
        campaigns.c.tenant_id == tenant_id,
        campaigns.c.status == "paused",
        campaigns.c.reason == "insufficient-funds",
    )
    query = update(campaigns).where(*where).values(status="running", reason=None).returning(campaigns.c.id)
    return list((await db.execute(query)).scalars())
