"""The contact of a simulation: made, or a copy of a real one that is the simulation's own. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field

from hub.conditions import nodes
from hub.conditions.catalog import ATTRIBUTE, CHANNELS
from hub.conditions.nodes import Node
from hub.conditions.predicate import Facts, Segments, facts_of_attributes, holds
from hub.flows import effects
from hub.flows.engine import Sprint
from hub.flows.world import Person
from hub.routing.compiled import tests_in

OWN = frozenset({"name", "language", "time_zone"})
"""The fields that it has beside its attributes."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SimContact(Part):
    """Who the run is played for."""

    id: UUID = UUID(int=1)
    name: str = Field("Ann Example", max_length=200)
    language: str = Field("en", max_length=20)
    phone: str = Field("", max_length=20)
    time_zone: str = Field("", max_length=60)
    attributes: dict[str, str | int | float | bool | None] = Field(default_factory=dict, max_length=200)
    tags: tuple[str, ...] = Field((), max_length=200)
    segments: tuple[UUID, ...] = Field(
        (),
        max_length=200,
        description="Those it is in whose rules ask for more than is said here, and lists.",
    )

    def model_post_init(self, context: Any) -> None:
        if self.time_zone:
            try:
                ZoneInfo(self.time_zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError("time_zone: there is no such time zone") from None


def person_of(contact: SimContact) -> Person:
    """The made contact as a run sees it."""
    first, _, last = contact.name.partition(" ")
    attributes = {key: value for key, value in contact.attributes.items() if value is not None}
    own = {"name": contact.name, "first_name": first, "last_name": last, "language": contact.language}
    values = {
        "name": contact.name,
        "language": contact.language,
        "time_zone": contact.time_zone,
        **facts_of_attributes(attributes),
    }
    addresses = [("phone", contact.phone)] if contact.phone else []
    consents = [(kind, "marketing", "opted_in") for kind in CHANNELS]
    facts = Facts(
        values=values,
        tags=frozenset(contact.tags),
        addresses=addresses,
        consents=consents,
        segments=frozenset(contact.segments),
    )
    zone = ZoneInfo(contact.time_zone) if contact.time_zone else None
    return Person(contact.id, {**attributes, **own, "phone": contact.phone}, facts, zone)


def played(segments: Segments) -> Segments:
    """Segments as they are asked of the contact of a simulation: by their rules where it has all that these ask for, else
    as lists of those who are in them.
    """
    return {
        key: plan if plan is not None and all(map(_is_known, tests_in(plan))) else None
        for key, plan in segments.items()
    }


def segments_of(facts: Facts, now: datetime, segments: Segments) -> tuple[UUID, ...]:
    """The segments that a real contact is in which a copy of it cannot know by itself."""
    lists = [key for key, plan in played(segments).items() if plan is None]
    return tuple(key for key in lists if holds(nodes.InSegment(key), facts, now, segments))


def _is_known(test: Node) -> bool:
    match test:
        case nodes.Tag() | nodes.Country() | nodes.InSegment():
            return True
        case nodes.Text() | nodes.OneOf() | nodes.Number() | nodes.Boolean() | nodes.Day() | nodes.Moment():
            return test.field in OWN or test.field.startswith(ATTRIBUTE)
        case _:
            return False


def changed(contact: SimContact, sprint: Sprint) -> SimContact:
    """The contact with what the run did to it."""
    attributes, tags = dict(contact.attributes), dict.fromkeys(contact.tags)
    for effect in sprint.effects:
        match effect:
            case effects.SetAttribute(key, value):
                attributes[key] = value
            case effects.AddTag(tag):
                tags[tag] = None
            case effects.RemoveTag(tag):
                tags.pop(tag, None)
    if attributes == contact.attributes and tuple(tags) == contact.tags:
        return contact
    return contact.model_copy(update={"attributes": attributes, "tags": tuple(tags)})
