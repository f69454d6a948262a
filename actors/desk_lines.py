"""The lines of a call at the desk at a provider of calls: rung, led to what they are to hear, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import structlog

from actors.trunk_calls import RemoteLegs
from hub.channels import adapter_of
from hub.channels.base import Account, Channel, ProviderRequest
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.voice_desk_twiml import Kept, notice
from hub.channels.voice_sip import SipVoice
from hub.channels.voice_twilio import TwilioVoice
from hub.errors import HubError, NotFound
from hub.ids import encode_id
from hub.routing.queue import Voice
from hub.voice import desk, store
from hub.voice.desk import CONTACT, RING, Leg
from hub.voice.desk_service import Done
from hub.voice.script import Call, Say
from hub.voice.views import PREFIX
from models.db import Scope, transaction

if TYPE_CHECKING:
    from actors.client import Hub
    from actors.desk_calls import DeskCalls

NOT_LEFT = frozenset({"refused", "failed", "expired", "undelivered"})

log = structlog.get_logger()


class TrunkLegs(Protocol):
    """The legs of calls at the desk on lines of our own: `actors.trunk_desk`, here or in another process."""

    async def ring(
        self, tenant_id: UUID, call_id: UUID, number: int, account_id: UUID, address: str
    ) -> str: ...
    async def look(self, call_id: UUID, number: int) -> None: ...
    async def drop(self, call_id: UUID, number: int) -> None: ...


class DeskLines:
    """What it learns it tells `DeskCalls` as news; nothing here raises. `trunk`: set in the process that has the trunks."""

    def __init__(self, hub: Hub, calls: DeskCalls) -> None:
        self._hub = hub
        self._calls = calls
        self.trunk: TrunkLegs | None = None

    @staticmethod
    def room_name(call_id: UUID) -> str:
        """The conference of a call."""
        return encode_id(PREFIX, call_id)

    def document_url(self, account: Account, call_id: UUID, number: int) -> str:
        """Where a leg asks what it is to hear."""
        return self._url(account, "voice-leg", call_id, number)

    def kept(self, account: Account, done: Done, voice: Voice) -> Kept:
        """What the contact's line is told to keep, and the notice of it."""
        ref = f"?ref={encode_id(PREFIX, done.id)}"
        base = f"{self._hub.settings.public_url}/webhooks/twilio/{encode_id('acc', account.id)}"
        recorded, transcribed = done.call.recorded, done.call.transcribed
        own = (voice.notice, voice.language)
        return Kept(
            own if voice.notice else notice(voice.language, recorded, transcribed),
            voice.language,
            f"{base}/voice-recording{ref}" if recorded else "",
            f"{base}/voice-words{ref}" if transcribed else "",
        )

    def _url(self, account: Account, tail: str, call_id: UUID, number: int) -> str:
        base = f"{self._hub.settings.public_url}/webhooks/twilio/{encode_id('acc', account.id)}"
        return f"{base}/{tail}/{encode_id(PREFIX, call_id)}?leg={number}"

    async def ring(self, done: Done, leg: Leg) -> None:
        try:
            trunk = await self._trunk(done)
            if trunk is not None:
                sid = await trunk[0].ring(done.tenant_id, done.id, leg.number, trunk[1], leg.address)
                return await self._tell(done, desk.LegNamed(leg.number, sid, self._hub.clock.now()))
            channel, account, adapter = await self._line(done)
            document = self.document_url(account, done.id, leg.number)
            news = self._url(account, "voice-leg-status", done.id, leg.number)
            request = adapter.ring(
                account, channel, leg.address, document, news, int(RING.total_seconds()) - 5
            )
            status, body = await self._hub.calls.ask(request)
            sid = adapter.accepted(status, body).provider_message_id
        except SendOutcomeUnknown:
            return  # it may ring: its own news tells, or the time is up
        except HubError as error:
            log.warning("desk_leg_refused", error=type(error).__name__, detail=str(error)[:200])
            await self._tell(done, desk.LegGone(leg.number, "failed", self._hub.clock.now()))
        else:
            await self._tell(done, desk.LegNamed(leg.number, sid, self._hub.clock.now()))

    async def look(self, done: Done, leg: Leg) -> None:
        """Let a leg that is up ask again at once."""
        if not leg.sid:
            return
        try:
            trunk = await self._trunk(done)
            if trunk is not None:
                return await trunk[0].look(done.id, leg.number)
            _, account, adapter = await self._line(done)
            url = self.document_url(account, done.id, leg.number)
            await self._ask(adapter, adapter.lead(account, leg.sid, url))
        except HubError as error:
            log.warning("desk_leg_not_led", error=type(error).__name__)

    async def drop(self, done: Done, leg: Leg) -> None:
        if leg.number == CONTACT and not leg.sid:
            await self._withdraw(done)
            return
        if not leg.sid:
            return  # it is ended as soon as the provider has named it
        try:
            trunk = await self._trunk(done)
            if trunk is not None:
                return await trunk[0].drop(done.id, leg.number)
            _, account, adapter = await self._line(done)
            await self._ask(adapter, adapter.hang_up(account, leg.sid, True))
        except HubError as error:
            log.warning("desk_leg_not_ended", error=type(error).__name__)

    async def _withdraw(self, done: Done) -> None:
        """A contact who is still being rung: by the door's own way back."""
        try:
            await self._hub.calls.out.hang_up(done.tenant_id, done.id)
        except HubError as error:
            log.info("desk_contact_not_withdrawn", error=type(error).__name__)

    async def call_contact(self, done: Done) -> None:
        """Ring the contact: a message of the agent's that goes, and is paid, like every other."""
        script = Call(
            steps=(Say(text="One moment, please."),),
            ring_timeout_s=int(RING.total_seconds()),
            time_limit_s=7_200,
        )
        try:
            await self._hub.calls.out.place(
                done.tenant_id,
                script,
                contact_id=done.row.contact_id,
                number="",
                channel_id=done.row.channel_id,
                purpose="transactional",
                user_id=done.call.agent_id,
                call_id=done.id,
            )
            async with transaction(self._hub.engine, Scope.of(done.tenant_id)) as db:
                told = (await store.outcome(db, done.tenant_id, [done.id])).get(done.id)
        except HubError as error:
            log.warning("desk_contact_not_called", error=type(error).__name__)
            told = None
        if told is None or told.status in NOT_LEFT:
            why = "failed" if told is None or not told.reason else told.reason
            await self._tell(done, desk.LegGone(CONTACT, why, self._hub.clock.now()))

    async def _trunk(self, done: Done) -> tuple[TrunkLegs, UUID] | None:
        """The legs of a call over a trunk, and the trunk's account; None: it is a provider's. Raises Unavailable."""
        directory = await self._hub.directories.one(done.tenant_id)
        channel = directory.channels.get(done.row.channel_id)
        if channel is None or not isinstance(adapter_of(channel), SipVoice):
            return None
        return self.trunk or RemoteLegs(self._hub.settings), channel.account_id

    async def _line(self, done: Done) -> tuple[Channel, Account, TwilioVoice]:
        """Raises NotFound."""
        directory = await self._hub.directories.one(done.tenant_id)
        channel = directory.channels.get(done.row.channel_id)
        account = None if channel is None else await self._hub.account_by_id(channel.account_id)
        if channel is None or account is None:
            raise NotFound("the call's channel is not there any more")
        adapter = adapter_of(channel)
        if not isinstance(adapter, TwilioVoice):
            raise NotFound("calls of this line do not come to the desk")
        return channel, account, adapter

    async def _ask(self, adapter: TwilioVoice, request: ProviderRequest) -> None:
        """Ask the provider for something that it may have no use for any more: the leg's own news says what is so."""
        try:
            status, body = await self._hub.calls.ask(request)
            adapter.accepted(status, body)
        except (SendRefused, SendOutcomeUnknown) as error:
            log.info("desk_leg_answer", error=type(error).__name__, detail=str(error)[:200])

    async def _tell(self, done: Done, event: desk.Event) -> None:
        await self._calls.act(done.tenant_id, done.id, event)
