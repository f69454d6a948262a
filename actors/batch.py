"""One batch of turns: load, classify, turn, hold, then one transaction. Holds nothing between batches."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actors import batch_rows, repeats
from actors.messages import DONE, DUPLICATE, Arrived, Command
from actors.ports import by_tenant
from hub import door
from hub.channels import adapter_of
from hub.channels import store as channel_store
from hub.channels.base import ChannelKind
from hub.contacts.contact import NewContact
from hub.contacts.service import new_contacts
from hub.conversations import flood, store
from hub.conversations.memo import Burst
from hub.conversations.state import (
    AgentReply,
    Conversation,
    Inbound,
    SendMessage,
    SetConsent,
    TagContact,
    Turn,
    Understood,
)
from hub.conversations.store import Key
from hub.conversations.turn import NOTHING_UNDERSTOOD, RecordMissing, needs_classifier, turn, wants_record
from hub.conversations.views import conversation_view, message_view
from hub.directory import Directory
from hub.errors import Conflict, HubError, NotFound
from hub.failover.store import whatsapp_at
from hub.ids import new_id
from hub.routing.fields import NO_RECORD, Record
from hub.routing.store_records import record_of_new, records_of, records_query
from models.contacts import activities
from models.db import Insert, Scope, insert_all, transaction
from models.pipe import read, write
from models.routing import queue_events
from models.webhooks import webhook_deliveries

if TYPE_CHECKING:
    from actors.conversation import ConversationHost

Work = Arrived | Command


class Redo(Exception):
    """The database knew better than the memory: run the batch again with what was learned."""


class Batch:
    """The work of one transaction. `answers` are in the order of the items."""

    def __init__(self, host: ConversationHost, items: Sequence[Work]) -> None:
        self.host = host
        self.items = items
        self.now = host.clock.now()
        self.answers: list[Any] = [None] * len(items)
        self.working: dict[Key, Conversation] = {}
        self.read_versions: dict[Key, int] = {}
        self.duplicates: set[int] = set()
        self.turns: dict[int, Turn] = {}
        self.understood: dict[int, Understood] = {}
        self.outgoings: dict[int, list[door.Outgoing]] = {}
        self.rows: list[Mapping[str, Any]] = []
        self.events: list[tuple[UUID, bytes]] = []
        self.directories: dict[UUID, Directory] = {}
        self.records: dict[Key, Record] = {}
        self.routed: set[Key] = set()  # whose message came to the rules although that was not foreseen
        self.whatsapp_at: dict[Key, datetime] = {}  # when those who are answered last wrote by WhatsApp
        # Whose first message this is: they come into being with it.
        self.fresh: dict[Key, NewContact] = {
            _key(item): item.fresh
            for item in items
            if isinstance(item, Arrived) and item.fresh is not None and _key(item) not in host.live
        }
        # The same ids in every run of this batch: holds are asked for by them.
        self._effect_ids: dict[tuple[int, int], UUID] = {}

    @property
    def sends(self) -> bool:
        return any(outgoing.refused is None for batch in self.outgoings.values() for outgoing in batch)

    async def run(self) -> None:
        """One attempt. Raises Redo after it has corrected the memory."""
        self._drop_known_duplicates()
        open_items = [place for place in range(len(self.items)) if place not in self.duplicates]
        self.directories = await self.host.directories.get(
            {self.items[place].tenant_id for place in open_items}
        )
        self.working, self.rows, self.events = {}, [], []
        await self.load({_key(self.items[place]) for place in open_items})
        self.before = dict(self.working)
        await self._ask_records(open_items)
        await self._ask_windows(open_items)
        await self._classify(open_items)
        self._turn(open_items)
        await repeats.find(self)
        await self._hold()
        if self.turns:
            await self._commit(Scope.of(*self.directories))
        self._answer()
        await repeats.answer(self)

    def forget_contacts(self) -> None:
        """One of the contacts is gone: let the next run look which, its items are answered with NotFound."""
        for key in self.working:
            self.host.forget(key)

    def _drop_known_duplicates(self) -> None:
        first: dict[tuple[UUID, str], int] = {}
        for place, item in enumerate(self.items):
            if isinstance(item, Arrived):
                key = (item.event.channel_id, item.event.event_key)
                if key in self.host.seen or first.setdefault(key, place) != place:
                    self.duplicates.add(place)

    async def load(self, keys: Iterable[Key]) -> None:
        """Copy live conversations into `working`; read the others."""
        missing: list[Key] = []
        for key in keys:
            state = self.host.live.get(key)
            if state is not None:
                self.working[key] = state
            elif key in self.fresh:
                self.working[key] = Conversation(*key, name=self.fresh[key].name)
            else:
                missing.append(key)
        if missing:
            scope = Scope.of(*{tenant for tenant, _ in missing})
            rows = await read(self.host.pool, scope, *store.load_query(missing))
            self.working.update(store.loaded(rows, missing))
        self.read_versions = {key: state.version for key, state in self.working.items()}

    async def _ask_records(self, places: Sequence[int]) -> None:
        """What is known of those whom rules will look at, where rules speak of contacts, or who may be asked how it was."""
        writers: dict[UUID, set[UUID]] = defaultdict(set)
        for place in places:
            item, key = self.items[place], _key(self.items[place])
            directory = self.directories[item.tenant_id]
            state, routing, queues = self.working.get(key), directory.routing, directory.queue_settings
            if state is None or not (key in self.routed or wants_record(state, item.event, routing, queues)):
                continue
            if key in self.fresh:
                self.records[key] = record_of_new(self.fresh[key], self.now)
            else:
                writers[item.tenant_id].add(item.contact_id)
        for tenant_id, contact_ids in writers.items():
            query = records_query(tenant_id, contact_ids, self.directories[tenant_id].routing_needs, self.now)
            rows = await read(self.host.pool, Scope.of(tenant_id), *query)
            found = records_of(rows)  # somebody may be gone meanwhile: the commit will tell
            self.records.update(((tenant_id, key), found.get(key, NO_RECORD)) for key in contact_ids)

    async def _ask_windows(self, places: Sequence[int]) -> None:
        """For agents' answers by WhatsApp: when the person last wrote by it."""
        wanted: dict[UUID, set[UUID]] = defaultdict(set)
        for place in places:
            item = self.items[place]
            state = self.working.get(_key(item))
            if isinstance(item.event, AgentReply) and state is not None:
                channel_id = item.event.channel_id or state.channel_id
                channels = self.directories[item.tenant_id].channels
                channel = channels.get(channel_id) if channel_id is not None else None
                if channel is not None and channel.kind is ChannelKind.WHATSAPP:
                    wanted[item.tenant_id].add(item.contact_id)
        for tenant_id, contact_ids in wanted.items():
            async with transaction(self.host.engine, Scope.of(tenant_id)) as db:
                found = await whatsapp_at(db, tenant_id, list(contact_ids), self.now)
            self.whatsapp_at.update({(tenant_id, contact_id): at for contact_id, at in found.items()})

    async def _classify(self, places: Sequence[int]) -> None:
        """One call a model version for all texts of the batch that no rule decides."""
        wanted: dict[tuple[UUID, UUID], list[int]] = defaultdict(list)
        bursts: dict[Key, Burst] = {}  # what the turns of this batch will count
        for place in places:
            item = self.items[place]
            if not isinstance(item, Arrived):
                continue
            key = _key(item)
            state = self.working.get(key)
            directory = self.directories[item.tenant_id]
            table, record = directory.routing, self.records.get(key, NO_RECORD)
            if state is None or table.intent_version_id is None:
                continue
            burst = flood.heard(bursts.get(key) or state.memo.burst, item.event.at, table.flood_limit)
            bursts[key] = burst
            if place in self.understood or flood.is_on(burst, item.event.at):
                continue
            if needs_classifier(state, item.event, table, directory.zone, record):
                wanted[item.tenant_id, table.intent_version_id].append(place)
        for (tenant_id, version_id), group in wanted.items():
            texts = [self._inbound(place).text for place in group]
            answers = await self.host.classifiers.classify(version_id, tenant_id, texts)
            self.understood.update(zip(group, answers, strict=True))

    def _inbound(self, place: int) -> Inbound:
        event = self.items[place].event
        assert isinstance(event, Inbound)
        return event

    def _turn(self, places: Sequence[int]) -> None:
        self.turns, self.outgoings = {}, {}
        for place in places:
            item = self.items[place]
            key = _key(item)
            state = self.working.get(key)
            if state is None:
                self.answers[place] = NotFound("there is no such conversation")
                continue
            directory = self.directories[item.tenant_id]
            understood = self.understood.get(place, NOTHING_UNDERSTOOD)
            floor = self.host.settings.confidence_floor
            try:
                record, queues = self.records.get(key), directory.queue_settings
                result = turn(
                    state, item.event, directory.routing, understood, floor, directory.zone, record, queues
                )
                self.outgoings[place] = self._outgoing(place, result, directory)
            except RecordMissing:
                self.routed.add(key)
                raise Redo from None
            except HubError as error:  # a command that does not fit the state: only its caller hears of it
                if key in self.host.live:
                    self.host.forget(key)  # what memory refuses the database may allow: look there first
                    raise Redo from None
                self.answers[place] = error
                continue
            result.state.version = self.read_versions[key] + 1
            self.working[key] = result.state
            self.turns[place] = result

    def _outgoing(self, place: int, result: Turn, directory: Directory) -> list[door.Outgoing]:
        found: list[door.Outgoing] = []
        sends = [effect for effect in result.effects if isinstance(effect, SendMessage)]
        for number, effect in enumerate(sends):
            channel = directory.channels.get(effect.channel_id)
            if channel is None:
                raise NotFound("the channel is not there any more")
            if effect.carrier_answers and adapter_of(channel).answers_commands:
                continue
            identifier = effect.message_id or self._effect_ids.setdefault((place, number), new_id())
            outgoing = door.Outgoing(
                identifier,
                channel,
                result.state.contact_id,
                effect.address,
                effect.text,
                effect.origin,
                effect.origin_id,
                door.LANE_LIVE,
            )
            opted_out = channel.kind.value in result.state.opted_out and not effect.answers_command
            door.prepare(outgoing, opted_out=opted_out, rates=directory.rates, today=self.now.date())
            if effect.origin == "agent":  # whatever else a turn sends answers a message of this moment
                door.keep_window(outgoing, self.whatsapp_at.get(_key(self.items[place])), self.now)
            found.append(outgoing)
        return found

    async def _hold(self) -> None:
        """Money first: one call a wallet, in parallel."""
        paid = [o for batch in self.outgoings.values() for o in batch if o.refused is None and o.price_micros]
        if not paid:
            return
        by_id = {outgoing.id: outgoing for outgoing in paid}
        grouped = by_tenant([(o.channel.tenant_id, door.single_hold(o)) for o in paid])
        calls = (self.host.wallets.hold(tenant_id, requests) for tenant_id, requests in grouped.items())
        for answers in await asyncio.gather(*calls):
            for answer in answers:
                door.apply_hold(by_id[answer.hold_id], answer)

    async def _commit(self, scope: Scope) -> None:
        """All that the batch decided, in one transaction. Raises Redo when the database knew better."""
        claims = {
            place: row
            for place in self.turns
            if (row := batch_rows.claim_row(self.items[place], self.now)) is not None
        }
        touched = {_key(self.items[place]) for place in self.turns}
        outgoings = [outgoing for batch in self.outgoings.values() for outgoing in batch]
        self.rows = [*self._inbound_rows(), *(door.message_row(outgoing, self.now) for outgoing in outgoings)]
        made = new_contacts((new for key, new in self.fresh.items() if key in touched), self.now)
        inserts = [
            *made,
            channel_store.claims(list(claims.values())),
            store.saves(self.working[key] for key in touched),
            *door.inserts(self.rows, outgoings, self.now),
            *self._effects(),
            Insert(activities, batch_rows.activity_rows(self.turns.values(), self.now)),
            Insert(queue_events, batch_rows.queue_event_rows(self.turns.values())),
            Insert(webhook_deliveries, batch_rows.webhook_rows(self)),
        ]
        # The screens' events are made while the database works; they leave only after the commit.
        written, _ = await asyncio.gather(write(self.host.pool, scope, inserts), self._prepare_events())
        if written:
            return
        # Something does not fit: the same again, step by step, to learn what.
        async with transaction(self.host.engine, None) as db:
            await self._write(db, scope, inserts, claims, touched)

    async def _write(
        self,
        db: AsyncConnection,
        scope: Scope,
        inserts: Sequence[Insert],
        claims: Mapping[int, Mapping[str, Any]],
        touched: set[Key],
    ) -> None:
        """Raises Redo, which rolls back, after it has corrected the memory."""
        _, addresses, claimed, saved, kept, *_ = await insert_all(db, inserts, scope)
        self._find_taken({row.contact_id for row in addresses})
        self._learn(claims, {(row.channel_id, row.event_key) for row in claimed})
        if stale := touched - {(row.tenant_id, row.contact_id) for row in saved}:
            for key in stale:
                self.host.forget(key)
            raise Redo
        if len(kept) != len(self.rows):
            raise Conflict("the provider gave two events one message id")

    def _find_taken(self, made: set[UUID]) -> None:
        """Raise Redo when somebody has a new contact's address already: in the next run that contact is not there."""
        taken = [key for key in self.fresh if key in self.working and key[1] not in made]
        for key in taken:
            del self.fresh[key]
        if taken:
            raise Redo

    def _learn(self, claims: Mapping[int, Mapping[str, Any]], claimed: set[tuple[UUID, str]]) -> None:
        """Raise Redo when an event of the batch was done before: it is a duplicate in the next run."""
        late = {
            place for place, row in claims.items() if (row["channel_id"], row["event_key"]) not in claimed
        }
        if late:
            self.duplicates |= late
            raise Redo

    def _inbound_rows(self) -> list[Mapping[str, Any]]:
        return [
            store.inbound_row(
                item.event, turned.state, turned, self.understood.get(place, NOTHING_UNDERSTOOD)
            )
            for place, turned in self.turns.items()
            if isinstance(item := self.items[place], Arrived)
        ]

    def _effects(self) -> list[Insert]:
        consents: list[dict[str, Any]] = []
        tags: list[dict[str, Any]] = []
        for place, result in self.turns.items():
            tenant_id, contact_id = _key(self.items[place])
            for effect in result.effects:
                match effect:
                    case SetConsent():
                        consents.append(batch_rows.consent_row(tenant_id, contact_id, effect, self.now))
                    case TagContact(tag):
                        tags.append({"tenant_id": tenant_id, "tag": tag, "contact_id": contact_id})
        return [store.consent_changes(consents), store.tags(tags)]

    def _answer(self) -> None:
        for place in self.duplicates:
            if isinstance(self.items[place], Arrived):
                self.answers[place] = DUPLICATE
        by_id = {row["id"]: row for row in self.rows}
        for place in self.turns:
            item = self.items[place]
            if isinstance(item, Arrived):
                self.answers[place] = DONE
                continue
            directory = self.directories[item.tenant_id]
            sent = [by_id[outgoing.id] for outgoing in self.outgoings[place]]
            self.answers[place] = {
                "conversation": conversation_view(self.working[_key(item)], directory),
                "messages": [message_view(row, directory) for row in sent],
            }

    async def _prepare_events(self) -> None:
        """What the screens of the tenants must hear: each new message, each changed conversation once."""
        keys = {_key(self.items[place]) for place in self.turns}
        states = [self.working[key] for key in keys]
        self.events = batch_rows.screen_events(self.rows, self.turns.values(), states, self.directories)


def _key(item: Work) -> Key:
    return item.tenant_id, item.contact_id
