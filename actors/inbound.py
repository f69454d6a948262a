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
from hub.contacts.contact import NewContact
from hub.contacts.service import PHONE, AddressKey, look_up_query, looked_up, resolve_addresses
from hub.contacts.store import find_addresses
from hub.contacts.suppression import AddressHasher
from hub.conversations.state import Inbound
from hub.errors import HubError, Malformed, NotFound
from hub.ids import new_id
from hub.settings import Settings
from models.db import Scope
from models.pipe import Pool, pipeline, read

CONTACTS_KNOWN_MAX = 200_000
_ADDRESS = re.compile(r"\+[0-9]{4,15}|[0-9A-Za-z ]{1,20}")  # E.164, or a short code or sender name
CUT_MARK = " […]"

Wanted = tuple[UUID, str, str]  # tenant, address, name
Found = UUID | NewContact


class Inbounds:
    """Resolves address to contact (cached; created on first sight) and mails the event to its host."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._hasher = AddressHasher(settings.secret_key.get_secret_value())
        self.conversations = Conversations(settings)
        self._known: OrderedDict[tuple[UUID, str], UUID] = OrderedDict()
        self._resolver: Mailbox[Wanted, Found] = Mailbox(
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
        try:
            return await self._tell(channel.tenant_id, event, inbound)
        except (
            NotFound
        ):  # merged, erased, or made by somebody else since this process learned whose address it is
            return await self._tell(channel.tenant_id, event, inbound)

    async def _tell(self, tenant_id: UUID, event: InboundMessage, inbound: Inbound) -> Any:
        """One try. When it fails, whose address it is will be asked anew: perhaps the contact was never made."""
        try:
            found = await self._contact(tenant_id, event)
            if isinstance(found, NewContact):
                return await self.conversations.ask(Arrived(tenant_id, found.id, inbound, found))
            return await self.conversations.ask(Arrived(tenant_id, found, inbound))
        except HubError:
            self.forget(tenant_id, event.sender)
            raise

    async def _contact(self, tenant_id: UUID, event: InboundMessage) -> Found:
        """Whose address it is, or who will be made with this message. Raises Malformed."""
        known = self._remembered(tenant_id, event.sender)
        if known is not None:
            return known
        found = await self._resolver.ask((tenant_id, event.sender, event.profile_name))
        # Mail to one host keeps its order: who writes next finds the contact made.
        self._remember(tenant_id, event.sender, found.id if isinstance(found, NewContact) else found)
        return found

    async def contact(self, tenant_id: UUID, address: str, name: str = "") -> UUID:
        """The contact of this address, made now when there is none. Raises Malformed."""
        known = self._remembered(tenant_id, address)
        if known is None:
            key = (tenant_id, PHONE, address)
            async with pipeline(self._pool, Scope.of(tenant_id)) as db:
                known = (await resolve_addresses(db, [(*key, name)], self._hasher))[key]
            self._remember(tenant_id, address, known)
        return known

    def _remembered(self, tenant_id: UUID, address: str) -> UUID | None:
        if not _ADDRESS.fullmatch(address):
            raise Malformed("the sender's address is neither E.164 nor a short code")
        return self._known.get((tenant_id, address))

    def _remember(self, tenant_id: UUID, address: str, contact_id: UUID) -> None:
        self._known[tenant_id, address] = contact_id
        if len(self._known) > CONTACTS_KNOWN_MAX:
            self._known.popitem(last=False)

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

    async def _resolve(self, batch: list[Wanted]) -> Sequence[Found]:
        """Who has these addresses. One that nobody has becomes a contact with its first message; a suppressed one now,
        because it begins opted out.
        """
        names = {(tenant, PHONE, address): name for tenant, address, name in reversed(batch)}
        scope = Scope.of(*{tenant for tenant, _, _ in batch})
        rows = await read(self._pool, scope, *look_up_query(names, self._hasher))
        found, suppressed = looked_up(rows, names, self._hasher)
        if suppressed:
            async with pipeline(self._pool, scope) as db:
                wanted = {(*key, names[key]) for key in suppressed}
                found |= await resolve_addresses(db, wanted, self._hasher)
        answers: dict[AddressKey, Found] = dict(found)
        for key, name in names.items():
            if key not in answers:
                answers[key] = NewContact(key[0], new_id(), key[2], name)
        return [answers[tenant, PHONE, address] for tenant, address, _ in batch]

    async def close(self) -> None:
        await self._resolver.close()
        await self.conversations.close()


def cut(text: str) -> str:
    """At most TEXT_CHARS_MAX characters, with a mark where something is missing."""
    return text if len(text) <= TEXT_CHARS_MAX else text[: TEXT_CHARS_MAX - len(CUT_MARK)] + CUT_MARK
