"""What comes over a bind: receipts and texts go through the same door as webhooks; parts wait in the database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from sqlalchemy import select

from hub.channels import parts_store
from hub.channels.base import Account, Channel, DeliveryReport, InboundMessage
from hub.channels.parts_store import TextKey
from hub.channels.smpp_pdu import Delivered
from hub.channels.smpp_session import Session
from hub.channels.sms_smpp import (
    Piece,
    SmppSettings,
    number_of,
    piece_of,
    settings_of,
    text_of,
)
from hub.channels.sms_smpp_receipts import is_receipt, receipt_of, same_id
from hub.channels.store import channel_from_row
from hub.errors import HubError, Malformed
from models.channels import channels
from models.db import Scope, transaction

if TYPE_CHECKING:
    from actors.bind import Bind
    from actors.client import Hub

TAKEN, LATER = 0x00, 0x64  # command_status of deliver_sm_resp
WHOLE_AFTER = timedelta(hours=1)  # a text whose other parts have not come by then is shown as it is
MISSING = "[…]"
SWEEP_MAX = 100

log = structlog.get_logger()


class Arrivals:
    """Of one host. Parts of one text are taken one after the other; everything else side by side."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._one_part = asyncio.Lock()

    async def take(self, bind: Bind, session: Session, found: list[Delivered]) -> None:
        """Take what one read brought; each deliver_sm is answered when it is durable."""
        await asyncio.gather(*(self._take_one(bind, session, each) for each in found))

    async def _take_one(self, bind: Bind, session: Session, delivered: Delivered) -> None:
        key = bind.key_of(delivered)
        status = TAKEN
        try:
            await self._receive(bind.account, delivered, key)
        except Malformed as error:
            await self._keep_strange(bind.account, key, str(error))
        except HubError as error:
            log.warning("delivery_not_taken", error=type(error).__name__)
            status = LATER
        except Exception:
            log.exception("delivery_failed")
            status = LATER
        session.answer(delivered, status)
        if status == TAKEN:
            bind.answered(delivered, key)

    async def _keep_strange(self, account: Account, key: str, reason: str) -> None:
        try:
            await self._hub.keep_strange(account, key, reason)
        except Exception:
            log.exception("strange_delivery_lost")

    async def _receive(self, account: Account, delivered: Delivered, key: str) -> None:
        settings = settings_of(account)
        own = number_of(delivered.destination)
        if is_receipt(delivered.esm_class):
            await self._hub.receive(account, _report(settings, delivered, own))
            return
        piece = piece_of(delivered)
        sender = number_of(delivered.source)
        if piece.place is None:
            written = text_of(settings, piece.data_coding, piece.octets)
            await self._hub.receive(account, InboundMessage(key, own, sender, written, key))
            return
        channel = await self._hub.channel(account, own)
        if channel is None:  # nobody's number: kept part by part
            written = text_of(settings, piece.data_coding, piece.octets)
            await self._hub.receive(account, InboundMessage(key, own, sender, written, key))
            return
        async with self._one_part:
            await self._take_part(channel, settings, sender, piece)

    async def _take_part(self, channel: Channel, settings: SmppSettings, sender: str, piece: Piece) -> None:
        place = piece.place
        assert place is not None
        key = TextKey(channel.tenant_id, channel.id, sender, place.reference, place.total)
        scope = Scope.of(channel.tenant_id)
        async with transaction(self._hub.engine, scope) as db:
            here = await parts_store.parts_of_text(db, key)
        if any(row.part == place.number and bytes(row.octets) != piece.octets for row in here):
            await self._deliver(
                channel, settings, key, here
            )  # the reference has come round: another text begins
        async with transaction(self._hub.engine, scope) as db:
            await parts_store.keep_part(db, key, place.number, piece.data_coding, piece.octets)
            here = await parts_store.parts_of_text(db, key)
        if len(here) == place.total:
            await self._deliver(channel, settings, key, here)

    async def _deliver(self, channel: Channel, settings: SmppSettings, key: TextKey, rows: list[Any]) -> None:
        """Hand a text over, whole or not, then forget its parts. Cut off in between, it is the same event again."""
        began = min(row.received_at for row in rows).isoformat()
        marks = f"{key.channel_id}:{key.sender}:{key.reference}:{key.total}:{began}"
        event_key = f"smpp:{blake2b(marks.encode(), digest_size=16).hexdigest()}"
        written = _joined(settings, rows, key.total)
        event = InboundMessage(event_key, channel.provider_address, key.sender, written, event_key)
        await self._hub.receive_at(channel, event)
        async with transaction(self._hub.engine, Scope.of(key.tenant_id)) as db:
            await parts_store.drop_text(db, key)

    async def let_go(self, wanted: bool) -> int:
        """Hand over texts that have waited too long for their other parts. Returns how many."""
        if not wanted:
            return 0
        before = self._hub.clock.now() - WHOLE_AFTER
        async with transaction(self._hub.engine, Scope.nothing()) as db:
            tenants = await parts_store.waiting_tenants(db, before)
        count = 0
        for tenant_id in tenants:
            scope = Scope.of(tenant_id)
            async with transaction(self._hub.engine, scope) as db:
                old = await parts_store.old_texts(db, tenant_id, before, SWEEP_MAX)
                rows = [(key, await parts_store.parts_of_text(db, key)) for key in old]
            for key, here in rows:
                count += await self._let_one_go(tenant_id, key, here)
        return count

    async def _let_one_go(self, tenant_id: UUID, key: TextKey, rows: list[Any]) -> bool:
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            where = (channels.c.tenant_id == tenant_id, channels.c.id == key.channel_id)
            row = (await db.execute(select(channels).where(*where))).one_or_none()
            if row is None:
                await parts_store.drop_text(db, key)
                return False
        account = await self._hub.account_by_id(row.account_id)
        if account is None or not rows:
            return False
        await self._deliver(channel_from_row(row), settings_of(account), key, rows)
        return True


def _report(settings: SmppSettings, delivered: Delivered, own: str) -> DeliveryReport:
    receipt = receipt_of(delivered.octets, delivered.tlvs)
    provider_id = same_id(receipt.message_id, settings.receipt_id)
    key = f"{provider_id}:{receipt.status.value}"
    return DeliveryReport(key, own, provider_id, "", receipt.status.value, receipt.error or None)


def _joined(settings: SmppSettings, rows: list[Any], total: int) -> str:
    """The text of its parts. Octets are joined before they are read: a letter may stand across two parts."""
    words: list[str] = []
    run, coding, expected = b"", -1, 1
    for row in rows:
        if row.part != expected or row.data_coding != coding:
            words.append(text_of(settings, coding, run) if run else "")
            words.append(MISSING if row.part != expected else "")
            run, coding = b"", row.data_coding
        run += bytes(row.octets)
        expected = row.part + 1
    words.append(text_of(settings, coding, run) if run else "")
    if expected <= total:
        words.append(MISSING)
    return "".join(words)
