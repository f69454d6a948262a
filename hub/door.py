"""The one door out: consent, price, hold, then message and outbox in the caller's transaction.

Callers of all origins (agents, flows, campaigns, commands) come through `prepare` and `store`; between the two they
ask the wallet for the holds. A refused message is recorded with its reason, never dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.billing.pricing import ANY_CATEGORY, NoRate, Rate, RateTable, price
from hub.billing.wallet import HoldAnswer, HoldRequest
from hub.channels import adapter_of
from hub.channels.base import Channel, ChannelKind
from hub.channels.content import Content, Template, Text
from hub.channels.downgrade import Link, downgrade, words_of
from hub.channels.sms_parts import sms_parts
from hub.channels.whatsapp_window import WINDOW_CLOSED, WINDOW_WORDS, may_send
from hub.compliance.quiet_hours import WAIT_MAX, QuietHours, in_words, wait_until
from hub.errors import Conflict, Invalid
from hub.voice.script import Call, spoken
from hub.voice.tariff import Tariff, estimate_s
from models.calls import calls
from models.conversations import messages, outbox
from models.db import Insert, insert_all

LANE_LIVE = 0  # replies and agents
LANE_BULK = 1  # campaigns

HOLD_TTL_S: Mapping[ChannelKind, int] = {
    ChannelKind.SMS: 15 * 60,
    ChannelKind.WHATSAPP: 24 * 3600,
    ChannelKind.RCS: 24 * 3600,
    ChannelKind.VOICE: 3 * 3600,  # the longest call, and the wait before it: docs/decisions
}
BLOCK_HOLD_TTL_S = 48 * 3600
WAITS_HOLD_TTL_S = int(WAIT_MAX.total_seconds())  # beside the above: money must outlast the longest wait

OPTED_OUT = "opted-out"
NO_ADDRESS = "no-address"
NO_RATE = "no-rate"
TOO_LONG = "too-long"
EMPTY = "empty-text"
NOT_CARRIED = "not-carried"
NO_MONEY = "insufficient-funds"
TEMPLATE = "template-error"
QUIET = "quiet-hours"
TOO_OFTEN = "frequency-cap"


@dataclass(slots=True)
class Outgoing:
    """One outbound message on its way through the door. `refused` holds the reason when it may not leave."""

    id: UUID
    channel: Channel
    contact_id: UUID
    address: str
    text: str
    origin: str
    origin_id: UUID | None
    lane: int
    parts: int = 1
    price_micros: int = 0
    currency: str = ""
    rate_id: UUID | None = None
    hold_id: UUID | None = None
    refused: str | None = None
    detail: str | None = None
    content: Content | None = None
    purpose: str = ""
    category: str = ANY_CATEGORY
    plan: Mapping[str, Any] | None = None
    first_id: UUID | None = None
    tariff: Tariff | None = None  # of a call
    due_at: datetime | None = None  # it waits until then
    expires_at: datetime | None = None  # after that it is not worth sending
    history: list[dict[str, Any]] = field(default_factory=list)  # what the other fields do not tell


def carry(outgoing: Outgoing, content: Content, link: Link) -> None:
    """Fill in what the channel sends of a content, and by which price list. `link`: the address of a medium of ours."""
    kind = outgoing.channel.kind
    if isinstance(content, Call):
        outgoing.text = words_of(content) or "Call"
        outgoing.content = content if kind is ChannelKind.VOICE else None
        return
    carried = downgrade(content, kind, link)
    outgoing.text = carried.text
    plain = isinstance(carried.content, Text) and not (
        carried.content.suggestions or carried.content.reply_to
    )
    outgoing.content = None if plain else carried.content
    if isinstance(content, Template):
        _of_template(outgoing, content)


def _of_template(outgoing: Outgoing, content: Template) -> None:
    """Its category sets the price; without its text it is nothing but a name for other channels than its own."""
    if outgoing.channel.kind is ChannelKind.WHATSAPP:
        outgoing.category = content.category or outgoing.category
    elif not content.text:
        outgoing.refused, outgoing.detail = NOT_CARRIED, "the template has no text for other channels"


def prepare(outgoing: Outgoing, *, opted_out: bool, rates: RateTable, today: date) -> Outgoing:
    """Check everything that needs no money, and price the message. Fills `refused` or the price."""
    channel = outgoing.channel
    if opted_out:
        outgoing.refused = OPTED_OUT
    elif not outgoing.address:
        outgoing.refused = NO_ADDRESS
    elif not outgoing.text.strip():
        outgoing.refused = EMPTY
    elif len(outgoing.text) > adapter_of(channel).text_chars_max:
        outgoing.refused = TOO_LONG
    elif outgoing.content is not None:
        try:
            adapter_of(channel).check(outgoing.content)
        except Invalid as error:
            outgoing.refused, outgoing.detail = NOT_CARRIED, str(error)
    if outgoing.refused:
        return outgoing
    if channel.kind is ChannelKind.SMS:
        outgoing.parts = sms_parts(outgoing.text).parts
    try:
        rate = rates.resolve(channel.kind.value, outgoing.address.lstrip("+"), outgoing.category, today)
    except NoRate as error:
        outgoing.refused, outgoing.detail = NO_RATE, str(error)
        return outgoing
    if channel.kind is ChannelKind.VOICE:
        return _priced_call(outgoing, rate)
    priced = price(rate, outgoing.parts)
    outgoing.price_micros = priced.micros
    outgoing.currency = priced.currency
    outgoing.rate_id = priced.rate_id
    return outgoing


def _priced_call(outgoing: Outgoing, rate: Rate) -> Outgoing:
    """Hold what the call will probably cost; what it did cost is known when it has ended."""
    script = call_of(outgoing)
    outgoing.tariff = Tariff.of(rate)
    outgoing.price_micros = outgoing.tariff.price_micros(estimate_s(script))
    outgoing.currency, outgoing.rate_id = rate.currency, rate.rate_id
    return outgoing


def call_of(outgoing: Outgoing) -> Call:
    """The script of a message on a voice channel: a plain text is said."""
    return outgoing.content if isinstance(outgoing.content, Call) else spoken(outgoing.text)


def keep_quiet(outgoing: Outgoing, quiet: QuietHours | None, zone: ZoneInfo, now: datetime) -> Outgoing:
    """Let a message wait for the end of the person's quiet hours, or refuse it when it is not worth sending by then."""
    if outgoing.refused or quiet is None:
        return outgoing
    try:
        until = wait_until(quiet, outgoing.purpose, zone, now)
    except ValueError as error:
        outgoing.refused, outgoing.detail = QUIET, str(error)
        return outgoing
    if until is None:
        return outgoing
    words = in_words(until, zone, now)
    if outgoing.expires_at is not None and outgoing.expires_at <= until:
        outgoing.refused, outgoing.detail = QUIET, f"{words}: it is not worth sending by then"
        return outgoing
    outgoing.due_at, outgoing.detail = until, words
    outgoing.history.append(
        {
            "at": now.isoformat(),
            "event": "waits",
            "reason": QUIET,
            "until": until.isoformat(),
            "detail": words,
        }
    )
    return outgoing


