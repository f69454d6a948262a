"""Every message the carrier took, in memory and bounded: the witness a test asks what was really sent."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from carrier.accounts import Account, Number

OUTBOUND = "outbound"
INBOUND = "inbound"


class Lane:
    """A queue of one: events of one message (or of one handset's texts) leave in order, one at a time."""

    __slots__ = ("busy", "waiting")

    def __init__(self) -> None:
        self.busy = False
        self.waiting: deque[Any] | None = None


@dataclass(slots=True, eq=False)
class Message:
    """One message. `handset` is the person's number (+digits), `number` the tenant's; times are Unix seconds.

    `key` is what the sender said of it (WhatsApp biz_opaque_callback_data, or the Twilio status URL). `content` is
    what was more than a text, as the phone page shows it; `ttl_s` > 0: how long it may wait to be delivered.
    `part_ids`: by SMPP every part has an id and a receipt of its own.
    """

    seq: int
    sid: str
    account: Account
    number: Number
    channel: str
    direction: str
    handset: str
    body: str
    parts: int
    state: str
    created_at: float
    kind: str = "text"
    status_url: str = ""
    service_sid: str | None = None
    media: tuple[str, ...] = ()
    key: str = ""
    category: str = "service"
    error_code: int | None = None
    error_message: str = ""
    updated_at: float = 0.0
    sent_at: float | None = None
    states: list[tuple[str, float]] = field(default_factory=list)
    seen_hash: int = 0
    generation: int = 0
    content: dict[str, Any] | None = None
    ttl_s: float = 0.0
    part_ids: tuple[str, ...] = ()
    lane: Lane = field(default_factory=Lane)

    @property
    def pair(self) -> tuple[str, str, str]:
        """The conversation it belongs to: (channel, handset, the tenant's address)."""
        return (self.channel, self.handset, self.number.address)


class Store:
    """The newest `messages_max` messages, indexed by sid and by handset; counts cover all ever taken.

    How often each body went to each number is counted by a 64-bit hash of the two, for up to `distinct_max`
    different ones; past that `distinct_complete` is False.
    """

    def __init__(self, messages_max: int, distinct_max: int) -> None:
        self._messages_max = messages_max
        self._distinct_max = distinct_max
        self._seq = 0
        self.generation = 0
        self.clear()

    def clear(self) -> None:
        """Forget everything; events still under way for older messages count no more."""
        self.generation += 1
        self.messages: dict[str, Message] = {}
        self._order: deque[Message] = deque()
        self._by_handset: dict[str, deque[Message]] = {}
        self._seen: dict[int, int] = {}
        self.distinct_complete = True
        self.accepted = 0
        self.inbound = 0
        self.evicted = 0
        self.states: dict[str, Counter[str]] = {OUTBOUND: Counter(), INBOUND: Counter()}
        self.refusals: Counter[str] = Counter()

    def add(self, message: Message) -> None:
        """Take a new message in; the oldest leaves when the store is full."""
        message.seq = self._seq = self._seq + 1
        message.generation = self.generation
        message.updated_at = message.created_at
        message.states.append((message.state, message.created_at))
        self.states[message.direction][message.state] += 1
        if message.direction == OUTBOUND:
            self.accepted += 1
            self._count(message)
        else:
            self.inbound += 1
        self.messages[message.sid] = message
        self._order.append(message)
        thread = self._by_handset.get(message.handset)
        if thread is None:
            self._by_handset[message.handset] = deque((message,))
        else:
            thread.append(message)
        if len(self._order) > self._messages_max:
            self._evict()

    def move(self, message: Message, state: str, code: int | None = None, text: str = "") -> bool:
        """Put a message into a new state. False when the store was cleared since it came."""
        if message.generation != self.generation:
            return False
        counts = self.states[message.direction]
        counts[message.state] -= 1
        counts[state] += 1
        now = time.time()
        message.state = state
        message.updated_at = now
        message.states.append((state, now))
        if state == "sent":
            message.sent_at = now
        if code is not None:
            message.error_code = code
            message.error_message = text
        return True

    def times_seen(self, message: Message) -> int:
        """How often this body was accepted for this handset, this message included."""
        return self._seen.get(message.seen_hash, 1) if message.direction == OUTBOUND else 1

    @property
    def distinct(self) -> int:
        """Different (handset, body) among all accepted messages."""
        return len(self._seen)

    def handset_messages(self, handset: str) -> Iterator[Message]:
        """The kept messages of a handset, newest first."""
        return reversed(self._by_handset.get(handset, ()))

    def newest(self) -> Iterator[Message]:
        """All kept messages, newest first."""
        return reversed(self._order)

    def recent_handsets(self, count: int, look_back: int = 2000) -> list[str]:
        """Handsets that wrote or were written to lately, those that wrote first."""
        wrote: dict[str, None] = {}
        others: dict[str, None] = {}
        for message in islice(self.newest(), look_back):
            (wrote if message.direction == INBOUND else others)[message.handset] = None
        return list(dict.fromkeys([*wrote, *others]))[:count]

    def _count(self, message: Message) -> None:
        # Python's own string hash is keyed and 64 bits wide: two different texts practically never meet.
        key = message.seen_hash = hash((message.handset, message.body))
        seen = self._seen.get(key)
        if seen is not None:
            self._seen[key] = seen + 1
        elif len(self._seen) < self._distinct_max:
            self._seen[key] = 1
        else:
            self.distinct_complete = False

    def _evict(self) -> None:
        oldest = self._order.popleft()
        self.messages.pop(oldest.sid, None)
        self.evicted += 1
        thread = self._by_handset.get(oldest.handset)
        if thread and thread[0] is oldest:
            thread.popleft()
            if not thread:
                del self._by_handset[oldest.handset]


def rfc3339(at: float) -> str:
    """Unix seconds as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def entry(message: Message, times_seen: int = 1) -> dict[str, Any]:
    """A message as the control API and the phone page show it."""
    inbound = message.direction == INBOUND
    return {
        "seq": message.seq,
        "sid": message.sid,
        "key": message.key,
        "channel": message.channel,
        "direction": message.direction,
        "account": message.account.id,
        "number": message.number.address,
        "handset": message.handset,
        "from": message.handset if inbound else message.number.address,
        "to": message.number.address if inbound else message.handset,
        "kind": message.kind,
        "body": message.body,
        "parts": message.parts,
        "part_ids": message.part_ids,
        "media": message.media,
        "content": message.content,
        "state": message.state,
        "error_code": message.error_code,
        "error_message": message.error_message,
        "states": [{"state": state, "at": rfc3339(at)} for state, at in message.states],
        "created_at": rfc3339(message.created_at),
        "accepted_count": times_seen,
    }
