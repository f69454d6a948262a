"""The SMSC of the local carrier: SMPP 3.4 on a port of its own.

Accounts bind with system_id and password. What they submit goes through the same network, behaviours and log as every
other channel; receipts and what people write come as deliver_sm, and wait for a bind when there is none.
"""

from __future__ import annotations

import asyncio
import hmac
import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from carrier import smpp_wire as wire
from carrier.accounts import E164, Account, Number
from carrier.delivery import Outcome
from carrier.smpp_bind import Bind
from carrier.smpp_wire import Sm
from carrier.store import Lane, Message

if TYPE_CHECKING:
    from carrier.network import Network

OK, SYSTEM_ERROR = 0x00, 0x08
BAD_SOURCE, BAD_DESTINATION, BAD_PASSWORD, BAD_SYSTEM_ID, NO_SUCH_ID = 0x0A, 0x0B, 0x0E, 0x0F, 0x67
SUBMIT_FAILED, THROTTLED = 0x45, 0x58
WINDOW = 100  # deliver_sm without an answer
AGAIN_S = 1.0  # after ESME_RX_T_APPN
ANSWER_S = 30.0
WAITING_MAX = 300_000
TEXTS_MAX = 10_000
STATES = {
    "sent": (1, "ENROUTE"),
    "delivered": (2, "DELIVRD"),
    "undelivered": (5, "UNDELIV"),
    "failed": (8, "REJECTD"),
}


@dataclass(slots=True)
class Job:
    """One deliver_sm to bring. `tried` hears what became of it."""

    body: bytes
    tried: Callable[[Outcome], None] | None = None
    tries: int = 0


@dataclass(slots=True)
class Mail:
    """What waits for an account's binds."""

    waiting: deque[Job] = field(default_factory=deque)
    out: dict[tuple[int, int], tuple[Job, asyncio.TimerHandle]] = field(default_factory=dict)


