"""ConversationHost with plain await on the real database: what is promised when things repeat, race and fail."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from redis.asyncio import Redis

from actors.messages import DONE, DUPLICATE
from hub.channels import store as channel_store
from hub.channels.delivery import Status
from hub.channels.health_store import HealthStore, add_up
from hub.conversations.state import AgentReply, Assign, Close, MarkRead, Reopen
from hub.errors import Conflict, NotFound, Unavailable
from hub.ids import new_id
from hub.realtime import stream_key
from models.billing import holds, settlements
from models.channels import channels, inbox
from models.contacts import consents, contact_tags
from models.conversations import conversations, messages, outbox
from models.db import Scope, transaction
from tests.actors.desk import PRICE, Desk


def now() -> datetime:
    return datetime.now(UTC)


def reply(text: str = "Hello", message_id: UUID | None = None, channel_id: UUID | None = None) -> AgentReply:
    return AgentReply(message_id or new_id(), UUID(int=77), text, now(), channel_id)


async def opened(desk: Desk, number: str = "+15550001") -> UUID:
    """A contact whose conversation is open in the queue General."""
    contact = await desk.contact(number)
    assert await desk.conversations().receive([desk.arrived(contact, "gossip")]) == [DONE]
    return contact


async def test_a_text_is_stored_routed_and_shown(desk: Desk, redis: Redis) -> None:
    contact = await desk.contact("+15550001")
    host = desk.conversations()
    assert await host.receive([desk.arrived(contact, "order is late 👋")]) == [DONE]
    state = await desk.conversation(contact)
    assert (state.status, state.queue_id, state.unread, state.intent) == (
        "open",
        desk.queues["Orders"],
        1,
        "order",
    )
    assert await desk.thread(contact) == [("in", "order is late 👋", "received")]
    entries: Any = await redis.xrange(stream_key(desk.tenant_id))
    events = [orjson.loads(event)["type"] for _, fields in entries for event in fields.values()]
    assert sorted(events) == ["conversation.updated", "message.created"]


async def test_a_batch_classifies_in_one_call_only_what_no_rule_decides(desk: Desk) -> None:
    host: Any = desk.conversations()
    contacts = [await desk.contact(f"+1555000{n}") for n in range(4)]
    texts = ["order late", "STOP", "hours", "gossip"]
    batch = [desk.arrived(contact, text) for contact, text in zip(contacts, texts, strict=True)]
    assert await host.receive(batch) == [DONE] * 4
    assert host.classifiers.asked == [["order late", "gossip"]]


async def test_nul_and_a_megabyte_are_stored(desk: Desk) -> None:
    contact = await desk.contact("+15550001")
    assert await desk.conversations().receive(
        [desk.arrived(contact, "a\0b"), desk.arrived(contact, "ж" * 65_536)]
    ) == [
        DONE,
        DONE,
    ]
    assert [body for _, body, _ in await desk.thread(contact)] == ["a�b", "ж" * 65_536]


# --- repeats ------------------------------------------------------------------------------------------------------


async def test_a_repeat_in_one_batch_in_the_next_and_after_a_restart_is_absorbed(desk: Desk) -> None:
    contact = await desk.contact("+15550001")
    host = desk.conversations()
    first = [desk.arrived(contact, "order", "SM1"), desk.arrived(contact, "order", "SM1")]
    assert await host.receive(first) == [DONE, DUPLICATE]
    assert await host.receive([desk.arrived(contact, "order", "SM1")]) == [DUPLICATE]
    restarted = desk.conversations()
    both = [desk.arrived(contact, "order", "SM1"), desk.arrived(contact, "thanks", "SM2")]
    assert await restarted.receive(both) == [DUPLICATE, DONE], "the new one of the batch is not lost"
    assert [body for _, body, _ in await desk.thread(contact)] == ["order", "thanks"]
    assert (await desk.conversation(contact)).unread == 2


async def test_the_same_event_at_two_hosts_at_once_runs_once(desk: Desk) -> None:
    contact = await desk.contact("+15550001")
    hosts = [desk.conversations(f"conversation-{n}") for n in range(3)]
    answers = await asyncio.gather(*(host.receive([desk.arrived(contact, "order", "SM1")]) for host in hosts))
    assert Counter(answer for (answer,) in answers) == {DONE: 1, DUPLICATE: 2}
    assert len(await desk.thread(contact)) == 1


async def test_what_the_gateway_kept_as_pending_is_taken_over(desk: Desk) -> None:
    contact = await desk.contact("+15550001")
    item = desk.arrived(contact, "order", "SM1")
    row = {
        "tenant_id": desk.tenant_id,
        "channel_id": desk.sms.channel_id,
        "event_key": "in:SM1",
        "kind": "message",
        "payload": {"text": "order"},
        "received_at": now(),
        "attempts": 0,
    }
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await channel_store.keep_pending(db, [row])
        await channel_store.keep_pending(db, [row])
    assert await desk.conversations().receive([item]) == [DONE]
    assert await desk.conversations().receive([item]) == [DUPLICATE]
    assert len(await desk.thread(contact)) == 1
    assert await desk.count(inbox, inbox.c.done_at.is_(None)) == 0


async def test_an_event_that_could_not_run_may_come_again(desk: Desk) -> None:
    """Only what has committed is a duplicate: here the line is removed for a moment, so the answer has no channel."""
    contact = await desk.contact("+15550001")
    host = desk.conversations()
    item = desk.arrived(contact, "STOP", "SM1", "whatsapp")
    where = channels.c.id == desk.whatsapp.channel_id
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        (line,) = (await db.execute(channels.delete().where(where).returning(channels))).mappings()
    (answer,) = await host.receive([item])
    assert isinstance(answer, NotFound)
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await db.execute(channels.insert().values(**line))
    host.directories._known.clear()
    assert await host.receive([item]) == [DONE]
    assert (await desk.conversation(contact)).opted_out == ["whatsapp"]


# --- order and memory -----------------------------------------------------------------------------------------------


async def test_order_is_kept_within_a_conversation(desk: Desk) -> None:
    contact = await desk.contact("+15550001")
    host = desk.conversations()
    texts = [f"text {n}" for n in range(30)]
    waiting = [host.receive([desk.arrived(contact, text)]) for text in texts]
    assert await asyncio.gather(*waiting) == [[DONE]] * 30
    assert [body for _, body, _ in await desk.thread(contact)] == texts
    state = await desk.conversation(contact)
    assert (state.last_text, state.unread) == ("text 29", 30)


async def test_two_hosts_with_stale_memory_lose_nothing(desk: Desk) -> None:
    """Ray may run two copies of an actor for a while: the row's version decides."""
    contact = await desk.contact("+15550001")
    one, other = desk.conversations("conversation-0"), desk.conversations("conversation-1")
    for turn in range(6):
        host = (one, other)[turn % 2]
        assert await host.receive([desk.arrived(contact, f"text {turn}")]) == [DONE]
    rounds = [
        host.receive([desk.arrived(contact, f"{name} {turn}")])
        for turn in range(5)
        for name, host in (("a", one), ("b", other))
    ]
    assert await asyncio.gather(*rounds) == [[DONE]] * 10
    state = await desk.conversation(contact)
    assert state.unread == 16
    assert await desk.count(messages, messages.c.contact_id == contact) == 16


