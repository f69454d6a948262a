"""ConversationHost: many live conversations in one process, one turn at a time each, one transaction a batch."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from actors.batch import Batch, Redo
from actors.flow_news import FlowNews
from actors.messages import DONE, DUPLICATE, Arrived, Command, Item, Reported, unpack
from actors.ports import Classifiers, Wallets
from actors.receipt_health import ReceiptHealth
from actors.routers import Routers
from actors.shell import Shell
from hub import deliveries, realtime
from hub.channels import store as channel_store
from hub.clock import SystemClock
from hub.conversations.state import Conversation
from hub.conversations.store import Key
from hub.conversations.views import moved_events
from hub.directory import Directories
from hub.errors import HubError, Unavailable
from hub.ids import encode_id
from hub.media.links import Links
from hub.settings import Settings
from hub.webhooks import telling
from models.db import Scope, is_retryable, sqlstate
from models.pipe import Pipe, pipeline

REDO_MAX = 6
SEEN_MAX = 50_000
PASSIVATE_EVERY_S = 30.0
CONTACT_GONE = "23503"  # a foreign key: the contact was merged into another or erased while it was in memory

log = structlog.get_logger()


class ConversationHost(Shell):
    """Takes batches of mail and answers each item after its transaction has committed.

    If `receive` answers, every item that did not get an error is durable and its effects are in the outbox. If it
    fails, any part may have been committed: send the same items again, their ids make a repeat harmless.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self.clock = SystemClock()
        self._links = Links(settings.secret_key.get_secret_value(), settings.public_url)
        self.directories = Directories(self.engine)
        self.receipts = ReceiptHealth(self.redis, self.directories)
        self.wallets = Wallets(settings)
        self.classifiers = Classifiers(settings)
        self.routers = Routers(settings, self.redis)
        self.flow_news = FlowNews(self.redis)
        self.live: OrderedDict[Key, Conversation] = OrderedDict()
        self.used: dict[Key, float] = {}
        self.seen: OrderedDict[tuple[UUID, str], None] = OrderedDict()
        self._waiting: deque[tuple[list[Item], asyncio.Future[list[Any]]]] = deque()
        self._draining: asyncio.Task[None] | None = None
        self._background: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._background = [
            asyncio.create_task(self._passivate_for_ever()),
            asyncio.create_task(self.routers.watch()),
            asyncio.create_task(self.flow_news.run_for_ever()),
        ]

    async def close(self) -> None:
        await self.receipts.close()
        await self.routers.close()
        await super().close()

    def link(self, media_id: str) -> str:
        """The address of a medium of the library, for channels that send only texts; empty for a provider's own."""
        return self._links.library(media_id, self.clock.now())

    async def receive_mail(self, mail: bytes) -> list[Any]:
        """`receive` for items that `actors.messages.pack` has packed."""
        return await self.receive(unpack(mail))

    async def receive(self, items: list[Item]) -> list[Any]:
        """Answers in order: `done`, `duplicate`, a command's result, or an exception for that item alone."""
        answered: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, answered))
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain())
        return await answered

    async def stats(self) -> dict[str, int]:
        """How many conversations are live in this host."""
        return {"live": len(self.live), "waiting": sum(len(items) for items, _ in self._waiting)}

    async def activate(self, keys: list[Key]) -> int:
        """Load conversations into memory without giving them anything to do. Returns how many are live now."""
        batch = Batch(self, [])
        await batch.load(keys)
        for key, state in batch.working.items():
            self.remember(key, state)
        return len(self.live)

    async def _drain(self) -> None:
        """Until the mailbox is empty: take the calls that have come (about a batch), process them, answer each."""
        while self._waiting:
            taken: list[tuple[list[Item], asyncio.Future[list[Any]]]] = []
            items: list[Item] = []
            while self._waiting and (
                not items or len(items) + len(self._waiting[0][0]) <= self.settings.host_batch_max
            ):
                taken.append(self._waiting.popleft())
                items.extend(taken[-1][0])
            try:
                answers = await self._process(items)
            except Exception as error:
                log.exception("batch_failed", host=self.name, items=len(items))
                answers = [_for_caller(error)] * len(items)
            first = 0
            for call, answered in taken:
                if not answered.done():  # the caller was cancelled
                    answered.set_result(answers[first : first + len(call)])
                first += len(call)

    async def _process(self, items: list[Item]) -> list[Any]:
        answers: list[Any] = [None] * len(items)
        turns = [(place, item) for place, item in enumerate(items) if not isinstance(item, Reported)]
        reports = [(place, item) for place, item in enumerate(items) if isinstance(item, Reported)]
        if turns:
            for (place, _), answer in zip(turns, await self._turns([item for _, item in turns]), strict=True):
                answers[place] = answer
        if reports:
            for (place, _), answer in zip(
                reports, await self._reported([item for _, item in reports]), strict=True
            ):
                answers[place] = answer
        return answers

    async def _turns(self, items: Sequence[Arrived | Command]) -> list[Any]:
        """Run a batch; when it cannot be committed as a whole, run its items one by one, so that one bad item
        does not take the others with it."""
        try:
            return await self._run(items)
        except (OperationalError, InterfaceError, Unavailable):
            raise  # of the database or the wallet, not of an item: one by one each would wait for it again
        except Exception as error:
            if len(items) == 1:
                log.exception("turn_failed", host=self.name)
                return [_for_caller(error)]
        answers: list[Any] = []
        for item in items:
            try:
                answers.extend(await self._run([item]))
            except Exception as error:
                log.exception("turn_failed", host=self.name)
                answers.append(_for_caller(error))
        return answers

    async def _run(self, items: Sequence[Arrived | Command]) -> list[Any]:
        batch = Batch(self, items)
        for _ in range(REDO_MAX):
            try:
                await batch.run()
                break
            except Redo:
                continue
            except DBAPIError as error:
                if sqlstate(error) == CONTACT_GONE:
                    batch.forget_contacts()
                elif not is_retryable(error):
                    raise
        else:
            raise Unavailable("the conversation changed again and again; try once more")
        for key, state in batch.working.items():
            self.remember(key, state)
        for item, answer in zip(items, batch.answers, strict=True):
            if isinstance(item, Arrived) and not isinstance(answer, Exception):
                self.seen[item.event.channel_id, item.event.event_key] = None
        while len(self.seen) > SEEN_MAX:
            self.seen.popitem(last=False)
        self.flow_news.note(batch.turns.values())
        self.routers.note((turned.state for turned in batch.turns.values()), batch.directories)
        await realtime.publish(self.redis, batch.events, wake_sender=batch.sends)
        return batch.answers

    def remember(self, key: Key, state: Conversation) -> None:
        """Keep a committed state in memory as the most recently used."""
        self.live[key] = state
        self.live.move_to_end(key)
        self.used[key] = time.monotonic()

    def forget(self, key: Key) -> None:
        self.live.pop(key, None)
        self.used.pop(key, None)

    async def _passivate_for_ever(self) -> None:
        while True:
            await asyncio.sleep(PASSIVATE_EVERY_S)
            self.passivate(time.monotonic() - self.settings.conversation_idle_s)

    def passivate(self, older_than: float) -> None:
        """Drop conversations unused since `older_than` (monotonic seconds) or above the limit; all is in PostgreSQL."""
        while self.live:
            key = next(iter(self.live))
            if self.used[key] >= older_than and len(self.live) <= self.settings.conversations_live_max:
                break
            self.forget(key)

    async def _reported(self, items: Sequence[Reported]) -> list[Any]:
        """All reports at once; when one of them cannot be written, each alone."""
        try:
            return await self._reports(items, careful=len(items) == 1)
        except (OperationalError, InterfaceError, Unavailable):
            raise
        except Exception as error:
            if len(items) == 1:
                log.exception("report_failed", host=self.name)
                return [_for_caller(error)]
        return [answer for item in items for answer in await self._reported([item])]

    async def _reports(self, items: Sequence[Reported], careful: bool) -> list[Any]:
        """Delivery reports wake no conversation: one transaction moves all messages of the batch."""
        answers = [DONE] * len(items)
        scope = Scope.of(*{item.tenant_id for item in items})
        first: dict[tuple[UUID, str], int] = {}
        for place, item in enumerate(items):
            if first.setdefault((item.channel_id, item.event_key), place) != place:
                answers[place] = DUPLICATE
        once = [items[place] for place in first.values()]
        for _ in range(REDO_MAX):
            try:
                async with pipeline(self.pool, scope) as db:
                    told = await deliveries.told_before(db, [item.report for item in once])
                    news = [item for place, item in enumerate(once) if item.kept or place not in told]
                    reports, now = [item.report for item in news], self.clock.now()
                    applied = await telling.apply(db, reports, careful, self.directories, now)
                    await self._keep(db, news, applied.unmatched)
                break
            except DBAPIError as error:
                if not is_retryable(error):
                    raise
        else:
            raise Unavailable("the messages changed again and again; try once more")
        await realtime.publish(self.redis, moved_events(applied.changed))
        self.receipts.note(applied.ended)
        return answers

    async def _keep(self, db: Pipe, items: Sequence[Reported], unmatched: Sequence[int]) -> None:
        """Inbox rows where they are needed: for reports whose message is not known yet, and those that have one.

        A report that found its message needs none: the message says what it told, and told again it changes nothing.
        """
        lost = {(items[place].channel_id, items[place].event_key) for place in unmatched}
        now = self.clock.now()
        rows = [
            _inbox_row(item, now) for item in items if item.kept or (item.channel_id, item.event_key) in lost
        ]
        if not rows:
            return
        claimed = {(row.channel_id, row.event_key) for row in await db.insert(channel_store.claims(rows))}
        keys = [(row["tenant_id"], row["channel_id"], row["event_key"]) for row in rows]
        await channel_store.reopen(db, [key for key in keys if key[1:] in lost & claimed])


def _inbox_row(item: Reported, now: Any) -> dict[str, Any]:
    report = item.report
    return {
        "tenant_id": item.tenant_id,
        "channel_id": item.channel_id,
        "event_key": item.event_key,
        "kind": "report",
        "payload": {
            "provider_message_id": report.provider_message_id,
            "reference": encode_id("msg", report.message_id) if report.message_id else "",
            "status": report.status.value,
            "error_code": report.error_code,
            "at": report.at,
        },
        "received_at": now,
        "done_at": now,
        "attempts": 0,
    }


def _for_caller(error: Exception) -> Exception:
    """What a caller may see: the hub's own errors, never a database driver's."""
    return error if isinstance(error, HubError) else Unavailable("the turn could not be committed")
