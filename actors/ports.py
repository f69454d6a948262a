"""The hosts as other processes see them: wallets by tenant, classifiers in turn, conversations by contact."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog

from actors.host import owner
from actors.mailbox import Mailbox
from actors.messages import Item, Reported, pack
from actors.runtime import Peer, peers
from hub.billing.wallet import HoldAnswer, HoldRequest
from hub.conversations.state import Understood
from hub.errors import NotFound, Unavailable
from hub.settings import Settings

log = structlog.get_logger()

KNOWN_MAX = 20_000  # exact texts whose answer a host keeps
KNOWN_CHARS_MAX = 100
PATIENCE_S = 15.0  # a host that died is back within a few seconds


class Wallets:
    """Asks the WalletHost that has the tenant's wallet. Safe to repeat: requests carry their ids."""

    def __init__(self, settings: Settings) -> None:
        self._peers = peers("wallet", settings)
        self._names = list(self._peers)

    async def _call(self, tenant_id: UUID, method: str, *arguments: Any) -> Any:
        peer = self._peers[owner(tenant_id.bytes, self._names)]
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            try:
                return await peer.call(method, tenant_id, *arguments)
            except Unavailable:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.2)

    async def hold(self, tenant_id: UUID, requests: Sequence[HoldRequest]) -> list[HoldAnswer]:
        """One call for all holds of one wallet in a batch. Raises Unavailable after PATIENCE_S."""
        try:
            answers: list[HoldAnswer] = await self._call(tenant_id, "hold", list(requests))
        except NotFound:  # a tenant without a wallet has no money
            return [HoldAnswer(request.hold_id, "refused", 0, 0, 0) for request in requests]
        return answers

    async def close_block(self, tenant_id: UUID, hold_id: UUID) -> None:
        await self._call(tenant_id, "close_block", hold_id)

    async def top_up(
        self, tenant_id: UUID, source_id: UUID, amount_micros: int, currency: str, reference: str
    ) -> Any:
        return await self._call(tenant_id, "top_up", source_id, amount_micros, currency, reference)

    async def drain(self, tenant_id: UUID) -> None:
        """Book what waits now instead of within the host's next round."""
        await self._call(tenant_id, "drain")


class Classifiers:
    """Sends texts to the classifier replicas in turn; short texts that were answered before are answered here."""

    def __init__(self, settings: Settings) -> None:
        self._peers = list(peers("classifier", settings).values())
        self._turn = itertools.count()
        self._known: OrderedDict[tuple[UUID, str], Understood] = OrderedDict()

    async def classify(self, version_id: UUID, tenant_id: UUID, texts: Sequence[str]) -> list[Understood]:
        """One answer a text. When no replica answers, nothing is understood: the fallback queue gets the message."""
        found = {text: self._known.get((version_id, text)) for text in texts}
        missing = [text for text, understood in found.items() if understood is None]
        fresh: dict[str, Understood] = {}
        if missing:
            fresh = dict(zip(missing, await self._ask(version_id, tenant_id, missing), strict=True))
        answers = [found[text] or fresh[text] for text in texts]
        for text, understood in fresh.items():
            if understood.version_id is not None and len(text) <= KNOWN_CHARS_MAX:
                self._known[version_id, text] = understood
        while len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return answers

    async def _ask(self, version_id: UUID, tenant_id: UUID, texts: list[str]) -> list[Understood]:
        for _ in range(len(self._peers) + 1):
            peer = self._peers[next(self._turn) % len(self._peers)]
            try:
                answers = await peer.call("classify", tenant_id, version_id, texts)
            except Unavailable:
                continue
            except Exception:  # a model that cannot be read must not hold the messages back
                log.exception("classify_failed", version=str(version_id))
                break
            return [Understood(label, confidence, version_id) for label, confidence in answers]
        return [Understood(None, 0.0, None)] * len(texts)


class Conversations:
    """Mail to the ConversationHosts: two mailboxes a host.

    People wait for messages and commands, so these leave at once. Nobody waits for a delivery report: those gather,
    because a batch of twenty costs little more than one.
    """

    def __init__(self, settings: Settings) -> None:
        self._names = list(peers("conversation", settings))
        self._live: dict[str, Mailbox[Item, Any]] = {}
        self._reports: dict[str, Mailbox[Item, Any]] = {}
        size = settings.host_batch_max
        for name, peer in peers("conversation", settings).items():

            async def deliver(batch: list[Item], peer: Peer = peer) -> Sequence[Any]:
                answers: Sequence[Any] = await peer.call("receive_mail", pack(batch))
                return answers

            self._live[name] = Mailbox(
                deliver, batch_max=size, delay_ms=settings.mailbox_delay_ms, in_flight=4
            )
            self._reports[name] = Mailbox(
                deliver, batch_max=size, delay_ms=settings.report_delay_ms, in_flight=2, eager=False
            )

    def ask(self, item: Item) -> asyncio.Future[Any]:
        """Queue one item at its host; the future raises the item's own error, or Unavailable."""
        boxes = self._reports if isinstance(item, Reported) else self._live
        return boxes[owner(_key(item), self._names)].ask(item)

    async def close(self) -> None:
        await asyncio.gather(*(box.close() for box in (*self._live.values(), *self._reports.values())))


def _key(item: Item) -> bytes:
    """A conversation's key is (tenant, contact); reports of one message stay together by its id."""
    if isinstance(item, Reported):
        report = item.report
        return report.message_id.bytes if report.message_id else (report.provider_message_id or "").encode()
    return item.tenant_id.bytes + item.contact_id.bytes


def by_tenant(requests: Sequence[tuple[UUID, HoldRequest]]) -> dict[UUID, list[HoldRequest]]:
    """Hold requests grouped for one call a wallet."""
    grouped: dict[UUID, list[HoldRequest]] = defaultdict(list)
    for tenant_id, request in requests:
        grouped[tenant_id].append(request)
    return grouped
