"""Somebody asks by the API that contacts begin a flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts.events import service as events
from hub.contacts.events.event import KEY_CHARS_MAX, check_properties, check_whose
from hub.contacts.suppression import AddressHasher
from hub.errors import Conflict, HubError, Invalid
from hub.flows import inside
from hub.flows.definition import Flow, read
from hub.flows.faults import FlowInvalid
from hub.flows.triggers import store
from hub.ids import new_id

BATCH_MAX = 1_000
Status = Literal["accepted", "duplicate", "refused", "error"]


@dataclass(eq=False)
class FlowNotPublished(Conflict):
    """The flow has not been published."""

    code: ClassVar[str] = "flow-not-published"


@dataclass(eq=False)
class MayNotBegin(Conflict):
    """The contact may not begin this flow now."""

    code: ClassVar[str] = "may-not-begin"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A contact, by exactly one of id, address and attribute (key, value), with the values that go along.

    `key`: the same key twice is one session of the contact in this flow, for ever.
    """

    contact_id: UUID | None = None
    address: str | None = None
    attribute: tuple[str, Any] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one item of a batch, by its place in the request. Accepted: the contact begins in a moment; refused: the
    start's rule of re-entry does not let it.
    """

    index: int
    status: Status
    contact_id: UUID | None = None
    error: HubError | None = None


async def ask(
    db: AsyncConnection,
    row: Row[Any],
    batch: Sequence[Wanted],
    *,
    node: str = "",
    now: datetime,
    default_country: str,
    create_missing: bool,
    hasher: AddressHasher,
) -> list[Asked]:
    """Let up to 1,000 contacts begin a flow, at its start for the API, or at the start `node`. A bad item is an "error"
    and harms no other. Raises FlowNotPublished, Invalid.
    """
    if len(batch) > BATCH_MAX:
        raise Invalid(f"a batch has at most {BATCH_MAX} contacts", "/contacts")
    start, rule = _start(row, node)
    results: dict[int, Asked] = {}
    good: dict[int, Wanted] = {}
    for place, item in enumerate(batch):
        try:
            _check(item)
            good[place] = item
        except Invalid as error:
            results[place] = Asked(place, "error", error=error)
    found = await events.owners(db, row.tenant_id, good, default_country, create_missing, hasher)
    rows: dict[int, dict[str, Any]] = {}
    for place, item in good.items():
        owner = found[place]
        if isinstance(owner, HubError):
            results[place] = Asked(place, "error", error=owner)
        else:
            rows[place] = _row(row, start, owner, item, now)
    keys = sorted({each["key"] for each in rows.values()})
    before = await store.known_keys(db, row.tenant_id, row.id, keys)
    fresh = {place: each for place, each in rows.items() if (each["contact_id"], each["key"]) not in before}
    refused = await _refused(db, row, rule, fresh)
    written = await store.add_begins(db, [each for place, each in fresh.items() if place not in refused])
    for place, each in rows.items():
        if place in refused:
            results[place] = Asked(place, "refused", each["contact_id"], MayNotBegin(refused[place]))
            continue
        status: Status = "accepted" if each["id"] in written else "duplicate"
        results[place] = Asked(place, status, each["contact_id"])
    return [results[place] for place in range(len(batch))]


def _check(item: Wanted) -> None:
    check_whose(item)
    if item.key is not None and not (0 < len(item.key) <= KEY_CHARS_MAX and item.key.isprintable()):
        raise Invalid(f"a key has 1 to {KEY_CHARS_MAX} printable characters", "/key")
    try:
        check_properties(item.variables)
    except Invalid as error:
        raise Invalid(error.detail, error.pointer.replace("/properties", "/variables", 1)) from None


async def _refused(
    db: AsyncConnection, row: Row[Any], rule: str, asked: Mapping[int, Mapping[str, Any]]
) -> dict[int, str]:
    """Why some may not begin, by their places, as it stands now; the contact's conversation has the last word.

    Who is asked for twice is asked for the second time as somebody who is inside; the same key twice is no second time.
    """
    known = await store.where_they_are(
        db, row.tenant_id, row.id, {each["contact_id"] for each in asked.values()}
    )
    first: dict[UUID, str] = {}
    found: dict[int, str] = {}
    for place, each in asked.items():
        contact, key = each["contact_id"], each["key"]
        there = known.get(contact)
        live, here, been = (there.live, there.here, there.been) if there is not None else (0, False, False)
        twice = contact in first
        if twice and first[contact] == key:
            continue
        why = inside.refusal(rule, live + twice, here or twice, been or twice)
        if why:
            found[place] = why
        else:
            first[contact] = key
    return found


def _start(row: Row[Any], node: str) -> tuple[str, str]:
    """The node to begin at, and its rule of re-entry. Empty: the flow's own, which it keeps when it is published anew."""
    try:
        flow: Flow | None = None if row.definition is None else read(row.definition)
    except FlowInvalid:
        flow = None
    if flow is None:
        raise FlowNotPublished("publish the flow first")
    if node and node not in flow.starts:
        raise Invalid("the published flow has no such start", "/start")
    for_api = (place for place, start in flow.starts.items() if start.trigger.kind == "api")
    start = node or next(for_api, "")
    return start, flow.starts[start or flow.start].reentry


def _row(row: Row[Any], start: str, contact_id: UUID, item: Wanted, now: datetime) -> dict[str, Any]:
    key = new_id()
    return {
        "tenant_id": row.tenant_id,
        "id": key,
        "flow_id": row.id,
        "node": start,
        "contact_id": contact_id,
        "key": f"api:{key}" if item.key is None else f"api:key:{item.key}",
        "trigger": "api",
        "given": dict(item.variables),
        "due_at": now,
    }
