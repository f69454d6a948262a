"""Timelines and notes in and out."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from api.schemas.common import In, Instant, Out


class NewNote(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"body": "Prefers a call after six."}]})

    body: str


class Who(Out):
    kind: str = Field(description="user, key, contact or system.")
    id: str | None
    name: str = Field(description="Empty for somebody of a tenant that you do not see.")


class Entry(Out):
    """Something that happened. `data` depends on the kind; see docs/api/contacts.md."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "nte_019apw8qbefw098tnb9qh3r6w5",
                    "kind": "note",
                    "at": "2026-01-02T03:04:05.678901Z",
                    "actor": {"kind": "user", "id": "usr_019apw8qbefw098tnb9qh3r6w6", "name": "Meera Joshi"},
                    "data": {"body": "Prefers a call after six."},
                }
            ]
        }
    )

    id: str
    kind: str
    at: Instant
    actor: Who | None
    data: dict[str, Any]


class TimelinePage(Out):
    items: list[Entry] = Field(description="Newest first.")
    next_cursor: str | None = Field(description="`before` of the next, older page; null at the beginning.")
    newer_cursor: str | None = Field(
        description="`after` of the page above this one; null when this is the top."
    )
