"""Merges, erasures and exports of one person, in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.common import ContactId, In, Instant, MergeId, Out
from hub.contacts.service_erasure import REASON_CHARS_MAX

_WINNER: JsonDict = {
    "winner_id": "con_019apw8qbefw098tnb9qh3r6w5",
    "loser_id": "con_019apw8qbefw098tnb9qh3r6w6",
    "choices": {"name": "loser"},
}


class MergeIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [_WINNER]})

    winner_id: ContactId = Field(description="The contact that stays.")
    loser_id: ContactId = Field(description="The contact whose everything moves there.")
    choices: dict[str, Literal["winner", "loser"]] = Field(
        default_factory=dict,
        description="Whose value of a field (`name`, `language`, `time_zone`, `attribute.<key>`) stands. Left out: the "
        "winner's, or the loser's where the winner has none.",
    )


class MergeField(Out):
    field: str
    label: str
    winner: Any
    loser: Any
    result: Any


class MergePreview(Out):
    fields: list[MergeField]
    moves: dict[str, int] = Field(description="How much of each kind moves to the winner.")
    merge_id: MergeId | None = Field(description="Null after a dry run.")


class Unmerged(Out):
    winner_id: ContactId
    loser_id: ContactId


class EraseIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Asked for it on 2026-01-02"}]})

    reason: Annotated[str, Field(max_length=REASON_CHARS_MAX)] = Field(
        "", description="Why, in words that do not name the person."
    )


class ErasureReport(Out):
    """What an erasure touched, in numbers."""

    contact_id: ContactId
    erased_at: Instant
    report: dict[str, Any]
