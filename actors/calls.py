"""Calls as the gateway drives them: documents of a call, news of it, calls that come in, an end on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from actors.calls_out import CallsOut
from actors.desk_calls import DeskCalls
from actors.flow_calls import FlowCalls
from hub import realtime
from hub.channels.base import Account, Channel, InboundMessage, ProviderRequest
from hub.channels.http import ProviderClient
from hub.channels.voice_news import CallNews
from hub.channels.voice_twiml import render
from hub.conversations.calling import CALL, LATE
from hub.conversations.views import moved_events
from hub.errors import NotFound
from hub.ids import encode_id, new_id
from hub.media.links import Links, library_id
from hub.voice import service, store
from hub.voice.desk import CONTACT
from hub.voice.flow_calls import is_given_away
from hub.voice.interpreter import Advance, Answered, Event, Gathered, Recorded
from hub.voice.script import Call
from hub.voice.service import Reported, Turned
from hub.voice.state import ENDED, CallStatus
from hub.voice.views import PREFIX, updated
from models.db import Scope, transaction

if TYPE_CHECKING:
    from actors.client import Hub

PROVIDER_CONNECTIONS = 8
PROVIDER_TIMEOUT_S = 10.0


class Calls:
    """One a gateway process. What it returns has committed."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        settings = hub.settings
        self.out = CallsOut(hub, self)
        self.desk = DeskCalls(hub)
        self.flows = FlowCalls(hub)
        self._links = Links(settings.secret_key.get_secret_value(), settings.public_url)
        self.provider = ProviderClient(PROVIDER_CONNECTIONS, PROVIDER_TIMEOUT_S)

    async def close(self) -> None:
        await self.provider.close()

    async def place(self, account: Account, call_id: UUID) -> store.Place:
        """Where this account's call is. Raises NotFound, also for a call of another account."""
        async with transaction(self._hub.engine, Scope.nothing()) as db:
            found = await store.place(db, call_id)
        if found is None or found.account_id != account.id:
            raise NotFound("there is no such call")
        return found

    async def document(self, account: Account, call_id: UUID, turn: int, event: Event, sid: str) -> str:
        """The document that answers `event`, after what the person said is in their conversation."""
        row = await self.flows.spoken_in(account, call_id)
        if row is not None:
            return await self._flow_document(account, row, turn, event, sid)
        if turn == 0:
            at_desk = await self.desk.document(account, call_id, CONTACT, sid, {}, first=True)
            if at_desk is not None:
                return at_desk
        found = await self.place(account, call_id)
        await self._tell_conversation(found.tenant_id, call_id, turn, event, sid)
        turned = await self._turn(account, found.tenant_id, call_id, turn, event)
        if turned.fresh:
            await realtime.publish(self._hub.redis, [(found.tenant_id, updated(turned.row))])
        return turned.reply

    async def _flow_document(self, account: Account, row: Any, turn: int, event: Event, sid: str) -> str:
        """The document of a call that a flow speaks in. One that is handed over asks as a leg of the desk from then on."""
        after, advance = await self.flows.turn(row, turn, event)
        script, leg = service.script_of(after), None
        if is_given_away(after) and advance.actions:
            leg = await self.desk.take_over(account, row, sid)
        return self._rendered(account, row.id, row.created_at, leg)(script, advance, after.turn)

    async def leg_document(
        self, account: Account, call_id: UUID, number: int, sid: str, fields: Mapping[str, str]
    ) -> str:
        """What a leg of a call at the desk is to hear; the contact's goes on by the script when the desk is done with it."""
        found = await self.desk.document(account, call_id, number, sid, fields, first=False)
        if found is not None:
            return found
        place = await self.place(account, call_id)
        await self.flows.let_go(place.tenant_id, call_id)
        return (await self._turn(account, place.tenant_id, call_id, 0, Answered())).reply

    async def step(self, tenant_id: UUID, call_id: UUID, turn: int, event: Event, sid: str) -> Advance:
        """What a line of our own is to do after `event`. Raises NotFound."""
        spoken = await self.flows.step(tenant_id, call_id, event)
        if spoken is not None:
            return spoken
        await self._tell_conversation(tenant_id, call_id, turn, event, sid)
        said: list[Advance] = []

        def noted(script: Call, found: Advance, following: int) -> str:
            said.append(found)
            return ""

        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            now = self._hub.clock.now()
            turned = await service.take_turn(db, tenant_id, call_id, turn, event, now, noted)
        if turned.fresh:
            await realtime.publish(self._hub.redis, [(tenant_id, updated(turned.row))])
        return said[0] if said else Advance(None, ())

    async def _turn(
        self, account: Account, tenant_id: UUID, call_id: UUID, turn: int, event: Event
    ) -> Turned:
        now = self._hub.clock.now()
        rendered = self._rendered(account, call_id, now)
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            return await service.take_turn(db, tenant_id, call_id, turn, event, now, rendered)

    def _rendered(
        self, account: Account, call_id: UUID, now: datetime, leg: str | None = None
    ) -> Callable[[Call, Advance, int], str]:
        """Writes the documents of a call: what is done, and the turn that its answer is. Links are good from `now` on.

        `leg`: where the call asks from now on in place of that.
        """
        base = f"{self._hub.settings.public_url}/webhooks/twilio/{encode_id('acc', account.id)}"
        name = encode_id(PREFIX, call_id)
        media = self._media(now)

        def rendered(script: Call, found: Advance, following: int) -> str:
            action = leg or f"{base}/voice/{name}?turn={following}"
            return render(script, found.actions, action, f"{base}/voice-recording?ref={name}", media)

        return rendered

    def _media(self, now: datetime) -> Callable[[str], str]:
        def address(media_id: str) -> str:
            own = library_id(media_id)
            return "" if own is None else self._links.of(own, now)

        return address

    async def _tell_conversation(
        self, tenant_id: UUID, call_id: UUID, turn: int, event: Event, sid: str
    ) -> None:
        """What was pressed, said or recorded becomes a message of the person; told again, it is one message."""
        content: dict[str, Any]
        if isinstance(event, Gathered):
            text = event.digits or event.speech
            content = {"type": "gather", "digits": event.digits, "speech": event.speech}
        elif isinstance(event, Recorded) and event.seconds:
            text = f"Voice message, {event.seconds} s"
            content = {"type": "recording", "seconds": event.seconds}
        else:
            return
        if not text:
            return
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            row = await store.get(db, tenant_id, call_id)
        if row is None:
            return
        directory = await self._hub.directories.one(tenant_id)
        channel = directory.channels.get(row.channel_id)
        if channel is None:
            raise NotFound("the call's channel is not there any more")
        content["call_id"] = encode_id(PREFIX, call_id)
        key = f"in:{sid}:{turn}"
        message = InboundMessage(
            key, channel.provider_address, row.address, text, f"{sid}:{turn}", content=content
        )
        await self._hub.receive_at(channel, message)

    async def report(self, account: Account, call_id: UUID, news: CallNews) -> Reported:
        """Take an account's news of a call. Raises NotFound."""
        found = await self.place(account, call_id)
        return await self.report_of(found.tenant_id, call_id, news)

    async def report_of(self, tenant_id: UUID, call_id: UUID, news: CallNews) -> Reported:
        """Take news of a tenant's call. Raises NotFound."""
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            done = await service.report(
                db, tenant_id, call_id, news, self._hub.clock.now(), self._hub.directories
            )
        if done.changed:
            events = [(tenant_id, updated(done.row)), *moved_events(done.moved)]
            await realtime.publish(self._hub.redis, events)
            if news.recording_url:
                await self.desk.show(tenant_id, call_id)
            status = CallStatus(done.row.status)
            if status in ENDED:
                await self.desk.contact_gone(tenant_id, call_id, status)
        return done

    async def arrived(self, account: Account, number: str, caller: str, sid: str) -> UUID | None:
        """The call that a person makes to one of our numbers, made on first sight. None: nobody has the number."""
        async with transaction(self._hub.engine, Scope.nothing()) as db:
            channel = await store.channel(db, account.id, number)
        if channel is None or channel.status == "archived":
            return None
        known = await self._by_provider_id(channel, sid)
        if known is not None:
            return known
        event = InboundMessage(f"in:{sid}", number, caller, "Incoming call", sid, content={"type": CALL})
        late = replace(event, content={"type": CALL, LATE: True})
        await self._hub.receive_at(channel, event, late)
        begun = await self._by_provider_id(channel, sid)
        if begun is not None:  # a rule led the call into a flow, which speaks in it
            return begun
        contact_id = await self._hub.inbounds.contact(channel.tenant_id, caller)
        directory = await self._hub.directories.one(channel.tenant_id)
        row = {
            "tenant_id": channel.tenant_id,
            "id": new_id(),
            "contact_id": contact_id,
            "channel_id": channel.id,
            "direction": "in",
            "address": caller,
            "script": service.greeting(directory.brand).model_dump(mode="json"),
            "status": "ringing",
            "provider_call_id": sid,
            "created_at": self._hub.clock.now(),
        }
        async with transaction(self._hub.engine, Scope.of(channel.tenant_id)) as db:
            await store.insert(db, row)
        call_id = await self._by_provider_id(channel, sid)
        if call_id is not None:
            await self.desk.begin(channel, contact_id, call_id, sid)
        return call_id

    async def _by_provider_id(self, channel: Channel, sid: str) -> UUID | None:
        async with transaction(self._hub.engine, Scope.of(channel.tenant_id)) as db:
            row = await store.by_provider_id(db, channel.tenant_id, channel.id, sid)
        return None if row is None else row.id

    async def report_arrived(self, account: Account, number: str, news: CallNews) -> bool:
        """News of a call that came in, which the provider knows by its own id only. False: there is no such call."""
        async with transaction(self._hub.engine, Scope.nothing()) as db:
            channel = await store.channel(db, account.id, number)
        call_id = None if channel is None else await self._by_provider_id(channel, news.provider_call_id)
        if channel is None or call_id is None:
            return False
        await self.report_of(channel.tenant_id, call_id, news)
        return True

    async def ask(self, request: ProviderRequest) -> tuple[int, bytes]:
        """Call the provider. Raises SendRefused or SendOutcomeUnknown."""
        return await self.provider.post(request)
