"""What a condition over contacts needs before it can be asked: the tenant's fields, and the segments and campaigns that
it names, directly or through other segments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.conditions.catalog import ATTRIBUTE, AttributeSpec, Catalog, Choices, contact_catalog
from hub.conditions.errors import ConditionInvalid, Fault, invalid
from hub.conditions.model import Group, read, rules_of
from hub.conditions.nodes import Any_, InSegment, Node
from hub.conditions.plan import plan, segments_in
from hub.conditions.predicate import Segments
from hub.contacts.events import store as events
from hub.contacts.segments import store
from hub.errors import Invalid
from hub.ids import decode_id, encode_id

log = structlog.get_logger()

NOBODY = Any_(())
SEGMENTS_MAX = 50
"""How many segments one condition may reach."""


class SegmentCycle(ConditionInvalid):
    """The segment would contain itself."""

    code: ClassVar[str] = "segment-cycle"


@dataclass(frozen=True)
class Loaded:
    """A condition that is understood: its plan, the plans of the segments it reaches, and the clock."""

    condition: Group
    plan: Node
    catalog: Catalog
    segments: Segments
    indexed: Mapping[str, UUID]
    now: datetime


@dataclass
class _Reached:
    """Segments and campaigns found so far, by id."""

    rows: dict[UUID, Any] = field(default_factory=dict)
    conditions: dict[UUID, Group] = field(default_factory=dict)
    campaigns: set[UUID] = field(default_factory=set)
    indexed: dict[str, UUID] = field(default_factory=dict)
    """Fields whose values have an index, with their attribute's id."""


async def fields(db: AsyncConnection, tenant_id: UUID) -> Catalog:
    """The catalog for a builder: with the tenant's tags, segments, campaigns and event names as choices."""
    segments = await store.segment_choices(db, tenant_id)
    campaigns = await store.campaign_choices(db, tenant_id)
    choices: Mapping[str, Choices] = {
        "segment": tuple((encode_id("seg", row.id), row.name) for row in segments),
        "campaign": tuple((encode_id("cmp", row.id), row.name) for row in campaigns),
    }
    return contact_catalog(
        _specs(await store.attributes(db, tenant_id)),
        tags=await store.tag_choices(db, tenant_id),
        segments={row.id: row.name for row in segments},
        campaigns={row.id: row.name for row in campaigns},
        events=sorted(await events.known_names(db, tenant_id, store.CHOICES_MAX)),
        choices=choices,
    )


async def spoken(db: AsyncConnection, tenant_id: UUID, conditions: Iterable[Group]) -> Catalog:
    """A catalog for the words of several conditions: it knows the segments and campaigns that they name."""
    reached = _Reached()
    wanted: set[UUID] = set()
    for condition in conditions:
        wanted |= _named(condition, reached)
    reached.rows = {row.id: row for row in await store.named(db, tenant_id, sorted(wanted))}
    return await _catalog(db, tenant_id, reached)


async def load(
    db: AsyncConnection,
    tenant_id: UUID,
    condition: Group,
    *,
    now: datetime,
    pointer: str = "",
    strict: bool = False,
    own: UUID | None = None,
) -> Loaded:
    """Understand a condition. Raises ConditionInvalid with places below `pointer`, SegmentCycle when it reaches itself
    (`own`: the segment whose condition this is). `strict` for what somebody writes now.
    """
    reached = await _reach(db, tenant_id, [condition], SEGMENTS_MAX)
    catalog = await _catalog(db, tenant_id, reached)
    node = plan(condition, catalog, pointer, strict=strict)
    segments: dict[UUID, Node | None] = {}
    for segment_id, row in reached.rows.items():
        inner = reached.conditions.get(segment_id)
        segments[segment_id] = None if inner is None else _inner_plan(inner, catalog, row.name, pointer)
    _refuse_cycles(node, segments, catalog, own, pointer)
    zone = ZoneInfo(await store.time_zone(db, tenant_id))
    return Loaded(condition, node, catalog, segments, reached.indexed, now.astimezone(zone))


