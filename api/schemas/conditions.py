"""Conditions in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.common import ContactId, In, Instant, Out, SegmentId
from hub.conditions.model import ConditionGroup, read
from hub.conditions.parse import WORDS_CHARS_MAX
from hub.contacts.segments.service import POINTER, SAMPLE_MAX

EXAMPLE: JsonDict = {
    "combinator": "and",
    "not": False,
    "rules": [
        {"field": "language", "operator": "=", "value": "en"},
        {
            "combinator": "or",
            "not": False,
            "rules": [
                {"field": "tag", "operator": "has", "value": "vip"},
                {"field": "last_inbound_at", "operator": "inLast", "value": {"amount": 7, "unit": "days"}},
            ],
        },
    ],
}

ConditionIn = Annotated[ConditionGroup, BeforeValidator(lambda raw: read(raw, POINTER))]


class Operator(Out):
    name: str
    label: str


class Choice(Out):
    value: str
    label: str


class ConditionField(Out):
    """What may be asked of a contact. An event may be asked for before it ever came: `event.<its name>`."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "name": "attribute.plan",
                    "label": "Plan",
                    "type": "choice",
                    "group": "Attributes",
                    "operators": [{"name": "=", "label": "is"}, {"name": "!=", "label": "is not"}],
                    "choices": [{"value": "gold", "label": "gold"}],
                }
            ]
        },
    )

    name: str
    label: str
    type: str = Field(
        description="text, number, boolean, date, datetime, choice, country, tag, consent, reachable, segment, event, message or campaign."
    )
    group: str
    operators: list[Operator]
    choices: list[Choice] | None


class ConditionFields(Out):
    fields: list[ConditionField]


class CountIn(In):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"condition": EXAMPLE, "by_channel": True, "per_rule": False}]}
    )

    condition: ConditionIn
    by_channel: bool = Field(True, description="Also count who can be reached on which kind of channel.")
    per_rule: bool = Field(False, description="Also count each rule by itself.")


class RuleCount(Out):
    path: str = Field(description="Where the rule stands in the condition, as a JSON pointer.")
    count: int


class Count(Out):
    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "count": 48210,
                    "by_channel": {"sms": 47002, "whatsapp": 47102, "rcs": 47020, "voice": 47020},
                    "unreachable": 312,
                    "rules": [{"path": "/rules/0", "count": 51000}],
                    "took_ms": 87.2,
                }
            ]
        },
    )

    count: int
    by_channel: dict[str, int] | None = Field(
        description="Contacts with an address for the channel and no opt-out."
    )
    unreachable: int | None = Field(description="Contacts that no kind of channel reaches.")
    rules: list[RuleCount] | None
    took_ms: float


class SampleIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"condition": EXAMPLE, "limit": 10}]})

    condition: ConditionIn
    limit: Annotated[int, Field(ge=1, le=SAMPLE_MAX)] = SAMPLE_MAX


class SampledContact(Out):
    id: ContactId
    name: str
    phone: str | None
    language: str
    tags: list[str]
    attributes: dict[str, Any]
    last_inbound_at: Instant | None
    created_at: Instant


class Sample(Out):
    items: list[SampledContact]


class ExplainIn(In):
    """A condition or a segment, and somebody."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"condition": EXAMPLE, "contact_id": "con_01kasw8qbefy09m6sc7n75yr3h"}]
        }
    )

    condition: ConditionIn | None = None
    segment_id: SegmentId | None = None
    contact_id: ContactId


class ExplainedRule(Out):
    field: str
    operator: str
    value: Any
    result: bool
    words: str
    found: Any = Field(description="What the contact has: a value, a list, or an object of counts.")


class ExplainedGroup(Out):
    combinator: Literal["and", "or"]
    not_: bool = Field(alias="not")
    rules: list[ExplainedRule | ExplainedGroup]
    result: bool


class Explanation(Out):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "in": True,
                    "tree": {
                        "combinator": "and",
                        "not": False,
                        "result": True,
                        "rules": [
                            {
                                "field": "tag",
                                "operator": "has",
                                "value": "vip",
                                "result": True,
                                "words": "tag is vip",
                                "found": ["new", "vip"],
                            }
                        ],
                    },
                }
            ]
        }
    )

    in_: bool = Field(alias="in")
    tree: ExplainedGroup


class WordsIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"condition": EXAMPLE}]})

    condition: ConditionIn


_WORDS = "language is en and (tag is vip or last inbound in the last 7 days)"


class Words(Out):
    model_config = ConfigDict(json_schema_extra={"examples": [{"words": _WORDS}]})

    words: str


class ParseIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"words": _WORDS}]})

    words: Annotated[str, Field(max_length=WORDS_CHARS_MAX)]


class Parsed(Out):
    model_config = ConfigDict(json_schema_extra={"examples": [{"condition": EXAMPLE}]})

    condition: ConditionGroup