def keep_window(outgoing: Outgoing, whatsapp_at: datetime | None, now: datetime) -> Outgoing:
    """Refuse what WhatsApp's service window does not let out; `whatsapp_at` is when the person last wrote by WhatsApp."""
    if outgoing.refused or outgoing.channel.kind is not ChannelKind.WHATSAPP:
        return outgoing
    if not may_send(outgoing.content, whatsapp_at, now):
        outgoing.refused, outgoing.detail = WINDOW_CLOSED, WINDOW_WORDS
    return outgoing


def single_hold(outgoing: Outgoing) -> HoldRequest:
    """The hold of one message; its id is the message's, so asking twice holds once.

    Money for one that waits must outlast the wait. Asked again when the wait is over, the request is another one: its
    id says so.
    """
    waits = outgoing.due_at is not None
    ttl_s = HOLD_TTL_S[outgoing.channel.kind] + (WAITS_HOLD_TTL_S if waits else 0)
    hold_id = uuid5(outgoing.id, "waits") if waits else outgoing.id
    return HoldRequest(hold_id, "single", (outgoing.price_micros,), ttl_s, False)


def block_ttl_s(outgoings: Iterable[Outgoing]) -> int:
    """How long the money of a batch is set aside."""
    waits = any(outgoing.due_at is not None for outgoing in outgoings)
    return BLOCK_HOLD_TTL_S + (WAITS_HOLD_TTL_S if waits else 0)


