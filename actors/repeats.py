"""Replies that are asked for again: each is answered with the message that it became the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.messages import Command
from hub.conversations import store
from hub.conversations.state import AgentReply
from hub.conversations.views import message_view
from hub.errors import HubError
from models.db import Scope, transaction

if TYPE_CHECKING:
    from actors.batch import Batch


async def find(batch: Batch) -> None:
    """A reply that does not fit any more may have been sent before: its repeat is no new question but the old one.

    Since then the conversation may have been closed, or somebody else may have answered.
    """
    for place, item in enumerate(batch.items):
        if not isinstance(batch.answers[place], HubError) or not isinstance(item, Command):
            continue
        if not isinstance(item.event, AgentReply) or item.event.request_id is None:
            continue
        async with transaction(batch.host.engine, Scope.of(item.tenant_id)) as db:
            if await store.replied(db, item.tenant_id, item.event.request_id) is not None:
                batch.duplicates.add(place)


async def answer(batch: Batch) -> None:
    """Give the repeats of the batch their answers."""
    for place in batch.duplicates:
        item = batch.items[place]
        if isinstance(item, Command) and isinstance(item.event, AgentReply):
            directory = await batch.host.directories.one(item.tenant_id)
            async with transaction(batch.host.engine, Scope.of(item.tenant_id)) as db:
                row = await store.replied(db, item.tenant_id, item.event.request_id)
            batch.answers[place] = {"messages": [message_view(row._mapping, directory)]}
