"""Calls at the desk as the gateway drives them: what their legs hear, news of the legs, what people do with them.

What a call is stands in the database; the provider is asked after the commit. A request to it that is lost is made good
by the next look: a waiting leg asks again by itself, and a phone that rings for too long is given up (`sweep`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import structlog
from sqlalchemy import Row

from actors.desk_documents import Looked, document
from actors.desk_lines import DeskLines
from hub import realtime
from hub.channels.base import Account, Channel, ChannelKind
from hub.channels.voice_desk_twiml import CALLBACK_KEY
from hub.channels.voice_news import CallNews, Spoken
from hub.conversations.desk import Accept, Talk
from hub.conversations.state import Assign
from hub.directory import Directory
from hub.errors import Conflict, HubError, Invalid, NotFound
from hub.ids import new_id
from hub.routing.store import some_conversations
from hub.voice import desk, desk_service, desk_store
from hub.voice.desk import CONTACT, DeskCall, Event, Phase, Result
from hub.voice.desk_moves import advance, advance_all, outgoing
from hub.voice.desk_service import Done, Outlook
from hub.voice.desk_views import desk_call_view, desk_updated
from hub.voice.state import ENDED, CallStatus
from models.db import Scope, transaction

if TYPE_CHECKING:
    from actors.client import Hub

OVERDUE_MAX = 100

log = structlog.get_logger()


@dataclass(eq=False)
class NoPhone(Conflict):
    """Say first which phone your calls come to."""

    code: ClassVar[str] = "no-phone"


class DeskCalls:
    """One a process. What it returns has committed."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.lines = DeskLines(hub, self)

    async def begin(self, channel: Channel, contact_id: UUID, call_id: UUID, sid: str) -> bool:
        """Let a call that came in wait at the desk; False: its script answers it."""
        directory = await self._hub.directories.one(channel.tenant_id)
        now = self._hub.clock.now()
        async with transaction(self._hub.engine, Scope.of(channel.tenant_id)) as db:
            if not await desk_service.begin(db, directory, channel.id, contact_id, call_id, sid, now):
                return False
        await self.show(channel.tenant_id, call_id)
        return True

    async def take_over(self, account: Account, row: Any, sid: str) -> str:
        """A flow hands its call over: it waits at the desk if its queue takes calls. Returns where the contact's leg asks;
        told again, it is the same.
        """
        async with transaction(self._hub.engine, Scope.nothing()) as db:
            known = await desk_store.place(db, row.id)
        channel = (await self._hub.directories.one(row.tenant_id)).channels.get(row.channel_id)
        if known is None and channel is not None:
            await self.begin(channel, row.contact_id, row.id, sid)
        return self.lines.document_url(account, row.id, CONTACT)

    async def document(
        self, account: Account, call_id: UUID, number: int, sid: str, fields: Mapping[str, str], first: bool
    ) -> str | None:
        """What a leg is to hear now, as TwiML; None: the call is not at the desk, so its script goes on.

        `fields`: what the provider tells, with `ask` and `from` of the address that it asks at. Raises NotFound.
        """
        async with transaction(self._hub.engine, Scope.nothing()) as db:
            place = await desk_store.place(db, call_id)
        if place is None:
            return None
        if place.account_id != account.id:
            raise NotFound("there is no such call")
        looked = await self.look(place.tenant_id, call_id, number, sid, fields, first, keeps=True)
        return None if looked.scene == "script" else document(looked, self.lines, account)

    async def look(
        self,
        tenant_id: UUID,
        call_id: UUID,
        number: int,
        sid: str,
        fields: Mapping[str, str],
        first: bool,
        keeps: bool,
    ) -> Looked:
        """A leg asks what it is to hear. `keeps`: its carrier can record and transcribe. Raises NotFound."""
        directory = await self._hub.directories.one(tenant_id)
        now = self._hub.clock.now()
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            row = await desk_store.lock(db, tenant_id, call_id)
            outlook, told = None, row is not None and desk_service.call_of(row).told
            if row is not None and number == CONTACT and row.phase in ("queued", "connecting"):
                outlook = await desk_service.outlook(db, directory, row, now)
            events = _events(number, sid, fields, outlook, now)
            pressed: list[str] = []
            voice = desk_service.settings_of(directory, None if row is None else row.queue_id).voice

            def step(call: DeskCall) -> Result:
                result = advance_all(call, *events)
                if keeps and number == CONTACT and desk.scene_of(result.call, number) == "room":
                    keeping = advance(result.call, desk.Keep(voice.record, voice.transcribe, now))
                    result.call, result.log = keeping.call, result.log + keeping.log
                leg = result.call.leg(number)
                if leg is not None and leg.press and desk.scene_of(result.call, number) == "room":
                    pressed.append(leg.press)
                    more = advance(result.call, desk.Pressed(number, now))
                    result.call = more.call
                return result

            done = await desk_service.apply(db, directory, call_id, now, step)
        self._give_up_owner(done, directory, now)
        await self._after(done)
        begins = done.call.told and not told
        return Looked(done, number, directory, voice, outlook, "".join(pressed), first, begins)

    def _give_up_owner(self, done: Done, directory: Directory, now: datetime) -> None:
        """Who has the conversation and lets its call ring does not have it any more: it is offered to others."""
        if done.call.phase is not Phase.QUEUED or done.row.assignee_id is None:
            return
        accept_s = desk_service.settings_of(directory, done.row.queue_id).accept_s
        if (now - done.call.since).total_seconds() > accept_s:
            done.effects.append(desk.Give(None, "did not answer the call"))

    async def leg_news(self, account: Account, call_id: UUID, number: int, news: CallNews) -> None:
        """News of a phone that the hub has rung. Raises NotFound."""
        async with transaction(self._hub.engine, Scope.nothing()) as db:
            place = await desk_store.place(db, call_id)
        if place is None or place.account_id != account.id:
            raise NotFound("there is no such call")
        now = self._hub.clock.now()
        if news.status in ENDED:
            event: Event = desk.LegGone(number, news.status.value, now)
        elif news.status is CallStatus.IN_PROGRESS:
            event = desk.LegUp(number, news.provider_call_id, now)
        else:
            event = desk.LegNamed(number, news.provider_call_id, now)
        await self.act(place.tenant_id, call_id, event)

    async def said(self, account: Account, call_id: UUID, spoken: Spoken) -> None:
        """Write down what somebody said, and show it. Raises NotFound."""
        async with transaction(self._hub.engine, Scope.nothing()) as db:
            place = await desk_store.place(db, call_id)
        if place is None or place.account_id != account.id:
            raise NotFound("there is no such call")
        directory = await self._hub.directories.one(place.tenant_id)
        async with transaction(self._hub.engine, Scope.of(place.tenant_id)) as db:
            event = await desk_service.said(db, directory, call_id, spoken, self._hub.clock.now())
        if event is not None:
            await realtime.publish(self._hub.redis, [(place.tenant_id, event)])

    async def contact_gone(self, tenant_id: UUID, call_id: UUID, status: CallStatus) -> None:
        """The contact's own line is over; of a call that is not at the desk it is no news."""
        try:
            await self.act(tenant_id, call_id, desk.LegGone(CONTACT, status.value, self._hub.clock.now()))
        except NotFound:
            return

    async def act(self, tenant_id: UUID, call_id: UUID, event: Event, actor: str = "system") -> Done:
        """One event of a call. Raises NotFound, and CallMoved or NotYourCall where a person asks for what cannot be."""
        directory = await self._hub.directories.one(tenant_id)
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            now = self._hub.clock.now()
            done = await desk_service.apply(
                db, directory, call_id, now, lambda call: advance(call, event), actor
            )
        await self._after(done)
        return done

    async def answer(self, tenant_id: UUID, call_id: UUID, user_id: UUID, actor: str) -> UUID:
        """An agent takes a call that waits, or calls back who asked for it: the conversation becomes theirs first, so
        of two who do it at once one gets a conflict. Returns the call's id: a call back is a call of its own.

        Raises NotFound, NoPhone, Conflict.
        """
        row = await self.known(tenant_id, call_id)
        address = await self.phone(tenant_id, user_id)
        if row.phase not in ("queued", "callback"):
            raise desk.CallMoved(f"the call is {row.phase}")
        await self._own(tenant_id, row.contact_id, user_id, actor)
        now = self._hub.clock.now()
        if row.phase == "callback" and desk_service.call_of(row).direction == "in":
            return await self._call_back(tenant_id, call_id, user_id, address, actor)
        await self.act(tenant_id, call_id, desk.Take(user_id, address, now), actor)
        return call_id

    async def _own(self, tenant_id: UUID, contact_id: UUID, user_id: UUID, actor: str) -> None:
        """The conversation is this agent's, or they take it now. Raises Conflict where somebody else has it."""
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            found = await some_conversations(db, tenant_id, [contact_id])
        if found and found[0].agent_id == user_id and not found[0].asked:
            return
        directory = await self._hub.directories.one(tenant_id)
        name = directory.users.get(user_id, "")
        event = Accept(user_id, self._hub.clock.now(), name, actor)
        await self._hub.command(tenant_id, contact_id, event)

    async def _call_back(
        self, tenant_id: UUID, call_id: UUID, user_id: UUID, address: str, actor: str
    ) -> UUID:
        directory = await self._hub.directories.one(tenant_id)
        now = self._hub.clock.now()
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            before = await desk_service.apply(
                db, directory, call_id, now, lambda call: advance(call, desk.CallBack(now)), actor
            )
            row = before.row
            made = outgoing(user_id, address, now, row.waited_from, callback=True)
            done = await desk_service.place(
                db, directory, row.channel_id, row.contact_id, new_id(), row.queue_id, made, now
            )
        await self._after(before)
        await self._after(done)
        return done.id

    async def call_out(
        self, tenant_id: UUID, contact_id: UUID, channel_id: UUID | None, user_id: UUID, actor: str
    ) -> UUID:
        """An agent calls a contact whose conversation is theirs, or becomes theirs: the agent's phone rings first.

        Raises NotFound, NoPhone, Conflict, Invalid.
        """
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            if not await some_conversations(db, tenant_id, [contact_id]):
                raise NotFound("there is no such conversation")
        address = await self.phone(tenant_id, user_id)
        directory = await self._hub.directories.one(tenant_id)
        lines = [one.id for one in directory.channels.values() if one.kind is ChannelKind.VOICE]
        if not lines or channel_id not in (None, *lines):
            raise Invalid("there is no such voice channel", "/channel_id")
        await self._own(tenant_id, contact_id, user_id, actor)
        now = self._hub.clock.now()
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            standing = await some_conversations(db, tenant_id, [contact_id])
            queue_id = standing[0].queue_id if standing else None
            made = outgoing(user_id, address, now)
            done = await desk_service.place(
                db, directory, channel_id or lines[0], contact_id, new_id(), queue_id, made, now
            )
        await self._after(done)
        return done.id

    async def known(self, tenant_id: UUID, call_id: UUID) -> Row[Any]:
        """The call as `desk_store.shown` finds it. Raises NotFound."""
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            row = await desk_store.shown(db, tenant_id, call_id)
        if row is None:
            raise NotFound("there is no such call at the desk")
        return row

    async def hang_up(self, tenant_id: UUID, call_id: UUID, user_id: UUID | None, actor: str) -> bool:
        """End a call for everybody. False: it is not at the desk (any more). Raises NotYourCall."""
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            row = await desk_store.shown(db, tenant_id, call_id)
        if row is None or row.phase in desk.OVER:
            return False
        if user_id is None:
            raise desk.NotYourCall("a call at the desk is ended by the agent who has it")
        await self.act(tenant_id, call_id, desk.HangUp(user_id, self._hub.clock.now()), actor)
        return True

    async def settle(self, tenant_id: UUID, call_id: UUID) -> None:
        """The conversation of a waiting call has gone to another queue: the call waits there too."""
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            row = await desk_store.lock(db, tenant_id, call_id)
            if row is not None:
                for standing in await some_conversations(db, tenant_id, [row.contact_id]):
                    await desk_store.change(db, tenant_id, call_id, {"queue_id": standing.queue_id})
        await self.show(tenant_id, call_id)

    async def phone(self, tenant_id: UUID, user_id: UUID) -> str:
        """The agent's phone. Raises NoPhone."""
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            address = await desk_store.phone(db, tenant_id, user_id)
        if not address:
            raise NoPhone("say first which phone your calls come to")
        return address

    async def sweep(self) -> int:
        """Give up phones that ring for too long and that nobody heard of. Returns how many calls were looked at."""
        now = self._hub.clock.now()
        async with transaction(self._hub.engine, Scope.nothing()) as db:
            rows = await desk_store.overdue(db, now, OVERDUE_MAX)
        for row in rows:
            await self.act(row.tenant_id, row.id, desk.Tick(now))
        return len(rows)

    async def show(self, tenant_id: UUID, call_id: UUID) -> None:
        directory = await self._hub.directories.one(tenant_id)
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            row = await desk_store.shown(db, tenant_id, call_id)
        if row is not None:
            view = desk_call_view(row, directory)
            await realtime.publish(self._hub.redis, [(tenant_id, desk_updated(view))])

    async def _after(self, done: Done) -> None:
        """Tell the screens, and do what the event asked for. Effects that fail tell of it as news of their own."""
        if done.changed:
            await realtime.publish(self._hub.redis, [(done.tenant_id, desk_updated(done.view))])
        await asyncio.gather(*(self._do(done, effect) for effect in done.effects))

    async def _do(self, done: Done, effect: desk.Effect) -> None:
        now = self._hub.clock.now()
        match effect:
            case desk.Give(user_id, note, by):
                directory = await self._hub.directories.one(done.tenant_id)
                name = "" if user_id is None else directory.users.get(user_id, "")
                await self._turn(done, Assign(user_id, now, name, f"user:{by}" if by else "system", note))
            case desk.Spoke(user_id):
                await self._turn(done, Talk(user_id, now))
            case desk.Ring(leg):
                await self.lines.ring(done, leg)
            case desk.Look(leg):
                await self.lines.look(done, leg)
            case desk.Drop(leg):
                await self.lines.drop(done, leg)
            case desk.CallContact():
                await self.lines.call_contact(done)

    async def _turn(self, done: Done, event: Assign | Talk) -> None:
        """A turn of the conversation that follows from the call; one that does not fit any more is none."""
        try:
            await self._hub.command(done.tenant_id, done.row.contact_id, event)
        except HubError as error:
            log.info("desk_call_turn_refused", event=type(event).__name__, error=type(error).__name__)
        else:
            await self.show(done.tenant_id, done.id)


def _events(
    number: int, sid: str, fields: Mapping[str, str], look: Outlook | None, now: datetime
) -> list[Event]:
    """What a leg that asks for its document tells by that."""
    found: list[Event] = [desk.Tick(now), desk.LegUp(number, sid, now)]
    if number != CONTACT:
        return found
    if fields.get("ask") == "callback" and fields.get("Digits", "") == CALLBACK_KEY:
        found.append(desk.WantCallback(now))
    elif fields.get("from") == "forward" and "DialCallStatus" in fields:
        found.append(desk.ForwardGone(fields["DialCallStatus"], now))
    elif look is not None and look.give_up:
        found.append(desk.GiveUp(now))
    return found