async def test_a_refusal_out_of_stale_memory_is_checked_first(desk: Desk) -> None:
    contact = await opened(desk)
    one, other = desk.conversations("conversation-0"), desk.conversations("conversation-1")
    await one.receive([desk.command(contact, Close(now()))])
    await other.receive([desk.command(contact, Reopen(now()))])
    (answer,) = await one.receive([desk.command(contact, Close(now()))])
    assert not isinstance(answer, Exception)
    assert (await desk.conversation(contact)).status == "closed"
    (answer,) = await one.receive([desk.command(contact, Close(now()))])
    assert isinstance(answer, Conflict)


async def test_an_idle_conversation_leaves_memory_and_comes_back(desk: Desk) -> None:
    contact = await opened(desk)
    host = desk.conversations()
    await host.receive([desk.command(contact, Assign(UUID(int=5), now()))])
    assert (await host.stats())["live"] == 1
    host.passivate(older_than=0.0)
    assert (await host.stats())["live"] == 1, "it was used just now"
    host.passivate(older_than=float("inf"))
    assert (await host.stats())["live"] == 0
    await host.receive([desk.arrived(contact, "order")])
    state = await desk.conversation(contact)
    assert (state.assignee_id, state.unread) == (UUID(int=5), 2)


async def test_memory_has_a_limit(desk: Desk) -> None:
    host = desk.conversations()
    host.settings = desk.settings.model_copy(update={"conversations_live_max": 3})
    people = [await desk.contact(f"+1555000{n}") for n in range(6)]
    assert await host.activate([(desk.tenant_id, contact) for contact in people]) == 6
    host.passivate(older_than=0.0)
    assert [contact for _, contact in host.live] == people[3:], "the least recently used went"


