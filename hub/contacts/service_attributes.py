"""Use cases of attribute definitions and of the suppression list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import store, store_attributes
from hub.contacts.addresses import family, normal
from hub.contacts.attributes import (
    DEFINITIONS_MAX,
    INDEXED_MAX,
    AttributeExists,
    check_choices,
    check_definition,
    check_label,
)
from hub.contacts.consents import ALL, CHANNELS, Consent
from hub.contacts.service_common import activity, consent_row
from hub.contacts.suppression import REASON_CHARS_MAX, AddressHasher
from hub.errors import Conflict, Invalid, NotFound
from hub.ids import new_id

POSITION_MAX = 10_000


@dataclass(frozen=True, slots=True)
class NewAttribute:
    """An attribute as somebody defines it; an empty label is made from the key."""

    key: str
    type: str = "text"
    label: str = ""
    choices: Sequence[str] = ()
    indexed: bool = False


async def define(db: AsyncConnection, tenant_id: UUID, new: NewAttribute) -> UUID:
    """Define an attribute. Raises Invalid, AttributeExists, or Conflict at 100 of them and at 5 indexed ones."""
    label, choices = check_definition(new.key, new.label, new.type, new.choices)
    await store_attributes.hold(db, tenant_id)
    known = await store_attributes.rows(db, tenant_id)
    if any(row.key == new.key for row in known):
        raise AttributeExists(f"there is an attribute {new.key} already")
    if len(known) >= DEFINITIONS_MAX:
        raise Conflict(f"a tenant has at most {DEFINITIONS_MAX} attributes")
    if new.indexed:
        _check_indexed(known)
    attribute_id = new_id()
    row = {
        "tenant_id": tenant_id,
        "id": attribute_id,
        "key": new.key,
        "label": label,
        "type": new.type,
        "choices": list(choices),
        "indexed": new.indexed,
        "position": 1 + max((row.position for row in known), default=-1),
    }
    if not await store_attributes.insert(db, row):
        raise AttributeExists(f"there is an attribute {new.key} already")
    return attribute_id


async def ensure(db: AsyncConnection, tenant_id: UUID, wanted: Sequence[NewAttribute]) -> None:
    """Define those that are missing; the others stay as they are."""
    known = await store_attributes.definitions(db, tenant_id)
    for new in wanted:
        if new.key not in known:
            await define(db, tenant_id, new)


def _check_indexed(known: Sequence[Row[Any]]) -> None:
    if sum(row.indexed for row in known) >= INDEXED_MAX:
        raise Conflict(f"a tenant has at most {INDEXED_MAX} indexed attributes; switch another one off first")


async def held(db: AsyncConnection, tenant_id: UUID, attribute_id: UUID) -> Row[Any]:
    """The definition, held for a change. Raises NotFound."""
    await store_attributes.hold(db, tenant_id)
    row = await store_attributes.get(db, tenant_id, attribute_id)
    if row is None:
        raise NotFound("there is no such attribute")
    return row


async def redefine(
    db: AsyncConnection,
    tenant_id: UUID,
    row: Row[Any],
    *,
    label: str | None,
    choices: Sequence[str] | None,
    indexed: bool | None,
    position: int | None,
) -> None:
    """Change a held definition; key and type stay for ever. Switching `indexed` on writes the index of all contacts.

    Raises Invalid, or Conflict for a choice that contacts have and for a sixth indexed attribute.
    """
    wanted = tuple(row.choices) if choices is None else check_choices(row.type, choices)
    lost = [choice for choice in row.choices if choice not in wanted]
    if lost:
        used = await store_attributes.choices_used(db, tenant_id, row.key, lost)
        if used:
            raise Conflict(f"contacts have the choice {used[0]}: change them first")
    if position is not None and not 0 <= position <= POSITION_MAX:
        raise Invalid(f"a position is between 0 and {POSITION_MAX}", "/position")
    on = row.indexed if indexed is None else indexed
    if on and not row.indexed:
        _check_indexed(await store_attributes.rows(db, tenant_id))
        await store_attributes.index(db, tenant_id, row.id, row.key)
    if row.indexed and not on:
        await store_attributes.unindex(db, tenant_id, row.id)
    await store_attributes.update(
        db,
        tenant_id,
        row.id,
        label=row.label if label is None else check_label(label),
        choices=list(wanted),
        indexed=on,
        position=row.position if position is None else position,
    )


async def remove(db: AsyncConnection, tenant_id: UUID, row: Row[Any]) -> int:
    """Take a held definition away, and its value from every contact; returns from how many."""
    cleared = await store_attributes.clear(db, tenant_id, row.key)
    await store_attributes.delete(db, tenant_id, row.id)
    return cleared


async def suppress(
    db: AsyncConnection,
    tenant_id: UUID,
    *,
    kind: str,
    address: str,
    reason: str,
    default_country: str,
    hasher: AddressHasher,
    actor: str,
) -> tuple[str, UUID | None]:
    """Put an address on the list; whoever has it is opted out of every channel. Returns its form and that contact.

    Raises Invalid, BadPhone or BadAddress.
    """
    if len(reason) > REASON_CHARS_MAX:
        raise Invalid(f"a reason has at most {REASON_CHARS_MAX} characters", "/reason")
    address = normal(kind, address, default_country)
    row = {
        "tenant_id": tenant_id,
        "kind": kind,
        "address_hash": hasher.hash(tenant_id, kind, address),
        "address": address,
        "reason": reason.strip(),
        "source": "manual",
        "created_by": actor,
    }
    await store_attributes.suppress(db, [row])
    key = (tenant_id, kind, address)
    owner = (await store.find_addresses(db, [key])).get(key)
    if owner is None:
        return address, None
    await store.lock(db, tenant_id, [owner])
    consents = [Consent(channel, ALL, "opted_out", "suppression", reason.strip()) for channel in CHANNELS]
    await store.set_consents(db, [consent_row(tenant_id, owner, consent, actor) for consent in consents])
    data = {"channel_kind": "all", "purpose": ALL, "after": "opted_out", "source": "suppression"}
    await store.insert_activities(
        db, [activity(tenant_id, owner, "consent", actor, {**data, "proof": reason.strip()})]
    )
    await store.touch(db, tenant_id, [owner])
    await store.wake_conversations(db, tenant_id, [owner])
    return address, owner


async def unsuppress(
    db: AsyncConnection,
    tenant_id: UUID,
    *,
    kind: str,
    address: str,
    default_country: str,
    hasher: AddressHasher,
) -> None:
    """Take an address off the list. Its contact stays opted out until somebody writes a new consent. Raises NotFound."""
    digest = hasher.hash(tenant_id, kind, normal(kind, address, default_country))
    if await store_attributes.unsuppress(db, tenant_id, family(kind), digest) is None:
        raise NotFound("this address is not on the list")


async def suppressed_among(
    db: AsyncConnection, tenant_id: UUID, addresses: Sequence[tuple[str, str]], hasher: AddressHasher
) -> set[tuple[str, str]]:
    """Those (kind, address) that are on the list: an import skips them. One query for any number of addresses."""
    hashes = {(kind, address): hasher.hash(tenant_id, kind, address) for kind, address in addresses}
    kinds = sorted({name for kind, _ in hashes for name in family(kind)})
    listed = await store_attributes.suppressed(db, [tenant_id], kinds, list(set(hashes.values())))
    return {key for key, digest in hashes.items() if (tenant_id, digest) in listed}
