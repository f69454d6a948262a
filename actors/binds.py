"""BindHost: SMPP binds, one an account in the whole cluster: the name of the host decides who keeps which.

Promise: a submit that returns says of each part whether it was taken, refused, certainly kept back, or unknown. A
deliver_sm is answered with success only after what it carried has been committed.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text

from actors.bind import Bind
from actors.bind_calls import Outgoing
from actors.bind_inbound import Arrivals
from actors.client import Hub
from actors.host import host_names, owner
from actors.shell import Shell
from hub.channels import store as channel_store
from hub.channels.base import Account
from hub.channels.smpp_pdu import Delivered
from hub.channels.smpp_session import Answer, Kind, Session
from hub.channels.sms_smpp import settings_of, source_of, submits
from hub.clock import SystemClock
from hub.errors import Malformed, Unavailable
from hub.settings import Settings
from models.db import Scope, transaction

ACCOUNTS_EVERY_S = 3.0
SWEEP_EVERY_S = 30.0
FATES_MAX = 100_000
UNFIT = Answer(Kind.REFUSED, status=0x01)  # ESME_RINVMSGLEN

log = structlog.get_logger()


class BindHost(Shell):
    """Keeps the binds of its accounts, sends over them and takes what comes."""

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self.hub = Hub(settings, self.engine, self.redis, SystemClock())
        self.arrivals = Arrivals(self.hub)
        self._binds: dict[UUID, Bind] = {}
        self._fates: OrderedDict[UUID, list[Answer]] = OrderedDict()
        self._reference = random.randrange(1 << 16)
        self._opening = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._spawn(self._open_for_ever())
        self._spawn(self._sweep_for_ever())

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- binds

    async def _open_for_ever(self) -> None:
        """A bind for every active account of ours, as its settings are now; none for one that is paused or gone."""
        while True:
            try:
                async with self._opening:
                    await self._open(await self._accounts())
            except Exception as error:
                log.warning("binds_not_opened", error=type(error).__name__)
            await asyncio.sleep(ACCOUNTS_EVERY_S)

    async def _accounts(self) -> dict[UUID, Account]:
        names = host_names("bind", self.settings.bind_hosts)
        async with transaction(self.engine, Scope.nothing()) as db:
            ids = (await db.execute(text("SELECT id FROM accounts_of('smpp')"))).scalars().all()
            key = self.settings.secret_key.get_secret_value()
            ours = [each for each in ids if owner(each.bytes, names) == self.name]
            found = [await channel_store.account(db, account_id, key) for account_id in ours]
        return {account.id: account for account in found if account is not None}

    async def _open(self, accounts: dict[UUID, Account]) -> None:
        for account_id, bind in list(self._binds.items()):
            if accounts.get(account_id) != bind.account:
                del self._binds[account_id]
                self._spawn(bind.stop())
        for account_id, account in accounts.items():
            if account_id not in self._binds:
                self._binds[account_id] = Bind(account, self._taken)

    async def _bind(self, account_id: UUID) -> Bind | None:
        if account_id not in self._binds:
            async with self._opening:
                await self._open(await self._accounts())
        return self._binds.get(account_id)

    # -- out

    async def submit(self, account_id: UUID, outgoing: Sequence[Outgoing]) -> list[list[Answer]]:
        """Send texts over an account's bind; the answers of each text's parts. Raises Unavailable: nothing left."""
        bind = await self._bind(account_id)
        if bind is None:
            raise Unavailable("the account is paused or has no bind here")
        settings = settings_of(bind.account)
        answers: list[list[Answer]] = []
        messages: list[list[bytes]] = []
        for one in outgoing:
            self._reference = (self._reference + 1) & 0xFFFF
            try:
                parts = submits(settings, one.source, one.to, one.text, self._reference)
            except (ValueError, Malformed):
                parts = []
            messages.append(parts)
            self._fates.pop(one.message_id, None)  # of an earlier attempt
        told = await bind.submit(messages)
        for one, found in zip(outgoing, told, strict=True):
            answers.append(found or [UNFIT])
            self._fates[one.message_id] = answers[-1]
        while len(self._fates) > FATES_MAX:
            self._fates.popitem(last=False)
        return answers

    async def fate(self, message_id: UUID) -> list[Answer] | None:
        """What was answered for a text whose sender did not live to hear it; None when nobody here knows."""
        return self._fates.get(message_id)

    async def query(self, account_id: UUID, source: str, provider_id: str) -> tuple[int, int] | None:
        """(message_state, error_code) of a message by query_sm, None when the SMSC does not say. Raises Unavailable."""
        bind = await self._bind(account_id)
        session = await bind.session() if bind is not None else None
        if session is None:
            raise Unavailable("the account has no bind now")
        return await session.query(provider_id, source_of(source))

    async def check(self, account_id: UUID) -> str:
        """ "" while the account is bound, else why it is not, in words."""
        bind = await self._bind(account_id)
        if bind is None:
            return "the account is paused, or just added: check again in a moment"
        return "" if await bind.session() is not None else bind.why()

    # -- in

    def _taken(self, bind: Bind, session: Session, found: list[Delivered]) -> None:
        self._spawn(self.arrivals.take(bind, session, found))

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self.arrivals.let_go(self.name == host_names("bind", 1)[0])
            except Exception:
                log.exception("parts_sweep_failed", host=self.name)

    async def close(self) -> None:
        """Unbind everywhere."""
        binds, self._binds = self._binds, {}
        await asyncio.gather(*(bind.stop() for bind in binds.values()))
        for task in self._tasks:
            task.cancel()
        await self.hub.pool.close()
        await super().close()
