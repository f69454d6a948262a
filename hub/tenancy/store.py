"""All SQL of tenancy. Functions that run before a tenant is known use only the lookup functions of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.db import insert_rows
from models.tenancy import api_keys, sessions, tenants, users

LOGIN_CANDIDATES_MAX = 5
TENANTS_MAX = 2_000

# ON CONFLICT makes a taken slug an answer instead of an error that would break the transaction.
_INSERT_CLOSURE = text(
    "INSERT INTO tenant_closure (ancestor_id, descendant_id, depth) "
    "SELECT ancestor_id, CAST(:id AS uuid), depth + 1 FROM tenant_closure WHERE descendant_id = :parent_id "
    "UNION ALL SELECT CAST(:id AS uuid), CAST(:id AS uuid), 0"
)
_TENANT = text(
    "SELECT id, parent_id, kind, name, slug, status, depth, currency, time_zone, default_country, brand "
    "FROM tenants WHERE id = :id"
)
_TENANTS = text(
    "SELECT id, parent_id, kind, name, slug, status, depth, currency, time_zone, default_country, brand FROM tenants "
    "WHERE id = ANY (:ids) AND (CAST(:after AS uuid) IS NULL OR (depth, name, id) > "
    "(SELECT depth, name, id FROM tenants WHERE id = :after)) ORDER BY depth, name, id LIMIT :limit"
)
_LOGIN = text("SELECT * FROM login_candidates(:email) ORDER BY tenant_id LIMIT :limit")
_SESSION = text(
    "SELECT s.tenant_id, s.user_id, s.acting_tenant_id, s.csrf_token, s.last_seen_at, s.expires_at, "
    "subtree(s.tenant_id) AS home_subtree, subtree(s.acting_tenant_id) AS acting_subtree, "
    "tenant_is_active(s.acting_tenant_id) AS active FROM session_by_hash(:hash) s"
)
_KEY = text(
    "SELECT k.tenant_id, k.id, k.name, k.scopes, k.expires_at, k.revoked_at, k.last_used_at, "
    "subtree(k.tenant_id) AS subtree, tenant_is_active(k.tenant_id) AS active FROM api_key_by_hash(:hash) k"
)
_USER = text("SELECT id, email, name, roles, status FROM users WHERE tenant_id = :tenant_id AND id = :id")
_USERS = text(
    "SELECT id, email, name, roles, status, created_at FROM users WHERE tenant_id = :tenant_id "
    "AND (CAST(:after AS uuid) IS NULL OR (name, id) > (SELECT name, id FROM users WHERE tenant_id = :tenant_id AND id = :after)) "
    "ORDER BY name, id LIMIT :limit"
)
_TOUCH_SESSION = text(
    "UPDATE sessions SET last_seen_at = :now WHERE tenant_id = :tenant_id AND token_hash = :hash AND last_seen_at < :now"
)
_ACT_IN = text(
    "UPDATE sessions SET acting_tenant_id = :acting WHERE tenant_id = :tenant_id AND token_hash = :hash"
)
_DELETE_SESSION = text("DELETE FROM sessions WHERE tenant_id = :tenant_id AND token_hash = :hash")
_DELETE_STALE = text(
    "DELETE FROM sessions WHERE tenant_id = :tenant_id AND user_id = :user_id "
    "AND (expires_at < :now OR last_seen_at < :idle_since)"
)
_KEYS = text(
    "SELECT id, name, last4, scopes, created_at, expires_at, last_used_at, revoked_at FROM api_keys "
    "WHERE tenant_id = :tenant_id AND revoked_at IS NULL AND (CAST(:after AS uuid) IS NULL OR id < :after) "
    "ORDER BY id DESC LIMIT :limit"
)
_REVOKE_KEY = text(
    "UPDATE api_keys SET revoked_at = :now WHERE tenant_id = :tenant_id AND id = :id AND revoked_at IS NULL "
    "RETURNING key_hash"
)
_TOUCH_KEY = text("UPDATE api_keys SET last_used_at = :now WHERE tenant_id = :tenant_id AND id = :id")
_BRAND = text("SELECT name, brand FROM tenant_brand(:id)")


async def insert_tenant(db: AsyncConnection, row: Mapping[str, Any]) -> bool:
    """Insert a tenant and its closure rows. False when the slug is taken."""
    inserted = await insert_rows(db, tenants, [row], "ON CONFLICT (slug) DO NOTHING RETURNING id")
    if not inserted:
        return False
    await db.execute(_INSERT_CLOSURE, {"id": row["id"], "parent_id": row["parent_id"]})
    return True


async def tenant(db: AsyncConnection, tenant_id: UUID) -> Row[Any] | None:
    return (await db.execute(_TENANT, {"id": tenant_id})).one_or_none()


async def tenant_list(
    db: AsyncConnection, ids: Sequence[UUID], *, after: UUID | None = None, limit: int = TENANTS_MAX
) -> Sequence[Row[Any]]:
    """The tenants of `ids` from the root down, by name within a level."""
    return (await db.execute(_TENANTS, {"ids": list(ids), "after": after, "limit": limit})).all()


async def brand(db: AsyncConnection, tenant_id: UUID) -> tuple[str, dict[str, str]]:
    """Name and brand of the nearest tenant, from `tenant_id` up, that has a brand. Needs no scope."""
    row = (await db.execute(_BRAND, {"id": tenant_id})).one_or_none()
    return (row.name, row.brand) if row else ("", {})


async def tenant_of_slug(db: AsyncConnection, slug: str) -> UUID | None:
    """The active tenant with this short name; the platform for an empty one. Needs no scope."""
    if not slug:
        return (await db.execute(text("SELECT platform_tenant()"))).scalar()
    return (await db.execute(text("SELECT tenant_of_slug(:slug)"), {"slug": slug})).scalar()


async def subtree(db: AsyncConnection, tenant_id: UUID) -> frozenset[UUID]:
    """The tenant and everything below it. Needs no scope."""
    found = (await db.execute(text("SELECT subtree(:id)"), {"id": tenant_id})).scalar_one()
    return frozenset(found)


async def login_candidates(db: AsyncConnection, email: str) -> Sequence[Row[Any]]:
    """At most five (tenant_id, user_id, password_hash, status, tenant_status) with this e-mail. Needs no scope."""
    return (await db.execute(_LOGIN, {"email": email, "limit": LOGIN_CANDIDATES_MAX})).all()


async def session(db: AsyncConnection, token_hash: bytes) -> Row[Any] | None:
    """The session with the subtrees of its home and acting tenants. Needs no scope."""
    return (await db.execute(_SESSION, {"hash": token_hash})).one_or_none()


async def api_key(db: AsyncConnection, key_hash: bytes) -> Row[Any] | None:
    """The key with its tenant's subtree. Needs no scope."""
    return (await db.execute(_KEY, {"hash": key_hash})).one_or_none()