# --- one bad item ---------------------------------------------------------------------------------------------------


async def test_a_poison_item_does_not_harm_its_batch(desk: Desk) -> None:
    contact, other = await desk.contact("+15550001"), await desk.contact("+15550002")
    host = desk.conversations()
    poison = desk.arrived(contact, "half of a pair \ud83d")
    batch = [desk.arrived(other, "order"), poison, desk.arrived(contact, "gossip")]
    answers = await host.receive(batch)
    assert answers[0] == answers[2] == DONE
    assert isinstance(answers[1], Unavailable)
    assert "surrogate" not in str(answers[1]), "a caller hears nothing of our inside"
    assert [body for _, body, _ in await desk.thread(contact)] == ["gossip"]
    assert [body for _, body, _ in await desk.thread(other)] == ["order"]


async def test_a_contact_that_is_gone_is_not_found(desk: Desk) -> None:
    contact = await desk.contact("+15550001")
    answers = await desk.conversations().receive(
        [desk.arrived(new_id(), "order"), desk.arrived(contact, "order")]
    )
    assert isinstance(answers[0], NotFound)
    assert answers[1] == DONE


async def test_a_command_that_does_not_fit_is_its_callers_alone(desk: Desk) -> None:
    contact = await opened(desk)
    answers = await desk.conversations().receive(
        [
            desk.command(contact, Reopen(now())),
            desk.command(contact, Close(now())),
            desk.command(contact, MarkRead(now())),
        ]
    )
    assert isinstance(answers[0], Conflict)
    assert [answer["conversation"]["status"] for answer in answers[1:]] == ["closed", "closed"]


async def test_when_the_wallet_does_not_answer_nothing_is_half_done(desk: Desk) -> None:
    contact = await opened(desk)
    host: Any = desk.conversations()

    class Away:
        calls = 0

        async def hold(self, *_: Any) -> Any:
            self.calls += 1
            raise Unavailable("wallet-0 does not answer")

    host.wallets = Away()
    batch = [desk.command(contact, reply()), desk.command(contact, reply()), desk.arrived(contact, "order")]
    assert [type(answer) for answer in await host.receive(batch)] == [Unavailable] * 3
    assert host.wallets.calls == 1, "its patience is asked for once, not once an item"
    assert await desk.owed() == 0
    assert await desk.count(messages, messages.c.direction == "out") == 0


# --- the door out ---------------------------------------------------------------------------------------------------


async def test_an_agent_s_answer_is_paid_before_it_is_owed(desk: Desk) -> None:
    contact = await opened(desk)
    host = desk.conversations()
    (answer,) = await host.receive([desk.command(contact, reply("x" * 161))])
    (message,) = answer["messages"]
    assert (message["status"], message["parts"], message["price"]) == ("queued", 2, "0.090000")
    assert await desk.money() == (1_000_000, 2 * PRICE)
    (row,) = await desk.rows(outbox)
    assert (row.state, row.lane) == ("queued", 0)
    assert (await desk.message(row.message_id)).hold_id == row.message_id


