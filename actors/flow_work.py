"""Carries out what flows left for after the commit: timers, messages over channels, webhooks, news for sessions.

All of it is durable rows that are leased: whoever dies with one leaves it to the next look. A message is written by the
transaction that takes its row away, so it is sent once; a webhook may be asked twice, and its session hears one answer.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actors.attempts import Asked, Attempts, NoSuchPerson
from actors.flow_asked import asked_of
from actors.flow_begin import Mailer
from actors.messages import Command
from hub import door
from hub.channels.base import ChannelKind
from hub.channels.content import CONTENT, Content, Text
from hub.channels.downgrade import words_of
from hub.clock import Clock
from hub.conversations.state import Event, ExitFlow, FlowInput, MoveFlow
from hub.directory import Directories, Directory
from hub.errors import HubError, Invalid, NotFound
from hub.failover import store as people
from hub.flows import store_runs
from hub.flows.asking import Asker, shares
from hub.flows.inputs import INPUT, TimeUp, WebhookAnswer
from hub.flows.receipts import ORIGIN, delivery, input_row
from hub.ids import decode_id, new_id
from hub.voice import flow_calls
from hub.voice import service as voice
from models.conversations import messages
from models.db import Scope, insert_rows, transaction

EVERY_S = 0.25
MOST = 500  # of a tenant at a time
LEASE = timedelta(seconds=60)
ASKED_MAX = 5  # a webhook whose host died so often while it was asked is not asked again
WEBHOOKS_AT_ONCE = 64
RECEIPT_KEPT = timedelta(days=31)
CHANGES_KEPT = timedelta(seconds=30)  # a host may begin sessions in the version before for some seconds

NO_CHANNEL = "no-channel"

log = structlog.get_logger()


class _Session(NamedTuple):
    tenant_id: UUID
    contact_id: UUID
    id: UUID


class FlowWork:
    """One a timers host."""

    def __init__(
        self,
        engine: AsyncEngine,
        mail: Mailer,
        attempts: Attempts,
        directories: Directories,
        clock: Clock,
        asker: Asker,
    ) -> None:
        self._engine = engine
        self._mail = mail
        self._attempts = attempts
        self._directories = directories
        self._clock = clock
        self._asker = asker
        self._asking: dict[UUID, tuple[UUID, asyncio.Task[None]]] = {}
        """Webhooks in the air: whose they are, and who asks."""

    async def run_for_ever(self) -> None:
        while True:
            found = 0
            try:
                found = await self.look()
            except Exception:
                log.exception("flow_work_failed")
            if not found:
                await asyncio.sleep(EVERY_S)

    async def close(self) -> None:
        tasks = [task for _, task in self._asking.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._asker.close()

    async def settle(self) -> None:
        """Wait for the webhooks that are being asked."""
        await asyncio.gather(*(task for _, task in self._asking.values()))

    async def look(self) -> int:
        """Everything that is due, once. Returns how much that was."""
        now = self._clock.now()
        async with transaction(self._engine, Scope.nothing()) as db:
            tenants = await store_runs.tenants_due(db, now)
        if not tenants:
            return 0
        lease = now + LEASE
        async with transaction(self._engine, Scope.of(*tenants)) as db:
            timers = await store_runs.timers(db, tenants, now, lease, MOST)
            work = await store_runs.claim(db, tenants, now, lease, MOST)
            hooks = await self._hooks(db, tenants, now, lease)
        self._ask(hooks)
        await self._timers(timers, lease)
        await self._carry_out(work)
        moved = [await self._change(tenant_id, now) for tenant_id in tenants]
        return len(timers) + len(work) + len(hooks) + sum(moved)

    async def _tell(self, rows: Sequence[Any], event: Callable[[Any], Event]) -> list[str]:
        """Mail to the sessions' conversations; what became of each: a status, or `failed`, to be tried again."""
        answers = await asyncio.gather(
            *(self._mail.ask(Command(row.tenant_id, row.contact_id, event(row))) for row in rows),
            return_exceptions=True,
        )
        found = []
        for answer in answers:
            match answer:
                case NotFound():
                    found.append("gone")
                case HubError():
                    found.append("failed")
                case BaseException():
                    log.error("flow_mail_failed", error=type(answer).__name__)
                    found.append("failed")
                case _:
                    found.append(str(answer["status"]))
        return found

    # Timers

    async def _timers(self, rows: Sequence[Any], lease: datetime) -> None:
        now = self._clock.now()
        known = [row for row in rows if row.token is not None]
        statuses = await self._tell(known, lambda row: FlowInput(row.id, TimeUp(token=row.token), now))
        for row, status in [
            *zip(known, statuses, strict=True),
            *((r, "ignored") for r in rows if r.token is None),
        ]:
            if status == "gone":
                await self._lost(row.tenant_id, row.id)
            elif status == "ignored":
                async with transaction(self._engine, Scope.of(row.tenant_id)) as db:
                    await store_runs.quiet(db, row.tenant_id, row.id, lease)

    async def _lost(self, tenant_id: UUID, session_id: UUID) -> None:
        async with transaction(self._engine, Scope.of(tenant_id)) as db:
            await store_runs.lost(db, tenant_id, [session_id], "the contact's conversation does not know it")

    # Work

    async def _carry_out(self, rows: Sequence[Any]) -> None:
        letters: dict[UUID, list[Any]] = defaultdict(list)
        news: list[Any] = []
        old: list[Any] = []
        over: list[Any] = []
        for row in rows:
            match row.kind:
                case "dial" if row.payload.get("drop"):
                    over.append(row)
                case "send" | "dial":
                    letters[row.tenant_id].append(row)
                case "input" | "call":
                    news.append(row)
                case _:
                    old.append(row)
        for tenant_id, group in letters.items():
            await self._send(tenant_id, group)
        for row in over:
            await self._take_back(row)
        now = self._clock.now()
        statuses = await self._tell(news, lambda row: _input(row, now))
        old += [row for row, status in zip(news, statuses, strict=True) if status != "failed"]
        await self._done(old)

    async def _done(self, rows: Sequence[Any]) -> None:
        if rows:
            async with transaction(self._engine, Scope.of(*{row.tenant_id for row in rows})) as db:
                await store_runs.done(db, [(row.tenant_id, row.id) for row in rows])

    # Webhooks

    async def _hooks(
        self, db: AsyncConnection, tenants: Sequence[UUID], now: datetime, lease: datetime
    ) -> Sequence[Any]:
        """Those that are asked now: what waits for a slot is not leased, so that its lease cannot run out unasked."""
        waiting = await store_runs.with_webhooks(db, tenants, now)
        random.shuffle(waiting)  # with more tenants than slots it is not always the same ones' turn
        asking = Counter(tenant_id for tenant_id, _ in self._asking.values())
        turn = shares(waiting, asking, WEBHOOKS_AT_ONCE)
        return await store_runs.claim_webhooks(db, turn, self._asking, now, lease) if turn else ()

    def _ask(self, rows: Sequence[Any]) -> None:
        for row in rows:
            task = asyncio.create_task(self._webhook(row))
            self._asking[row.id] = row.tenant_id, task
            task.add_done_callback(partial(self._asked, row.id))

    def _asked(self, work_id: UUID, task: asyncio.Task[None]) -> None:
        del self._asking[work_id]

    async def _webhook(self, row: Any) -> None:
        try:
            if row.attempts > ASKED_MAX:
                answer = WebhookAnswer(token=int(row.payload["token"]), error="it could not be asked")
            else:
                answer = await self._asker.ask(row.payload)
            async with transaction(self._engine, Scope.of(row.tenant_id)) as db:
                payload = orjson.dumps(INPUT.dump_python(answer)).decode()
                await store_runs.answered(db, row.tenant_id, row.id, payload, self._clock.now())
        except Exception:  # the lease runs out, and it is asked again
            log.exception("flow_webhook_failed", id=str(row.id))

    # Messages

    async def _send(self, tenant_id: UUID, rows: Sequence[Any]) -> None:
        """All of a tenant in one transaction; when that cannot be, each alone, so that one does not hold the others."""
        directory = await self._directories.one(tenant_id)
        ready: list[tuple[Any, Asked]] = []
        for row in rows:
            try:
                ready.append((row, asked_of(row, directory)))
            except Invalid as error:
                await self._unsent(row, directory, NO_CHANNEL, error.detail)
        try:
            await self._write(tenant_id, ready)
        except HubError:
            for one in ready:
                try:
                    await self._write(tenant_id, [one])
                except NoSuchPerson as error:
                    await self._unsent(one[0], directory, door.NO_ADDRESS, str(error))
                except HubError as error:  # later
                    log.warning("flow_message_waits", error=error.code)

    async def _write(self, tenant_id: UUID, ready: Sequence[tuple[Any, Asked]]) -> None:
        async def also(db: AsyncConnection, outgoings: Sequence[door.Outgoing]) -> None:
            now = self._clock.now()
            await store_runs.done(db, [(tenant_id, row.id) for row, _ in ready])
            waiting = [
                (row, out) for (row, _), out in zip(ready, outgoings, strict=True) if row.payload["token"]
            ]
            await store_runs.add_work(db, [_awaited(row, out, now) for row, out in waiting])
            dialled = {out.id: row.session_id for row, out in waiting if row.kind == "dial"}
            await flow_calls.spoken_in(db, tenant_id, dialled)

        await self._attempts.send_many(tenant_id, [asked for _, asked in ready], also=also)

    async def _take_back(self, row: Any) -> None:
        """The session has ended before its call was dialled."""
        now = self._clock.now()
        async with transaction(self._engine, Scope.of(row.tenant_id)) as db:
            whose = (row.tenant_id, row.contact_id, row.session_id)
            await voice.take_back(db, *whose, now, self._directories)
            await store_runs.done(db, [(row.tenant_id, row.id)])

    async def _unsent(self, row: Any, directory: Directory, reason: str, why: str) -> None:
        """No channel or no address to send it to: the thread says so, and a session that waits for its fate hears that it failed."""
        log.warning("flow_message_unsent", tenant=str(row.tenant_id), why=why)
        now = self._clock.now()
        async with transaction(self._engine, Scope.of(row.tenant_id)) as db:
            await store_runs.done(db, [(row.tenant_id, row.id)])
            if await people.person(
                db, row.tenant_id, row.contact_id, now
            ):  # of somebody who was erased nothing is kept
                await insert_rows(db, messages, [_refused(row, directory, reason, why, now)])
            if row.payload["token"]:
                await store_runs.add_work(db, [input_row(row, delivery(row, "failed"), now)])

    # Sessions in earlier versions

    async def _change(self, tenant_id: UUID, now: datetime) -> int:
        """Move or end sessions in earlier versions, as was asked when a flow was published."""
        async with transaction(self._engine, Scope.of(tenant_id)) as db:
            flows = await store_runs.changing(db, tenant_id)
        found = 0
        for flow in flows:
            after = UUID(int=0)
            while rows := await self._behind(tenant_id, flow, after):
                after = rows[-1].id
                await self._tell(rows, partial(_move, flow=flow, now=now))
                found += len(rows)
            over = datetime.fromisoformat(flow.in_flight["at"]) + CHANGES_KEPT
            if not found and now > over:
                async with transaction(self._engine, Scope.of(tenant_id)) as db:
                    await store_runs.changed(db, tenant_id, flow.id, flow.version)
        return found

    async def _behind(self, tenant_id: UUID, flow: Any, after: UUID) -> Sequence[Any]:
        async with transaction(self._engine, Scope.of(tenant_id)) as db:
            rows = await store_runs.behind(db, tenant_id, flow.id, flow.version, after, MOST)
        return [_Session(tenant_id, row.contact_id, row.id) for row in rows]


