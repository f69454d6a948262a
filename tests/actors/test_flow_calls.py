"""Sessions in calls, in the hosts: what a call is told, how long it is held, and what the session hears when it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from actors.flow_calls import OVER, FlowCalls
from actors.messages import Command
from cli.demo import workspace as ws
from hub.billing import service as billing
from hub.channels.voice_news import CallNews
from hub.conversations.state import ExitFlow, FlowInput
from hub.flows.inputs import WebhookAnswer
from hub.ids import encode_id, new_id
from hub.voice import service
from hub.voice.carrying import Carrier
from hub.voice.flow_calls import HELD
from hub.voice.interpreter import Advance, Answered, Ask, End, Event, Gathered, Hold
from hub.voice.script import Call, Say
from hub.voice.state import CallStatus
from models.calls import calls
from models.contacts import consents
from models.conversations import messages, outbox
from models.db import Scope, insert_rows, transaction
from models.flow_runs import flow_steps
from tests.actors.desk import Desk
from tests.actors.test_flow_runs import Mail, Run, at_work, edge, flow_of, node, now
from tests.hub.voice.test_sound import Handset, QuietSpeech

TAGS = [node("gone", "tag", tag="gone"), node("failed", "tag", tag="failed")]


class Phone(Run):
    """A run with a voice line, and the gateway's side of its calls."""

    def at_gateway(self) -> FlowCalls:
        async def command(tenant_id: UUID, contact_id: UUID, event: Any) -> Any:
            return await Mail(self.host).ask(Command(tenant_id, contact_id, event))

        desk = self.desk
        hub: Any = SimpleNamespace(
            engine=desk.engine,
            settings=desk.settings,
            clock=self.clock,
            redis=self.host.redis,
            command=command,
        )
        return FlowCalls(hub)

    async def call(self) -> Any:
        (row,) = await self.desk.rows(calls)
        return row

    async def ask(self, turn: int, event: Event) -> Advance:
        return (await self.at_gateway().turn(await self.call(), turn, event))[1]

    async def report(self, status: CallStatus) -> None:
        row, desk = await self.call(), self.desk
        async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
            await service.report(
                db, desk.tenant_id, row.id, CallNews("CA1", status), now(), self.host.directories
            )

    async def ports(self) -> list[tuple[str, str]]:
        return [(row.node, row.port) for row in await self.desk.rows(flow_steps, order=flow_steps.c.seq)][1:]


@pytest.fixture
async def phone(desk: Desk) -> AsyncIterator[Phone]:
    await ws.ensure_line(desk.engine, desk.settings, desk.tenant_id, "voice", "Calls", "+15550109")
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await billing.ensure_rate_card(db, desk.tenant_id, "Voice", "voice", "EUR", {"": Decimal("0.01")})
    async with at_work(desk) as found:
        yield Phone(desk, *found)


async def looked_up(phone: Phone) -> UUID:
    """A session whose call is answered, and whose flow asks a webhook in the middle of it."""
    flow = await flow_of(
        phone.desk,
        [
            node("wait", "say", text="One moment."),
            node("hook", "webhook", url="https://shop.example/", save={"state": "state"}),
            node("ask", "gather", text="It is {{ state }}. Press 1."),
            *TAGS,
        ],
        [edge("wait", "hook"), edge("hook", "ask"), edge("ask", "gone", "hung_up")],
    )
    session = await phone.begin(flow, await phone.desk.contact("+15550001"))
    await phone.later()
    return session


def answered(session: Any) -> WebhookAnswer:
    token = session.state["waiting"]["token"]
    return WebhookAnswer(token=token, status=200, body={"state": "sent"})


async def test_a_call_is_held_until_the_flow_is_so_far(phone: Phone) -> None:
    desk = phone.desk
    session = await looked_up(phone)
    (message,) = await desk.rows(messages)
    assert (message.purpose, message.status, message.channel_kind) == ("marketing", "queued", "voice")
    said = await phone.ask(0, Answered())
    assert said.actions == (Say(text="One moment."), Hold())
    assert await phone.ask(0, Answered()) == said
    assert [await phone.ask(1, Gathered()) for _ in range(2)] == [HELD, HELD]
    assert (await phone.call()).turn == 1
    phone.host = desk.conversations("another")  # the first one has died
    row = await phone.session(session)
    contact = row.contact_id
    (done,) = await phone.host.receive([desk.command(contact, FlowInput(session, answered(row), now()))])
    assert done["status"] == "waiting"
    phone.host = desk.conversations("a-third")
    (asked,) = (await phone.ask(1, Gathered())).actions
    assert isinstance(asked, Ask)
    assert asked.gather.prompt == (Say(text="It is sent. Press 1."),)
    assert (await phone.ask(1, Gathered())).actions == (asked,)
    await phone.report(CallStatus.IN_PROGRESS)
    await phone.report(CallStatus.COMPLETED)
    assert (await phone.ask(2, Gathered("1"))) == OVER
    await phone.later()
    assert (await phone.ports())[-2:] == [("ask", "hung_up"), ("gone", "next")]
    assert [step["did"] for step in (await phone.call()).steps] == ["answered", "say"]


