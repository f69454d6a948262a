"""What a batch of turns reads beside the conversations: records of contacts, and when they last wrote by WhatsApp."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from actors.messages import Arrived, Command
from hub.channels.base import ChannelKind
from hub.conversations.state import AgentReply
from hub.conversations.store import Key
from hub.conversations.turn import wants_record
from hub.failover.store import whatsapp_at
from hub.routing.fields import NO_RECORD
from hub.routing.store_records import record_of_new, records_of, records_query
from models.db import Scope, transaction
from models.pipe import read

if TYPE_CHECKING:
    from actors.batch import Batch


async def ask_records(batch: Batch, places: Sequence[int]) -> None:
    """What is known of those whom rules will look at, where rules speak of contacts, or who may be asked how it was."""
    writers: dict[UUID, set[UUID]] = defaultdict(set)
    for place in places:
        item, key = batch.items[place], key_of(batch.items[place])
        directory = batch.directories[item.tenant_id]
        state, routing, queues = batch.working.get(key), directory.routing, directory.queue_settings
        if state is None or not (key in batch.routed or wants_record(state, item.event, routing, queues)):
            continue
        if key in batch.fresh:
            batch.records[key] = record_of_new(batch.fresh[key], batch.now)
        else:
            writers[item.tenant_id].add(item.contact_id)
    for tenant_id, contact_ids in writers.items():
        directory = batch.directories[tenant_id]
        needs = directory.routing_needs
        if directory.routing.flows:
            needs |= directory.flow_needs
        query = records_query(tenant_id, contact_ids, needs, batch.now)
        rows = await read(batch.host.pool, Scope.of(tenant_id), *query)
        found = records_of(rows)  # somebody may be gone meanwhile: the commit will tell
        batch.records.update(((tenant_id, key), found.get(key, NO_RECORD)) for key in contact_ids)


async def ask_windows(batch: Batch, places: Sequence[int]) -> None:
    """For agents' answers by WhatsApp: when the person last wrote by it."""
    wanted: dict[UUID, set[UUID]] = defaultdict(set)
    for place in places:
        item = batch.items[place]
        state = batch.working.get(key_of(item))
        if isinstance(item.event, AgentReply) and state is not None:
            channel_id = item.event.channel_id or state.channel_id
            channels = batch.directories[item.tenant_id].channels
            channel = channels.get(channel_id) if channel_id is not None else None
            if channel is not None and channel.kind is ChannelKind.WHATSAPP:
                wanted[item.tenant_id].add(item.contact_id)
    for tenant_id, contact_ids in wanted.items():
        async with transaction(batch.host.engine, Scope.of(tenant_id)) as db:
            found = await whatsapp_at(db, tenant_id, list(contact_ids), batch.now)
        batch.whatsapp_at.update({(tenant_id, contact_id): at for contact_id, at in found.items()})


def key_of(item: Arrived | Command) -> Key:
    return item.tenant_id, item.contact_id
