"""A tenant that can send and receive, and hosts as plain objects: what Ray would hold, held by the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actors.conversation import ConversationHost
from actors.messages import Arrived, Command, Reported
from actors.shell import Shell
from actors.wallet import WalletHost
from cli.demo import workspace as ws
from hub.billing import service as billing
from hub.channels.delivery import Status
from hub.contacts.service import resolve_addresses
from hub.contacts.suppression import AddressHasher
from hub.conversations.state import Event, Inbound, Understood
from hub.deliveries import Report
from hub.ids import new_id
from hub.settings import Settings
from models.contacts import consents
from models.conversations import conversations, messages, outbox
from models.db import Scope, insert_rows, transaction

SURVEY = {
    "start": "answer",
    "nodes": {
        "answer": {"type": "wait_for_reply", "choices": {"yes": ["yes"]}},
        "thank": {"type": "send", "text": "Thank you"},
        "tag": {"type": "tag", "tag": "interested"},
        "person": {"type": "hand_over"},
    },
    "edges": [
        {"source": "answer", "port": "yes", "target": "thank"},
        {"source": "thank", "port": "next", "target": "tag"},
        {"source": "answer", "port": "other", "target": "person"},
    ],
}
HOURS = {"start": "say", "nodes": {"say": {"type": "send", "text": "9 to 19"}}}
PRICE = 45_000  # micros a part of an SMS; WhatsApp costs a cent more
Host = TypeVar("Host", bound=Shell)


class Reader:
    """Understands every text as its own first word, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def classify(self, version_id: UUID, tenant_id: UUID, texts: Sequence[str]) -> list[Understood]:
        self.asked.append(list(texts))
        return [Understood(text.split()[0] if text.split() else None, 0.9, version_id) for text in texts]


@dataclass
class Desk:
    """A tenant's lines, queues and flows, and short words for what happens to it."""

    engine: AsyncEngine
    settings: Settings
    tenant_id: UUID
    sms: ws.Line
    whatsapp: ws.Line
    queues: dict[str, UUID]
    survey: UUID
    _hosts: list[Shell] = field(default_factory=list)

    def host(self, kind: Callable[[str, Settings], Host], name: str) -> Host:
        """A fresh host: what a restart leaves, nothing but the database."""
        made = kind(name, self.settings)
        self._hosts.append(made)
        return made

    def conversations(self, name: str = "conversation-0") -> ConversationHost:
        host: Any = self.host(ConversationHost, name)
        host.wallets = self.host(WalletHost, "wallet-0")
        host.classifiers = Reader()
        return host  # type: ignore[no-any-return]

    async def close(self) -> None:
        for host in self._hosts:
            await host.close()

    async def contact(self, number: str) -> UUID:
        async with transaction(self.engine, Scope.of(self.tenant_id)) as db:
            hasher = AddressHasher(self.settings.secret_key.get_secret_value())
            found = await resolve_addresses(db, [(self.tenant_id, "phone", number, "")], hasher)
        return found[self.tenant_id, "phone", number]

    def arrived(self, contact_id: UUID, text: str, key: str = "", line: str = "sms") -> Any:
        """A contact's text; the same `key` is the same provider message."""
        key = key or new_id().hex
        channel: ws.Line = getattr(self, line)
        event = Inbound(
            new_id(), f"in:{key}", channel.channel_id, line, "+15550001", text, key, datetime.now(UTC)
        )
        return Arrived(self.tenant_id, contact_id, event)

    def command(self, contact_id: UUID, event: Event) -> Any:
        return Command(self.tenant_id, contact_id, event)

    def report(
        self,
        status: Status,
        message_id: UUID | None,
        provider_id: str,
        line: str = "sms",
        code: str | None = None,
    ) -> Reported:
        channel: ws.Line = getattr(self, line)
        now = datetime.now(UTC)
        report = Report(self.tenant_id, channel.channel_id, message_id, provider_id, status, now, code)
        return Reported(self.tenant_id, channel.channel_id, f"dr:{provider_id}:{status}", report)

    async def rows(self, table: Table, *where: Any, order: Any = None) -> list[Any]:
        query = select(table).where(table.c.tenant_id == self.tenant_id, *where)
        query = query if order is None else query.order_by(order)
        async with transaction(self.engine, Scope.of(self.tenant_id)) as db:
            return list((await db.execute(query)).all())

    async def count(self, table: Table, *where: Any) -> int:
        query = select(func.count()).select_from(table).where(table.c.tenant_id == self.tenant_id, *where)
        async with transaction(self.engine, Scope.of(self.tenant_id)) as db:
            return int((await db.execute(query)).scalar_one())

    async def thread(self, contact_id: UUID) -> list[tuple[str, str, str]]:
        """(direction, body, status) of a conversation's messages in their order."""
        rows = await self.rows(messages, messages.c.contact_id == contact_id, order=messages.c.id)
        return [(row.direction, row.body, row.status) for row in rows]

    async def conversation(self, contact_id: UUID) -> Any:
        (row,) = await self.rows(conversations, conversations.c.contact_id == contact_id)
        return row

    async def message(self, message_id: UUID) -> Any:
        (row,) = await self.rows(messages, messages.c.id == message_id)
        return row

    async def owed(self) -> int:
        return await self.count(outbox)

    async def fund(self, micros: int) -> None:
        async with transaction(self.engine, Scope.of(self.tenant_id)) as db:
            await billing.top_up(db, self.tenant_id, new_id(), micros, "EUR")

    async def money(self) -> tuple[int, int]:
        """(balance, held) in micros."""
        async with transaction(self.engine, Scope.of(self.tenant_id)) as db:
            wallet = await billing.wallet_view(db, self.tenant_id)
        return wallet.balance_micros, wallet.held_micros

    async def opt_out(self, contact_id: UUID, kind: str) -> None:
        row = {
            "tenant_id": self.tenant_id,
            "contact_id": contact_id,
            "channel_kind": kind,
            "purpose": "all",
            "state": "opted_out",
            "source": "import",
            "proof": "",
            "changed_at": datetime.now(UTC),
        }
        async with transaction(self.engine, Scope.of(self.tenant_id)) as db:
            await insert_rows(db, consents, [row])
