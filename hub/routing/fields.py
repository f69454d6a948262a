"""What a routing rule may ask beside the contact: the message, its intent, the time and the queues. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from hub.compliance.keywords import normal
from hub.compliance.quiet_hours import WEEKDAYS
from hub.conditions import nodes
from hub.conditions.catalog import CHANNEL_LABELS, Catalog, Choices, FieldSpec
from hub.conditions.predicate import Facts
from hub.conditions.text import normalize
from hub.ids import encode_id

TEXT, WORDING, KEYWORD = "message.text", "message.wording", "message.keyword"
CHANNEL_KIND, CHANNEL = "message.channel_kind", "message.channel"
INTENT, CONFIDENCE = "message.intent", "message.confidence"
FIRST, CAMPAIGN = "message.first", "message.campaign"
HOUR, WEEKDAY = "time.hour", "time.weekday"
WAITING = "queue."
OF_TEXT = frozenset({TEXT, WORDING, KEYWORD})
OF_INTENT = frozenset({INTENT, CONFIDENCE})
OF_MESSAGE = OF_TEXT | OF_INTENT | {CHANNEL_KIND, CHANNEL, FIRST, HOUR, WEEKDAY}
"""Known without a look at the contact; CAMPAIGN is not."""
KEYWORD_CHARS_MAX = 80


@dataclass(frozen=True, slots=True)
class Message:
    """A message that rules look at. `at` in the tenant's time zone; `first`: the contact never wrote before."""

    text: str
    channel_kind: str
    channel_id: UUID | None
    at: datetime
    first: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What the classifier said of the message."""

    intent: str | None
    confidence: float


NOTHING_HEARD = Heard(None, 0.0)


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of the contact: for conditions, and as variables of an answer."""

    facts: Facts = field(default_factory=Facts)
    variables: Mapping[str, Any] = field(default_factory=dict)
    last_campaign_id: UUID | None = None


NO_RECORD = Record()


def routing_catalog(
    contact: Catalog,
    *,
    intents: Iterable[str] = (),
    channels: Mapping[UUID, str] | None = None,
    queues: Mapping[UUID, str] | None = None,
) -> Catalog:
    """The fields of a message before those of contacts; channels, queues and campaigns by name."""
    lines = tuple((encode_id("chn", key), name) for key, name in (channels or {}).items())
    campaigns = tuple((encode_id("cmp", key), name) for key, name in contact.campaigns.items())
    labels: Choices = tuple((label, label) for label in intents)
    own = [
        FieldSpec(INTENT, "Intent", "choice", "Message", labels),
        FieldSpec(CONFIDENCE, "Confidence", "number", "Message"),
        FieldSpec(KEYWORD, "Keyword", "keyword", "Message"),
        FieldSpec(WORDING, "Wording", "wording", "Message"),
        FieldSpec(TEXT, "Message text", "text", "Message"),
        FieldSpec(CHANNEL_KIND, "Kind of channel", "choice", "Message", tuple(CHANNEL_LABELS.items())),
        FieldSpec(CHANNEL, "Channel", "named", "Message", lines),
        FieldSpec(FIRST, "First message", "boolean", "Message"),
        FieldSpec(CAMPAIGN, "Last campaign", "named", "Message", campaigns),
        FieldSpec(HOUR, "Hour", "number", "Time"),
        FieldSpec(WEEKDAY, "Weekday", "choice", "Time", tuple((day, day.title()) for day in WEEKDAYS)),
        *(
            FieldSpec(waiting_field(queue_id), f"{name} waiting", "number", "Queues")
            for queue_id, name in (queues or {}).items()
        ),
    ]
    return replace(contact, fields={**{spec.name: spec for spec in own}, **contact.fields})


def waiting_field(queue_id: UUID) -> str:
    """How many conversations of the queue nobody has yet."""
    return WAITING + encode_id("que", queue_id)


def is_of_message(test: nodes.Test) -> bool:
    """Whether a test needs no look at the contact."""
    return isinstance(test, nodes.Value) and (test.field in OF_MESSAGE or test.field.startswith(WAITING))


def is_of_intent(test: nodes.Test) -> bool:
    return isinstance(test, nodes.Value) and test.field in OF_INTENT


def values_of(
    message: Message, heard: Heard, record: Record, waiting: Mapping[str, int], wanted: frozenset[str]
) -> dict[str, Any]:
    """The values of the `wanted` fields that are not the contact's; `waiting` by the queue's field."""
    found: dict[str, Any] = {
        TEXT: message.text,
        CHANNEL_KIND: message.channel_kind,
        CHANNEL: None if message.channel_id is None else encode_id("chn", message.channel_id),
        INTENT: heard.intent,
        CONFIDENCE: heard.confidence if heard.intent is not None else None,
        FIRST: message.first,
        CAMPAIGN: None if record.last_campaign_id is None else encode_id("cmp", record.last_campaign_id),
        HOUR: message.at.hour,
        WEEKDAY: WEEKDAYS[message.at.weekday()],
    }
    if KEYWORD in wanted:
        found[KEYWORD] = keyword_of(message.text)
    if WORDING in wanted:
        found[WORDING] = f" {plain_words(message.text)} "
    found.update(waiting)
    return found


@lru_cache(maxsize=1_024)
def plain_words(text: str) -> str:
    """The words of a message without case, accents and marks. Kept for a moment: a message is looked at more than once."""
    return normal(text)


def keyword_of(text: str) -> str | None:
    """The whole message as a keyword, or None for one that is too long to be one."""
    return normalize(text) if len(text) <= KEYWORD_CHARS_MAX else None
