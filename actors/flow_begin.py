"""Sessions of a flow for many contacts: the one way in for schedules, events, segments, and the API."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from actors.messages import Command, Item
from hub.conversations.state import BeginFlow
from hub.errors import HubError, NotFound
from hub.ids import new_id

AT_ONCE = 2_000
"""So many are on their way to the hosts together; what comes to one host within a moment is one batch there."""


class Mailer(Protocol):
    """`actors.ports.Conversations`."""

    def ask(self, item: Item) -> asyncio.Future[Any]: ...


@dataclass(frozen=True, slots=True)
class Beginning:
    """One contact that shall begin. `key`: the same key twice is one session of this flow and contact, for ever.

    `values`: what the start node may save into variables: an event's properties, an API call's variables.
    """

    contact_id: UUID
    key: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Begun:
    """What became of it: `begun`; `again`: it was before, with this key; `refused`, with the reason (the start node's
    re-entry rule, too many flows at once, no such flow); `gone`: there is no such contact; `failed`: nobody can tell, ask
    again with the same key. `session_id` of a session that began now.
    """

    contact_id: UUID
    status: str
    session_id: UUID | None = None
    reason: str = ""


async def begin(
    conversations: Mailer,
    tenant_id: UUID,
    flow_id: UUID,
    contacts: Sequence[Beginning],
    *,
    at: datetime,
    node: str = "",
    trigger: str = "api",
    origin: str = "",
) -> list[Begun]:
    """Begin a session for each contact; answers in their order, after the commits. Never raises for a contact.

    `node`: the start node, empty for the flow's own; `trigger`: the kind of the start's trigger, as it is counted;
    `origin`: the campaign's id in hex, or empty.
    """
    found: list[Begun] = []
    for first in range(0, len(contacts), AT_ONCE):
        asked = [
            conversations.ask(
                Command(
                    tenant_id,
                    each.contact_id,
                    BeginFlow(new_id(), flow_id, at, node, each.values, trigger, each.key, origin),
                )
            )
            for each in contacts[first : first + AT_ONCE]
        ]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        found += [
            _begun(each, answer)
            for each, answer in zip(contacts[first : first + AT_ONCE], answers, strict=True)
        ]
    return found


def _begun(each: Beginning, answer: Any) -> Begun:
    match answer:
        case NotFound():
            return Begun(each.contact_id, "gone", None, "there is no such contact")
        case HubError() as error:
            return Begun(each.contact_id, "failed", None, error.code)
        case BaseException():
            raise answer
    session_id = UUID(answer["session_id"]) if answer["status"] == "begun" else None
    return Begun(each.contact_id, answer["status"], session_id, answer["reason"])
