"""One kept bind: connect, bind, bind again with back-off, unbind."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from hashlib import blake2b
from uuid import UUID

import structlog
from pydantic import ValidationError

from hub.channels.base import Account
from hub.channels.smpp_codes import CODES, NO_BIND
from hub.channels.smpp_pdu import Delivered
from hub.channels.smpp_session import SLOW_DOWN, Answer, BindRefused, Kind, Session
from hub.channels.sms_smpp import SmppSettings, settings_of
from hub.errors import Unavailable
from hub.ids import encode_id, new_id

AGAIN_S, AGAIN_S_MAX = 0.5, 30.0
FIRST_S = 3.0  # how long a send waits for a bind that is being made
REST_S = 8.0  # how long the parts of a text that has begun to leave may still wait for the SMSC
DOUBTFUL_S = 60.0  # answers of the last minute may be lost with the connection: then the SMSC tells again
RECENT_MAX = 10_000
FINAL = frozenset({0x0E, 0x0F, 0x53})  # password, system_id, system_type: no later try mends them

log = structlog.get_logger()

Take = Callable[["Bind", Session, list[Delivered]], None]


class Bind:
    """Of one provider account. `submit` never raises: what could not leave is refused with NO_BIND, or held."""

    def __init__(self, account: Account, take: Take) -> None:
        self.account = account
        self.settings: SmppSettings | None = None
        self._take = take
        self._session: Session | None = None
        self._status = NO_BIND  # why there is no session
        self._bound = asyncio.Event()
        self._recent: deque[tuple[float, str, str]] = deque(maxlen=RECENT_MAX)
        self._doubtful: dict[str, str] = {}
        self._stopping = False
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """Unbind, after what is in the window has been answered."""
        self._stopping = True
        session = self._session
        if session is not None:
            await session.unbind()
        self._task.cancel()

    async def _keep(self) -> None:
        wait_s = AGAIN_S
        while not self._stopping:
            try:
                session = await self._open()
            except BindRefused as error:
                refused = int(error.detail)
                self._status = refused if refused in FINAL else NO_BIND
                log.warning("bind_refused", account=self._name, status=refused)
            except (Unavailable, ValidationError, ValueError) as error:
                self._status = NO_BIND
                log.warning("bind_failed", account=self._name, error=type(error).__name__)
            else:
                wait_s = AGAIN_S
                log.info("bound", account=self._name)
                self._session = session
                self._bound.set()
                await session.lost.wait()
                self._bound.clear()
                self._session, self._status = None, NO_BIND
                self._doubt()
                log.warning("bind_lost", account=self._name, reason=session.reason)
            self._bound.clear()
            await asyncio.sleep(wait_s * (0.5 + random.random() / 2))
            wait_s = min(AGAIN_S_MAX, wait_s * 2)

    async def _open(self) -> Session:
        settings = self.settings = settings_of(self.account)
        host, port = settings.place
        session = Session(
            lambda session, found: self._take(self, session, found),
            window=settings.window,
            response_s=settings.response_s,
            enquire_s=settings.enquire_s,
        )
        credentials = (settings.system_id, self.account.secrets.get("password", ""), settings.system_type)
        await Session.bind(
            host, port, credentials, session, ssl.create_default_context() if settings.tls else None
        )
        return session

    @property
    def _name(self) -> str:
        return encode_id("acc", self.account.id)

    async def session(self) -> Session | None:
        """The session, waiting a moment for one that is being made."""
        if self._session is None and self._status == NO_BIND:
            try:
                await asyncio.wait_for(self._bound.wait(), FIRST_S)
            except TimeoutError:
                return None
        return self._session

    def why(self) -> str:
        """Why there is no session, in words."""
        meaning = CODES.get(self._status)
        return meaning.reason if meaning is not None and self._status in FINAL else "the SMSC does not answer"

    async def submit(self, messages: Sequence[Sequence[bytes]]) -> list[list[Answer]]:
        """Send messages, each as its submit_sm PDUs in order. The answers of each message's parts."""
        answers = [[Answer(Kind.HELD)] * len(parts) for parts in messages]
        todo = [(at, part) for at, parts in enumerate(messages) for part in range(len(parts))]
        end = asyncio.get_running_loop().time() + REST_S
        while todo:
            session = await self.session()
            if session is None:
                told = [Answer(Kind.REFUSED, status=self._status, wait_s=AGAIN_S)] * len(todo)
            else:
                told = await session.submit([messages[at][part] for at, part in todo])
            for (at, part), answer in zip(todo, told, strict=True):
                answers[at][part] = answer
            todo = [(at, part) for at, part in todo if _goes_on(answers[at]) and _waits(answers[at][part])]
            if asyncio.get_running_loop().time() > end:
                break
            if todo:
                await asyncio.sleep(0.2)
        return answers

    # -- deliver_sm that the SMSC may tell again, because our answer was lost with the connection

    def key_of(self, delivered: Delivered) -> str:
        """The event key of what came: the same one when it is told again after a lost connection."""
        digest = _digest(delivered)
        return self._doubtful.pop(digest, "") or f"smpp:{digest}:{new_id().hex}"

    def answered(self, delivered: Delivered, key: str) -> None:
        """Remember what was answered; whether the answer arrived nobody knows yet."""
        now = asyncio.get_running_loop().time()
        self._recent.append((now, _digest(delivered), key))
        while self._recent and now - self._recent[0][0] > DOUBTFUL_S:
            self._recent.popleft()

    def _doubt(self) -> None:
        now = asyncio.get_running_loop().time()
        self._doubtful = {digest: key for at, digest, key in self._recent if now - at <= DOUBTFUL_S}
        self._recent.clear()

    @property
    def account_id(self) -> UUID:
        return self.account.id


def _digest(delivered: Delivered) -> str:
    marks = repr((delivered.source.digits, delivered.destination.digits, sorted(delivered.tlvs.items())))
    return blake2b(marks.encode() + delivered.octets, digest_size=12).hexdigest()


def _waits(answer: Answer) -> bool:
    return answer.kind is Kind.HELD or (
        answer.kind is Kind.REFUSED and answer.status in SLOW_DOWN | {NO_BIND}
    )


def _goes_on(answers: Sequence[Answer]) -> bool:
    """Some part of the text was taken, and none is lost for good: the rest has to follow."""
    if not any(answer.kind is Kind.ACCEPTED for answer in answers):
        return False
    return all(answer.kind is Kind.ACCEPTED or _waits(answer) for answer in answers)
