"""Use cases of contacts: create, upsert in bulk, find; and the address → contact door of inbound messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy import Row, TextClause
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import store, store_attributes
from hub.contacts.addresses import NUMBER_KINDS, PHONE, time_zone_of
from hub.contacts.attributes import Definitions
from hub.contacts.changes import Change, State
from hub.contacts.contact import (
    BATCH_MAX,
    CHANNEL_KINDS,
    CheckedContact,
    ContactInput,
    NewContact,
    check,
    merged,
)
from hub.contacts.service_changes import values_of, write_changes
from hub.contacts.service_common import AddressTaken, missing, opt_out_suppressed, state_of
from hub.contacts.store import AddressKey
from hub.contacts.suppression import AddressHasher
from hub.errors import Conflict, HubError, Invalid
from hub.ids import encode_id, new_id
from models.contacts import contact_addresses, contacts
from models.db import Db, Insert

__all__ = [
    "PHONE",
    "AddressKey",
    "ContactExists",
    "UpsertResult",
    "create",
    "get",
    "look_up_query",
    "looked_up",
    "new_contacts",
    "resolve_addresses",
    "upsert_batch",
]


@dataclass(eq=False)
class ContactExists(Conflict):
    """There is already a contact with this address."""

    code: ClassVar[str] = "contact-exists"
    contact_id: str = ""


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """What became of one item of a batch, by its place in the request."""

    index: int
    status: Literal["created", "updated", "error"]
    id: UUID | None = None
    error: HubError | None = None


@dataclass(slots=True)
class _Person:
    """All items of a batch that name one person, merged in their order; `owner` is the contact that they are already."""

    contact: CheckedContact
    places: list[int] = field(default_factory=list)
    owner: UUID | None = None


async def resolve_addresses(
    db: Db, wanted: Iterable[tuple[UUID, str, str, str]], hasher: AddressHasher
) -> dict[AddressKey, UUID]:
    """The contact of every (tenant_id, kind, address, name), created on first sight with that name.

    One contact an address, whoever races: of two gateways that see a new address at once the second waits for the
    first one's commit and takes its contact. Every tenant must be in the transaction's write scope. Somebody whose
    address is suppressed begins opted out.
    """
    people = {
        (tenant_id, kind, address): {
            "name": name,
            "language": "",
            "time_zone": time_zone_of(address),
            "attributes": {},
        }
        for tenant_id, kind, address, name in wanted
    }
    found, created = await _ensure(db, people)
    if created:
        await opt_out_suppressed(db, {found[key]: [key] for key in created}, hasher)
    return found


def look_up_query(keys: Iterable[AddressKey], hasher: AddressHasher) -> tuple[TextClause, dict[str, Any]]:
    """The query of who has these addresses; `looked_up` reads its rows."""
    wanted = set(keys)
    hashes = list({hasher.hash(*key) for key in wanted})
    return store.LOOK_UP, store.find_values(wanted) | {"hashes": hashes}


def looked_up(
    rows: Sequence[Any], keys: Iterable[AddressKey], hasher: AddressHasher
) -> tuple[dict[AddressKey, UUID], set[AddressKey]]:
    """The contacts of the addresses that have one, and those of the other addresses that are suppressed.

    What is in neither may become a contact by `new_contacts`, in whatever transaction first needs it.
    """
    wanted = set(keys)
    found = store.owners((row for row in rows if row.contact_id is not None), wanted)
    listed = {(row.tenant_id, bytes(row.address_hash)) for row in rows if row.address_hash is not None}
    return found, {key for key in wanted - set(found) if (key[0], hasher.hash(*key)) in listed}


def new_contacts(people: Iterable[NewContact], now: datetime) -> list[Insert]:
    """The rows of contacts whose address nobody has. An address that somebody took meanwhile is not written: the
    insert is `exact`, so its writer learns of it.
    """
    rows, addresses = [], []
    for each in people:
        own = {"tenant_id": each.tenant_id, "version": 1, "created_at": now, "updated_at": now}
        zone = time_zone_of(each.address)
        rows.append(
            own | {"id": each.id, "name": each.name, "language": "", "time_zone": zone, "attributes": {}}
        )
        key = _address((each.tenant_id, PHONE, each.address))
        addresses.append(key | {"contact_id": each.id, "created_at": now, "position": 0})
    suffix = "ON CONFLICT (tenant_id, kind, address) DO NOTHING RETURNING contact_id"
    return [Insert(contacts, rows), Insert(contact_addresses, addresses, suffix, exact=True)]


async def _ensure(
    db: Db, people: Mapping[AddressKey, Mapping[str, Any]]
) -> tuple[dict[AddressKey, UUID], set[AddressKey]]:
    """Contact ids by address, and the addresses created here, whose contacts begin with the given values."""
    found = await store.find_addresses(db, people)
    missing_keys = sorted(key for key in people if key not in found)
    if not missing_keys:
        return found, set()
    fresh: dict[AddressKey, UUID] = {}
    seen: dict[tuple[UUID, str, str], UUID] = {}
    for key in missing_keys:  # one number under two kinds is one new contact
        same = (key[0], "number" if key[1] in NUMBER_KINDS else key[1], key[2])
        fresh[key] = seen.setdefault(same, new_id())
    first = {contact_id: key for key, contact_id in reversed(fresh.items())}
    await store.insert_contacts(
        db, [{"tenant_id": key[0], "id": contact_id, **people[key]} for contact_id, key in first.items()]
    )
    created = await store.insert_addresses(
        db, [{**_address(key), "contact_id": contact_id} for key, contact_id in fresh.items()]
    )
    lost = [key for key in missing_keys if key not in created]
    if lost:
        kept = set(created.values())
        orphans = [
            {"tenant_id": key[0], "id": contact_id}
            for contact_id, key in first.items()
            if contact_id not in kept
        ]
        await store.delete_contacts(db, orphans)
        found |= await store.find_addresses(db, lost)
    return found | created, set(created)


def _address(key: AddressKey) -> dict[str, Any]:
    return {"tenant_id": key[0], "kind": key[1], "address": key[2]}


async def create(
    db: AsyncConnection,
    tenant_id: UUID,
    contact: ContactInput,
    *,
    default_country: str,
    consent_source: str,
    hasher: AddressHasher,
    actor: str = "system",
) -> UUID:
    """Create one contact with its consents.

    Raises Invalid, BadPhone, UnknownAttribute or BadValue; ContactExists, which names the contact that has one of the
    addresses.
    """
    definitions = await store_attributes.definitions(db, tenant_id)
    checked = check(contact, default_country, definitions)
    keys = [(tenant_id, kind, address) for kind, address in checked.addresses]
    taken = await store.find_addresses(db, keys)
    if not taken:
        ids, created = await _ensure(db, {keys[0]: _values(checked)})
        if created:
            person = _Person(checked, [0])
            await _fill(
                db, tenant_id, [(ids[keys[0]], person, True)], definitions, consent_source, hasher, actor
            )
            return ids[keys[0]]
        taken = ids
    key, owner = next(iter(taken.items()))
    raise ContactExists(f"{key[2]} belongs to a contact of yours", encode_id("con", owner))


async def upsert_batch(
    db: AsyncConnection,
    tenant_id: UUID,
    batch: Sequence[ContactInput],
    *,
    default_country: str,
    consent_source: str,
    hasher: AddressHasher,
    actor: str = "system",
) -> list[UpsertResult]:
    """Create or update up to 1,000 contacts in one transaction; one result an item, in the order of the items.

    A known address updates name, language, time zone and attributes, adds addresses and tags; consent is granted only
    at creation, so an opt-out survives an import. A bad item is an "error" result and harms no other. Raises Invalid
    above 1,000 items.
    """
    if len(batch) > BATCH_MAX:
        raise Invalid(f"a batch has at most {BATCH_MAX} contacts", "/contacts")
    definitions = await store_attributes.definitions(db, tenant_id)
    results: dict[int, UpsertResult] = {}
    checked: dict[int, CheckedContact] = {}
    for place, item in enumerate(batch):
        try:
            checked[place] = check(item, default_country, definitions)
        except Invalid as error:
            results[place] = UpsertResult(place, "error", error=error)
    keys = {key for contact in checked.values() for key in _keys(tenant_id, contact)}
    people = _people(checked, tenant_id, await store.find_addresses(db, keys), results)
    first = {id(person): _keys(tenant_id, person.contact)[0] for person in people}
    fresh = {first[id(person)]: _values(person.contact) for person in people if person.owner is None}
    ids, created = await _ensure(db, fresh)
    filled = [
        (
            person.owner or ids[first[id(person)]],
            person,
            person.owner is None and first[id(person)] in created,
        )
        for person in people
    ]
    await _fill(db, tenant_id, filled, definitions, consent_source, hasher, actor)
    for contact_id, person, new in filled:
        for nth, place in enumerate(person.places):
            status: Literal["created", "updated"] = "created" if new and nth == 0 else "updated"
            results[place] = UpsertResult(place, status, contact_id)
    return [results[place] for place in range(len(batch))]


def _people(
    checked: Mapping[int, CheckedContact],
    tenant_id: UUID,
    owners: Mapping[AddressKey, UUID],
    results: dict[int, UpsertResult],
) -> list[_Person]:
    """The persons of a batch, each with all its items; an item that names two of them is an error of its own."""
    people: list[_Person] = []
    by_address: dict[tuple[str, str], _Person] = {}
    by_owner: dict[UUID, _Person] = {}
    for place, contact in checked.items():
        names = [("number" if kind in NUMBER_KINDS else kind, address) for kind, address in contact.addresses]
        mine = {owners[key] for key in _keys(tenant_id, contact) if key in owners}
        found = [by_address[name] for name in names if name in by_address]
        found += [by_owner[owner] for owner in mine if owner in by_owner]
        same = {id(person): person for person in found}
        mine |= {person.owner for person in same.values() if person.owner is not None}
        if len(mine) > 1 or len(same) > 1:
            error = AddressTaken("its addresses belong to different contacts: merge them first")
            results[place] = UpsertResult(place, "error", error=error)
            continue
        person = next(iter(same.values()), None)
        if person is None:
            person = _Person(contact)
            people.append(person)
        else:
            person.contact = merged(person.contact, contact)
        person.owner = next(iter(mine), None)
        person.places.append(place)
        by_address |= dict.fromkeys(names, person)
        if person.owner is not None:
            by_owner[person.owner] = person
    return people


def _keys(tenant_id: UUID, contact: CheckedContact) -> list[AddressKey]:
    return [(tenant_id, kind, address) for kind, address in contact.addresses]


def _values(contact: CheckedContact) -> dict[str, Any]:
    number = contact.phone or contact.addresses[0][1]
    return {
        "name": contact.name,
        "language": contact.language,
        "time_zone": contact.time_zone or time_zone_of(number),
        "attributes": dict(contact.attributes),
    }


async def _fill(
    db: AsyncConnection,
    tenant_id: UUID,
    people: Sequence[tuple[UUID, _Person, bool]],
    definitions: Definitions,
    consent_source: str,
    hasher: AddressHasher,
    actor: str,
) -> None:
    """Write what goes beside the first address of each (contact id, person, created)."""
    new = [(contact_id, person.contact) for contact_id, person, created in people if created]
    await _fill_new(db, tenant_id, new, definitions, consent_source, hasher)
    await _add_addresses(db, tenant_id, people)
    known = {contact_id: person.contact for contact_id, person, created in people if not created}
    if not known:
        return
    states = {row.id: state_of(row) for row in await store.lock(db, tenant_id, list(known))}
    changes = [
        Change(
            contact_id,
            contact.name or None,
            contact.language or None,
            contact.time_zone or None,
            contact.attributes,
            contact.tags,
        )
        for contact_id, contact in known.items()
        if contact_id in states
    ]
    await write_changes(db, tenant_id, states, changes, definitions, actor)


async def _fill_new(
    db: AsyncConnection,
    tenant_id: UUID,
    new: Sequence[tuple[UUID, CheckedContact]],
    definitions: Definitions,
    consent_source: str,
    hasher: AddressHasher,
) -> None:
    tags = [
        {"tenant_id": tenant_id, "tag": tag, "contact_id": contact_id}
        for contact_id, contact in new
        for tag in contact.tags
    ]
    await store.insert_tags(db, tags)
    states = [State(contact_id, "", "", "", contact.attributes, frozenset()) for contact_id, contact in new]
    await store.insert_values(db, values_of(tenant_id, states, definitions))
    people = {contact_id: _keys(tenant_id, contact) for contact_id, contact in new}
    out = await opt_out_suppressed(db, people, hasher)
    consents = [
        {
            "tenant_id": tenant_id,
            "contact_id": contact_id,
            "channel_kind": kind,
            "purpose": "all",
            "state": "opted_in",
            "source": consent_source,
        }
        for contact_id in people
        if contact_id not in out
        for kind in CHANNEL_KINDS
    ]
    await store.insert_consents(db, consents)


async def _add_addresses(
    db: AsyncConnection, tenant_id: UUID, people: Sequence[tuple[UUID, _Person, bool]]
) -> None:
    """Write the addresses beside the first; one that another contact took a moment ago stays with that one."""
    rows = [
        {**_address((tenant_id, kind, address)), "contact_id": contact_id, "position": place}
        for contact_id, person, created in people
        if not created or len(person.contact.addresses) > 1
        for place, (kind, address) in enumerate(person.contact.addresses)
    ]
    await store.insert_addresses(db, sorted(rows, key=lambda row: (row["kind"], row["address"])))


async def get(
    db: AsyncConnection, readable: Iterable[UUID], contact_id: UUID
) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """A contact and its consents. Raises NotFound, also for another tenant's contact; ContactMerged or ContactErased."""
    tenants = list(readable)
    row = await store.get(db, tenants, contact_id)
    if row is None:
        raise await missing(db, tenants, contact_id)
    return row, await store.consents_of(db, row.tenant_id, contact_id)
