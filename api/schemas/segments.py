"""Saved segments in and out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas.common import ContactId, In, Instant, Out, Page, SegmentId
from api.schemas.conditions import EXAMPLE, ConditionIn
from hub.conditions.model import ConditionGroup
from hub.contacts.segments.segment import DESCRIPTION_CHARS_MAX, MEMBERS_PER_CALL_MAX, NAME_CHARS_MAX

Kind = Literal["dynamic", "static"]
Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]
Description = Annotated[str, Field(max_length=DESCRIPTION_CHARS_MAX)]
Members = Annotated[list[ContactId], Field(max_length=MEMBERS_PER_CALL_MAX)]


class NewSegment(In):
    """A condition makes a dynamic segment, which is always live; contacts make a static one, which is a list."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "English regulars", "kind": "dynamic", "condition": EXAMPLE}]
        }
    )

    name: Name
    description: Description = ""
    kind: Kind = "dynamic"
    condition: ConditionIn | None = None
    contact_ids: Members = Field(default_factory=list)


class PatchSegment(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Regulars", "condition": EXAMPLE}]})

    name: Name | None = None
    description: Description | None = None
    condition: ConditionIn | None = None


class Segment(Out):
    id: SegmentId
    name: str
    description: str
    kind: Kind
    condition: ConditionGroup | None
    words: str | None = Field(
        description="The condition in plain English.",
        examples=["language is en and (tag is vip or last inbound in the last 7 days)"],
    )
    version: int
    members: int | None = Field(description="Of a static segment.")
    created_by: str
    created_at: Instant
    updated_at: Instant
    archived_at: Instant | None


class SegmentPage(Page[Segment]):
    pass


class SegmentVersion(Out):
    version: int
    condition: ConditionGroup
    words: str
    created_by: str
    created_at: Instant


class SegmentVersions(Page[SegmentVersion]):
    pass


class RestoreIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 2}]})

    version: Annotated[int, Field(ge=1)]


class FreezeIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "English regulars, May"}]})

    name: Name


class MembersIn(In):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"add": ["con_01kasw8qbefy09m6sc7n75yr3h"], "remove": []}]}
    )

    add: Members = Field(default_factory=list)
    remove: Members = Field(default_factory=list)


class MembersChanged(Out):
    added: int
    removed: int
    unknown: int = Field(description="Ids to add that are no contact's.")
    members: int


class SegmentUse(Out):
    kind: Literal["campaign", "segment", "routing_rule"]
    id: str
    name: str


class SegmentUses(Out):
    items: list[SegmentUse]
    has_more: bool
