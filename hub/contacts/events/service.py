"""Use cases of custom events: take a batch, one result an item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import addresses, store_attributes
from hub.contacts import service as contacts
from hub.contacts.attributes import INDEX_CHARS_MAX, Definitions, UnknownAttribute, check_value, index_text
from hub.contacts.events import store
from hub.contacts.events.event import BATCH_MAX, NAMES_MAX, NewEvent, Whose, check
from hub.contacts.suppression import AddressHasher
from hub.errors import HubError, Invalid, NotFound
from hub.flows.triggers import store as triggers
from hub.ids import new_id

MERGES_FOLLOWED_MAX = 5
MATCHES_MAX = 5_000


@dataclass(eq=False)
class UnknownContact(NotFound):
    """There is no such contact."""

    code: ClassVar[str] = "unknown-contact"
    pointer: str = "/contact"


@dataclass(eq=False)
class AmbiguousContact(Invalid):
    """More than one contact has this value."""

    code: ClassVar[str] = "ambiguous-contact"


@dataclass(frozen=True, slots=True)
class EventResult:
    """What became of one item of a batch, by its place in the request."""

    index: int
    status: Literal["accepted", "duplicate", "error"]
    id: UUID | None = None
    contact_id: UUID | None = None
    error: HubError | None = None


Found = UUID | HubError


async def take(
    db: AsyncConnection,
    tenant_id: UUID,
    batch: Sequence[NewEvent],
    *,
    now: datetime,
    default_country: str,
    create_missing: bool,
    hasher: AddressHasher,
) -> list[EventResult]:
    """Write up to 1,000 events in one transaction. A bad item is an "error" result and harms no other; one whose key was
    taken before is a "duplicate". `create_missing`: an unknown address becomes a contact. Raises Invalid above 1,000.
    """
    if len(batch) > BATCH_MAX:
        raise Invalid(f"a batch has at most {BATCH_MAX} events", "/events")
    results: dict[int, EventResult] = {}
    good: dict[int, NewEvent] = {}
    for place, event in enumerate(batch):
        try:
            check(event, now)
            good[place] = event
        except Invalid as error:
            results[place] = EventResult(place, "error", error=error)
    for place in await _beyond_names(db, tenant_id, good):
        full = Invalid(f"there are at most {NAMES_MAX} names of events", "/name")
        results[place] = EventResult(place, "error", error=full)
        del good[place]
    found = await owners(db, tenant_id, good, default_country, create_missing, hasher)
    rows: dict[int, dict[str, Any]] = {}
    for place, event in good.items():
        owner = found[place]
        if isinstance(owner, HubError):
            results[place] = EventResult(place, "error", error=owner)
        else:
            rows[place] = _row(tenant_id, owner, event, now)
    written = await store.insert(db, list(rows.values()))
    await triggers.begin_for_events(db, tenant_id, sorted(written), now)
    for place, row in rows.items():
        status: Literal["accepted", "duplicate"] = "accepted" if row["id"] in written else "duplicate"
        event_id = row["id"] if status == "accepted" else None
        results[place] = EventResult(place, status, event_id, row["contact_id"])
    return [results[place] for place in range(len(batch))]


def _row(tenant_id: UUID, contact_id: UUID, event: NewEvent, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "id": new_id(),
        "contact_id": contact_id,
        "name": event.name,
        "at": event.at or now,
        "received_at": now,
        "key": event.key,
        "properties": dict(event.properties),
    }


async def _beyond_names(db: AsyncConnection, tenant_id: UUID, good: Mapping[int, NewEvent]) -> list[int]:
    """The places of events whose name would be one too many."""
    known = await store.known_names(db, tenant_id, NAMES_MAX)
    beyond = []
    for place, event in good.items():
        if event.name not in known and len(known) >= NAMES_MAX:
            beyond.append(place)
        else:
            known.add(event.name)
    return beyond


async def owners(
    db: AsyncConnection,
    tenant_id: UUID,
    good: Mapping[int, Whose],
    default_country: str,
    create_missing: bool,
    hasher: AddressHasher,
) -> dict[int, Found]:
    """Who is meant by each: a contact's id, or why there is none."""
    by_id = {place: event.contact_id for place, event in good.items() if event.contact_id is not None}
    by_address = {place: event.address for place, event in good.items() if event.address is not None}
    by_attribute = {place: event.attribute for place, event in good.items() if event.attribute is not None}
    return {
        **await _by_id(db, tenant_id, by_id),
        **await _by_address(db, tenant_id, by_address, default_country, create_missing, hasher),
        **await _by_attribute(db, tenant_id, by_attribute),
    }


