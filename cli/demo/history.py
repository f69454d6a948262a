"""What the demo's people did lately, and the segments somebody made of it: so that no page of a new hub is empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.ids import new_id
from models.contacts import contact_events, contacts
from models.db import Scope, insert_rows, transaction
from models.segments import segment_versions, segments

EVENTS = 4_000
DAYS = 60
KINDS = {"visited": 0.6, "clicked": 0.25, "ordered": 0.15}
PAGES = ("/sale", "/new", "/account", "/stores", "/gift-cards")
SHOWN = "Sample segment of the demo."


def _rule(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def _lately(days: int) -> dict[str, Any]:
    return {"at_least": 1, "within": {"amount": days, "unit": "days"}}


SEGMENTS: Mapping[str, list[dict[str, Any]]] = {
    "Newsletter readers of this week": [
        _rule("tag", "has", "newsletter"),
        _rule("event.clicked", "happened", _lately(7)),
    ],
    "VIPs who ordered this month": [
        _rule("tag", "has", "vip"),
        _rule("event.ordered", "happened", _lately(30)),
    ],
    "Lapsed": [_rule("tag", "has", "lapsed"), _rule("event.ordered", "didNotHappen", _lately(30))],
}


async def ensure_history(engine: AsyncEngine, tenant_id: UUID) -> None:
    """Events and segments of a tenant, once: a tenant that has an event keeps what it has."""
    async with transaction(engine, Scope.of(tenant_id)) as db:
        query = (
            select(func.count()).select_from(contact_events).where(contact_events.c.tenant_id == tenant_id)
        )
        if (await db.execute(query)).scalar_one():
            return
        people = await db.execute(
            select(contacts.c.id).where(contacts.c.tenant_id == tenant_id).order_by(contacts.c.id)
        )
        await insert_rows(db, contact_events, _events(tenant_id, list(people.scalars())))
        await _segments(db, tenant_id)


def _events(tenant_id: UUID, people: list[UUID]) -> list[dict[str, Any]]:
    """The same share of the same things each time, counted back from now."""
    random, now = Random(f"parley {len(people)}"), datetime.now(UTC)
    rows = []
    for _ in range(EVENTS if people else 0):
        name = random.choices(list(KINDS), list(KINDS.values()))[0]
        properties: dict[str, Any] = {"page": random.choice(PAGES)}
        if name == "ordered":
            properties = {"total": round(random.uniform(5, 180), 2), "items": random.randint(1, 6)}
        rows.append(
            {
                "tenant_id": tenant_id,
                "id": new_id(),
                "contact_id": random.choice(people),
                "name": name,
                "at": now - timedelta(days=DAYS * random.random() ** 2),
                "received_at": now,
                "properties": properties,
            }
        )
    return rows


async def _segments(db: AsyncConnection, tenant_id: UUID) -> None:
    for name, rules in SEGMENTS.items():
        condition = {"combinator": "and", "not": False, "rules": rules}
        segment = {
            "tenant_id": tenant_id,
            "id": new_id(),
            "name": name,
            "description": SHOWN,
            "kind": "dynamic",
        }
        await insert_rows(db, segments, [segment | {"condition": condition, "version": 1}])
        version = {"tenant_id": tenant_id, "segment_id": segment["id"], "version": 1, "condition": condition}
        await insert_rows(db, segment_versions, [version])