def _awaited(row: Any, out: door.Outgoing, now: datetime) -> dict[str, Any]:
    """What keeps a session's wait for the fate of its message, or of its call."""
    if out.refused is not None and out.plan is None:
        return input_row(row, delivery(row, "failed"), now)
    until, token = now + RECEIPT_KEPT, row.payload["token"]
    if row.kind == "dial":
        return flow_calls.watch_row(row.tenant_id, row.contact_id, row.session_id, out.id, until, now, token)
    return {**input_row(row, {"token": token}, now), "id": out.id, "kind": "receipt", "due_at": until}


def _refused(row: Any, directory: Directory, reason: str, why: str, now: datetime) -> dict[str, Any]:
    """The message that could not even be tried, by the channel that it would have taken, as far as there is one."""
    payload, kind = row.payload, ChannelKind.VOICE if row.kind == "dial" else ChannelKind.SMS
    content: Content = (
        Text(text="Call") if row.kind == "dial" else CONTENT.validate_python(payload["content"])
    )
    named = [payload.get("channel", "")] if row.kind == "dial" else [name for name, _ in payload["channels"]]
    channel_id = UUID(payload["talk"]) if payload.get("talk") else UUID(int=0)
    for name in named[:1]:
        if name in set(ChannelKind):
            kind = ChannelKind(name)
        elif name:
            channel_id = decode_id("chn", name)
    if channel_id in directory.channels:
        kind = directory.channels[channel_id].kind
    return {
        "tenant_id": row.tenant_id,
        "id": new_id(),
        "contact_id": row.contact_id,
        "channel_id": channel_id,
        "channel_kind": kind.value,
        "direction": "out",
        "origin": ORIGIN,
        "origin_id": UUID(payload["flow_id"]),
        "address": "",
        "body": words_of(content),
        "status": "refused",
        "reason": reason,
        "routing": {"detail": why},
        "created_at": now,
        "content": None if isinstance(content, Text) else content.model_dump(mode="json"),
        "purpose": payload["purpose"],
    }


def _input(row: Any, now: datetime) -> Event:
    return FlowInput(row.session_id, INPUT.validate_python(row.payload), now)


def _move(row: Any, flow: Any, now: datetime) -> Event:
    if flow.in_flight["do"] == "exit":
        return ExitFlow(row.id, now, "a new version was published")
    return MoveFlow(row.id, now, flow.version, flow.in_flight["nodes"])
