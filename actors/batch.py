"""One batch of turns: load, classify, turn, hold, then one transaction. Holds nothing between batches."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from actors import batch_flows, batch_reads, batch_rows, repeats
from actors.batch_reads import key_of
from actors.messages import DONE, DUPLICATE, Arrived, Command
from actors.ports import by_tenant
from hub import door
from hub.channels import adapter_of
from hub.channels import store as channel_store
from hub.contacts.contact import NewContact
from hub.contacts.service import new_contacts
from hub.conversations import flood, store
from hub.conversations.journeys import History, RecordMissing
from hub.conversations.memo import Burst
from hub.conversations.state import (
    Conversation,
    Inbound,
    SendMessage,
    Turn,
    Understood,
)
from hub.conversations.store import Key
from hub.conversations.turn import NOTHING_UNDERSTOOD, needs_classifier, turn
from hub.conversations.views import conversation_view, message_view
from hub.directory import Directory
from hub.errors import Conflict, HubError, NotFound
from hub.ids import new_id
from hub.routing.fields import NO_RECORD, Record
from models.contacts import activities
from models.db import Insert, Scope
from models.pipe import Pipe, pipeline, read, write
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
        self.histories: dict[Key, History] = {}
        self.routed: set[Key] = set()  # whose message came to the rules although that was not foreseen
        self.whatsapp_at: dict[Key, datetime] = {}  # when those who are answered last wrote by WhatsApp
        # Whose first message this is: they come into being with it.
        self.fresh: dict[Key, NewContact] = {
            key_of(item): item.fresh
            for item in items
            if isinstance(item, Arrived) and item.fresh is not None and key_of(item) not in host.live
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
        self.working, self.rows, self.events, self.histories = {}, [], [], {}
        await self.load({key_of(self.items[place]) for place in open_items})
        self.before = dict(self.working)
        await batch_flows.know(self, open_items)
        await batch_reads.ask_records(self, open_items)
        await batch_reads.ask_windows(self, open_items)
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

    async def _classify(self, places: Sequence[int]) -> None:
        """One call a model version for all texts of the batch that no rule decides."""
        wanted: dict[tuple[UUID, UUID], list[int]] = defaultdict(list)
        bursts: dict[Key, Burst] = {}  # what the turns of this batch will count
        for place in places:
            item = self.items[place]
            if not isinstance(item, Arrived):
                continue
            key = key_of(item)
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
        again = False
        for place in places:
            item = self.items[place]
            key = key_of(item)
            state = self.working.get(key)
            if state is None:
                self.answers[place] = NotFound("there is no such conversation")
                continue
            directory = self.directories[item.tenant_id]
            understood = self.understood.get(place, NOTHING_UNDERSTOOD)
            floor = self.host.settings.confidence_floor
            try:
                result = turn(
                    state,
                    item.event,
                    directory.routing,
                    understood,
                    floor,
                    directory.zone,
                    self.records.get(key),
                    directory.queue_settings,
                    self.histories.get(key),
                )
                self.outgoings[place] = self._outgoing(place, result, directory)
            except RecordMissing:
                self.routed.add(key)
                again = True  # there may be more of them: all are read before the next run
                continue
            except HubError as error:  # a command that does not fit the state: only its caller hears of it
                if key in self.host.live:
                    self.host.forget(key)  # what memory refuses the database may allow: look there first
                    raise Redo from None
                self.answers[place] = error
                continue
            if result.unchanged:
                if key in self.host.live:
                    self.host.forget(key)  # the same: the database may know of what memory does not
                    again = True
                self.answers[place] = result.answer
                continue
            result.state.version = self.read_versions[key] + 1
            self.working[key] = result.state
            self.turns[place] = result
            if result.ran:
                self._remember(key, result)
        if again:
            raise Redo

    def _remember(self, key: Key, result: Turn) -> None:
        """What flows did is known to the contact's next turn of this batch."""
        if key in self.records:
            self.records[key] = batch_flows.after(self.records[key], result.effects)
        if key in self.histories:
            self.histories[key] = batch_flows.remembered(self.histories[key], result.ran)

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
            if effect.content is not None:
                door.carry(outgoing, effect.content, self.host.link)
            opted_out = channel.kind.value in result.state.opted_out and not effect.answers_command
            door.prepare(outgoing, opted_out=opted_out, rates=directory.rates, today=self.now.date())
            if effect.origin == "agent":  # whatever else a turn sends answers a message of this moment
                door.keep_window(outgoing, self.whatsapp_at.get(key_of(self.items[place])), self.now)
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
        touched = {key_of(self.items[place]) for place in self.turns}
        outgoings = [outgoing for batch in self.outgoings.values() for outgoing in batch]
        self.rows = [*self._inbound_rows(), *(door.message_row(outgoing, self.now) for outgoing in outgoings)]
        made = new_contacts((new for key, new in self.fresh.items() if key in touched), self.now)
        inserts = [
            *made,
            channel_store.claims(list(claims.values())),
            store.saves(self.working[key] for key in touched),
            *door.inserts(self.rows, outgoings, self.now),
            *batch_rows.effect_inserts(self.turns.values(), self.now),
            *batch_flows.inserts(self.turns.values(), self.directories, self.now),
            Insert(activities, batch_rows.activity_rows(self.turns.values(), self.now)),
            Insert(queue_events, batch_rows.queue_event_rows(self.turns.values())),
            Insert(webhook_deliveries, batch_rows.webhook_rows(self)),
        ]
        # The screens' events are made while the database works; they leave only after the commit.
        changes = batch_flows.changes(self.turns.values())
        if changes:
            await self._prepare_events()
        else:
            written, _ = await asyncio.gather(write(self.host.pool, scope, inserts), self._prepare_events())
            if written:
                return
        # Contacts are changed too, or something does not fit: then the same again, step by step, tells what.
        try:
            async with pipeline(self.host.pool, scope) as db:
                await self._write(db, inserts, claims, touched)
                await batch_flows.change_contacts(db, changes)
        except batch_flows.Outdated as error:
            await self.host.directories.anew([error.tenant_id])
            raise Redo from None

    async def _write(
        self,
        db: Pipe,
        inserts: Sequence[Insert],
        claims: Mapping[int, Mapping[str, Any]],
        touched: set[Key],
    ) -> None:
        """Raises Redo, which rolls back, after it has corrected the memory."""
        _, addresses, claimed, saved, kept, *_ = await db.insert_all(inserts)
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
            if (answer := self.turns[place].answer) is not None:
                self.answers[place] = answer
                continue
            directory = self.directories[item.tenant_id]
            sent = [by_id[outgoing.id] for outgoing in self.outgoings[place]]
            self.answers[place] = {
                "conversation": conversation_view(self.working[key_of(item)], directory),
                "messages": [message_view(row, directory) for row in sent],
            }

    async def _prepare_events(self) -> None:
        """What the screens of the tenants must hear: each new message, each changed conversation once."""
        states = [self.working[key] for key in batch_flows.shown(self)]
        self.events = batch_rows.screen_events(self.rows, self.turns.values(), states, self.directories)
