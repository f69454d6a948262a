"""One bound SMPP session over asyncio: windowed, pipelined submit_sm; deliver_sm answered by whoever takes it.

Many PDUs leave in one write and many are read at once. What became of each submit_sm is one of four answers: accepted,
refused, unknown (it left, and no answer came) or held (it certainly did not leave, or the SMSC said to slow down).
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import ClassVar, NamedTuple, cast

from hub.channels import smpp_pdu as pdu
from hub.channels.smpp_pdu import Address, Delivered
from hub.errors import Malformed, Unavailable

QUEUE_S = 4.0  # how long a submit may wait for its place in the window
TICK_S = 0.25
PAUSE_S, PAUSE_S_MAX = 1.0, 30.0
UNBIND_S = 2.0
UNANSWERED_MAX = 2_000  # deliver_sm that we have not answered: no more are read
SLOW_DOWN = frozenset({0x14, 0x58})  # ESME_RMSGQFUL, ESME_RTHROTTLED


class Kind(IntEnum):
    ACCEPTED = 0
    REFUSED = 1
    UNKNOWN = 2
    HELD = 3


class Answer(NamedTuple):
    """`message_id` of an accepted one, `status` (command_status) of a refused one, `wait_s` of a held one."""

    kind: Kind
    message_id: str = ""
    status: int = 0
    wait_s: float = 0.0


class BindRefused(Unavailable):
    """The SMSC did not take the bind; `detail` is its command_status in decimal."""

    code: ClassVar[str] = "bind-refused"


class _Job:
    """One call of `submit`: its answers, and who waits for the last of them."""

    __slots__ = ("answers", "done", "missing")

    def __init__(self, count: int, done: asyncio.Future[None]) -> None:
        self.answers: list[Answer] = [Answer(Kind.HELD)] * count
        self.missing = count
        self.done = done

    def answer(self, place: int, answer: Answer) -> None:
        self.answers[place] = answer
        self.missing -= 1
        if not self.missing and not self.done.done():
            self.done.set_result(None)


class Session(asyncio.Protocol):
    """`delivered` takes the deliver_sm of one read; it must answer each with `answer`, in any order, after the commit."""

    def __init__(
        self,
        delivered: Callable[[Session, list[Delivered]], None],
        *,
        window: int = 50,
        response_s: float = 10.0,
        enquire_s: float = 30.0,
    ) -> None:
        self.lost = asyncio.Event()
        self.reason = ""  # why it was lost
        self._delivered = delivered
        self._window_max = self._window = window
        self._response_s, self._enquire_s = response_s, enquire_s
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._sequence = 0
        self._waiting: deque[tuple[bytes, _Job, int, float]] = deque()
        self._pending: dict[int, tuple[_Job, int, float]] = {}
        self._asked: dict[int, asyncio.Future[tuple[int, bytes]]] = {}
        self._out: list[bytes] = []
        self._flushing = False
        self._blocked = False  # the transport's buffer is full
        self._unanswered = 0
        self._pause_s = 0.0
        self._paused_until = 0.0
        self._heard_at = self._loop.time()
        self._enquiring = False
        self._closing = False
        self._drained: asyncio.Future[None] | None = None  # at unbind: nothing is in the window
        self._ticker: asyncio.TimerHandle | None = None

    # -- life

    @classmethod
    async def bind(
        cls,
        host: str,
        port: int,
        credentials: tuple[str, str, str],
        session: Session,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Connect and bind_transceiver with (system_id, password, system_type). Raises BindRefused, Unavailable."""
        loop = asyncio.get_running_loop()
        server_name = host if tls else None
        try:
            async with asyncio.timeout(session._response_s):
                await loop.create_connection(
                    lambda: session, host, port, ssl=tls, server_hostname=server_name
                )
                status, _ = await session._ask(lambda sequence: pdu.bind_transceiver(sequence, *credentials))
        except (OSError, TimeoutError, Unavailable) as error:
            session.abort("the SMSC does not answer")
            raise Unavailable(f"the SMSC does not answer ({type(error).__name__})") from None
        if status:
            session.abort("the SMSC refused the bind")
            raise BindRefused(str(status))
        session._tick()

    async def unbind(self) -> None:
        """Let what is in the window be answered, say goodbye and close. What still waits is held."""
        self._closing = True
        self._hold_waiting(0.0)
        if self._pending:
            self._drained = self._loop.create_future()
            await asyncio.wait([self._drained], timeout=self._response_s)
        try:
            async with asyncio.timeout(UNBIND_S):
                await self._ask(lambda sequence: pdu.framed(pdu.UNBIND, sequence))
        except (TimeoutError, Unavailable):
            pass
        self.abort("unbound")

    def abort(self, reason: str) -> None:
        """Close now: whatever left without an answer is unknown."""
        self._lose(reason)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is none of asyncio's

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose("the connection was lost")

    def _lose(self, reason: str) -> None:
        if self.lost.is_set():
            return
        self.reason = reason
        self.lost.set()
        if self._ticker is not None:
            self._ticker.cancel()
        pending, self._pending = self._pending, {}
        for job, place, _ in pending.values():
            job.answer(place, Answer(Kind.UNKNOWN))
        self._hold_waiting(PAUSE_S)
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        for future in self._asked.values():
            if not future.done():
                future.set_exception(Unavailable("the connection to the SMSC was lost"))
        self._asked.clear()
        if self._transport is not None:
            self._transport.abort()

    def _tick(self) -> None:
        """Give up on answers that are late, hold what waits too long, and see whether the SMSC is still there."""
        now = self._loop.time()
        late = []
        for sequence, (_, _, sent_at) in self._pending.items():
            if now - sent_at < self._response_s:
                break  # they stand in the order in which they left
            late.append(sequence)
        for sequence in late:
            job, place, _ = self._pending.pop(sequence)
            job.answer(place, Answer(Kind.UNKNOWN))
        while self._waiting and now - self._waiting[0][3] > QUEUE_S:
            _, job, place, _ = self._waiting.popleft()
            job.answer(place, Answer(Kind.HELD, wait_s=PAUSE_S))
        if now - self._heard_at > self._enquire_s + self._response_s:
            self._lose("the SMSC does not answer enquire_link")
            return
        if now - self._heard_at > self._enquire_s and not self._enquiring:
            self._enquiring = True
            self._write(pdu.framed(pdu.ENQUIRE_LINK, self._next()))
        self._pump()
        self._ticker = self._loop.call_later(TICK_S, self._tick)

    # -- out

    @property
    def usable(self) -> bool:
        return not self.lost.is_set() and not self._closing

    @property
    def paused_s(self) -> float:
        """How long the SMSC still wants to be left alone."""
        return max(0.0, self._paused_until - self._loop.time())

    async def submit(self, pdus: Sequence[bytes]) -> list[Answer]:
        """Send submit_sm of any sequence_number, in order, as the window allows; one answer each. Never raises.

        Returns within QUEUE_S and the response time.
        """
        if not pdus:
            return []
        queue_max = 20 * self._window_max
        if not self.usable or self.paused_s or len(self._waiting) > queue_max:
            return [Answer(Kind.HELD, wait_s=self.paused_s or PAUSE_S)] * len(pdus)
        job = _Job(len(pdus), self._loop.create_future())
        now = self._loop.time()
        self._waiting.extend((octets, job, place, now) for place, octets in enumerate(pdus))
        self._pump()
        await job.done
        return job.answers

    async def query(self, message_id: str, source: Address) -> tuple[int, int] | None:
        """(message_state, error_code) by query_sm, or None when the SMSC does not say. Raises Unavailable, Malformed."""
        try:
            async with asyncio.timeout(self._response_s):
                status, answer = await self._ask(lambda sequence: pdu.query_sm(sequence, message_id, source))
        except TimeoutError:
            raise Unavailable("the SMSC does not answer query_sm") from None
        return None if status else pdu.query_sm_state(answer)

    def answer(self, delivered: Delivered, status: int = 0) -> None:
        """Send the deliver_sm_resp: 0 taken, 0x64 send it again later, 0x65 never again."""
        self._unanswered -= 1
        if self._unanswered == UNANSWERED_MAX // 2 and self._transport is not None:
            self._transport.resume_reading()
        body = b"\0" if not status else b""
        self._write(pdu.framed(pdu.DELIVER_SM_RESP, delivered.sequence, body, status))

    def _next(self) -> int:
        self._sequence = self._sequence % pdu.SEQUENCE_MAX + 1
        return self._sequence

    async def _ask(self, make: Callable[[int], bytes]) -> tuple[int, bytes]:
        """Send a request of our own and wait for (command_status, the PDU) of its answer. Raises Unavailable."""
        if self.lost.is_set():
            raise Unavailable("there is no connection to the SMSC")
        sequence = self._next()
        future = self._asked[sequence] = self._loop.create_future()
        self._write(make(sequence))
        try:
            answer: tuple[int, bytes] = await future
            return answer
        finally:
            self._asked.pop(sequence, None)

    def _pump(self) -> None:
        """Fill the window."""
        free = self._window - len(self._pending)
        if free <= 0 or not self._waiting or self._blocked or not self.usable or self.paused_s:
            return
        now = self._loop.time()
        waiting, pending = self._waiting, self._pending
        out = self._out
        for _ in range(min(free, len(waiting))):
            octets, job, place, _ = waiting.popleft()
            sequence = self._next()
            pending[sequence] = (job, place, now)
            out.append(pdu.numbered(octets, sequence))
        self._flush_soon()

    def _write(self, octets: bytes) -> None:
        self._out.append(octets)
        self._flush_soon()

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        out, self._out = self._out, []
        if self._transport is not None and not self.lost.is_set():
            self._transport.write(b"".join(out))

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False
        self._pump()

    def _hold_waiting(self, wait_s: float) -> None:
        waiting, self._waiting = self._waiting, deque()
        for _, job, place, _ in waiting:
            job.answer(place, Answer(Kind.HELD, wait_s=wait_s))

    # -- in

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        self._enquiring = False
        self._buffer += data
        arrived: list[Delivered] = []
        try:
            for command, status, sequence, octets in pdu.frames(self._buffer):
                if command == pdu.SUBMIT_SM_RESP:
                    self._submitted(sequence, status, octets)
                elif command == pdu.DELIVER_SM:
                    arrived += self._read_delivered(sequence, octets)
                else:
                    self._other(command, status, sequence, octets)
        except Malformed as error:
            self._lose(str(error))
            return
        self._pump()
        if self._drained is not None and not self._pending and not self._drained.done():
            self._drained.set_result(None)
        if arrived:
            self._unanswered += len(arrived)
            if self._unanswered >= UNANSWERED_MAX and self._transport is not None:
                self._transport.pause_reading()
            self._delivered(self, arrived)

    def _submitted(self, sequence: int, status: int, octets: bytes) -> None:
        found = self._pending.pop(sequence, None)
        if found is None:
            return  # too late: its receipt will tell
        job, place, _ = found
        if not status:
            message_id = pdu.message_id(octets)
            # Without an id no receipt can be matched, but it was taken: it must not go out again.
            job.answer(place, Answer(Kind.ACCEPTED, message_id))
            if self._window < self._window_max:
                self._window += 1
            elif self._pause_s:
                self._pause_s = 0.0
            return
        job.answer(place, Answer(Kind.REFUSED, status=status, wait_s=self._slow_down(status)))

    def _slow_down(self, status: int) -> float:
        """Pause after a throttling answer, twice as long each time, with half the window. Returns how long to wait."""
        if status not in SLOW_DOWN:
            return 0.0
        if not self.paused_s:
            self._pause_s = min(PAUSE_S_MAX, self._pause_s * 2 or PAUSE_S)
            self._paused_until = self._loop.time() + self._pause_s
            self._window = max(1, self._window // 2)
            self._hold_waiting(self._pause_s)
        return self.paused_s

    def _read_delivered(self, sequence: int, octets: bytes) -> list[Delivered]:
        try:
            return [pdu.deliver_sm(octets)]
        except Malformed:
            self._write(pdu.framed(pdu.DELIVER_SM_RESP, sequence, status=0x65))
            return []

    def _other(self, command: int, status: int, sequence: int, octets: bytes) -> None:
        if command == pdu.ENQUIRE_LINK:
            self._write(pdu.framed(command | pdu.RESPONSE, sequence))
        elif command == pdu.UNBIND:
            self._write(pdu.framed(command | pdu.RESPONSE, sequence))
            self._flush()
            self._lose("the SMSC ended the session")
        elif command & pdu.RESPONSE:
            future = self._asked.get(sequence)
            if future is not None and not future.done():
                future.set_result((status, octets))
            elif command == pdu.GENERIC_NACK and sequence in self._pending:
                job, place, _ = self._pending.pop(sequence)
                job.answer(place, Answer(Kind.REFUSED, status=status or 0x3))
        else:
            self._write(pdu.framed(pdu.GENERIC_NACK, sequence, status=0x3))
