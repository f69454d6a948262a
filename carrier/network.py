"""The network between tenants and handsets: what becomes of a message, and what the person does with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

from carrier import errors, google_events
from carrier.accounts import Account, Directory, Number
from carrier.behaviours import Behaviour, Behaviours
from carrier.config import Config
from carrier.delivery import Delivery, Outcome
from carrier.events import Batcher
from carrier.ids import message_sid, twiml_texts
from carrier.live import Live
from carrier.media import MediaStore
from carrier.parts import count_parts
from carrier.schedule import Schedule
from carrier.smpp import Smsc
from carrier.store import INBOUND, OUTBOUND, Lane, Message, Store, entry
from carrier.tellers import GoogleTeller, MetaTeller, Teller, TwilioTeller
from carrier.voice import Voice

Pair = tuple[str, str, str]
WINDOW_S = 24 * 3600.0
PAIR_BURST = 45
PAIR_S = 6.0
REORDER_GAP_S = 0.05
READS = frozenset({"whatsapp", "rcs"})  # the channels that tell when a message was read
OVER = frozenset({"expired", "revoked"})
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"})
START_WORDS = frozenset({"START", "UNSTOP", "YES"})
HELP_WORDS = frozenset({"HELP", "INFO"})

NETWORK_ANSWERS = {
    "STOP": "You are unsubscribed and will get no more messages from this number. Reply START to subscribe again.",
    "START": "You are subscribed again and will get messages from this number. Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Message and data rates may apply.",
}


class Network:
    """All state of one carrier. Not thread-safe; lives in one event loop."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.directory = Directory()
        self.behaviours = Behaviours()
        self.store = Store(config.messages_max, config.distinct_max)
        self.schedule = Schedule()
        self.delivery = Delivery(config, self.schedule)
        self.batcher = Batcher(self.delivery, self.schedule, config.coalesce_s, config.coalesce_max)
        self.tellers: dict[str, Teller] = {
            "twilio": TwilioTeller(self.delivery),
            "whatsapp": MetaTeller(self.delivery, self.batcher),
            "google_rcs": GoogleTeller(self.delivery),
        }
        self.smsc = Smsc(self)
        self.tellers["smpp"] = self.smsc
        self.media = MediaStore(config.media_bytes_max)
        self.live = Live()
        self.voice = Voice(self)
        self.closing = asyncio.Event()
        self.started_at = time.time()
        self._forget_people()
        self.directory.put(config.accounts)
        self.behaviours.put(config.behaviours)

    def _forget_people(self) -> None:
        self.opted_out: set[Pair] = set()
        self._tries: dict[tuple[str, str], int] = {}
        self._scripts: dict[Pair, int] = {}
        self._wrote_at: dict[Pair, float] = {}
        self._pair_free_at: dict[Pair, float] = {}
        self._lanes: dict[Pair, Lane] = {}

    def reset(self) -> None:
        """Forget all messages, planned events, waiting webhooks, opt-outs and windows; accounts and rules stay."""
        self.voice.clear()
        self.schedule.clear()
        self.batcher.clear()
        self.delivery.clear()
        self.smsc.clear()
        self.store.clear()
        self._forget_people()
        self.live.announce("reset", {})

    @property
    def settled(self) -> bool:
        """True when nothing is planned and no webhook is open."""
        return not (
            len(self.schedule) or self.delivery.open or len(self.batcher) or self.voice.busy or self.smsc.busy
        )

    def close_streams(self) -> None:
        """Let open pages and unanswered requests go, so that a server can stop."""
        self.closing.set()
        self.live.close()

    async def close(self) -> None:
        """Stop everything."""
        self.close_streams()
        self.voice.clear()
        self.schedule.clear()
        await self.smsc.close()
        await self.delivery.close()

    # -- tenant → handset

    def special_answer(self, behaviour: Behaviour, channel: str, handset: str) -> str:
        """The `answer` in force for this try: a behaviour with `times` gives way to accept after that many."""
        if behaviour.answer == "accept" or not behaviour.times:
            return behaviour.answer
        key = (channel, handset)
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        self._bound(self._tries)
        return behaviour.answer if tries <= behaviour.times else "accept"

    def accept(self, message: Message, behaviour: Behaviour) -> None:
        """Take an outbound message and plan what becomes of it."""
        self.store.add(message)
        if self.live.watched(message.handset):
            self.show(message)
        delay = behaviour.plan[0][1] + self.behaviours.jitter(behaviour, message.handset)
        self.schedule.after(delay, self._step, message, behaviour, 0)
        if message.ttl_s:
            self.schedule.after(message.ttl_s, self._expire, message)

    def fail_later(self, message: Message, code: int) -> None:
        """Take an outbound message that the network will refuse in a receipt."""
        self.accept(message, Behaviour(receipts="failed", receipt_code=code, delivered_after_s=0.05))

    def _step(self, message: Message, behaviour: Behaviour, index: int) -> None:
        state = behaviour.plan[index][0]
        if message.state in OVER:
            return
        if message.channel == "rcs" and state in ("undelivered", "failed"):
            return  # Google says nothing of a handset that is away: the message waits, or its time runs out
        if message.channel == "whatsapp" and state == "undelivered":
            state = "failed"
        if state == "read" and (message.channel == "sms" or message.state == "read"):
            return
        if not self._move(message, state, behaviour.receipt_code):
            return
        last = index + 1 == len(behaviour.plan)
        if behaviour.receipts != "none":
            if not behaviour.reorder:
                self._notify(message, state, behaviour.duplicate)
            elif last:
                self._notify_reordered(message, behaviour)
        if not last:
            self.schedule.after(behaviour.plan[index + 1][1], self._step, message, behaviour, index + 1)
        if state == "delivered" or (last and state == "sent"):
            self._react(message, behaviour)

    def _move(self, message: Message, state: str, code: int | None = None) -> bool:
        text = ""
        if state in ("failed", "undelivered"):
            if message.channel == "sms":
                code = code or 30008
                text = errors.twilio_message(code)
            else:
                code = code or 131026
                text = errors.meta_title(code)
        else:
            code = None
        moved = self.store.move(message, state, code, text)
        if moved and self.live.watched(message.handset):
            self.show(message)
        return moved

    def _notify_reordered(self, message: Message, behaviour: Behaviour) -> None:
        told = [state for state, _ in message.states if state not in ("queued", "accepted")]
        for position, state in enumerate(reversed(told)):
            self.schedule.after(
                position * REORDER_GAP_S, self._notify, message, state, behaviour.duplicate, False
            )

    def _notify(self, message: Message, state: str, copies: int = 0, in_order: bool = True) -> None:
        """Send one receipt, in the lane of its message unless order is of no matter."""
        self.tellers[message.account.provider].receipt(message, state, copies, in_order)

    def _expire(self, message: Message) -> None:
        """The time of an RCS message is over: what has not arrived is taken back, and its sender told."""
        if message.state in ("accepted", "sent") and self._move(message, "expired"):
            self._notify(message, "expired")

    def revoke(self, message: Message) -> bool:
        """Take back a message that has not arrived. False when it has, or was taken back before."""
        return message.state in ("accepted", "sent") and self._move(message, "revoked")

    # -- what the person does

    def _react(self, message: Message, behaviour: Behaviour) -> None:
        if not behaviour.replies and not behaviour.opts_out:
            return
        pair = message.pair
        started = self._scripts.get(pair, 0)
        if behaviour.opts_out:
            texts: tuple[str, ...] = ("STOP",) if not started else ()
        elif behaviour.reply_mode == "step":
            texts = behaviour.replies[started : started + 1]
        else:
            texts = behaviour.replies if started < behaviour.reply_times else ()
        if not texts:
            return
        self._scripts[pair] = started + 1
        self._bound(self._scripts)
        for position, text in enumerate(texts):
            delay = behaviour.reply_after_s + position * behaviour.reply_gap_s
            self.schedule.after(delay, self.write, message.number, message.handset, text)

    def write(
        self,
        number: Number,
        handset: str,
        text: str,
        profile_name: str = "",
        on_try: Callable[[Outcome], None] | None = None,
        content: dict[str, Any] | None = None,
    ) -> Message:
        """A handset writes to a tenant's number: opt-out words take effect, then the webhook goes out.

        `content` is what was more than a text: a tap, a place, a picture.
        """
        now = time.time()
        sms = number.channel == "sms"
        message = Message(
            seq=0,
            sid=message_sid(number.channel, handset),
            account=number.account,
            number=number,
            channel=number.channel,
            direction=INBOUND,
            handset=handset,
            body=text,
            parts=count_parts(text) if sms else 1,
            state="sending",
            created_at=now,
            kind=str((content or {}).get("type", "text")),
            content=content,
        )
        pair = message.pair
        self.store.add(message)
        self._wrote_at[pair] = now
        self._bound(self._wrote_at)
        was_out = pair in self.opted_out
        opt_out_type = self._keyword(pair, text) if sms else ""
        if opt_out_type and not number.advanced_opt_out and (opt_out_type != "START" or was_out):
            self._answer_keyword(message, opt_out_type)

        def tried(outcome: Outcome) -> None:
            self._written(message, outcome)
            if on_try is not None:
                on_try(outcome)

        if not number.webhook_url and number.account.provider != "smpp":
            tried(Outcome(False, True, 0, error="this number has no webhook"))
            return message
        self.show(message)
        lane = self._lanes.setdefault(pair, Lane())
        self._bound(self._lanes)
        self.tellers[number.account.provider].inbound(message, lane, tried, profile_name, opt_out_type)
        return message

    def tell_person(self, number: Number, handset: str, kind: str) -> None:
        """A person does something with an RCS thread that is no message: IS_TYPING, SUBSCRIBE, UNSUBSCRIBE."""
        pair = ("rcs", handset, number.address)
        if kind == "UNSUBSCRIBE":
            self.opted_out.add(pair)
        elif kind == "SUBSCRIBE":
            self.opted_out.discard(pair)
        if number.webhook_url:
            data = google_events.person_event(number, handset, kind)
            self.delivery.submit(
                google_events.job(number.account, number.webhook_url, data, f"{handset} {kind}")
            )

    def _keyword(self, pair: Pair, text: str) -> str:
        word = text.strip().upper()
        if word in STOP_WORDS:
            self.opted_out.add(pair)
            return "STOP"
        if word in START_WORDS:
            self.opted_out.discard(pair)
            return "START"
        return "HELP" if word in HELP_WORDS else ""

    def _answer_keyword(self, message: Message, opt_out_type: str) -> None:
        """Opt-out words are answered by the network itself, as Twilio does for numbers without Advanced Opt-Out."""
        number = message.number
        reply = self.new_outbound(
            number.account, number, message.handset, NETWORK_ANSWERS[opt_out_type], "queued"
        )
        reply.kind = "reply"
        self.accept(reply, self.behaviours.find(message.handset, "sms", number.address))

    def _written(self, message: Message, outcome: Outcome) -> None:
        """The tenant's answer to an inbound text; TwiML in it is carried out."""
        if outcome.ok:
            if message.state in ("sending", "retrying"):
                self.store.move(message, "delivered")
            if message.account.provider == "twilio":
                for text in twiml_texts(outcome.body):
                    self._reply(message, text)
        elif outcome.final:
            self.store.move(message, "failed", outcome.status, outcome.error or f"HTTP {outcome.status}")
        elif message.state == "sending":
            self.store.move(message, "retrying")
        self.show(message)

    def _reply(self, message: Message, text: str) -> None:
        if message.pair in self.opted_out or not text or len(text) > 1600:
            self.store.refusals["TwiML message"] += 1
            return
        number = message.number
        reply = self.new_outbound(number.account, number, message.handset, text, "queued")
        reply.kind = "reply"
        reply.status_url = number.status_url
        self.accept(reply, self.behaviours.find(message.handset, "sms", number.address))

    def new_outbound(
        self, account: Account, number: Number, handset: str, text: str, state: str, sid: str = ""
    ) -> Message:
        """An outbound message, not yet accepted."""
        sms = number.channel == "sms"
        return Message(
            seq=0,
            sid=sid or message_sid(number.channel, handset),
            account=account,
            number=number,
            channel=number.channel,
            direction=OUTBOUND,
            handset=handset,
            body=text,
            parts=count_parts(text) if sms else 1,
            state=state,
            created_at=time.time(),
        )

    def read_thread(self, channel: str, handset: str, address: str) -> int:
        """The person opened a WhatsApp or RCS thread: all delivered messages in it become read. Returns how many."""
        count = 0
        for message in self.store.handset_messages(handset):
            if (message.channel, message.number.address, message.direction) != (channel, address, OUTBOUND):
                continue
            if message.state == "delivered" and channel in READS and self._move(message, "read"):
                self._notify(message, "read")
                count += 1
        return count

    # -- WhatsApp's own rules

    def window_open(self, pair: Pair) -> bool:
        """True within 24 hours of the person's last message."""
        wrote_at = self._wrote_at.get(pair)
        return wrote_at is not None and time.time() - wrote_at < WINDOW_S

    def pair_allows(self, pair: Pair) -> bool:
        """One message per 6 s to one person, with a burst of 45 that borrows from later."""
        now = time.time()
        free_at = max(self._pair_free_at.get(pair, 0.0), now)
        if free_at - now > (PAIR_BURST - 1) * PAIR_S:
            return False
        self._pair_free_at[pair] = free_at + PAIR_S
        self._bound(self._pair_free_at)
        return True

    def show(self, message: Message) -> None:
        """Tell the open pages of this handset about a message."""
        self.live.publish(message.handset, "message", entry(message))

    def _bound(self, table: dict[Any, Any]) -> None:
        """Forget the oldest tenth of a table about people when it is full."""
        if len(table) > self.config.pairs_max:
            for key in list(islice(table, max(1, len(table) // 10))):
                del table[key]
