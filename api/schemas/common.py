"""Types of the API: ids with a prefix, money as decimal text, instants in UTC, pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from hub.errors import HubError, Invalid
from hub.ids import decode_id, encode_id
from hub.money import format_micros, parse_micros

PAGE_MAX = 200
PAGE_DEFAULT = 50


@dataclass(frozen=True, slots=True)
class PublicId:
    """`con_` and 26 characters outside, a UUID inside."""

    prefix: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(
            self._write, return_schema=core_schema.str_schema()
        )
        return core_schema.no_info_plain_validator_function(self._read, serialization=written)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        example = encode_id(self.prefix, UUID("019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071"))
        return {
            "type": "string",
            "pattern": f"^{self.prefix}_[0-9a-hjkmnp-tv-z]{{26}}$",
            "examples": [example],
        }

    def _read(self, value: Any) -> UUID:
        if isinstance(value, UUID):
            return value
        if not isinstance(value, str):
            raise ValueError(f"an id is a text that begins with {self.prefix}_")
        try:
            return decode_id(self.prefix, value)
        except Invalid as error:
            raise ValueError(str(error)) from None

    def _write(self, value: UUID) -> str:
        return encode_id(self.prefix, value)


TenantId = Annotated[UUID, PublicId("ten")]
UserId = Annotated[UUID, PublicId("usr")]
KeyId = Annotated[UUID, PublicId("key")]
ContactId = Annotated[UUID, PublicId("con")]
ConversationId = Annotated[UUID, PublicId("cnv")]
MessageId = Annotated[UUID, PublicId("msg")]
ChannelId = Annotated[UUID, PublicId("chn")]
AccountId = Annotated[UUID, PublicId("acc")]
QueueId = Annotated[UUID, PublicId("que")]
RuleId = Annotated[UUID, PublicId("rul")]
FlowId = Annotated[UUID, PublicId("flw")]
FlowSessionId = Annotated[UUID, PublicId("fls")]
FlowTestId = Annotated[UUID, PublicId("flt")]
SimulationId = Annotated[UUID, PublicId("sim")]
CampaignId = Annotated[UUID, PublicId("cmp")]
IntentVersionId = Annotated[UUID, PublicId("int")]
UnroutedId = Annotated[UUID, PublicId("unr")]
AttributeId = Annotated[UUID, PublicId("att")]
SegmentId = Annotated[UUID, PublicId("seg")]
ImportId = Annotated[UUID, PublicId("imp")]
EventId = Annotated[UUID, PublicId("evt")]
NoteId = Annotated[UUID, PublicId("nte")]
MergeId = Annotated[UUID, PublicId("mrg")]
ViewId = Annotated[UUID, PublicId("viw")]
TransactionId = Annotated[UUID, PublicId("txn")]
MediaId = Annotated[UUID, PublicId("med")]
ProviderTemplateId = Annotated[UUID, PublicId("tpl")]
CallId = Annotated[UUID, PublicId("cal")]
MentionId = Annotated[UUID, PublicId("mtn")]
SavedReplyId = Annotated[UUID, PublicId("rpl")]
EndpointId = Annotated[UUID, PublicId("whe")]
DeliveryId = Annotated[UUID, PublicId("whd")]


def _micros(text: str) -> int:
    if not text.isascii():  # other scripts' digits are digits too, but not ours
        raise ValueError("an amount is a text such as 12.50")
    try:
        return parse_micros(text)
    except HubError as error:
        raise ValueError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Micros:
    """`"12.500000"` outside, 12500000 micros inside."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(
            format_micros, return_schema=core_schema.str_schema()
        )
        return core_schema.no_info_plain_validator_function(self._read, serialization=written)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?\d{1,13}(\.\d{1,6})?$", "examples": ["12.500000"]}

    def _read(self, value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value  # ours: an answer is built from micros
        return _micros(value)


Money = Annotated[int, Micros()]


@dataclass(frozen=True, slots=True)
class AmountText:
    """An amount in a request: decimal text only, because a JSON number has no exact cents."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?\d{1,13}(\.\d{1,6})?$", "examples": ["50.00"]}

    def _read(self, value: Any) -> int:
        if not isinstance(value, str):
            raise ValueError("an amount is a text such as 12.50")
        return _micros(value)


Amount = Annotated[int, AmountText()]


@dataclass(frozen=True, slots=True)
class Utc:
    """RFC 3339 in UTC outside; an aware datetime inside. A time without a zone is refused."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(
            _write_utc, return_schema=core_schema.str_schema()
        )
        return core_schema.datetime_schema(tz_constraint="aware", serialization=written)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "format": "date-time", "examples": ["2026-01-02T03:04:05.678901Z"]}


def _write_utc(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


Instant = Annotated[datetime, Utc()]

Limit = Annotated[int, Field(ge=1, le=PAGE_MAX, description="How many items at most.")]


class In(BaseModel):
    """A request body: a field nobody knows is an error, not a silence."""

    model_config = ConfigDict(extra="forbid")


class Out(BaseModel):
    """An answer: built from rows by attribute, with no field beyond those listed."""

    model_config = ConfigDict(from_attributes=True)


Item = TypeVar("Item")


class Page(Out, Generic[Item]):
    """One page of a list. Ask for the next with `starting_after` = id of the last item."""

    items: list[Item]
    has_more: bool


class FieldError(Out):
    pointer: str
    code: str
    detail: str


class Problem(BaseModel):
    """RFC 9457: what went wrong, for people (`title`, `detail`) and programs (`code`, `errors`)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/invalid",
                    "title": "A value is not acceptable.",
                    "status": 422,
                    "code": "invalid",
                    "detail": "/name: Field required",
                    "instance": "/v1/contacts",
                    "errors": [{"pointer": "/name", "code": "missing", "detail": "Field required"}],
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    errors: list[FieldError] = []