async def _by_id(db: AsyncConnection, tenant_id: UUID, asked: Mapping[int, UUID]) -> dict[int, Found]:
    """A contact that was merged away is who it was merged into."""
    now_called = {contact_id: contact_id for contact_id in asked.values()}
    known = await store.existing(db, tenant_id, sorted(set(now_called.values())))
    for _ in range(MERGES_FOLLOWED_MAX):
        lost = {contact_id for contact_id in now_called.values() if contact_id not in known}
        winners = await store.merged(db, tenant_id, sorted(lost))
        if not winners:
            break
        now_called = {first: winners.get(last, last) for first, last in now_called.items()}
        known |= await store.existing(db, tenant_id, sorted(set(winners.values())))
    return {
        place: now_called[contact_id]
        if now_called[contact_id] in known
        else UnknownContact("there is no such contact", "/contact/id")
        for place, contact_id in asked.items()
    }


async def _by_address(
    db: AsyncConnection,
    tenant_id: UUID,
    asked: Mapping[int, str],
    default_country: str,
    create_missing: bool,
    hasher: AddressHasher,
) -> dict[int, Found]:
    """A number is looked for among all kinds of numbers; what begins with `sip:` is a SIP address."""
    owners: dict[int, Found] = {}
    keys: dict[int, tuple[str, str]] = {}
    for place, written in asked.items():
        kind = "sip" if written.strip()[:5].lower().startswith(("sip:", "sips:")) else addresses.PHONE
        try:
            keys[place] = kind, addresses.normal(kind, written, default_country, "/contact/address")
        except Invalid as error:
            owners[place] = error
    rows = await store.by_address(
        db, tenant_id, addresses.KINDS, sorted({address for _, address in keys.values()})
    )
    found = {(kind, row.address): row.contact_id for row in rows for kind in addresses.family(row.kind)}
    missing = sorted({key for key in keys.values() if key not in found})
    if missing and create_missing:
        wanted = [(tenant_id, kind, address, "") for kind, address in missing]
        made = await contacts.resolve_addresses(db, wanted, hasher)
        found |= {(kind, address): contact_id for (_, kind, address), contact_id in made.items()}
    unknown = UnknownContact("no contact has this address", "/contact/address")
    return owners | {place: found.get(key, unknown) for place, key in keys.items()}


async def _by_attribute(
    db: AsyncConnection, tenant_id: UUID, asked: Mapping[int, tuple[str, Any]]
) -> dict[int, Found]:
    """By the exact value of an indexed attribute that one contact alone has."""
    if not asked:
        return {}
    definitions = await store_attributes.definitions(db, tenant_id)
    owners: dict[int, Found] = {}
    keys: dict[int, tuple[UUID, str]] = {}
    for place, (key, value) in asked.items():
        try:
            text = _indexed(key, value, definitions)
            keys[place] = definitions[key].id, text
        except Invalid as error:
            owners[place] = error
    attributes = sorted({attribute_id for attribute_id, _ in keys.values()})
    rows = await store.by_value(
        db, tenant_id, attributes, sorted({value for _, value in keys.values()}), MATCHES_MAX
    )
    found: dict[tuple[UUID, str], list[UUID]] = defaultdict(list)
    for row in rows:
        found[row.attribute_id, row.value].append(row.contact_id)
    for place, pair in keys.items():
        match found.get(pair, []):
            case [only]:
                owners[place] = only
            case []:
                owners[place] = UnknownContact("no contact has this value", "/contact/attribute/value")
            case _:
                detail = "more than one contact has this value"
                owners[place] = AmbiguousContact(detail, "/contact/attribute/value")
    return owners


def _indexed(key: str, value: Any, definitions: Definitions) -> str:
    """The value as the index holds it. Raises Invalid for an attribute that is not indexed, or a value that does not fit."""
    definition = definitions.get(key)
    if definition is None:
        raise UnknownAttribute("there is no attribute of this key", "/contact/attribute/key")
    if not definition.indexed:
        raise Invalid("only an indexed attribute finds contacts", "/contact/attribute/key")
    try:
        text = index_text(check_value(key, value, definitions))
    except Invalid as error:
        raise type(error)(error.detail, "/contact/attribute/value") from None
    if len(str(value)) > INDEX_CHARS_MAX:
        raise Invalid(
            f"a value to look up has at most {INDEX_CHARS_MAX} characters", "/contact/attribute/value"
        )
    return text
