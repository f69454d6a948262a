"""Short words for contacts in tests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import service
from hub.contacts.contact import ContactInput
from hub.contacts.suppression import AddressHasher
from hub.ids import new_id

HASHER = AddressHasher("a secret of the tests")


async def make(db: AsyncConnection, tenant: UUID, phone: str, name: str = "", **more: Any) -> UUID:
    return await service.create(
        db,
        tenant,
        ContactInput(phone, name, **more),
        default_country="GB",
        consent_source="test",
        hasher=HASHER,
    )


async def message(db: AsyncConnection, tenant: UUID, contact_id: UUID, body: str, **more: Any) -> UUID:
    """A message of this contact; `more` are columns."""
    values: dict[str, Any] = {
        "tenant_id": tenant,
        "id": new_id(),
        "contact_id": contact_id,
        "channel_id": tenant,
        "channel_kind": "sms",
        "direction": "in",
        "origin": "contact",
        "address": "+447700900123",
        "body": body,
        "status": "received",
    } | more
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    await db.execute(text(f"INSERT INTO messages ({names}) VALUES ({places})"), values)
    made: UUID = values["id"]
    return made


async def one(db: AsyncConnection, query: str, **values: Any) -> Any:
    return (await db.execute(text(query), values)).scalar()


async def column(db: AsyncConnection, query: str, **values: Any) -> list[Any]:
    return list((await db.execute(text(query), values)).scalars())
