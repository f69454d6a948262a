"""Types that several nodes share: names, texts, spans of time, paths into JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from hub.errors import Invalid
from hub.ids import decode_id
from hub.templates.render import TemplateInvalid, compile_template

VALUE_CHARS_MAX = 1_000
WAIT_MAX = timedelta(days=366)
PATH_PARTS_MAX = 12
MARKS = ("{{", "{%", "{#")

VariableName = Annotated[str, Field(max_length=40, pattern=r"^[a-z][a-z0-9_]*$")]


def only_when(field: str, *values: Any) -> Any:
    """A hint in a field's JSON schema: it means something only while that other field has one of these values."""
    return Field(json_schema_extra={"x-when": {"field": field, "values": list(values)}})


def editor(name: str) -> Any:
    """A hint in a field's JSON schema: which control edits it."""
    return Field(json_schema_extra={"x-editor": name})


SavedAs = Annotated[
    str, Field(max_length=40, pattern=r"^([a-z][a-z0-9_]*)?$", json_schema_extra={"x-editor": "variable"})
]
Label = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Path = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^.\s]+(\.[^.\s]+)*$")]


def has_marks(text: str) -> bool:
    """Whether a text is a template at all."""
    return any(mark in text for mark in MARKS)


def check_template(text: str) -> str:
    """The text. Raises ValueError when it is a template that does not compile."""
    if has_marks(text):
        try:
            compile_template(text)
        except TemplateInvalid as error:
            raise ValueError(error.detail) from None
    return text


TemplateText = Annotated[str, AfterValidator(check_template), Field(json_schema_extra={"x-editor": "text"})]
"""A text with `{{ … }}`; checked when it is read."""


def reference(prefix: str) -> AfterValidator:
    """A public id of one kind, or an empty text."""

    def check(text: str) -> str:
        if text:
            try:
                decode_id(prefix, text)
            except Invalid as error:
                raise ValueError(error.detail) from None
        return text

    return AfterValidator(check)


class Duration(BaseModel):
    """So many minutes, hours, days or weeks; a day is 24 hours. At most 366 days."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    amount: int = Field(ge=1, le=527_040)
    unit: Literal["seconds", "minutes", "hours", "days", "weeks"] = "minutes"

    @property
    def span(self) -> timedelta:
        return timedelta(**{self.unit: self.amount})


def _bounded(duration: Duration) -> Duration:
    if duration.span > WAIT_MAX:
        raise ValueError("at most 366 days are possible")
    return duration


Span = Annotated[Duration, AfterValidator(_bounded)]


def at_path(value: Any, path: str) -> Any:
    """What stands at `data.items.0.id` of a JSON value; None where there is nothing."""
    for part in path.split(".")[:PATH_PARTS_MAX]:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, Sequence) and not isinstance(value, str) and part.isascii() and part.isdigit():
            value = value[int(part)] if int(part) < len(value) else None
        else:
            return None
    return value


def as_scalar(value: Any) -> str | int | float | bool | None:
    """A value that a variable may hold: what is neither text, number nor truth value becomes nothing. Texts are cut."""
    if isinstance(value, str):
        return value[:VALUE_CHARS_MAX]
    if value is None or isinstance(value, bool | float):
        return value
    return value if isinstance(value, int) and value.bit_length() < 64 else None
