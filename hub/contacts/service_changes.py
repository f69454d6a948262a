"""Use cases that change a contact: fields, tags, addresses, consents, notes. Each writes what the timeline tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import store, store_attributes
from hub.contacts.addresses import ADDRESSES_MAX, KINDS, PHONE, check_time_zone, normal, time_zone_of
from hub.contacts.attributes import Definitions, check_value, index_text
from hub.contacts.changes import Change, Outcome, State, activities_of, apply
from hub.contacts.consents import Consent
from hub.contacts.consents import check as check_consent
from hub.contacts.contact import ATTRIBUTES_MAX, TAGS_MAX, check_language, check_name, check_tags
from hub.contacts.service_common import (
    AddressTaken,
    Suppressed,
    activity,
    consent_row,
    locked,
    opt_out_suppressed,
    suppressed_keys,
)
from hub.contacts.suppression import AddressHasher
from hub.errors import Conflict, Invalid, NotFound
from hub.ids import encode_id
from models.db import Db


async def write_changes(
    db: Db,
    tenant_id: UUID,
    states: Mapping[UUID, State],
    changes: Sequence[Change],
    definitions: Definitions,
    actor: str,
) -> list[Outcome]:
    """Write changes of locked contacts, with their versions, index entries and timeline. One outcome a change."""
    outcomes = [apply(states[change.id], change) for change in changes]
    for outcome in outcomes:
        if len(outcome.after.tags) > TAGS_MAX:
            raise Invalid(f"a contact has at most {TAGS_MAX} tags", "/tags")
        if len(outcome.after.attributes) > ATTRIBUTES_MAX:
            raise Invalid(f"a contact has at most {ATTRIBUTES_MAX} attributes", "/attributes")
    moved = [outcome for outcome in outcomes if outcome.changed]
    if not moved:
        return outcomes
    await store.set_contacts(db, tenant_id, [_row(outcome.after) for outcome in moved])
    added = [{"tenant_id": tenant_id, "tag": tag, "contact_id": o.after.id} for o in moved for tag in o.added]
    await store.insert_tags(db, added)
    await store.delete_tags(
        db, tenant_id, [{"tag": tag, "contact_id": o.after.id} for o in moved for tag in o.removed]
    )
    await _reindex(db, tenant_id, moved, definitions)
    await store.insert_activities(
        db,
        [
            activity(tenant_id, outcome.after.id, kind, actor, data)
            for outcome in moved
            for kind, data in activities_of(outcome)
        ],
    )
    renamed = [outcome.after.id for outcome in moved if "name" in outcome.fields]
    await store.wake_conversations(db, tenant_id, renamed)
    return outcomes


def _row(state: State) -> dict[str, Any]:
    return {
        "id": state.id,
        "name": state.name,
        "language": state.language,
        "time_zone": state.time_zone,
        "attributes": dict(state.attributes),
    }


async def _reindex(db: Db, tenant_id: UUID, outcomes: Sequence[Outcome], definitions: Definitions) -> None:
    """Bring the index of indexed attributes up to the contacts' new values."""
    indexed = [definition for definition in definitions.values() if definition.indexed]
    touched = [
        outcome
        for outcome in outcomes
        if any(outcome.before.attributes.get(d.key) != outcome.after.attributes.get(d.key) for d in indexed)
    ]
    if not touched:
        return
    ids = [outcome.after.id for outcome in touched]
    await store.delete_values(db, tenant_id, ids, [definition.id for definition in indexed])
    await store.insert_values(db, values_of(tenant_id, [outcome.after for outcome in touched], definitions))


def values_of(tenant_id: UUID, states: Iterable[State], definitions: Definitions) -> list[dict[str, Any]]:
    """The index entries of contacts."""
    indexed = [definition for definition in definitions.values() if definition.indexed]
    return [
        {
            "tenant_id": tenant_id,
            "attribute_id": definition.id,
            "value": index_text(state.attributes[definition.key]),
            "contact_id": state.id,
        }
        for state in states
        for definition in indexed
        if definition.key in state.attributes
    ]


@dataclass(frozen=True, slots=True)
class Patch:
    """What a caller asks to change. None: leave it; in `attributes` a value of None takes it away."""

    name: str | None = None
    language: str | None = None
    time_zone: str | None = None
    attributes: Mapping[str, Any] | None = None


async def patch(db: AsyncConnection, tenant_id: UUID, state: State, wanted: Patch, actor: str) -> Outcome:
    """Change fields of a locked contact. An empty time zone is derived anew from the number.

    Raises Invalid, UnknownAttribute or BadValue, naming the field.
    """
    definitions = await store_attributes.definitions(db, tenant_id)
    given = wanted.attributes or {}
    # A value that is taken away may have lost its definition: nothing is left to check it against.
    values = {
        key: None if value is None else check_value(key, value, definitions) for key, value in given.items()
    }
    time_zone = wanted.time_zone
    if time_zone is not None:
        time_zone = check_time_zone(time_zone.strip()) or await derived_zone(db, tenant_id, state.id)
    change = Change(
        state.id,
        None if wanted.name is None else check_name(wanted.name),
        None if wanted.language is None else check_language(wanted.language.strip()),
        time_zone,
        values,
    )
    [outcome] = await write_changes(db, tenant_id, {state.id: state}, [change], definitions, actor)
    return outcome


