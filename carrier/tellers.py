"""How each provider tells a tenant what happened: one teller a provider, by its own webhook."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from carrier import events, google_events
from carrier.delivery import Delivery, Outcome
from carrier.events import Batcher, MetaEvent, TwilioEvent
from carrier.store import Lane, Message

OnTry = Callable[[Outcome], None]


class Teller(Protocol):
    """Tells receipts and what people write. `in_order`: in the lane of its message, one after the other."""

    def receipt(self, message: Message, state: str, copies: int, in_order: bool) -> None:
        """One state of an outbound message; a state this provider does not tell is told to nobody."""

    def inbound(self, message: Message, lane: Lane, on_try: OnTry, profile_name: str, keyword: str) -> None:
        """What a person wrote. `keyword`: STOP, START or HELP where the number's owner wants to know."""


class TwilioTeller:
    """Signed forms."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def receipt(self, message: Message, state: str, copies: int, in_order: bool) -> None:
        if not message.status_url:
            return
        fields = events.twilio_status_fields(message, state)
        about = f"{message.sid} {state}"
        job = events.form_job(message.status_url, message.account.secret, fields, about)
        job.copies = copies
        if in_order:
            job.lanes = (message.lane,)
            self._delivery.enter(message.lane, TwilioEvent(self._delivery, job))
        else:
            self._delivery.submit(job)

    def inbound(self, message: Message, lane: Lane, on_try: OnTry, profile_name: str, keyword: str) -> None:
        number = message.number
        fields = events.twilio_inbound_fields(message, keyword if number.advanced_opt_out else "")
        job = events.form_job(number.webhook_url, number.account.secret, fields, f"{message.sid} inbound")
        job.lanes = (lane,)
        job.on_try = on_try
        self._delivery.enter(lane, TwilioEvent(self._delivery, job))


class MetaTeller:
    """JSON, several events in one body."""

    def __init__(self, delivery: Delivery, batcher: Batcher) -> None:
        self._delivery = delivery
        self._batcher = batcher

    def receipt(self, message: Message, state: str, copies: int, in_order: bool) -> None:
        url = message.number.status_url or message.number.webhook_url
        if not url:
            return
        who = {"wa_id": message.handset.lstrip("+"), "user_id": events.user_id(message.handset)}
        part = {"contacts": [who], "statuses": [events.whatsapp_status(message, state, time.time())]}
        event = MetaEvent(self._batcher, message.number, url, part)
        event.copies = copies
        if in_order:
            event.lane = message.lane
            self._delivery.enter(message.lane, event)
        else:
            event.launch()

    def inbound(self, message: Message, lane: Lane, on_try: OnTry, profile_name: str, keyword: str) -> None:
        part = events.whatsapp_inbound(message, profile_name)
        event = MetaEvent(self._batcher, message.number, message.number.webhook_url, part)
        event.lane = lane
        event.on_try = on_try
        self._delivery.enter(lane, event)


class GoogleTeller:
    """Pub/Sub envelopes, one event each."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def receipt(self, message: Message, state: str, copies: int, in_order: bool) -> None:
        data = google_events.report(message, state)
        url = message.number.status_url or message.number.webhook_url
        if data is None or not url:
            return
        job = google_events.job(message.account, url, data, f"{message.sid} {state}")
        job.copies = copies
        if in_order:
            job.lanes = (message.lane,)
            self._delivery.enter(message.lane, TwilioEvent(self._delivery, job))
        else:
            self._delivery.submit(job)

    def inbound(self, message: Message, lane: Lane, on_try: OnTry, profile_name: str, keyword: str) -> None:
        data = google_events.written(message)
        job = google_events.job(message.account, message.number.webhook_url, data, f"{message.sid} inbound")
        job.lanes = (lane,)
        job.on_try = on_try
        self._delivery.enter(lane, TwilioEvent(self._delivery, job))
