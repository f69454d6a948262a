"""Use cases of contacts: create, upsert in bulk, find; and the address → contact door of inbound messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import store
from hub.contacts.contact import BATCH_MAX, CHANNEL_KINDS, CheckedContact, ContactInput, check
from hub.errors import Conflict, HubError, Invalid, NotFound
from hub.ids import new_id
from models.db import Db

PHONE = "phone"
SEARCH_CHARS_MAX = 80

AddressKey = tuple[UUID, str, str]
"""(tenant id, kind of address, address): unique for ever."""


@dataclass(eq=False)
class ContactExists(Conflict):
    """There is already a contact with this number."""

    code: ClassVar[str] = "contact-exists"


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """What became of one item of a batch, by its place in the request."""

    index: int
    status: Literal["created", "updated", "error"]
    id: UUID | None = None
    error: HubError | None = None


@dataclass(slots=True)
class _Person:
    """All items of a batch that name one phone, merged in their order."""

    contact: CheckedContact
    places: list[int] = field(default_factory=list)


async def resolve_addresses(db: Db, wanted: Iterable[tuple[UUID, str, str, str]]) -> dict[AddressKey, UUID]:
    """The contact of every (tenant_id, kind, address, name), created on first sight with that name.

    One contact an address, whoever races: of two gateways that see a new address at once the second waits for the
    first one's commit and takes its contact. Every tenant must be in the transaction's write scope.
    """
    people = {
        (tenant_id, kind, address): {"name": name, "language": "", "attributes": {}}
        for tenant_id, kind, address, name in wanted
    }
    found, _ = await _ensure(db, people)
    return found


async def _ensure(
    db: Db, people: Mapping[AddressKey, Mapping[str, Any]]
) -> tuple[dict[AddressKey, UUID], set[AddressKey]]:
    """Contact ids by address, and the addresses created here, whose contacts begin with the given values."""
    found = _by_key(await store.find_addresses(db, [_address(key) for key in people]))
    missing = sorted(key for key in people if key not in found)
    if not missing:
        return found, set()
    fresh = {key: new_id() for key in missing}
    await store.insert_contacts(
        db, [{"tenant_id": key[0], "id": contact_id, **people[key]} for key, contact_id in fresh.items()]
    )
    rows = [{**_address(key), "contact_id": contact_id} for key, contact_id in fresh.items()]
    created = _by_key(await store.insert_addresses(db, rows))
    lost = [key for key in missing if key not in created]
    if lost:
        await store.delete_contacts(db, [{"tenant_id": key[0], "id": fresh[key]} for key in lost])
        found |= _by_key(await store.find_addresses(db, [_address(key) for key in lost]))
    return found | created, set(created)


def _address(key: AddressKey) -> dict[str, Any]:
    return {"tenant_id": key[0], "kind": key[1], "address": key[2]}


def _by_key(rows: Iterable[Row[Any]]) -> dict[AddressKey, UUID]:
    return {(row.tenant_id, row.kind, row.address): row.contact_id for row in rows}


async def create(
    db: AsyncConnection, tenant_id: UUID, contact: ContactInput, *, default_country: str, consent_source: str
) -> UUID:
    """Create one contact with its consents. Raises Invalid, BadPhone, or ContactExists when the number is known."""
    checked = check(contact, default_country)
    person = _Person(checked, [0])
    key = (tenant_id, PHONE, checked.phone)
    ids, created = await _ensure(db, {key: _values(checked)})
    if not created:
        raise ContactExists(f"{checked.phone} belongs to a contact of yours")
    await _fill(db, tenant_id, [(ids[key], person, True)], consent_source)
    return ids[key]


async def upsert_batch(
    db: AsyncConnection,
    tenant_id: UUID,
    batch: Sequence[ContactInput],
    *,
    default_country: str,
    consent_source: str,
) -> list[UpsertResult]:
    """Create or update up to 1,000 contacts in one transaction; one result an item, in the order of the items.

    A known number updates name, language and attributes, and adds tags; consent is granted only at creation, so an
    opt-out survives an import. A bad item is an "error" result and harms no other. Raises Invalid above 1,000 items.
    """
    if len(batch) > BATCH_MAX:
        raise Invalid(f"a batch has at most {BATCH_MAX} contacts", "/contacts")
    results: dict[int, UpsertResult] = {}
    people: dict[str, _Person] = {}
    for place, item in enumerate(batch):
        try:
            checked = check(item, default_country)
        except Invalid as error:
            results[place] = UpsertResult(place, "error", error=error)
            continue
        person = people.get(checked.phone)
        if person is None:
            people[checked.phone] = _Person(checked, [place])
        else:
            person.contact = _merge(person.contact, checked)
            person.places.append(place)
    keys = {phone: (tenant_id, PHONE, phone) for phone in people}
    ids, created = await _ensure(
        db, {keys[phone]: _values(person.contact) for phone, person in people.items()}
    )
    filled = [(ids[keys[phone]], person, keys[phone] in created) for phone, person in people.items()]
    await _fill(db, tenant_id, filled, consent_source)
    for phone, person in people.items():
        for nth, place in enumerate(person.places):
            first = nth == 0 and keys[phone] in created
            results[place] = UpsertResult(place, "created" if first else "updated", ids[keys[phone]])
    return [results[place] for place in range(len(batch))]


def _merge(old: CheckedContact, new: CheckedContact) -> CheckedContact:
    tags = tuple(dict.fromkeys((*old.tags, *new.tags)))
    return CheckedContact(
        old.phone,
        new.name or old.name,
        new.language or old.language,
        tags,
        {**old.attributes, **new.attributes},
    )


def _values(contact: CheckedContact) -> dict[str, Any]:
    return {"name": contact.name, "language": contact.language, "attributes": dict(contact.attributes)}


async def _fill(
    db: AsyncConnection, tenant_id: UUID, people: Sequence[tuple[UUID, _Person, bool]], consent_source: str
) -> None:
    """Write what goes beside the address of each (contact id, person, created)."""
    updates, tags, consents = [], [], []
    for contact_id, person, created in people:
        contact = person.contact
        if not created and (contact.name or contact.language or contact.attributes):
            updates.append({"id": contact_id, **_values(contact)})
        tags += [{"tenant_id": tenant_id, "tag": tag, "contact_id": contact_id} for tag in contact.tags]
        if created:
            consents += [
                {
                    "tenant_id": tenant_id,
                    "contact_id": contact_id,
                    "channel_kind": kind,
                    "purpose": "all",
                    "state": "opted_in",
                    "source": consent_source,
                }
                for kind in CHANNEL_KINDS
            ]
    await store.update_contacts(db, tenant_id, updates)
    await store.insert_tags(db, sorted(tags, key=lambda row: (str(row["tag"]), str(row["contact_id"]))))
    await store.insert_consents(db, consents)


async def get(
    db: AsyncConnection, readable: Iterable[UUID], contact_id: UUID
) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """A contact and its consents. Raises NotFound, also for another tenant's contact."""
    row = await store.get(db, list(readable), contact_id)
    if row is None:
        raise NotFound("there is no such contact")
    return row, await store.consents_of(db, row.tenant_id, contact_id)


async def contact_list(
    db: AsyncConnection, readable: Iterable[UUID], *, search: str, tag: str, after: UUID | None, limit: int
) -> tuple[Sequence[Row[Any]], bool]:
    """A page of contacts, newest first, and whether there are more."""
    if len(search) > SEARCH_CHARS_MAX:
        raise Invalid(f"a search has at most {SEARCH_CHARS_MAX} characters", "/search")
    rows = await store.contact_list(
        db, list(readable), search=search.strip(), tag=tag.strip(), after=after, limit=limit + 1
    )
    return rows[:limit], len(rows) > limit