async def test_an_answer_sent_again_under_its_id_pays_once(desk: Desk) -> None:
    """The caller saw a failure after the hold, not after the commit: the same command comes again."""
    contact = await opened(desk)
    host = desk.conversations()
    event = reply()
    wallet: Any = host.wallets
    from hub import door

    channel = (await host.directories.one(desk.tenant_id)).channels[desk.sms.channel_id]
    outgoing = door.Outgoing(event.message_id, channel, contact, "+15550001", event.text, "agent", None, 0)
    rates = (await host.directories.one(desk.tenant_id)).rates
    await wallet.hold(
        desk.tenant_id,
        [door.single_hold(door.prepare(outgoing, opted_out=False, rates=rates, today=now().date()))],
    )
    (answer,) = await host.receive([desk.command(contact, event)])
    assert answer["messages"][0]["status"] == "queued"
    assert await desk.count(holds) == 1
    assert await desk.money() == (1_000_000, PRICE)


async def test_without_money_the_answer_is_recorded_as_refused(desk: Desk) -> None:
    contact = await opened(desk)
    host = desk.conversations()
    answers = await host.receive([desk.command(contact, reply("x" * 160 * 10)) for _ in range(4)])
    said = [(answer["messages"][0]["status"], answer["messages"][0]["reason"]) for answer in answers]
    assert said == [("queued", None)] * 2 + [("refused", "insufficient-funds")] * 2
    assert await desk.owed() == 2


async def test_a_tenant_without_a_wallet_still_hears_its_contacts(desk: Desk) -> None:
    from actors.ports import Wallets

    contact = await desk.contact("+15550001")
    host: Any = desk.conversations()

    class NoWallet(Wallets):
        def __init__(self) -> None:
            pass

        async def _call(self, *_: Any) -> Any:
            raise NotFound("this tenant has no wallet")

    host.wallets = NoWallet()
    assert await host.receive([desk.arrived(contact, "hours")]) == [DONE]
    assert await desk.thread(contact) == [("in", "hours", "received"), ("out", "9 to 19", "refused")]


async def test_who_opted_out_gets_nothing_but_it_is_recorded(desk: Desk) -> None:
    contact = await opened(desk)
    host = desk.conversations()
    assert await host.receive([desk.arrived(contact, "STOP")]) == [DONE]
    (row,) = await desk.rows(consents)
    assert (row.state, row.channel_kind, row.proof) == ("opted_out", "sms", "STOP")
    assert await host.receive([desk.arrived(contact, "hello", line="whatsapp")]) == [DONE]
    answers = await host.receive(
        [
            desk.command(contact, reply("psst", channel_id=desk.sms.channel_id)),
            desk.command(contact, reply("hi", channel_id=desk.whatsapp.channel_id)),
        ]
    )
    said = [(answer["messages"][0]["status"], answer["messages"][0]["reason"]) for answer in answers]
    assert said == [("refused", "opted-out"), ("queued", None)], "consent is of a channel"
    assert await host.receive([desk.arrived(contact, "start")]) == [DONE]
    (answer,) = await host.receive([desk.command(contact, reply("welcome"))])
    assert answer["messages"][0]["status"] == "queued"


async def test_stop_is_confirmed_by_us_only_where_the_provider_does_not(desk: Desk) -> None:
    contact = await desk.contact("+15550001")
    host = desk.conversations()
    await host.receive([desk.arrived(contact, "STOP", line="sms")])
    assert await desk.owed() == 0, "Twilio answers STOP by itself"
    await host.receive([desk.arrived(contact, "STOP", line="whatsapp")])
    thread = await desk.thread(contact)
    assert thread[2][0] == "out"
    assert "unsubscribed" in thread[2][1]
    assert thread[2][2] == "queued", "the one message that may go to somebody who opted out"


async def test_an_opt_out_that_was_known_before_the_first_word_counts(desk: Desk) -> None:
    contact = await desk.contact("+15550001")
    await desk.opt_out(contact, "sms")
    host = desk.conversations()
    await host.receive([desk.arrived(contact, "order is late")])
    (answer,) = await host.receive([desk.command(contact, reply())])
    assert answer["messages"][0]["reason"] == "opted-out"