def release_rows(outgoings: Iterable[Outgoing], now: datetime) -> list[dict[str, Any]]:
    """The `settlements` rows that give back the money of messages that were refused after their hold."""
    return [
        {
            "tenant_id": outgoing.channel.tenant_id,
            "message_id": outgoing.id,
            "hold_id": outgoing.hold_id,
            "kind": "release",
            "amount_micros": outgoing.price_micros,
            "revenue_account": f"revenue:{outgoing.channel.kind.value}",
            "created_at": now,
        }
        for outgoing in outgoings
        if outgoing.refused is not None and outgoing.hold_id is not None
    ]


def apply_hold(outgoing: Outgoing, answer: HoldAnswer) -> None:
    """Write the wallet's answer into the message."""
    if answer.state in ("held", "exists"):
        outgoing.hold_id = answer.hold_id
    else:
        outgoing.refused = NO_MONEY


def message_row(outgoing: Outgoing, now: datetime) -> dict[str, Any]:
    """The `messages` row of an outbound message."""
    return {
        "tenant_id": outgoing.channel.tenant_id,
        "id": outgoing.id,
        "contact_id": outgoing.contact_id,
        "channel_id": outgoing.channel.id,
        "channel_kind": outgoing.channel.kind.value,
        "direction": "out",
        "origin": outgoing.origin,
        "origin_id": outgoing.origin_id,
        "address": outgoing.address,
        "body": outgoing.text,
        "status": "refused" if outgoing.refused else "queued",
        "reason": outgoing.refused,
        "error_code": None,
        "provider_message_id": None,
        "parts": outgoing.parts,
        "price_micros": outgoing.price_micros,
        "currency": outgoing.currency or None,
        "rate_id": outgoing.rate_id,
        "hold_id": outgoing.hold_id,
        "intent": None,
        "confidence": None,
        "intent_version_id": None,
        "routing": {"detail": outgoing.detail} if outgoing.detail else None,
        "created_at": now,
        "content": None if outgoing.content is None else outgoing.content.model_dump(mode="json"),
        "purpose": outgoing.purpose or None,
        "category": None if outgoing.category == ANY_CATEGORY else outgoing.category,
        "plan": outgoing.plan,
        "first_id": outgoing.first_id,
        "history": outgoing.history or None,
    }


def outbox_rows(outgoings: Iterable[Outgoing], now: datetime) -> list[dict[str, Any]]:
    """The `outbox` rows of those that may leave."""
    return [
        {
            "tenant_id": outgoing.channel.tenant_id,
            "message_id": outgoing.id,
            "channel_id": outgoing.channel.id,
            "lane": outgoing.lane,
            "state": "queued",
            "due_at": outgoing.due_at or now,
            "attempts": 0,
            "expires_at": outgoing.expires_at,
        }
        for outgoing in outgoings
        if outgoing.refused is None
    ]


def call_rows(outgoings: Iterable[Outgoing], now: datetime) -> list[dict[str, Any]]:
    """The `calls` rows of the messages that are calls; one that may not leave has failed already."""
    return [
        {
            "tenant_id": outgoing.channel.tenant_id,
            "id": outgoing.id,
            "contact_id": outgoing.contact_id,
            "channel_id": outgoing.channel.id,
            "direction": "out",
            "address": outgoing.address,
            "script": call_of(outgoing).model_dump(mode="json"),
            "tariff": None if outgoing.tariff is None else outgoing.tariff.to_row(),
            "status": "failed" if outgoing.refused else "queued",
            "reason": outgoing.refused,
            "steps": [],
            "gathered": [],
            "created_at": now,
        }
        for outgoing in outgoings
        if outgoing.channel.kind is ChannelKind.VOICE
    ]


def inserts(rows: Sequence[Mapping[str, Any]], outgoings: Iterable[Outgoing], now: datetime) -> list[Insert]:
    """What a transaction writes: message rows (answered with their ids), and what the sender owes.

    A message row that is there already is left alone: whoever writes counts the ids.
    """
    kept = Insert(messages, rows, "ON CONFLICT DO NOTHING RETURNING id", exact=True)
    owed = [kept, Insert(outbox, outbox_rows(outgoings, now))]
    called = call_rows(outgoings, now)
    return [*owed, Insert(calls, called, "ON CONFLICT DO NOTHING")] if called else owed


async def store(db: AsyncConnection, outgoings: Sequence[Outgoing], now: datetime) -> None:
    """Write outbound messages and what the sender owes. Raises Conflict when a message is there already."""
    rows = [message_row(outgoing, now) for outgoing in outgoings]
    kept, *_ = await insert_all(db, inserts(rows, outgoings, now))
    if len(kept) != len(rows):
        raise Conflict("a message with this id is there already")
