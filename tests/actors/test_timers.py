"""The sweeper: what no host could take is delivered later, once, and what never fits does not stand in the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from actors.messages import arrived_payload, reported_payload
from actors.timers import TimersHost
from hub.channels import store as channel_store
from hub.channels.base import DeliveryReport, InboundMessage
from hub.ids import new_id
from models.channels import inbox
from models.db import Scope, transaction
from tests.actors.desk import Desk


class Sweeper:
    """A TimersHost whose mail goes to a host in this process."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.timers = desk.host(TimersHost, "timers-0")
        self.host = desk.conversations()
        timers: Any = self.timers

        class Direct:
            async def ask(_, item: Any) -> Any:
                (answer,) = await self.host.receive([item])
                if isinstance(answer, Exception):
                    raise answer
                return answer

        timers.inbounds.conversations = Direct()

    async def keep(
        self, kind: str, key: str, payload: dict[str, Any], age_s: float = 10, attempts: int = 0
    ) -> None:
        row = {
            "tenant_id": self.desk.tenant_id,
            "channel_id": self.desk.sms.channel_id,
            "event_key": key,
            "kind": kind,
            "payload": payload,
            "received_at": datetime.now(UTC) - timedelta(seconds=age_s),
            "attempts": attempts,
        }
        async with transaction(self.desk.engine, Scope.of(self.desk.tenant_id)) as db:
            await channel_store.keep_pending(db, [row])

    async def text(self, key: str, sender: str, text: str, age_s: float = 10) -> None:
        event = InboundMessage(f"in:{key}", "", sender, text, key)
        await self.keep("message", f"in:{key}", arrived_payload(event), age_s)

    async def due(self) -> list[str]:
        async with transaction(self.desk.engine, Scope.of(self.desk.tenant_id)) as db:
            before = datetime.now(UTC) - timedelta(seconds=2)
            return [row.event_key for row in await channel_store.pending(db, before, 500)]

    async def waiting(self) -> int:
        return await self.desk.count(inbox, inbox.c.done_at.is_(None))


async def test_kept_texts_are_delivered_in_their_order_once(desk: Desk) -> None:
    sweeper = Sweeper(desk)
    for n in range(5):
        await sweeper.text(f"SM{n}", "+15550001", f"text {n}", age_s=100 - n)
    await sweeper.timers.sweep()
    contact = await desk.contact("+15550001")
    assert [body for _, body, _ in await desk.thread(contact)] == [f"text {n}" for n in range(5)]
    assert await sweeper.waiting() == 0
    await sweeper.timers.sweep()
    assert len(await desk.thread(contact)) == 5


async def test_what_is_on_its_way_is_left_alone(desk: Desk) -> None:
    sweeper = Sweeper(desk)
    await sweeper.text("SM1", "+15550001", "just now", age_s=0)
    await sweeper.timers.sweep()
    assert await sweeper.waiting() == 1


async def test_a_text_whose_line_is_gone_is_given_up_with_its_reason(desk: Desk) -> None:
    sweeper = Sweeper(desk)
    event = InboundMessage("in:SM1", "", "+15550001", "hello?", "SM1")
    row = {
        "tenant_id": desk.tenant_id,
        "channel_id": new_id(),
        "event_key": "in:SM1",
        "kind": "message",
        "payload": arrived_payload(event),
        "received_at": datetime.now(UTC) - timedelta(seconds=10),
        "attempts": 0,
    }
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await channel_store.keep_pending(db, [row])
    await sweeper.timers.sweep()
    (kept,) = await desk.rows(inbox)
    assert (kept.done_at is not None, kept.error) == (True, "the channel is gone")


async def test_a_receipt_that_fits_nothing_waits_longer_each_time_and_ends(desk: Desk) -> None:
    sweeper = Sweeper(desk)
    event = DeliveryReport("dr:SM9:delivered", "", "SM9", "", "delivered", None, datetime.now(UTC))
    await sweeper.keep("report", event.event_key, reported_payload(event), age_s=10)
    await sweeper.timers.sweep()
    (row,) = await desk.rows(inbox)
    assert (row.done_at, row.attempts) == (None, 1)
    for attempts, due in ((3, True), (4, False), (12, False)):
        async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
            await db.execute(
                inbox.update().values(attempts=attempts).where(inbox.c.tenant_id == desk.tenant_id)
            )
        assert (await sweeper.due() != []) is due, attempts
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        old = datetime.now(UTC) - timedelta(hours=7)
        await db.execute(inbox.update().values(received_at=old).where(inbox.c.tenant_id == desk.tenant_id))
    await sweeper.timers.sweep()
    (row,) = await desk.rows(inbox)
    assert (row.done_at is not None, row.error) == (True, "no message matched")


async def test_what_is_new_goes_before_what_was_tried(desk: Desk) -> None:
    sweeper = Sweeper(desk)
    event = DeliveryReport("dr:SM9:sent", "", "SM9", "", "sent")
    await sweeper.keep("report", "dr:SM9:sent", reported_payload(event), age_s=3600, attempts=2)
    await sweeper.text("SM1", "+15550001", "new", age_s=10)
    assert await sweeper.due() == ["in:SM1", "dr:SM9:sent"]
