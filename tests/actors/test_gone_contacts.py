"""Contacts that are merged or erased while hosts and gateways still know them: nothing lands on who is gone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from actors import send_task
from actors.conversation import ConversationHost
from actors.inbound import Inbounds
from actors.messages import DONE, Arrived
from actors.send_task import SENT, BatchResult
from hub.campaigns import store as campaign_store
from hub.channels.base import Channel, ChannelKind, InboundMessage
from hub.contacts import service_erasure, service_merge
from hub.contacts.suppression import AddressHasher
from hub.conversations.state import MarkRead
from hub.errors import NotFound
from hub.ids import new_id
from hub.tenancy.audit_log import Record
from models.contacts import consents, contacts
from models.conversations import messages
from models.db import Scope, transaction
from tests.actors.desk import Desk
from tests.actors.test_send_task import launched

A, B = "+15550001", "+15550002"


async def merge(desk: Desk, winner: UUID, loser: UUID) -> UUID:
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        merged = await service_merge.merge(
            db, desk.tenant_id, winner, loser, {}, dry_run=False, actor="user:x"
        )
    assert merged.merge_id is not None
    return merged.merge_id


async def erase(desk: Desk, contact_id: UUID) -> None:
    hasher = AddressHasher(desk.settings.secret_key.get_secret_value())
    record = Record("user:x", "contact.erased", f"contact:{contact_id}", {})
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await service_erasure.erase(db, desk.tenant_id, contact_id, reason="", hasher=hasher, record=record)


class Straight:
    """The mail to the hosts without the mail: one host answers."""

    def __init__(self, host: ConversationHost) -> None:
        self.host = host
        self.asked: list[UUID] = []

    async def ask(self, item: Arrived) -> Any:
        self.asked.append(item.contact_id)
        [answer] = await self.host.receive([item])
        if isinstance(answer, BaseException):
            raise answer
        return answer


def gateway(desk: Desk, host: ConversationHost) -> Any:
    inbounds: Any = Inbounds(host.pool, desk.settings)
    inbounds.conversations = Straight(host)
    return inbounds


async def text(desk: Desk, inbounds: Any, sender: str, body: str) -> Any:
    line = desk.sms
    channel = Channel(
        line.channel_id,
        desk.tenant_id,
        line.account_id,
        ChannelKind.SMS,
        "twilio",
        "Line",
        "+15550100",
        "+15550100",
    )
    key = new_id().hex
    event = InboundMessage(f"in:{key}", "+15550100", sender, body, key, "")
    return await inbounds.deliver(channel, event, datetime.now(UTC))


async def test_a_host_that_still_has_a_merged_contact_says_so_and_serves_the_others(desk: Desk) -> None:
    winner, loser = await desk.contact(A), await desk.contact(B)
    host = desk.conversations()
    assert await host.receive([desk.arrived(loser, "one"), desk.arrived(winner, "two")]) == [DONE] * 2
    await merge(desk, winner, loser)
    gone, there = await host.receive([desk.arrived(loser, "three"), desk.arrived(winner, "four")])
    assert isinstance(gone, NotFound)
    assert there == DONE
    assert await desk.thread(loser) == []
    assert [body for _, body, _ in await desk.thread(winner)] == ["one", "two", "four"]
    [answer] = await host.receive([desk.command(loser, MarkRead(datetime.now(UTC)))])
    assert isinstance(answer, NotFound)
    assert (desk.tenant_id, loser) not in host.live


async def test_a_message_from_an_old_address_finds_who_has_it_now(desk: Desk) -> None:
    winner = await desk.contact(A)
    host = desk.conversations()
    inbounds = gateway(desk, host)
    assert await text(desk, inbounds, B, "first") == DONE
    [loser] = inbounds.conversations.asked
    merge_id = await merge(desk, winner, loser)
    assert await text(desk, inbounds, B, "after the merge") == DONE
    assert inbounds.conversations.asked[1:] == [loser, winner]
    assert await text(desk, inbounds, B, "and again") == DONE
    assert inbounds.conversations.asked[3:] == [winner]  # learned
    assert [body for _, body, _ in await desk.thread(winner)] == ["first", "after the merge", "and again"]
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await service_merge.undo(db, desk.tenant_id, merge_id, "user:x")
    assert [body for _, body, _ in await desk.thread(loser)] == ["first"]
    assert await host.receive([desk.arrived(loser, "back")]) == [DONE]
    assert [body for _, body, _ in await desk.thread(loser)] == ["first", "back"]
    await inbounds._resolver.close()


async def test_who_was_erased_and_writes_is_somebody_new_who_opted_out(desk: Desk) -> None:
    host = desk.conversations()
    inbounds = gateway(desk, host)
    assert await text(desk, inbounds, A, "gossip") == DONE
    [erased] = inbounds.conversations.asked
    await erase(desk, erased)
    assert await text(desk, inbounds, A, "me again") == DONE
    fresh = inbounds.conversations.asked[-1]
    assert fresh != erased
    assert [body for _, body, _ in await desk.thread(erased)] == [""]
    assert [body for direction, body, _ in await desk.thread(fresh) if direction == "in"] == ["me again"]
    assert (await desk.conversation(fresh)).opted_out == ["rcs", "sms", "voice", "whatsapp"]
    assert await desk.count(consents, consents.c.contact_id == fresh) == 4
    await inbounds._resolver.close()


async def test_a_batch_of_a_campaign_keeps_nothing_of_who_was_erased_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = await launched(desk, 10)
    gone = campaign.people[3]
    hold = send_task._hold

    async def erased_meanwhile(*arguments: Any) -> Any:
        await erase(desk, gone)
        return await hold(*arguments)

    monkeypatch.setattr(send_task, "_hold", erased_meanwhile)
    assert await campaign.send(1) == BatchResult(SENT, 9, 1)
    [row] = await desk.rows(messages, messages.c.contact_id == gone)
    assert (row.body, row.address, row.status) == ("", "", "refused")
    assert await desk.owed() == 9
    assert await desk.count(contacts) == 9
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        assert await campaign_store.gone_now(db, desk.tenant_id, campaign.people) == {gone}
