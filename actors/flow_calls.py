"""Calls that flows speak in, as the gateway and the lines of our own drive them: each question is a turn of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from hub import realtime
from hub.channels.base import Account
from hub.conversations.state import FlowCall
from hub.errors import NotFound
from hub.flows.on_call import Line
from hub.ids import encode_id
from hub.voice import flow_calls, service, store
from hub.voice.interpreter import Advance, Answered, Event, HungUp
from hub.voice.state import ENDED, CallStatus
from hub.voice.views import PREFIX, updated
from models.db import Scope, transaction

if TYPE_CHECKING:
    from actors.client import Hub

OVER = flow_calls.OVER


class FlowCalls:
    """One a gateway process. What it returns has committed."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def row(self, tenant_id: UUID, call_id: UUID) -> Any:
        """Raises NotFound."""
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            row = await store.get(db, tenant_id, call_id)
        if row is None:
            raise NotFound("there is no such call")
        return row

    async def spoken_in(self, account: Account, call_id: UUID) -> Any:
        """The row of an account's call that a flow speaks in; None for any other."""
        async with transaction(self._hub.engine, Scope.nothing()) as db:
            found = await store.place(db, call_id)
        if found is None or found.account_id != account.id:
            return None
        row = await self.row(found.tenant_id, call_id)
        return row if row.session_id is not None else None

    async def let_go(self, tenant_id: UUID, call_id: UUID) -> None:
        """A call that a flow gave away, and that nobody at the desk took, goes on by the script that takes messages."""
        greeting = service.greeting((await self._hub.directories.one(tenant_id)).brand)
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            await flow_calls.let_go(db, tenant_id, call_id, greeting)

    async def step(self, tenant_id: UUID, call_id: UUID, event: Event) -> Advance | None:
        """`turn` for a line of our own, which asks nothing twice; None for a call that goes by its script."""
        row = await self.row(tenant_id, call_id)
        if row.session_id is None:
            return None
        return (await self.turn(row, 0 if isinstance(event, Answered) else row.turn, event))[1]

    async def turn(self, row: Any, turn: int, event: Event) -> tuple[Any, Advance]:
        """Let the session go on after `event`, which answers turn `turn`: the call's row after it, and what is to be done.

        Asked again, it is the same. A call whose session is gone, or went on without it, ends.
        """
        if CallStatus(row.status) in ENDED or isinstance(event, HungUp):
            return row, OVER
        now = self._hub.clock.now()
        call_id = encode_id(PREFIX, row.id)
        recording = f"{self._hub.settings.public_url}/v1/calls/{call_id}/recording"
        given = flow_calls.happened(event, recording)
        line = Line(row.id, row.channel_id, row.address, row.direction)
        kept = flow_calls.kept(event, now)
        asked = FlowCall(row.session_id, line, turn, given, now, kept)
        answer = await self._hub.command(row.tenant_id, row.contact_id, asked)
        if answer["status"] == "holding":
            return row, flow_calls.HELD
        after = await self.row(row.tenant_id, row.id)
        if after.turn <= turn:
            return after, OVER
        if after.turn > row.turn:
            await realtime.publish(self._hub.redis, [(row.tenant_id, updated(after))])
        return after, flow_calls.document(after)
