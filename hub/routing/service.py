"""Use cases of queues and agents: make, change, archive; how long somebody would wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.errors import Conflict, Invalid, NotFound
from hub.ids import new_id
from hub.routing import store_defaults, store_queues, store_rules
from hub.routing.queue import PLAIN, QueueSettings
from hub.routing.queue_defaults import NOTHING_SAID, Effective, effective, settings_with
from hub.tenancy.permissions import may_answer

MEMBERS_MAX = 500
TAKEN_MIN = 3  # fewer say nothing about a pace


@dataclass(eq=False)
class QueueExists(Conflict):
    """A queue of this name exists already."""

    code: ClassVar[str] = "queue-exists"


@dataclass(eq=False)
class QueueInUse(Conflict):
    """The queue is still needed."""

    code: ClassVar[str] = "queue-in-use"


@dataclass(frozen=True, slots=True)
class QueueChange:
    """None: as it was."""

    name: str | None = None
    settings: QueueSettings | None = None
    members: Sequence[UUID] | None = None
    archived: bool | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a queue does. `estimated_wait_s` None: nothing was taken lately, so nobody knows."""

    now: Row[Any]
    pace: Row[Any]
    ratings: Row[Any]
    estimated_wait_s: float | None
    is_open: bool
    opens_at: datetime | None


async def queue(db: AsyncConnection, tenant_id: UUID, queue_id: UUID) -> Row[Any]:
    """Raises NotFound."""
    row = await store_queues.one(db, [tenant_id], queue_id)
    if row is None:
        raise NotFound("there is no such queue")
    return row


async def held(db: AsyncConnection, tenant_id: UUID, queue_id: UUID) -> Row[Any]:
    """`queue`, held against other changes."""
    await store_queues.hold(db, tenant_id, queue_id)
    return await queue(db, tenant_id, queue_id)


async def create(
    db: AsyncConnection,
    tenant_id: UUID,
    name: str,
    settings: QueueSettings,
    members: Sequence[UUID],
    by: str,
    now: datetime,
) -> UUID:
    """Raises QueueExists; Invalid, naming the place."""
    queue_id = new_id()
    await _check(db, tenant_id, queue_id, QueueChange(name, settings, members))
    row = {"tenant_id": tenant_id, "id": queue_id, "name": name.strip(), "created_at": now, "updated_at": now}
    await store_queues.insert(db, row | {"updated_by": by, "settings": settings.model_dump(mode="json")})
    await store_queues.set_members(db, tenant_id, queue_id, members)
    return queue_id


async def change(db: AsyncConnection, row: Row[Any], asked: QueueChange, by: str, now: datetime) -> None:
    """Raises QueueExists, QueueInUse; Invalid, naming the place."""
    await _check(db, row.tenant_id, row.id, asked)
    archived_at = row.archived_at
    if asked.archived is not None:
        if asked.archived and archived_at is None:
            await _require_unused(db, row.tenant_id, row.id)
        archived_at = (archived_at or now) if asked.archived else None
    settings = asked.settings or (None if row.settings is None else settings_of(row))
    values = {
        "tenant_id": row.tenant_id,
        "id": row.id,
        "name": (asked.name or row.name).strip(),
        "settings": None if settings is None else settings.model_dump_json(),
        "archived_at": archived_at,
        "now": now,
        "by": by,
    }
    await store_queues.change(db, values)
    if asked.members is not None:
        await store_queues.set_members(db, row.tenant_id, row.id, asked.members)


def settings_of(row: Row[Any], defaults: Effective = NOTHING_SAID) -> QueueSettings:
    """What a queue works by; one without settings as any queue would. Without `defaults`: what it says itself."""
    own = None if row.settings is None else QueueSettings.model_validate(row.settings)
    return settings_with(own, defaults) or PLAIN


async def defaults_of(db: AsyncConnection, tenant_id: UUID) -> Effective:
    """What the queues of a tenant have where they set nothing."""
    return effective(await store_defaults.levels(db, tenant_id), tenant_id)


