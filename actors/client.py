"""The hub as the gateway sees it: mail to conversations, money to wallets, a nudge to campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from actors import runtime
from actors.attempts import Attempts
from actors.calls import Calls
from actors.host import owner
from actors.inbound import Inbounds
from actors.link_checks import check_link
from actors.marks import Marks
from actors.messages import Command, arrived_payload, reported_payload
from actors.ports import Classifiers, Wallets
from actors.remembered import Remembered
from actors.routers import Routers
from actors.shell import make_app_pool
from hub import realtime
from hub.campaigns.store import resume_unfunded
from hub.channels import store as channel_store
from hub.channels.base import Account, Channel, DeliveryReport, InboundEvent, InboundMessage, Typing
from hub.channels.checks import Check
from hub.channels.whatsapp_events import TemplateNews
from hub.clock import Clock, SystemClock
from hub.conversations.state import Event, Understood
from hub.directory import Directories
from hub.errors import HubError, Invalid, Malformed, Unavailable
from hub.ids import decode_id, encode_id
from hub.media.arriving import Arriving
from hub.media.service import note_arriving
from hub.settings import Settings
from hub.templates.provider_templates.store import apply_news
from models.db import Scope, transaction


class Hub:
    """One a gateway process."""

    def __init__(self, settings: Settings, engine: AsyncEngine, redis: Redis, clock: Clock) -> None:
        self.settings = settings
        self.engine = engine
        self.redis = redis
        self.clock = clock
        self.directories = Directories(engine)
        self.pool = make_app_pool(settings, "gateway-mail")
        self.inbounds = Inbounds(self.pool, settings)
        self.wallets = Wallets(settings)
        self._classifiers = Classifiers(settings)
        self.calls = Calls(self)
        self.attempts = Attempts(settings, engine, redis, self.wallets, self.directories, clock)
        self.marks = Marks(
            engine, redis, self.attempts.client, self.directories, self.attempts.account, clock
        )
        self._campaigns = runtime.peers("campaign", settings)
        self._routers = Routers(settings, redis)
        self._accounts = Remembered(self._read_account)
        self._channels = Remembered(self._read_channel)

    @classmethod
    async def connect(cls, settings: Settings, engine: AsyncEngine, redis: Redis) -> Self:
        """Join the Ray cluster and find the hosts."""
        runtime.connect(settings)
        return cls(settings, engine, redis, SystemClock())

    async def close(self) -> None:
        await self.calls.close()
        await self.attempts.close()
        await self.inbounds.close()
        await self.pool.close()
        runtime.shutdown()

    async def understand(self, tenant_id: UUID, version_id: UUID, text: str) -> Understood:
        """What the model makes of one text; nothing when no classifier answers."""
        (said,) = await self._classifiers.classify(version_id, tenant_id, [text])
        return said

    async def account(self, public_id: str) -> Account | None:
        """The provider account `acc_…` with opened credentials; a change of it is seen within seconds."""
        return await self._accounts.get(public_id)

    async def account_by_id(self, account_id: UUID) -> Account | None:
        """`account` by its id."""
        return await self.account(encode_id("acc", account_id))

    async def _read_account(self, public_id: str) -> Account | None:
        try:
            account_id = decode_id("acc", public_id)
        except Invalid:
            return None
        async with transaction(self.engine, Scope.nothing()) as db:
            return await channel_store.account(db, account_id, self.settings.secret_key.get_secret_value())

    async def channel(self, account: Account, provider_address: str) -> Channel | None:
        """The channel of a number at an account; a miss is asked again each time, because channels are added."""
        return await self._channels.get((account.id, provider_address))

    async def _read_channel(self, key: tuple[UUID, str]) -> Channel | None:
        async with transaction(self.engine, Scope.nothing()) as db:
            return await channel_store.channel_of_account(db, *key)

    async def receive(self, account: Account, event: InboundEvent) -> None:
        """Take one verified provider event; when this returns it is durable.

        An event whose number nobody has is kept as unrouted. When its host does not answer, the raw event goes to the
        inbox table and a sweeper delivers it. Raises Malformed; Unavailable when the database does not answer either.
        """
        channel = await self.channel(account, event.to)
        if isinstance(event, Typing):
            if channel is not None:
                await self._show_typing(channel, event)
            return
        archived = channel is not None and channel.status == "archived"
        if channel is None or (archived and isinstance(event, InboundMessage)):
            await self._keep_unrouted(account, event)
            return
        await self.receive_at(channel, event)

    async def receive_at(
        self,
        channel: Channel,
        event: InboundMessage | DeliveryReport,
        late: InboundMessage | DeliveryReport | None = None,
    ) -> None:
        """`receive` for an event whose channel is known. `late`: what is kept in its place for the sweeper."""
        now = self.clock.now()
        try:
            await self.inbounds.deliver(channel, event, now)
        except Malformed:
            raise
        except HubError:
            await self._keep_pending(channel, late or event, now)

    async def keep_media(self, account: Account, files: Sequence[Arriving]) -> None:
        """Note files that people sent; when this returns they are sure to be fetched. A number nobody has keeps none."""
        for file in files:
            channel = await self.channel(account, file.to)
            if channel is not None:
                async with transaction(self.engine, Scope.of(channel.tenant_id)) as db:
                    await note_arriving(db, account, channel.tenant_id, [file], self.clock.now())

    async def learn(self, account: Account, news: Sequence[TemplateNews]) -> None:
        """Write what the provider says of its templates; one that we do not know is found by the next sync."""
        async with transaction(self.engine, Scope.of(account.tenant_id)) as db:
            for one in news:
                await apply_news(db, account.tenant_id, account.id, one)

    async def _show_typing(self, channel: Channel, event: Typing) -> None:
        """Tell the screens; a person nobody has written with yet is nobody's to look at."""
        contact_id = await self.inbounds.known(channel.tenant_id, event.sender)
        if contact_id is not None:
            told = {"type": "contact.typing", "conversation_id": encode_id("cnv", contact_id)}
            await realtime.publish(self.redis, [(channel.tenant_id, told)])

    async def _keep_unrouted(self, account: Account, event: InboundMessage | DeliveryReport) -> None:
        payload = {"to": event.to, **_payload(event)}
        async with transaction(self.engine, Scope.of(account.tenant_id)) as db:
            await channel_store.keep_unrouted(
                db, account, event.event_key, "no channel has this number", payload
            )

    async def keep_strange(self, account: Account, event_key: str, reason: str) -> None:
        """Record that an account told something of nothing we know. Repeats are no-ops."""
        async with transaction(self.engine, Scope.of(account.tenant_id)) as db:
            await channel_store.keep_unrouted(db, account, event_key, reason, {})

    async def _keep_pending(
        self, channel: Channel, event: InboundMessage | DeliveryReport, now: datetime
    ) -> None:
        row = {
            "tenant_id": channel.tenant_id,
            "channel_id": channel.id,
            "event_key": event.event_key,
            "kind": "report" if isinstance(event, DeliveryReport) else "message",
            "payload": _payload(event),
            "received_at": now,
            "attempts": 0,
        }
        async with transaction(self.engine, Scope.of(channel.tenant_id)) as db:
            await channel_store.keep_pending(db, [row])

    async def command(self, tenant_id: UUID, contact_id: UUID, event: Event) -> Any:
        """Let a conversation take one turn; returns its answer after the commit. Raises its own error."""
        return await self.inbounds.conversations.ask(Command(tenant_id, contact_id, event))

    async def top_up(
        self, tenant_id: UUID, source_id: UUID, amount_micros: int, currency: str, reference: str
    ) -> Any:
        """Money into a wallet; campaigns that waited for it go on."""
        answer = await self.wallets.top_up(tenant_id, source_id, amount_micros, currency, reference)
        async with transaction(self.engine, Scope.of(tenant_id)) as db:
            resumed: Sequence[UUID] = await resume_unfunded(db, tenant_id)
        for campaign_id in resumed:
            await self.wake_campaign(campaign_id)
        return answer

    async def check_link(self, account: Account) -> Check:
        """Look at an account that is spoken to over a kept connection."""
        return await check_link(self.settings, account)

    async def wake_campaign(self, campaign_id: UUID) -> None:
        """Tell the campaign's host to look now; it looks by itself within a second anyway."""
        try:
            await self._campaigns[owner(campaign_id.bytes, list(self._campaigns))].call("wake", timeout_s=2)
        except Unavailable:
            return

    async def wake_router(self, tenant_id: UUID) -> None:
        """Somebody came to the desk or left it: its router looks now, and by itself within a second anyway."""
        await self._routers.wake(tenant_id)


def _payload(event: InboundMessage | DeliveryReport) -> dict[str, Any]:
    return reported_payload(event) if isinstance(event, DeliveryReport) else arrived_payload(event)