async def user(db: AsyncConnection, tenant_id: UUID, user_id: UUID) -> Row[Any] | None:
    return (await db.execute(_USER, {"tenant_id": tenant_id, "id": user_id})).one_or_none()


async def user_list(
    db: AsyncConnection, tenant_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """People of one tenant by name."""
    return (await db.execute(_USERS, {"tenant_id": tenant_id, "after": after, "limit": limit})).all()


async def insert_users(db: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Insert users; those whose e-mail exists in their tenant are left out of the answer."""
    inserted = await insert_rows(db, users, rows, "ON CONFLICT (tenant_id, email) DO NOTHING RETURNING id")
    return [row.id for row in inserted]


async def insert_session(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await db.execute(sessions.insert(), dict(row))


async def touch_session(db: AsyncConnection, tenant_id: UUID, token_hash: bytes, now: datetime) -> None:
    await db.execute(_TOUCH_SESSION, {"tenant_id": tenant_id, "hash": token_hash, "now": now})


async def act_in(db: AsyncConnection, tenant_id: UUID, token_hash: bytes, acting: UUID) -> None:
    """Make `acting` the tenant of the session whose home is `tenant_id`."""
    await db.execute(_ACT_IN, {"tenant_id": tenant_id, "hash": token_hash, "acting": acting})


async def delete_session(db: AsyncConnection, tenant_id: UUID, token_hash: bytes) -> None:
    await db.execute(_DELETE_SESSION, {"tenant_id": tenant_id, "hash": token_hash})


async def delete_stale_sessions(
    db: AsyncConnection, tenant_id: UUID, user_id: UUID, now: datetime, idle_since: datetime
) -> None:
    values = {"tenant_id": tenant_id, "user_id": user_id, "now": now, "idle_since": idle_since}
    await db.execute(_DELETE_STALE, values)


async def insert_key(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await db.execute(api_keys.insert(), dict(row))


async def key_list(
    db: AsyncConnection, tenant_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Keys in force, newest first."""
    return (await db.execute(_KEYS, {"tenant_id": tenant_id, "after": after, "limit": limit})).all()


async def revoke_key(db: AsyncConnection, tenant_id: UUID, key_id: UUID, now: datetime) -> bytes | None:
    """Revoke a key in force; returns its hash, or None when there is none."""
    return (
        await db.execute(_REVOKE_KEY, {"tenant_id": tenant_id, "id": key_id, "now": now})
    ).scalar_one_or_none()


async def touch_key(db: AsyncConnection, tenant_id: UUID, key_id: UUID, now: datetime) -> None:
    await db.execute(_TOUCH_KEY, {"tenant_id": tenant_id, "id": key_id, "now": now})