class Smsc:
    """All binds and what waits for them; tells receipts and people's texts (see tellers.Teller)."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.port = 0
        self._server: asyncio.Server | None = None
        self.binds: dict[str, list[Bind]] = {}
        self._mail: dict[str, Mail] = {}
        self._ids = itertools.count(int(time.time()) << 24)
        self._references = itertools.count(1)
        self._rates: dict[str, tuple[float, float]] = {}
        self._texts: dict[tuple[Any, ...], dict[int, tuple[bytes, str]]] = {}

    async def open(self, host: str, port: int | None) -> None:
        """Listen; None: there is no SMSC. Raises OSError."""
        if port is None:
            return
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Bind(self), host, port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End every bind and stop listening."""
        if self._server is not None:
            self._server.close()
        for binds in list(self.binds.values()):
            for bind in list(binds):
                bind.drop()

    def clear(self) -> None:
        """Forget what waits; binds stay."""
        for mail in self._mail.values():
            mail.waiting.clear()
            for _, timer in mail.out.values():
                timer.cancel()
            mail.out.clear()
        self._texts.clear()

    @property
    def busy(self) -> bool:
        return any(mail.waiting or mail.out for mail in self._mail.values())

    # -- binds

    def check(self, system_id: str, password: str) -> tuple[int, Account | None]:
        """(command_status of the bind, the account)."""
        account = self.network.directory.accounts.get(("smpp", system_id))
        if account is None:
            return BAD_SYSTEM_ID, None
        if not hmac.compare_digest(account.secret.encode(), password.encode()):
            return BAD_PASSWORD, None
        return OK, account

    def joined(self, bind: Bind) -> None:
        """A bind is up: what waits may leave."""
        self.binds.setdefault(bind.system_id, []).append(bind)
        self.pump(bind.system_id)

    def left(self, bind: Bind) -> None:
        """A bind is gone: what it had not answered is told again."""
        binds = self.binds.get(bind.system_id, [])
        if bind in binds:
            binds.remove(bind)
        mail = self._mail.get(bind.system_id)
        if mail is None:
            return
        for key in [key for key in mail.out if key[0] == bind.number]:
            job, timer = mail.out.pop(key)
            timer.cancel()
            mail.waiting.appendleft(job)
        self.pump(bind.system_id)

    # -- from the tenant

    def submit(self, bind: Bind, sequence: int, sm: Sm) -> None:
        """One submit_sm: answered by what the behaviour of its handset says."""
        account = bind.account
        handset = "+" + sm.destination.removeprefix("+")
        number = account.numbers.get("+" + sm.source.removeprefix("+")) or account.numbers.get(sm.source)
        if number is None or not E164(handset):
            bind.answer(wire.SUBMIT, sequence, status=BAD_SOURCE if number is None else BAD_DESTINATION)
            return
        if account.rate_per_s and not self._within_rate(account):
            bind.answer(wire.SUBMIT, sequence, status=THROTTLED)
            return
        network = self.network
        behaviour = network.behaviours.find(handset, "sms", number.address)
        answer = network.special_answer(behaviour, "sms", handset)
        status = {
            "refuse": behaviour.code or SUBMIT_FAILED,
            "throttle": THROTTLED,
            "error": SYSTEM_ERROR,
        }.get(answer)
        if status is not None:
            network.store.refusals[f"SMPP {status:#x}"] += 1
            bind.answer(wire.SUBMIT, sequence, status=status)
            return
        part_id = self._take(number, handset, sm)
        if answer == "drop":
            bind.drop()
        elif answer == "late":
            network.schedule.after(
                behaviour.answer_delay_s, bind.answer, wire.SUBMIT, sequence, part_id.encode() + b"\0"
            )
        elif answer != "hang":
            bind.answer(wire.SUBMIT, sequence, part_id.encode() + b"\0")

    def _within_rate(self, account: Account) -> bool:
        now = time.monotonic()
        tokens, at = self._rates.get(account.id, (max(account.rate_per_s, 1.0), now))
        tokens = min(max(account.rate_per_s, 1.0), tokens + (now - at) * account.rate_per_s)
        self._rates[account.id] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1

    def _take(self, number: Number, handset: str, sm: Sm) -> str:
        """Give the part its id; a text whose parts are all here goes to the network as one message."""
        part_id = f"{next(self._ids):x}"
        where, octets = wire.place(sm)
        parts = {1: (octets, part_id)}
        if where is not None and where[1] > 1:
            reference, total, position = where
            key = (number.address, handset, reference, total)
            parts = self._texts.setdefault(key, {})
            parts[position] = (octets, part_id)
            if len(parts) < total:
                if len(self._texts) > TEXTS_MAX:
                    del self._texts[next(iter(self._texts))]
                return part_id
            del self._texts[key]
        ordered = [parts[position] for position in sorted(parts)]
        text = wire.to_text(sm.data_coding, b"".join(octets for octets, _ in ordered))
        network = self.network
        message = network.new_outbound(number.account, number, handset, text, "accepted", sid=ordered[0][1])
        message.parts = len(ordered)
        message.part_ids = tuple(each for _, each in ordered)
        if sm.registered & 0x1F:
            message.key = f"registered {sm.registered & 0x1F:#x}"
        network.accept(message, network.behaviours.find(handset, "sms", number.address))
        return part_id

    def query(self, bind: Bind, sequence: int, body: bytes) -> None:
        """query_sm by the id of a single message or of a text's first part."""
        wanted, _ = wire.c_string(body, 0)
        message = self.network.store.messages.get(wanted)
        if message is None or message.account is not bind.account:
            bind.answer(wire.QUERY, sequence, status=NO_SUCH_ID)
            return
        state = STATES.get(message.state, STATES["sent"])[0]
        code = (message.error_code or 0) & 0xFF
        bind.answer(wire.QUERY, sequence, wanted.encode() + b"\0\0" + bytes([state, code]))

    # -- to the tenant

    def receipt(self, message: Message, state: str, copies: int, in_order: bool) -> None:
        """A receipt for each part, where the sender asked for one; ENROUTE only where it asked for every step."""
        registered = int(message.key.rpartition(" ")[2], 16) if message.key.startswith("registered ") else 0
        final = state != "sent"
        wanted = registered & 3 if final else registered & 0x10
        if not wanted or (registered & 3 == 2 and state == "delivered") or state not in STATES:
            return
        ids = message.part_ids if in_order else tuple(reversed(message.part_ids))
        for part_id in ids:
            for _ in range(1 + copies):
                self._put(message.account, Job(_receipt(message, part_id, state)))

    def inbound(
        self,
        message: Message,
        lane: Lane,
        on_try: Callable[[Outcome], None],
        profile_name: str,
        keyword: str,
    ) -> None:
        """What a person wrote: one deliver_sm, or one a part."""
        octets = wire.to_septets(message.body)
        coding = 0
        if octets is None:
            octets, coding = message.body.encode("utf-16-be", "surrogatepass"), wire.UCS2
        pieces = wire.split(octets, coding == wire.UCS2)
        reference, missing = next(self._references) & 0xFF, len(pieces)

        def tried(outcome: Outcome) -> None:
            nonlocal missing
            missing -= outcome.ok
            if not outcome.ok or not missing:
                on_try(outcome)

        source, own = (1, 1, message.handset.lstrip("+")), _address(message.number.address)
        for position, piece in enumerate(pieces, 1):
            header = bytes([5, 0, 3, reference, len(pieces), position]) if len(pieces) > 1 else b""
            body = wire.write_sm(source, own, 0x40 if header else 0, coding, header + piece)
            self._put(message.account, Job(body, tried))

    def _put(self, account: Account, job: Job) -> None:
        mail = self._mail.setdefault(account.id, Mail())
        mail.waiting.append(job)
        if len(mail.waiting) > WAITING_MAX:
            lost = mail.waiting.popleft()
            if lost.tried:
                lost.tried(Outcome(False, True, lost.tries, error="too much waits for a bind"))
        self.pump(account.id)

    def pump(self, system_id: str) -> None:
        """Bring what waits, as far as the window of the binds allows."""
        mail, binds = self._mail.get(system_id), [b for b in self.binds.get(system_id, ()) if b.receives]
        if mail is None or not binds:
            return
        loop = asyncio.get_running_loop()
        while mail.waiting and len(mail.out) < WINDOW * len(binds):
            job = mail.waiting.popleft()
            job.tries += 1
            bind = binds[job.tries % len(binds)] if job.tries > 1 else binds[0]
            sequence = bind.deliver(job.body)
            key = (bind.number, sequence)
            mail.out[key] = (job, loop.call_later(ANSWER_S, self.answered, system_id, key, None))

    def answered(self, system_id: str, key: tuple[int, int], status: int | None) -> None:
        """A deliver_sm_resp, or None when none came: told again unless it was taken or refused for good."""
        mail = self._mail[system_id]
        found = mail.out.pop(key, None)
        if found is None:
            return
        job, timer = found
        timer.cancel()
        if status in (None, 0x64):
            if job.tried:
                job.tried(Outcome(False, False, job.tries, status))
            self.network.schedule.after(AGAIN_S, self._again, system_id, job)
        elif job.tried:
            error = "" if status == OK else f"command_status {status:#x}"
            job.tried(Outcome(status == OK, True, job.tries, status, error=error))
        self.pump(system_id)

    def _again(self, system_id: str, job: Job) -> None:
        self._mail[system_id].waiting.appendleft(job)
        self.pump(system_id)


def _address(number: str) -> tuple[int, int, str]:
    digits = number.lstrip("+")
    if not digits.isdecimal():
        return (5, 0, number)
    return (1, 1, digits) if number.startswith("+") else (3, 0, digits)


def _receipt(message: Message, part_id: str, state: str) -> bytes:
    """deliver_sm with esm_class 4: the text every SMSC writes, and the TLVs."""
    number, word = STATES[state]
    submitted, done = (
        time.strftime("%y%m%d%H%M", time.gmtime(at)) for at in (message.created_at, time.time())
    )
    error = (message.error_code or 0) % 1000
    taken = "001" if state == "delivered" else "000"
    text = (
        f"id:{part_id} sub:001 dlvrd:{taken} submit date:{submitted} done date:{done} stat:{word} err:{error:03d} "
        f"text:{message.body[:20]}"
    )
    tlvs = ((wire.RECEIPTED_ID, part_id.encode() + b"\0"), (wire.STATE, bytes([number])))
    source, own = (1, 1, message.handset.lstrip("+")), _address(message.number.address)
    return wire.write_sm(source, own, 0x04, 0, text.encode("latin-1", "replace")[:254], tlvs)
