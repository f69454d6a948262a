"""From a verified provider event to the conversation that it belongs to: shared by the gateway and the sweeper."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from actors.mailbox import Mailbox
from actors.messages import Arrived, reported
from actors.ports import Conversations
from hub.channels.base import TEXT_CHARS_MAX, Channel, DeliveryReport, InboundEvent, InboundMessage, Typing
from hub.contacts.service import resolve_addresses
from hub.contacts.store import find_addresses
from hub.contacts.suppression import AddressHasher
from hub.conversations.state import Inbound
from hub.errors import Malformed, NotFound
from hub.ids import new_id
from hub.settings import Settings
from models.db import Scope
from models.pipe import Pool, pipeline

CONTACTS_KNOWN_MAX = 200_000
_ADDRESS = re.compile(r"\+[0-9]{4,15}|[0-9A-Za-z ]{1,20}")  # E.164, or a short code or sender name
CUT_MARK = " […]"

Wanted = tuple[UUID, str, str]  # tenant, address, name


class Inbounds:
    """Resolves address to contact (cached; created on first sight) and mails the event to its host."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._hasher = AddressHasher(settings.secret_key.get_secret_value())
        self.conversations = Conversations(settings)
        self._known: OrderedDict[tuple[UUID, str], UUID] = OrderedDict()
        self._resolver: Mailbox[Wanted, UUID] = Mailbox(
            self._resolve, batch_max=500, delay_ms=1.0, in_flight=2
        )

    async def deliver(self, channel: Channel, event: InboundEvent, at: datetime, kept: bool = False) -> Any:
        """Hand one event to its host; returns after its commit. `kept`: it comes from the inbox.

        Raises Malformed, or Unavailable when no host answers.
        """
        if isinstance(event, Typing):
            return None
        if isinstance(event, DeliveryReport):
            return await self.conversations.ask(reported(channel.tenant_id, channel.id, event, at, kept))
        inbound = Inbound(
            new_id(),
            event.event_key,
            channel.id,
            channel.kind.value,
            event.sender,
            cut(event.text),
            event.provider_message_id,
            at,
            event.content,
            event.command,
        )
        contact_id = await self._contact(channel.tenant_id, event)
        try:
            return await self.conversations.ask(Arrived(channel.tenant_id, contact_id, inbound))
        except NotFound:  # merged or erased since this process learned whose address it is
            self.forget(channel.tenant_id, event.sender)
        contact_id = await self._contact(channel.tenant_id, event)
        return await self.conversations.ask(Arrived(channel.tenant_id, contact_id, inbound))

    async def _contact(self, tenant_id: UUID, event: InboundMessage) -> UUID:
        return await self.contact(tenant_id, event.sender, event.profile_name)

    async def contact(self, tenant_id: UUID, address: str, name: str = "") -> UUID:
        """The contact of this address, made on first sight. Raises Malformed."""
        if not _ADDRESS.fullmatch(address):
            raise Malformed("the sender's address is neither E.164 nor a short code")
        known = self._known.get((tenant_id, address))
        if known is None:
            known = await self._resolver.ask((tenant_id, address, name))
            self._known[tenant_id, address] = known
            if len(self._known) > CONTACTS_KNOWN_MAX:
                self._known.popitem(last=False)
        return known

    async def known(self, tenant_id: UUID, address: str) -> UUID | None:
        """The contact of this address, or None: nobody is made."""
        found = self._known.get((tenant_id, address))
        if found is None:
            key = (tenant_id, "phone", address)
            async with pipeline(self._pool, Scope.of(tenant_id)) as db:
                found = (await find_addresses(db, [key])).get(key)
        return found

    def forget(self, tenant_id: UUID, address: str) -> None:
        """The contact of this address is another one now (merged or erased)."""
        self._known.pop((tenant_id, address), None)

    async def _resolve(self, batch: list[Wanted]) -> Sequence[UUID]:
        wanted = {(tenant, "phone", address, name) for tenant, address, name in batch}
        async with pipeline(self._pool, Scope.of(*{tenant for tenant, _, _ in batch})) as db:
            found = await resolve_addresses(db, wanted, self._hasher)
        return [found[tenant, "phone", address] for tenant, address, _ in batch]

    async def close(self) -> None:
        await self._resolver.close()
        await self.conversations.close()


def cut(text: str) -> str:
    """At most TEXT_CHARS_MAX characters, with a mark where something is missing."""
    return text if len(text) <= TEXT_CHARS_MAX else text[: TEXT_CHARS_MAX - len(CUT_MARK)] + CUT_MARK