async def surroundings(
    db: AsyncConnection, tenant_id: UUID, conditions: Iterable[Group], most: int
) -> tuple[Catalog, Segments]:
    """For plans that are kept: a catalog that knows the segments and campaigns which the conditions name, and the plans
    of the segments they reach. A segment that cannot be used any more, or contains itself, has nobody in it.

    Raises ConditionInvalid when more than `most` segments are reached.
    """
    reached = await _reach(db, tenant_id, conditions, most)
    catalog = await _catalog(db, tenant_id, reached)
    segments: dict[UUID, Node | None] = {}
    for segment_id, row in reached.rows.items():
        inner = reached.conditions.get(segment_id)
        try:
            segments[segment_id] = None if inner is None else _inner_plan(inner, catalog, row.name, "")
        except ConditionInvalid as error:
            log.warning("segment_not_usable", segment=str(segment_id), error=error.code)
            segments[segment_id] = NOBODY
    for segment_id in list(segments):
        try:
            _refuse_cycles(InSegment(segment_id), segments, catalog, None, "")
        except SegmentCycle:
            segments[segment_id] = NOBODY
    return catalog, segments


def _specs(attributes: Iterable[Any]) -> list[AttributeSpec]:
    return [AttributeSpec(row.key, row.label, row.type, tuple(row.choices)) for row in attributes]


async def _catalog(db: AsyncConnection, tenant_id: UUID, reached: _Reached) -> Catalog:
    campaigns = await store.campaigns(db, tenant_id, list(reached.campaigns))
    attributes = await store.attributes(db, tenant_id)
    reached.indexed = {ATTRIBUTE + row.key: row.id for row in attributes if row.indexed}
    return contact_catalog(
        _specs(attributes),
        segments={segment_id: row.name for segment_id, row in reached.rows.items()},
        campaigns={row.id: row.name for row in campaigns},
    )


async def _reach(db: AsyncConnection, tenant_id: UUID, conditions: Iterable[Group], most: int) -> _Reached:
    """Everything the conditions name, and what that names."""
    reached = _Reached()
    waiting: set[UUID] = set()
    for condition in conditions:
        waiting |= _named(condition, reached)
    while waiting:
        rows = await store.named(db, tenant_id, sorted(waiting))
        waiting = set()
        for row in rows:
            reached.rows[row.id] = row
            if row.condition is not None:
                inner = reached.conditions[row.id] = read(row.condition)
                waiting |= _named(inner, reached)
        waiting -= set(reached.rows)
        if len(reached.rows) + len(waiting) > most:
            detail = f"the condition reaches more than {most} segments"
            raise invalid([Fault("", "too-large", detail)])
    return reached


def _named(condition: Group, reached: _Reached) -> set[UUID]:
    """The segments that the rules name; their campaigns are noted."""
    reached.campaigns |= _ids(condition, "campaign", "cmp") | _ids(condition, "message.campaign", "cmp")
    return _ids(condition, "segment", "seg")


def _ids(condition: Group, name: str, prefix: str) -> set[UUID]:
    found = set()
    for _, rule in rules_of(condition):
        values = rule.value if isinstance(rule.value, list) else [rule.value]
        for value in values if rule.field == name else ():
            try:
                found.add(decode_id(prefix, value if isinstance(value, str) else ""))
            except Invalid:  # the plan names the place
                continue
    return found


def _inner_plan(condition: Group, catalog: Catalog, name: str, pointer: str) -> Node:
    try:
        return plan(condition, catalog)
    except ConditionInvalid as error:
        detail = f"the segment {name!r} cannot be used: {error.detail}"
        raise invalid([Fault(pointer, "segment-invalid", detail)]) from None


def _refuse_cycles(node: Node, segments: Segments, catalog: Catalog, own: UUID | None, pointer: str) -> None:
    """Raise SegmentCycle when a walk from the condition comes back to itself or to a segment it came through."""
    done: set[UUID] = set()

    def walk(current: Node, path: tuple[UUID, ...]) -> None:
        for segment_id in segments_in(current):
            if segment_id == own or segment_id in path:
                names = [catalog.segments[each] for each in (*path, segment_id)]
                detail = f"the segment would contain itself: {' → '.join(names)}"
                listed = {"pointer": pointer, "code": SegmentCycle.code, "detail": detail}
                raise SegmentCycle(detail, "", (listed,))
            inner = segments.get(segment_id)
            if inner is not None and segment_id not in done:
                walk(inner, (*path, segment_id))
                done.add(segment_id)

    walk(node, ())