async def test_a_line_of_our_own_is_spoken_to_by_the_flow(phone: Phone) -> None:
    flow = await flow_of(
        phone.desk,
        [
            node("say", "say", text="Hello."),
            node("ask", "gather", text="Code?", digits=2, save_as="code"),
            node("wait", "wait", duration={"amount": 30, "unit": "seconds"}),
            node("other", "dial", number="+15550007"),
            node("bye", "say", text="{{ code }} is busy."),
        ],
        [
            edge("say", "ask"),
            edge("ask", "wait", "answer"),
            edge("wait", "other"),
            edge("other", "bye", "busy"),
        ],
    )
    session = await phone.begin(flow, await phone.desk.contact("+15550001"))
    await phone.later()
    call, gateway = await phone.call(), phone.at_gateway()
    asked: list[Event] = []

    async def turn(event: Event) -> Advance:
        asked.append(event)
        if len(asked) == 4:  # it was held twice
            await phone.later(minutes=1)
        found = await gateway.step(phone.desk.tenant_id, call.id, event)
        assert found is not None
        return found

    async def nothing(_: Any) -> Any:
        return b""

    handset = Handset(["1", "2"], [])
    script = Call.model_validate(call.script)
    await Carrier(handset, script, QuietSpeech(), turn, nothing, nothing).run()
    assert handset.played == ["Hello.", "Code?", "+15550007", "12 is busy."]
    assert (await phone.session(session)).status == "ended"


async def test_a_call_whose_end_nobody_tells_is_over_in_the_end(phone: Phone) -> None:
    flow = await flow_of(
        phone.desk, [node("ask", "gather", text="Press 1."), *TAGS], [edge("ask", "gone", "hung_up")]
    )
    session = await phone.begin(flow, await phone.desk.contact("+15550001"))
    await phone.later()
    await phone.ask(0, Answered())
    await phone.later(hours=2)
    assert (await phone.session(session)).status == "waiting"
    await phone.later(hours=2)
    assert (await phone.session(session)).status == "ended"
    assert (await phone.ports())[-1] == ("gone", "next")


async def test_a_call_that_is_answered_when_the_session_has_gone_ends(phone: Phone) -> None:
    session = await looked_up(phone)
    contact = (await phone.session(session)).contact_id
    async with transaction(phone.desk.engine, Scope.of(phone.desk.tenant_id)) as db:
        await db.execute(outbox.update().values(state="sending"))
    await phone.host.receive([phone.desk.command(contact, ExitFlow(session, now(), "enough"))])
    await phone.later()
    assert await phone.ask(0, Answered()) == OVER


async def test_a_call_that_waits_to_be_dialled_goes_with_its_session(phone: Phone) -> None:
    session = await looked_up(phone)
    contact = (await phone.session(session)).contact_id
    await phone.host.receive([phone.desk.command(contact, ExitFlow(session, now(), "enough"))])
    await phone.later()
    assert (await phone.call()).status == "canceled"
    (message,) = await phone.desk.rows(messages)
    assert (message.status, message.settlement) == ("failed", "released")
    assert await phone.desk.rows(outbox) == []


async def test_a_flow_that_waits_for_long_hangs_up_first(phone: Phone) -> None:
    flow = await flow_of(
        phone.desk,
        [
            node("say", "say", text="We will write to you."),
            node("wait", "wait", duration={"amount": 1, "unit": "days"}),
            node("bye", "hang_up"),
            node("tag", "tag", tag="waited"),
        ],
        [edge("say", "wait"), edge("wait", "bye"), edge("bye", "tag")],
    )
    session = await phone.begin(flow, await phone.desk.contact("+15550001"))
    await phone.later()
    said = await phone.ask(0, Answered())
    assert said.actions == (Say(text="We will write to you."), End())
    await phone.report(CallStatus.COMPLETED)
    await phone.later(days=1, minutes=1)
    assert (await phone.session(session)).status == "ended"
    assert (await phone.ports())[-3:] == [("wait", "next"), ("bye", "next"), ("tag", "next")]


@pytest.mark.parametrize("why", ["no line", "opted out", "taken back"])
async def test_a_call_that_may_not_leave_fails(phone: Phone, why: str) -> None:
    desk = phone.desk
    channel = {"channel": encode_id("chn", new_id())} if why == "no line" else {}
    flow = await flow_of(desk, [node("call", "call", **channel), *TAGS], [edge("call", "failed", "failed")])
    contact = await desk.contact("+15550001")
    if why == "opted out":
        row = {"tenant_id": desk.tenant_id, "contact_id": contact, "channel_kind": "voice", "purpose": "all"}
        async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
            await insert_rows(db, consents, [row | {"state": "opted_out", "source": "test"}])
    session = await phone.begin(flow, contact)
    await phone.later()
    if why == "taken back":
        await phone.report(CallStatus.CANCELED)
        await phone.later()
    assert (await phone.session(session)).status == "ended"
    assert (await phone.ports())[-1] == ("failed", "next")


@pytest.mark.parametrize(
    ("ends", "port"),
    [(CallStatus.COMPLETED, "next"), (CallStatus.BUSY, "failed"), (CallStatus.FAILED, "failed")],
)
async def test_a_message_that_is_said_in_a_call_has_the_calls_fate(
    phone: Phone, ends: CallStatus, port: str
) -> None:
    wait = {"status": "delivered", "timeout": {"amount": 1, "unit": "hours"}}
    text = {"content": {"type": "text", "text": "Your parcel is here."}, "channels": [{"channel": "voice"}]}
    flow = await flow_of(phone.desk, [node("send", "send", **text, wait_for=wait), *TAGS], [])
    session = await phone.begin(flow, await phone.desk.contact("+15550001"))
    await phone.later()
    assert (await phone.session(session)).status == "waiting"
    await phone.report(ends)
    await phone.later()
    assert (await phone.ports())[-1] == ("send", port)
