"""SIP trunks: one SIP stack a process, one user agent an account, calls out and in.

The stack (baresip) has its own thread for signalling, RTP and DTMF; here are its calls as `Line`s, and what a trunk is
asked for. It is an optional part: `pip install parley-hub[voice]`.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog

from hub.channels.base import Account
from hub.channels.codes import Meaning
from hub.channels.voice_sip import SipSettings, number_of, settings_of, uri_of
from hub.channels.voice_sip_codes import outcome_of
from hub.errors import Unavailable
from hub.voice.carrying import LineGone, until_gone
from hub.voice.sound import BYTES_PER_S
from hub.voice.state import CallStatus

baresip: Any
try:
    baresip = importlib.import_module("baresip")
except ImportError:  # the optional part is not installed
    baresip = None

FRAME_S = 0.02
FRAME = int(FRAME_S * BYTES_PER_S)
NAME_S = 3.0
AHEAD = 10 * FRAME  # how far sound is written ahead of the line
STATUS = re.compile(r"^(\d{3})\b")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Arrived:
    """Somebody calls one of our numbers. `trunks`: those that may have brought the call; it belongs to whose the number is."""

    trunks: tuple[Trunk, ...]
    number: str
    caller: str
    sip_call_id: str
    line: SipLine


@dataclass(eq=False)
class NotConnected(Exception):
    """An outbound call that nobody took: how it ended and what that means."""

    status: CallStatus
    meaning: Meaning
    sip_status: int | None = None


class SipLine:
    """One call of the stack as a `hub.voice.carrying.Line`."""

    def __init__(self, trunk: Trunk, call: Any) -> None:
        self.trunk = trunk
        self._call = call
        self._keys: asyncio.Queue[str] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.ringing = asyncio.Event()
        self._named = asyncio.Event()
        call.on(self._event)
        call.on_dtmf(lambda event: self._keys.put_nowait(event.digit))

    @property
    def sip_call_id(self) -> str:
        return str(self._call.call_id or "")

    async def named(self) -> str:
        """The SIP Call-ID, which comes with the stack's first news. Raises Unavailable."""
        if not self.sip_call_id:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._named.wait(), NAME_S)
        if not self.sip_call_id:  # looked at again: the news may have come before anybody listened
            raise Unavailable("the SIP stack does not name the call")
        return self.sip_call_id

    def _event(self, event: Any) -> None:
        if event.call_id:
            self._named.set()
        if event.event in (baresip.Event.CALL_RINGING, baresip.Event.CALL_PROGRESS):
            self.ringing.set()
        elif event.event is baresip.Event.CALL_CLOSED:
            self.gone.set()

    async def answered(self, timeout_s: float) -> None:
        """Wait for the answer to an outbound call. Raises NotConnected."""
        try:
            await self._call.wait_established(timeout_s)
        except baresip.CallTimeout:
            raise NotConnected(*outcome_of(487), 487) from None
        except baresip.CallFailed as failure:
            raise NotConnected(*outcome_of(failure.status), failure.status) from None

    async def play(self, pcm: bytes) -> None:
        place = 0
        while place < len(pcm) or self._buffered():
            if not self._keys.empty():
                self.quiet()
                return
            try:
                self._call.audio.read(4 * FRAME)  # nobody listens now, and nothing may pile up
                if place < len(pcm) and self._buffered() < AHEAD:
                    place += self._call.audio.write(pcm[place : place + AHEAD])
            except (baresip.AudioNotActive, baresip.AudioRestarted):
                await until_gone(self.gone, FRAME_S)
            await until_gone(self.gone, FRAME_S)

    def _buffered(self) -> int:
        try:
            return int(self._call.audio.info().tx_buffered)
        except baresip.AudioNotActive:
            return 0

    def quiet(self) -> None:
        """Forget what is still to be heard over there."""
        try:
            self._call.audio.flush_tx()
        except (baresip.AudioNotActive, baresip.AudioRestarted):
            return

    async def key(self, timeout_s: float) -> str:
        if not self._keys.empty():
            return self._keys.get_nowait()
        if timeout_s <= 0:
            await until_gone(self.gone, 0)
            return ""
        pressed = asyncio.ensure_future(self._keys.get())
        over = asyncio.ensure_future(self.gone.wait())
        try:
            await asyncio.wait((pressed, over), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if pressed.done():
                return pressed.result()
            if over.done():
                raise LineGone
            return ""
        finally:
            pressed.cancel()
            over.cancel()

    def forget_keys(self) -> None:
        while not self._keys.empty():
            self._keys.get_nowait()

    async def listen(self, seconds: float) -> bytes:
        heard = bytearray()
        for _ in range(max(1, round(seconds / FRAME_S))):
            await until_gone(self.gone, FRAME_S)
            heard += self.heard()
        return bytes(heard)

    def heard(self) -> bytes:
        """What came in since it was asked last."""
        try:
            return bytes(self._call.audio.read(4 * FRAME))
        except (baresip.AudioNotActive, baresip.AudioRestarted):
            return b""

    async def press(self, keys: str) -> None:
        """Send keys as RFC 4733 events. Raises LineGone."""
        try:
            await self._call.send_dtmf(keys)
        except baresip.StaleHandleError:
            raise LineGone from None

    async def connect(self, number: str, timeout_s: int, caller_id: str) -> str:
        other = await self.trunk.dial(number)
        try:
            await other.answered(float(timeout_s))
        except NotConnected as failure:
            return failure.status.value
        try:
            await asyncio.gather(_pump(self, other), _pump(other, self))
        except LineGone:
            if self.gone.is_set():
                raise
        finally:
            await other.hang_up()
        return CallStatus.COMPLETED.value

    def pass_on(self, pcm: bytes) -> None:
        """Send sound of another call."""
        try:
            self._call.audio.write(pcm)
        except (baresip.AudioNotActive, baresip.AudioRestarted):
            return

    async def answer(self) -> None:
        """Take an inbound call. Raises LineGone."""
        try:
            await self._call.answer()
            await self._call.wait_established(10)
        except (baresip.BaresipError, TimeoutError):
            raise LineGone from None

    async def hang_up(self) -> None:
        """End the call; one that is over stays over."""
        try:
            await self._call.hangup()
        except baresip.StaleHandleError:
            return


async def _pump(source: SipLine, target: SipLine) -> None:
    """Sound of one call into another until either ends. Raises LineGone."""
    while True:
        target.pass_on(await source.listen(FRAME_S))
        if target.gone.is_set():
            raise LineGone


class Trunk:
    """One account's user agent."""

    def __init__(self, account: Account, settings: SipSettings, agent: Any) -> None:
        self.account = account
        self.settings = settings
        self._agent = agent

    @property
    def hostname(self) -> str | None:
        """Where its calls come from."""
        return urlsplit(f"sip://{self.settings.host}").hostname

    def is_of(self, account: Account) -> bool:
        """Whether nothing of the account was changed since the trunk was opened."""
        return (account.settings, account.secrets) == (self.account.settings, self.account.secrets)

    async def dial(self, number: str) -> SipLine:
        """Let a number, or a phone with a SIP address of its own, ring. Raises Unavailable when nothing could be sent."""
        uri = number if number.startswith(("sip:", "sips:")) else uri_of(self.settings, number)
        try:
            return SipLine(self, await self._agent.dial(uri))
        except baresip.BaresipError as error:
            raise Unavailable(f"the trunk cannot dial: {error}") from None

    async def register(self) -> None:
        """Register, where the trunk wants it. Raises Unavailable with the registrar's word."""
        if not self.settings.register_s:
            return
        try:
            await self._agent.register()
        except baresip.RegistrationError as error:
            raise Unavailable(f"the trunk refused the registration: {error}") from None

    async def unregister(self) -> None:
        if self.settings.register_s:
            try:
                await self._agent.unregister()
            except baresip.BaresipError as error:
                log.warning("sip_unregister_failed", error=type(error).__name__)


class SipStack:
    """The process's one SIP stack. `listen` is the address and port it is reached at."""

    def __init__(self, listen: str, on_call: Callable[[Arrived], Awaitable[None]]) -> None:
        if baresip is None:
            raise Unavailable("SIP needs the optional part: pip install 'parley-hub[voice]'")
        self._listen = listen
        self._on_call = on_call
        self._runtime: Any = None
        self._trunks: dict[Any, Trunk] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Open the port. Raises Unavailable."""
        host = self._listen.rpartition(":")[0]
        config = baresip.Config(
            net_interface=host or None,
            max_concurrent_calls=None,
            expose_headers=("To", "From", "P-Asserted-Identity"),
            rtp_timeout=60,
            extra_config_text=f"sip_listen {self._listen}\n",
        )
        self._runtime = baresip.Runtime()
        try:
            await self._runtime.start(config)
        except baresip.BaresipError as error:
            raise Unavailable(f"the SIP stack did not start at {self._listen}: {error}") from None

    async def trunk(self, account: Account) -> Trunk:
        """The account's trunk, made and registered on first use, and anew when it was changed. Raises Unavailable."""
        known = self._trunks.get(account.id)
        if known is not None and known.is_of(account):
            return known
        if known is not None:
            del self._trunks[account.id]
            await known.unregister()
        settings = settings_of(account)
        name = baresip.Account(
            user=settings.user,
            domain=settings.host,
            password=account.secrets.get("password", ""),
            reg_interval=settings.register_s,
            transport=settings.transport,
            audio_codecs=settings.codecs,
            auth_user=settings.auth_user or None,
            extra_params=("catchall=yes",),  # calls to all numbers of the trunk, not to `user` alone
        )
        try:
            agent = await baresip.UserAgent.create(self._runtime, name, transfer_policy="reject")
        except baresip.BaresipError as error:
            raise Unavailable(f"the trunk cannot be opened: {error}") from None
        trunk = Trunk(account, settings, agent)
        agent.on_incoming(lambda call: self._incoming(trunk, call))
        await trunk.register()
        self._trunks[account.id] = trunk
        return trunk

    def _incoming(self, trunk: Trunk, call: Any) -> None:
        task = asyncio.get_running_loop().create_task(self._take(trunk, call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, trunk: Trunk, call: Any) -> None:
        """Only calls that come from a trunk itself, for a number and from one. All trunks take calls to any number, so
        the stack gives a call to whichever it has first: whose it is, its sender and its number tell.
        """
        line = SipLine(trunk, call)
        host = urlsplit(str(call.peer).replace("sip:", "sip://", 1)).hostname
        trunks = tuple(known for known in self._trunks.values() if known.hostname == host)
        number, caller = number_of(call.headers.get("To", "")), number_of(call.headers.get("From", ""))
        if not trunks or not number or not caller:
            log.warning("sip_call_refused", trunk=str(trunk.account.id))
            await call.reject()
            return
        try:
            await self._on_call(Arrived(trunks, number, caller, line.sip_call_id, line))
        except Exception:
            log.exception("sip_call_failed", trunk=str(trunk.account.id))
            await line.hang_up()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for trunk in self._trunks.values():
            await trunk.unregister()
        if self._runtime is not None:
            await self._runtime.close()
