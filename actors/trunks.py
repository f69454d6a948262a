"""TrunkHost: calls over SIP trunks. A process of its own, because the SIP stack is native code: if it falls, only its calls fall.

Promise: a `dial` that returns has sent an INVITE; the call goes on by itself, and its news is written as it comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text

from actors.calls import Calls
from actors.client import Hub
from actors.shell import Shell
from actors.sip import Arrived, NotConnected, SipLine, SipStack
from actors.trunk_calls import recording_path
from actors.trunk_desk import TrunkDesk
from hub.channels import store as channel_store
from hub.channels.base import Account
from hub.channels.errors import SendRefused
from hub.channels.voice_news import CallNews
from hub.channels.voice_sip_codes import outcome_of
from hub.clock import SystemClock
from hub.errors import HubError, NotFound, Unavailable
from hub.ids import encode_id
from hub.media.fetch import Fetcher
from hub.media.links import Links, library_id
from hub.media.shelf import Draft
from hub.settings import Settings
from hub.voice import service, store
from hub.voice.carrying import Carrier, LineGone
from hub.voice.interpreter import Advance, Event
from hub.voice.script import Call, Play
from hub.voice.sound import pcm_of_wav, seconds_of, wav_of_pcm
from hub.voice.speech import Speech
from hub.voice.state import CallStatus
from models.db import Scope, transaction

ACCOUNTS_EVERY_S = 10.0
SOUND_BYTES_MAX = 32 * 1024 * 1024

log = structlog.get_logger()


class TrunkHost(Shell):
    """Keeps the registrations, dials, answers, and carries the scripts out."""

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self.hub = Hub(settings, self.engine, self.redis, SystemClock())
        self.calls: Calls = self.hub.calls
        self.speech = Speech()
        self.fetcher = Fetcher()
        self.links = Links(settings.secret_key.get_secret_value(), settings.public_url)
        self.stack = SipStack(settings.sip_listen, self._arrived)
        self._lines: dict[UUID, SipLine] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.desk = TrunkDesk(self.calls.desk, self._dial_leg, self.speech, self._fetch, self._spawn)
        self.calls.desk.lines.trunk = self.desk

    async def start(self) -> None:
        await self.stack.start()
        await self.end_strays()
        self._spawn(self._open_for_ever())

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end_strays(self) -> None:
        """Calls of an earlier life of this host: their lines are lost, and their money goes back."""
        async with transaction(self.engine, Scope.nothing()) as db:
            strays = (await db.execute(text("SELECT tenant_id, id FROM open_trunk_calls()"))).all()
        for stray in strays:
            news = CallNews("", CallStatus.FAILED, reason="the line was lost")
            await self.calls.report_of(stray.tenant_id, stray.id, news)

    async def _open_for_ever(self) -> None:
        """Open every trunk, also new ones: they must ring here before anybody calls out over them."""
        while True:
            try:
                for account in await self._accounts():
                    await self.stack.trunk(account)
            except Exception as error:
                log.warning("trunks_not_opened", error=type(error).__name__)
            await asyncio.sleep(ACCOUNTS_EVERY_S)

    async def _accounts(self) -> Sequence[Account]:
        async with transaction(self.engine, Scope.nothing()) as db:
            ids = (await db.execute(text("SELECT id FROM accounts_of('sip')"))).scalars().all()
            key = self.settings.secret_key.get_secret_value()
            found = [await channel_store.account(db, account_id, key) for account_id in ids]
        return [account for account in found if account is not None]

    async def check(self, account_id: UUID) -> str:
        """Open an account's trunk as it is set up now: "" or what is wrong with it."""
        async with transaction(self.engine, Scope.nothing()) as db:
            account = await channel_store.account(db, account_id, self.settings.secret_key.get_secret_value())
        if account is None:
            return "the trunk is not there any more"
        try:
            await self.stack.trunk(account)
        except Unavailable as error:
            return str(error)
        return ""

    async def dial(self, tenant_id: UUID, call_id: UUID, account_id: UUID, number: str) -> str:
        """Let a number ring; asked for the same call again, it rings once. Raises SendRefused: nothing was sent."""
        known = self._lines.get(call_id)
        if known is not None:
            return await known.named()
        account = await self.hub.account(encode_id("acc", account_id))
        async with transaction(self.engine, Scope.of(tenant_id)) as db:
            row = await store.get(db, tenant_id, call_id)
        if account is None or row is None:
            raise SendRefused("the call or its trunk is not there any more", "no-account")
        script = service.script_of(row)
        try:
            trunk = await self.stack.trunk(account)
            line = await trunk.dial(number)
        except Unavailable as error:
            raise SendRefused.of(outcome_of(None)[1], "sip", str(error)) from None
        self._lines[call_id] = line
        self._spawn(self._out(tenant_id, call_id, script, line))
        return await line.named()

    async def hang_up(self, call_id: UUID) -> None:
        """End a call that is here. Raises NotFound."""
        line = self._lines.get(call_id)
        if line is None:
            raise NotFound("the trunk has no such call")
        await line.hang_up()

    async def _dial_leg(self, account_id: UUID, address: str) -> SipLine:
        """Let a phone of a call at the desk ring. Raises Unavailable."""
        account = await self.hub.account_by_id(account_id)
        if account is None:
            raise Unavailable("the trunk is not there any more")
        return await (await self.stack.trunk(account)).dial(address)

    async def ring_leg(
        self, tenant_id: UUID, call_id: UUID, number: int, account_id: UUID, address: str
    ) -> str:
        """For a call at the desk: let a phone ring; returns the SIP call's id. Raises Unavailable."""
        return await self.desk.ring(tenant_id, call_id, number, account_id, address)

    async def look_leg(self, call_id: UUID, number: int) -> None:
        """For a call at the desk: something has changed for this line."""
        await self.desk.look(call_id, number)

    async def drop_leg(self, call_id: UUID, number: int) -> None:
        """For a call at the desk: end this line; one that is not here is over."""
        await self.desk.drop(call_id, number)

    async def _out(self, tenant_id: UUID, call_id: UUID, script: Call, line: SipLine) -> None:
        try:
            self._spawn(self._rings(tenant_id, call_id, line))
            try:
                await line.answered(float(script.ring_timeout_s))
            except NotConnected as failure:
                code = str(failure.sip_status) if failure.sip_status else None
                news = CallNews(
                    line.sip_call_id, failure.status, 3, error_code=code, reason=failure.meaning.reason
                )
                await self.calls.report_of(tenant_id, call_id, news)
                return
            await self._talk(tenant_id, call_id, script, line)
        except Exception:
            log.exception("trunk_call_failed")
            await self._news(tenant_id, call_id, line, 3, CallStatus.FAILED)
        finally:
            self._lines.pop(call_id, None)

    async def _rings(self, tenant_id: UUID, call_id: UUID, line: SipLine) -> None:
        """Tell that it rings, if it does before it is over."""
        rings, over = asyncio.ensure_future(line.ringing.wait()), asyncio.ensure_future(line.gone.wait())
        await asyncio.wait((rings, over), return_when=asyncio.FIRST_COMPLETED)
        if rings.done():
            await self._news(tenant_id, call_id, line, 1, CallStatus.RINGING)
        rings.cancel()
        over.cancel()

    async def _talk(self, tenant_id: UUID, call_id: UUID, script: Call, line: SipLine) -> None:
        """An answered call to its end; then the person, or we, have hung up."""
        await self._news(tenant_id, call_id, line, 2, CallStatus.IN_PROGRESS)
        turns = 0

        async def turn(event: Event) -> Advance:
            nonlocal turns
            turns += 1
            return await self.calls.step(tenant_id, call_id, turns - 1, event, line.sip_call_id)

        async def keep(pcm: bytes) -> None:
            await self._keep(tenant_id, call_id, line, pcm)

        try:
            async with asyncio.timeout(script.time_limit_s):
                if await self.desk.contact(tenant_id, call_id, line):
                    await Carrier(line, script, self.speech, turn, self._fetch, keep).run()
        except LineGone:
            log.info("trunk_contact_gone")
        except TimeoutError:
            log.info("trunk_call_time_limit")
        except HubError:  # the script cannot go on: its news is that the call is over
            log.exception("trunk_script_failed")
        await line.hang_up()
        await self._news(tenant_id, call_id, line, 3, CallStatus.COMPLETED)

    async def _news(
        self, tenant_id: UUID, call_id: UUID, line: SipLine, sequence: int, status: CallStatus
    ) -> None:
        await self.calls.report_of(tenant_id, call_id, CallNews(line.sip_call_id, status, sequence))

    async def _keep(self, tenant_id: UUID, call_id: UUID, line: SipLine, pcm: bytes) -> None:
        path = recording_path(self.settings, tenant_id, call_id)

        def write() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wav_of_pcm(pcm))

        await asyncio.to_thread(write)
        seconds = max(1, round(seconds_of(pcm)))
        news = CallNews(line.sip_call_id, recording_url=path.name, recording_s=seconds)
        await self.calls.report_of(tenant_id, call_id, news)

    async def _fetch(self, play: Play) -> bytes:
        """The samples of a recording on the web or in our library. Raises Unavailable, Invalid."""
        own = library_id(play.media_id)
        url = play.url or (self.links.of(own, self.hub.clock.now()) if own is not None else "")
        if not url:
            raise Unavailable("the recording to play is not in the library")
        folder = self.settings.var_dir / "sounds"
        with Draft(folder, SOUND_BYTES_MAX) as draft:
            await self.fetcher.fetch(url, draft, trusted=self.settings.public_url)
            place = folder / draft.sha256
            draft.keep(place)
        return pcm_of_wav(await asyncio.to_thread(place.read_bytes))

    async def _arrived(self, arrived: Arrived) -> None:
        """A person calls one of our numbers: they wait at the desk, or the default script answers."""
        line = arrived.line
        for trunk in arrived.trunks:
            found = await self.calls.arrived(trunk.account, arrived.number, arrived.caller, line.sip_call_id)
            if found is not None:
                line.trunk = trunk
                return await self._answer(trunk.account, found, line)
        await line.hang_up()

    async def _answer(self, account: Account, call_id: UUID, line: SipLine) -> None:
        place = await self.calls.place(account, call_id)
        async with transaction(self.engine, Scope.of(place.tenant_id)) as db:
            row = await store.get(db, place.tenant_id, call_id)
        self._lines[call_id] = line
        try:
            await line.answer()
            await self._talk(place.tenant_id, call_id, service.script_of(row), line)
        finally:
            self._lines.pop(call_id, None)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self.stack.close()
        await self.hub.pool.close()
        await super().close()
