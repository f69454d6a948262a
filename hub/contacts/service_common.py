"""What every use case of contacts needs: the contact held for a change, why one is gone, the timeline, suppression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import store, store_attributes
from hub.contacts.addresses import family
from hub.contacts.changes import State
from hub.contacts.consents import ALL, CHANNELS, Consent
from hub.contacts.suppression import AddressHasher
from hub.errors import Conflict, NotFound
from hub.ids import encode_id, new_id
from models.db import Db


@dataclass(eq=False)
class AddressTaken(Conflict):
    """Another contact has this address. Merge the two if they are one person."""

    code: ClassVar[str] = "address-taken"
    contact_id: str = ""


@dataclass(eq=False)
class Suppressed(Conflict):
    """This address is on the suppression list: nobody may opt it in."""

    code: ClassVar[str] = "suppressed"


@dataclass(eq=False)
class ContactMerged(NotFound):
    """This contact was merged into another one."""

    code: ClassVar[str] = "contact-merged"
    merged_into: str = ""
    merge_id: str = ""


@dataclass(eq=False)
class ContactErased(NotFound):
    """This contact was erased. Only statistics are left."""

    code: ClassVar[str] = "contact-erased"
    erased_at: str = ""


def activity(
    tenant_id: UUID,
    contact_id: UUID,
    kind: str,
    actor: str,
    data: Mapping[str, Any],
    at: datetime | None = None,
) -> dict[str, Any]:
    """A row for the timeline. Its id is made now, which is also its place there."""
    return {
        "tenant_id": tenant_id,
        "contact_id": contact_id,
        "id": new_id(),
        "at": at or datetime.now(UTC),
        "kind": kind,
        "actor": actor,
        "data": dict(data),
    }


async def missing(db: AsyncConnection, tenants: Iterable[UUID], contact_id: UUID) -> NotFound:
    """Why there is no such contact: merged, erased, or never there (as far as this caller can know)."""
    row = await store.gone(db, list(tenants), contact_id)
    if row is None:
        return NotFound("there is no such contact")
    if row.winner_id is not None:
        winner = encode_id("con", row.winner_id)
        return ContactMerged(f"it was merged into {winner}", winner, encode_id("mrg", row.merge_id))
    when = row.erased_at.isoformat().replace("+00:00", "Z")
    return ContactErased(f"it was erased at {when}", when)


async def locked(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> State:
    """The contact, held for a change. Raises NotFound, ContactMerged or ContactErased."""
    rows = await store.lock(db, tenant_id, [contact_id])
    if not rows:
        raise await missing(db, [tenant_id], contact_id)
    return state_of(rows[0])


def state_of(row: Row[Any]) -> State:
    return State(
        row.id, row.name, row.language, row.time_zone, row.attributes, frozenset(row.tags), row.version
    )


def consent_row(tenant_id: UUID, contact_id: UUID, consent: Consent, actor: str) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "contact_id": contact_id,
        "channel_kind": consent.channel_kind,
        "purpose": consent.purpose,
        "state": consent.state,
        "source": consent.source,
        "proof": consent.proof,
        "changed_at": datetime.now(UTC),
        "changed_by": actor,
    }


async def suppressed_keys(
    db: Db, keys: Iterable[store.AddressKey], hasher: AddressHasher
) -> set[store.AddressKey]:
    """Those addresses that are on their tenant's suppression list."""
    hashes = {key: hasher.hash(*key) for key in keys}
    if not hashes:
        return set()
    kinds = sorted({kind for key in hashes for kind in family(key[1])})
    listed = await store_attributes.suppressed(
        db, {tenant for tenant, _, _ in hashes}, kinds, list(set(hashes.values()))
    )
    return {key for key, digest in hashes.items() if (key[0], digest) in listed}


async def opt_out_suppressed(
    db: Db, people: Mapping[UUID, Sequence[store.AddressKey]], hasher: AddressHasher
) -> set[UUID]:
    """Opt those out of every channel who have a suppressed address; returns who they are."""
    listed = await suppressed_keys(db, {key for keys in people.values() for key in keys}, hasher)
    if not listed:
        return set()
    found = {contact_id: keys[0][0] for contact_id, keys in people.items() if listed & set(keys)}
    rows = [
        consent_row(tenant, contact_id, Consent(channel, ALL, "opted_out", "suppression"), "system")
        for contact_id, tenant in found.items()
        for channel in CHANNELS
    ]
    await store.set_consents(db, rows)
    for tenant in set(found.values()):
        await store.wake_conversations(db, tenant, [c for c, t in found.items() if t == tenant])
    return set(found)