async def _check(db: AsyncConnection, tenant_id: UUID, queue_id: UUID, asked: QueueChange) -> None:
    if asked.name is not None:
        if not asked.name.strip():
            raise Invalid("a queue has a name", "/name")
        if await store_queues.taken(db, tenant_id, asked.name.strip(), queue_id):
            raise QueueExists(f"there is a queue {asked.name.strip()} already")
    if asked.settings is not None:
        named = asked.settings.queue_ids()
        known = await store_queues.known_queues(db, tenant_id, list(named.values()))
        for place, other in named.items():
            if other == queue_id:
                raise Invalid("a queue does not hand over to itself", f"/settings{place}")
            if other not in known:
                raise Invalid("there is no such queue", f"/settings{place}")
        hook = asked.settings.breach.webhook_id
        if hook is not None and hook not in await store_rules.hooks(db, tenant_id):
            raise Invalid("there is no such endpoint in use", "/settings/breach/webhook_id")
    if asked.members:
        users = await store_queues.known_users(db, tenant_id, asked.members)
        for number, user_id in enumerate(asked.members):
            if user_id not in users:
                raise Invalid("there is no such active user in this tenant", f"/member_ids/{number}")


async def _require_unused(db: AsyncConnection, tenant_id: UUID, queue_id: UUID) -> None:
    uses = await store_queues.uses(db, tenant_id, queue_id)
    if uses:
        words = ", ".join(f"{count} {kind}" for kind, count in uses.items())
        raise QueueInUse(f"it is still needed by {words}")


async def outlook(db: AsyncConnection, row: Row[Any], now: datetime) -> Outlook:
    """How the queue does now, and how long the next one who comes would wait at the pace of the last half hour."""
    there = await store_queues.now_in(db, row.tenant_id, row.id)
    pace = await store_queues.pace(db, row.tenant_id, row.id, now - timedelta(seconds=store_queues.PACE_S))
    rated = await store_queues.ratings(
        db, row.tenant_id, row.id, now - timedelta(days=store_queues.RATED_DAYS)
    )
    estimated = None
    if pace.taken >= TAKEN_MIN:
        estimated = there.waiting * store_queues.PACE_S / pace.taken
    hours = settings_of(row, await defaults_of(db, row.tenant_id)).hours
    opens_at = None if hours is None else hours.next_open(now)
    return Outlook(there, pace, rated, estimated, hours is None or opens_at == now, opens_at)


async def agents(db: AsyncConnection, tenant_id: UUID) -> list[Row[Any]]:
    """Everybody who may answer conversations, and the bots."""
    return [row for row in await store_queues.agent_rows(db, tenant_id) if _answers(row)]


async def agent(db: AsyncConnection, tenant_id: UUID, agent_id: UUID) -> Row[Any]:
    """Raises NotFound, also for a person who may not answer conversations."""
    rows = [row for row in await store_queues.agent_rows(db, tenant_id, agent_id) if _answers(row)]
    if not rows:
        raise NotFound("there is no such agent")
    return rows[0]


def _answers(row: Row[Any]) -> bool:
    return row.roles is None or may_answer(row.roles)


async def set_agent(
    db: AsyncConnection,
    tenant_id: UUID,
    row: Row[Any],
    capacity: int,
    skills: Mapping[str, int],
    weights: Mapping[str, int],
    name: str | None,
) -> None:
    """What an agent takes and can. `name`: of a bot."""
    found = {"tenant_id": tenant_id, "id": row.id, "kind": row.kind, "capacity": capacity}
    given = (name or row.name) if row.kind == "bot" else ""
    await store_queues.put_agent(db, {**found, "name": given, "skills": skills, "weights": weights})


async def create_bot(db: AsyncConnection, tenant_id: UUID, name: str, capacity: int) -> UUID:
    """A program that takes conversations through the API."""
    agent_id = new_id()
    row = {"tenant_id": tenant_id, "id": agent_id, "kind": "bot", "name": name.strip(), "capacity": capacity}
    await store_queues.put_agent(db, {**row, "skills": {}, "weights": {}})
    return agent_id
