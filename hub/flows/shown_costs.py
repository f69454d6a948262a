"""What the messages of a simulated step would cost: the words of the channel that they would go by, and their price. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from hub.billing.pricing import ANY_CATEGORY, NoRate, RateTable, price
from hub.channels.base import ChannelKind
from hub.channels.content import CONTENT, Content, Template
from hub.channels.downgrade import spoken, words_of
from hub.channels.sms_parts import sms_parts
from hub.errors import Invalid
from hub.ids import decode_id
from hub.voice.script import Call
from hub.voice.script import spoken as call_of
from hub.voice.tariff import Tariff, estimate_s

UNKNOWN_NUMBER = "no price: the contact has no phone number"

PRICED = frozenset({"send_message", "place_call"})
"""Effects that cost something."""
SHORTEST = {"type": "call", "steps": [{"type": "hang_up"}]}
"""How long a call of a flow lasts is known when it is over: the least it costs is shown."""


@dataclass(frozen=True, slots=True)
class ShownCost:
    """Of the effect at `place` of a frame. `refused`: why there is no price; then `micros` is 0."""

    place: int
    channel: str
    text: str
    parts: int = 1
    micros: int = 0
    currency: str = ""
    refused: str = ""


def costs_of(
    effects: Iterable[Mapping[str, Any]],
    *,
    talks_by: ChannelKind,
    phone: str,
    kinds: Mapping[UUID, ChannelKind],
    rates: RateTable,
    today: date,
) -> list[ShownCost]:
    """One for each message and call among the effects of a frame (effects.to_json). `kinds`: of the tenant's channels by id.

    The first channel of the message counts; one without goes where the contact talks to us.
    """
    found = []
    for place, effect in enumerate(effects):
        if effect["type"] == "send_message":
            steps = effect.get("channels") or [{}]
            kind = _kind(steps[0].get("channel", ""), talks_by, kinds)
            found.append(_cost(place, effect["content"], kind, phone, rates, today))
        elif effect["type"] == "place_call":
            found.append(_cost(place, SHORTEST, ChannelKind.VOICE, phone, rates, today))
    return found


def _kind(named: str, talks_by: ChannelKind, kinds: Mapping[UUID, ChannelKind]) -> ChannelKind:
    if not named:
        return talks_by
    try:
        return ChannelKind(named)
    except ValueError:
        pass
    try:
        return kinds.get(decode_id("chn", named), talks_by)
    except Invalid:
        return talks_by


def _cost(
    place: int, document: Any, kind: ChannelKind, phone: str, rates: RateTable, today: date
) -> ShownCost:
    content = CONTENT.validate_python(document)
    text = spoken(content) if kind is ChannelKind.VOICE else words_of(content)
    parts = sms_parts(text).parts if kind is ChannelKind.SMS else 1
    if not phone:
        return ShownCost(place, kind.value, text, parts, refused=UNKNOWN_NUMBER)
    try:
        rate = rates.resolve(kind.value, phone, _category(content), today)
    except NoRate as error:
        return ShownCost(place, kind.value, text, parts, refused=error.detail)
    if kind is ChannelKind.VOICE:
        script = content if isinstance(content, Call) else call_of(text)
        micros = Tariff.of(rate).price_micros(estimate_s(script))
        return ShownCost(place, kind.value, text, 1, micros, rate.currency)
    priced = price(rate, parts)
    return ShownCost(place, kind.value, text, parts, priced.micros, priced.currency)


def _category(content: Content) -> str:
    return (content.category if isinstance(content, Template) else None) or ANY_CATEGORY