async def derived_zone(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> str:
    """The time zone that the contact's first number tells, or nothing."""
    rows = await store.addresses_of(db, tenant_id, contact_id)
    number = next((row.address for row in rows if row.kind == PHONE), "")
    return time_zone_of(number or next((row.address for row in rows), ""))


async def set_tags(
    db: AsyncConnection,
    tenant_id: UUID,
    contact_id: UUID,
    *,
    add: Sequence[str],
    remove: Sequence[str],
    actor: str,
) -> Outcome:
    """Add and remove tags of one contact. Raises NotFound or Invalid."""
    state = await locked(db, tenant_id, contact_id)
    change = Change(contact_id, add_tags=check_tags(add), remove_tags=check_tags(remove))
    [outcome] = await write_changes(db, tenant_id, {contact_id: state}, [change], {}, actor)
    return outcome


async def add_address(
    db: AsyncConnection,
    tenant_id: UUID,
    contact_id: UUID,
    *,
    kind: str,
    address: str,
    primary: bool,
    default_country: str,
    hasher: AddressHasher,
    actor: str,
) -> str:
    """Give the contact one more address; returns its normal form. A suppressed one opts the contact out everywhere.

    Raises NotFound, Invalid, BadPhone, BadAddress, or AddressTaken, which names the contact that has it.
    """
    state = await locked(db, tenant_id, contact_id)
    address = normal(kind, address, default_country)
    own = await store.addresses_of(db, tenant_id, contact_id)
    if any(row.kind == kind and row.address == address for row in own):
        return address
    if len(own) >= ADDRESSES_MAX:
        raise Invalid(f"a contact has at most {ADDRESSES_MAX} addresses", "/address")
    key = (tenant_id, kind, address)
    await _refuse_taken(db, key, contact_id)
    position = 1 + max((row.position for row in own if row.kind == kind), default=-1)
    row = {"tenant_id": tenant_id, "kind": kind, "address": address, "contact_id": contact_id}
    if not await store.insert_addresses(db, [{**row, "position": position}]):
        await _refuse_taken(db, key, contact_id)  # somebody was faster by a moment
    if primary:
        await store.make_primary(db, tenant_id, contact_id, kind, address)
    data = {"action": "added", "kind": kind, "address": address}
    await store.insert_activities(db, [activity(tenant_id, contact_id, "address", actor, data)])
    if not state.time_zone and (zone := time_zone_of(address)):
        change = Change(contact_id, time_zone=zone)
        await write_changes(db, tenant_id, {contact_id: state}, [change], {}, actor)
    else:
        await store.touch(db, tenant_id, [contact_id])
    await opt_out_suppressed(db, {contact_id: [key]}, hasher)
    return address


async def _refuse_taken(db: AsyncConnection, key: store.AddressKey, contact_id: UUID) -> None:
    owner = (await store.find_addresses(db, [key])).get(key)
    if owner is not None and owner != contact_id:
        raise AddressTaken(f"{key[2]} belongs to another contact", encode_id("con", owner))


async def own_address(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, kind: str, address: str
) -> Sequence[Row[Any]]:
    """The contact's addresses of this kind. Raises NotFound when this one is not among them."""
    await locked(db, tenant_id, contact_id)
    own = [row for row in await store.addresses_of(db, tenant_id, contact_id) if row.kind == kind]
    if kind not in KINDS or all(row.address != address for row in own):
        raise NotFound("the contact has no such address")
    return own


async def make_primary(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, kind: str, address: str, actor: str
) -> None:
    """Write to this address first from now on. Raises NotFound."""
    own = await own_address(db, tenant_id, contact_id, kind, address)
    if own[0].address == address:
        return
    await store.make_primary(db, tenant_id, contact_id, kind, address)
    data = {"action": "primary", "kind": kind, "address": address}
    await store.insert_activities(db, [activity(tenant_id, contact_id, "address", actor, data)])
    await store.touch(db, tenant_id, [contact_id])


async def remove_address(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, kind: str, address: str, actor: str
) -> None:
    """Take an address away; who writes from it next is somebody new. Raises NotFound, or Conflict for the last one."""
    await own_address(db, tenant_id, contact_id, kind, address)
    if len(await store.addresses_of(db, tenant_id, contact_id)) == 1:
        raise Conflict("it is the contact's only address: erase the contact, or add another address first")
    await store.delete_address(db, tenant_id, contact_id, kind, address)
    data = {"action": "removed", "kind": kind, "address": address}
    await store.insert_activities(db, [activity(tenant_id, contact_id, "address", actor, data)])
    await store.touch(db, tenant_id, [contact_id])


async def set_consent(
    db: AsyncConnection,
    tenant_id: UUID,
    contact_id: UUID,
    wanted: Consent,
    *,
    hasher: AddressHasher,
    actor: str,
) -> None:
    """Write the person's word for one channel and purpose, with its proof; sending looks at it at once.

    Raises NotFound, Invalid, or Suppressed: who is on the suppression list cannot be opted in.
    """
    await locked(db, tenant_id, contact_id)
    consent = check_consent(wanted)
    if consent.state == "opted_in":
        own = await store.addresses_of(db, tenant_id, contact_id)
        keys = [(tenant_id, row.kind, row.address) for row in own]
        if await suppressed_keys(db, keys, hasher):
            raise Suppressed("take the address off the suppression list first")
    before = {
        (row.channel_kind, row.purpose): row.state
        for row in await store.consents_of(db, tenant_id, contact_id)
    }
    await store.set_consents(db, [consent_row(tenant_id, contact_id, consent, actor)])
    data = {
        "channel_kind": consent.channel_kind,
        "purpose": consent.purpose,
        "before": before.get((consent.channel_kind, consent.purpose)),
        "after": consent.state,
        "source": consent.source,
        "proof": consent.proof,
    }
    await store.insert_activities(db, [activity(tenant_id, contact_id, "consent", actor, data)])
    await store.touch(db, tenant_id, [contact_id])
    await store.wake_conversations(db, tenant_id, [contact_id])
