"""The local carrier's SMSC in this process, and sessions bound to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from carrier.config import Config
from carrier.network import Network
from hub.channels.smpp_pdu import Delivered
from hub.channels.smpp_session import Session
from hub.channels.sms_smpp import SmppSettings, submits
from hub.channels.sms_smpp_receipts import Receipt, is_receipt, receipt_of

LINE, PERSON = "+15550100", "+15557654321"
SETTINGS = SmppSettings(host="127.0.0.1", system_id="hub")
FAST = {"sent_after_s": 0.0, "delivered_after_s": 0.0, "reply_after_s": 0.0, "reply_gap_s": 0.0}


@dataclass
class Smsc:
    """`network` is the carrier's own state: what it took, and the rules in force."""

    network: Network
    sessions: list[Session] = field(default_factory=list)
    delivered: list[Delivered] = field(default_factory=list)

    def behave(self, **behaviour: Any) -> None:
        self.network.behaviours.put({"default": FAST | behaviour})

    async def bind(
        self,
        password: str = "pw",
        system_id: str = "hub",
        take: Callable[[Session, list[Delivered]], None] | None = None,
        **options: Any,
    ) -> Session:
        """A bound session that takes and answers everything, unless `take` does something else."""
        session = Session(take or self._take, **options)
        self.sessions.append(session)
        await Session.bind("127.0.0.1", self.network.smsc.port, (system_id, password, ""), session)
        return session

    def _take(self, session: Session, found: list[Delivered]) -> None:
        self.delivered += found
        for each in found:
            session.answer(each)

    @property
    def receipts(self) -> list[Receipt]:
        return [receipt_of(each.octets, each.tlvs) for each in self.delivered if is_receipt(each.esm_class)]

    @property
    def taken(self) -> list[str]:
        """The texts that the carrier took, oldest first."""
        return [message.body for message in reversed(list(self.network.store.newest()))]


def pdus(text: str, **changed: Any) -> list[bytes]:
    return submits(SETTINGS.model_copy(update=changed), LINE, PERSON, text, 42)


@asynccontextmanager
async def smsc(**account: Any) -> AsyncIterator[Smsc]:
    known = {"provider": "smpp", "system_id": "hub", "password": "pw", "numbers": [{"address": LINE}]}
    network = Network(Config(accounts=[known | account], smpp_port=0))
    await network.smsc.open("127.0.0.1", 0)
    made = Smsc(network)
    made.behave()
    try:
        yield made
    finally:
        for session in made.sessions:
            session.abort("the test is over")
        await network.close()


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that happens by itself. Raises TimeoutError."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)