async def test_a_flow_answers_tags_and_ends(desk: Desk) -> None:
    contact = await desk.contact("+15550001")
    host = desk.conversations()
    await host.receive([desk.arrived(contact, "survey")])
    assert (await desk.conversation(contact)).session["sessions"][0]["node"] == "answer"
    restarted = desk.conversations()
    await restarted.receive([desk.arrived(contact, "YES!")])
    assert [body for _, body, _ in await desk.thread(contact)] == ["survey", "YES!", "Thank you"]
    assert [row.tag for row in await desk.rows(contact_tags)] == ["interested"]
    state = await desk.conversation(contact)
    assert (state.session, state.status, state.unread) == (None, "idle", 0)


# --- receipts -------------------------------------------------------------------------------------------------------


async def sending(desk: Desk, line: str = "sms") -> UUID:
    """A paid message in the outbox."""
    contact = await opened(desk)
    if line == "whatsapp":
        await desk.conversations().receive([desk.arrived(contact, "hello", line=line)])
    event = reply(channel_id=getattr(desk, line).channel_id)
    (answer,) = await desk.conversations().receive([desk.command(contact, event)])
    assert answer["messages"][0]["status"] == "queued"
    return event.message_id


async def test_a_receipt_for_a_message_nobody_knows_waits_and_is_matched_later(desk: Desk) -> None:
    message_id = await sending(desk, "whatsapp")
    host = desk.conversations()
    early = desk.report(Status.DELIVERED, None, "wamid.1", "whatsapp")
    assert await host.receive([early]) == [DONE], "the provider gets its 200"
    (row,) = await desk.rows(inbox, inbox.c.kind == "report")
    assert (row.done_at, row.attempts) == (None, 1)
    assert await host.receive([early]) == [DONE]
    assert (await desk.message(message_id)).status == "queued"
    assert await host.receive([desk.report(Status.SENT, message_id, "wamid.1", "whatsapp")]) == [DONE]
    assert await host.receive([early._replace(kept=True)]) == [DONE], "the sweeper brings it again"
    assert (await desk.message(message_id)).status == "delivered"
    (row,) = await desk.rows(inbox, inbox.c.kind == "report")
    assert row.done_at is not None
    assert await host.receive([early]) == [DONE]
    assert (await desk.message(message_id)).status == "delivered"
    assert await desk.count(inbox, inbox.c.done_at.is_(None)) == 0


async def test_delivered_before_the_answer_to_the_send(desk: Desk) -> None:
    """The receipt carries our reference, so it finds its message before we know the provider's id."""
    message_id = await sending(desk)
    host = desk.conversations()
    delivered = desk.report(Status.DELIVERED, message_id, "SM9")
    assert await host.receive([delivered, desk.report(Status.SENT, message_id, "SM9")]) == [DONE, DONE]
    row = await desk.message(message_id)
    assert (row.status, row.provider_message_id) == ("delivered", "SM9")
    assert row.sent_at is not None
    assert row.delivered_at is not None


@pytest.mark.parametrize(
    ("line", "reports", "balance", "held"),
    [
        ("sms", ["sent"], 955_000, 0),
        ("sms", ["sent", "delivered", "delivered", "read"], 955_000, 0),
        ("sms", ["delivered", "sent"], 955_000, 0),
        ("sms", ["sent", "undelivered"], 955_000, 0),
        ("sms", ["failed"], 1_000_000, 0),
        ("sms", ["failed", "delivered"], 1_000_000, 0),
        ("sms", ["unknown"], 1_000_000, 45_000),
        ("sms", ["unknown", "expired"], 1_000_000, 0),
        ("whatsapp", ["sent"], 1_000_000, 55_000),
        ("whatsapp", ["sent", "delivered", "read", "read"], 945_000, 0),
        ("whatsapp", ["read", "delivered", "sent"], 945_000, 0),
        ("whatsapp", ["sent", "failed", "failed"], 1_000_000, 0),
    ],
)
@pytest.mark.parametrize("together", [True, False], ids=["one batch", "one by one"])
async def test_a_message_is_charged_once_or_given_back_once(
    desk: Desk, line: str, reports: list[str], balance: int, held: int, together: bool
) -> None:
    message_id = await sending(desk, line)
    host: Any = desk.conversations()
    items = [desk.report(Status(status), message_id, "P1", line) for status in reports]
    if together:
        await host.receive(items)
        await host.wallets.drain(desk.tenant_id)
    else:
        for item in items:
            await host.receive([item])
            await host.receive([item])
            await host.wallets.drain(desk.tenant_id)
    assert await desk.money() == (balance, held)
    assert await desk.count(settlements) == 0


async def test_receipts_of_one_message_at_two_hosts_at_once(desk: Desk) -> None:
    message_id = await sending(desk)
    hosts = [desk.conversations(f"conversation-{n}") for n in range(3)]
    kinds = [Status.SENT, Status.DELIVERED, Status.READ]
    await asyncio.gather(
        *(
            host.receive([desk.report(kind, message_id, "SM9")])
            for host, kind in zip(hosts, kinds, strict=True)
        )
    )
    assert (await desk.message(message_id)).status == "read"
    assert await desk.count(settlements) == 1


async def test_a_receipt_that_claims_anothers_id_harms_nobody(desk: Desk) -> None:
    first, second = await sending(desk), await sending(desk)
    host = desk.conversations()
    assert await host.receive([desk.report(Status.SENT, first, "SM1")]) == [DONE]
    odd = desk.report(Status.DELIVERED, second, "SM1")._replace(event_key="dr:odd")
    fine = desk.report(Status.DELIVERED, first, "SM1")
    assert await host.receive([odd, fine]) == [DONE, DONE]
    assert [(await desk.message(key)).status for key in (first, second)] == ["delivered"] * 2
    assert [(await desk.message(key)).provider_message_id for key in (first, second)] == ["SM1", None]


async def test_a_poison_report_does_not_harm_its_batch(desk: Desk) -> None:
    message_id, other = await sending(desk), await sending(desk)
    host = desk.conversations()
    same = [
        desk.report(Status.SENT, key, "SM1")._replace(event_key=f"dr:{key}") for key in (message_id, other)
    ]
    broken = desk.report(Status.FAILED, message_id, "SM1", code="\ud83d")
    answers = await host.receive([broken, *same])
    assert isinstance(answers[0], Unavailable)
    assert answers[1] == DONE
    assert (await desk.message(message_id)).status == "sent"


async def test_a_receipt_of_another_tenant_moves_nothing(desk: Desk) -> None:
    message_id = await sending(desk)
    host = desk.conversations()
    foreign = desk.report(Status.DELIVERED, message_id, "SM9")
    foreign = foreign._replace(tenant_id=new_id(), report=foreign.report)
    await host.receive([foreign])
    assert (await desk.message(message_id)).status == "queued"


async def test_conversations_are_one_row_a_contact(desk: Desk) -> None:
    contact = await desk.contact("+15550001")
    host = desk.conversations()
    await host.receive(
        [desk.arrived(contact, "order", line="sms"), desk.arrived(contact, "order", line="whatsapp")]
    )
    assert await desk.count(conversations) == 1
    assert (await desk.conversation(contact)).channel_id == desk.whatsapp.channel_id


async def test_receipts_count_in_the_account_s_health_once(desk: Desk) -> None:
    first, second = await sending(desk), await sending(desk)
    host = desk.conversations()
    await host.receive([desk.report(Status.SENT, first, "SM1"), desk.report(Status.DELIVERED, first, "SM1")])
    await host.receive([desk.report(Status.DELIVERED, first, "SM1"), desk.report(Status.READ, first, "SM1")])
    await host.receive([desk.report(Status.UNDELIVERED, second, "SM2", code="30003")])
    await host.receive([desk.report(Status.DELIVERED, second, "SM2")])  # late: the failure stays counted
    await host.receipts.count()
    store = HealthStore(host.redis)
    window = add_up(await store.minutes(desk.sms.account_id, 3))
    assert (window.delivered, window.failed) == (1, 1)
    assert await store.errors(desk.sms.account_id, 1) == Counter({"30003": 1})
