"""What goes wrong under a live flow, in the hosts: the session ends, waits or is stuck in a stated way, and goes on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from actors.flow_begin import Beginning, begin
from hub.conversations.state import FlowInput
from hub.directory import Directories
from hub.flows.inputs import Resume
from hub.ids import new_id
from models.contacts import contact_events, contact_tags, contacts
from models.conversations import conversations, messages
from models.db import Scope, insert_rows, transaction
from models.flow_runs import flow_sessions
from models.media import message_templates
from tests.actors.desk import Desk
from tests.actors.test_flow_runs import SAY, Mail, Run, edge, flow_of, node, now
from tests.actors.test_flow_runs import run as run

WORDS = {"type": "template", "name": "winback", "language": "en", "text": "We miss you"}


async def written(desk: Desk, table: Any, where: Any, **values: Any) -> None:
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await db.execute(update(table).where(table.c.tenant_id == desk.tenant_id, where).values(**values))


async def resumed(run: Run, contact: UUID, session: UUID) -> dict[str, Any]:
    """Resume it; the host knows at once what was repaired."""
    (answer,) = await run.host.receive([run.desk.command(contact, FlowInput(session, Resume(), now()))])
    return answer  # type: ignore[no-any-return]


async def test_a_reply_of_100_kB_is_kept_whole_and_leaves_a_small_session(run: Run) -> None:
    desk = run.desk
    flow = await flow_of(
        desk,
        [node("ask", "ask", save_as="said"), node("wait", "wait", duration={"amount": 1, "unit": "days"})],
        [edge("ask", "wait", "other")],  # a text that long is no answer
    )
    contact = await desk.contact("+15550001")
    session = await run.begin(flow, contact)
    (answer,) = await run.host.receive([desk.arrived(contact, "lorem " * 17_000)])
    assert answer == "done"
    row = await run.session(session)
    assert (row.status, row.node) == ("waiting", "wait")
    assert 0 < len(row.state["variables"]["said"]) <= 1_000
    (talk,) = await desk.rows(conversations)
    assert max(len(json.dumps(each)) for each in (row.state, talk.session)) < 8_000
    (message,) = await desk.rows(messages)
    assert len(message.body) >= 100_000, "the desk sees all of it"


async def test_a_text_that_lacks_a_value_leaves_it_stuck_until_the_contact_has_one(run: Run) -> None:
    desk = run.desk
    flow = await flow_of(
        desk,
        [
            node("on", "tag", tag="asked"),
            node("send", "send", content={"type": "text", "text": "Dear {{ title }}"}),
            node("goal", "tag", tag="told"),
        ],
        [edge("on", "send"), edge("send", "goal")],
    )
    contact = await desk.contact("+15550001")
    session = await run.begin(flow, contact)
    row = await run.session(session)
    assert (row.status, row.node) == ("stuck", "send")
    assert "title" in row.reason
    assert [each.tag for each in await desk.rows(contact_tags)] == ["asked"], "what came before stands"
    assert (await resumed(run, contact, session))["status"] == "stuck"
    await written(desk, contacts, contacts.c.id == contact, attributes={"title": "Dr"})
    assert (await resumed(run, contact, session))["status"] == "ended"
    await run.later()
    assert [body for _, body, _ in await desk.thread(contact)] == ["Dear Dr"], "once"


@pytest.mark.parametrize("gone", ["rejected", "deleted"])
async def test_a_template_that_is_withdrawn_under_a_flow_leaves_it_stuck_until_it_is_back(
    run: Run, gone: str
) -> None:
    desk = run.desk
    row = {
        "tenant_id": desk.tenant_id,
        "id": new_id(),
        "account_id": desk.whatsapp.account_id,
        "name": "winback",
        "language": "en",
        "category": "UTILITY",
        "parameter_format": "positional",
        "components": [],
        "status": "APPROVED",
    }
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await insert_rows(db, message_templates, [row])
    flow = await flow_of(
        desk,
        [
            node("wait", "wait", duration={"amount": 1, "unit": "days"}),
            node("send", "send", content=WORDS, channels=[{"channel": "whatsapp"}]),
            node("ask", "ask"),
        ],
        [edge("wait", "send"), edge("send", "ask")],
    )
    contact = await desk.contact("+15550001")
    session = await run.begin(flow, contact)
    where = message_templates.c.id == row["id"]
    if gone == "deleted":
        async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
            await db.execute(message_templates.delete().where(where))
    else:
        await written(desk, message_templates, where, status="REJECTED")
    run.host.directories = Directories(desk.engine)
    await run.later(days=1, minutes=1)
    found = await run.session(session)
    words = {
        "rejected": "the template 'winback' is rejected, not approved",
        "deleted": "there is no template 'winback' in en any more",
    }
    assert (found.status, found.node, found.reason) == ("stuck", "send", words[gone])
    assert await desk.rows(messages) == []
    if gone == "deleted":
        async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
            await insert_rows(db, message_templates, [row])
    else:
        await written(desk, message_templates, where, status="APPROVED")
    assert (await resumed(run, contact, session))["status"] == "waiting"
    await run.later()
    (message,) = await desk.rows(messages)
    assert (message.channel_kind, message.body) == ("whatsapp", "We miss you")


@pytest.mark.parametrize(
    ("begun", "due"),
    [
        # Clocks in Berlin go from 02:00 to 03:00 on 28 March 2027: 02:30 is never shown.
        ("2027-03-27T12:00:00+00:00", "2027-03-28T01:00:00+00:00"),
        # On 31 October 2027 they go from 03:00 back to 02:00: 02:30 is shown twice, at 00:30 and 01:30 UTC.
        ("2027-10-30T12:00:00+00:00", "2027-10-31T00:30:00+00:00"),
    ],
    ids=["forward", "back"],
)
async def test_a_wait_until_a_local_time_ends_once_when_the_clocks_jump(
    run: Run, begun: str, due: str
) -> None:
    desk = run.desk
    flow = await flow_of(
        desk,
        [node("wait", "wait", local={"at": "02:30:00"}), node("rung", "emit_event", event="rung")],
        [edge("wait", "rung")],
    )
    contact = await desk.contact("+15550001")
    await written(desk, contacts, contacts.c.id == contact, time_zone="Europe/Berlin")
    at = datetime.fromisoformat(begun)
    run.clock.ahead = at - now()
    (found,) = await begin(Mail(run.host), desk.tenant_id, flow, [Beginning(contact)], at=at)
    assert found.session_id is not None
    assert (await run.session(found.session_id)).due_at.astimezone(UTC).isoformat() == due
    for passed, rung in ((-1, 0), (1, 1), (62, 1), (60 * 24, 1)):
        moment = datetime.fromisoformat(due) + timedelta(minutes=passed)
        run.clock.ahead = moment - now()
        await run.later()
        assert await desk.count(contact_events) == rung, f"{passed} minutes after"
    assert (await run.session(found.session_id)).status == "ended"


async def test_two_answers_of_the_same_second_answer_two_questions_and_a_third_is_for_people(
    run: Run,
) -> None:
    desk = run.desk
    flow = await flow_of(
        desk,
        [node("one", "ask", content=SAY, save_as="one"), node("two", "ask", content=SAY, save_as="two")],
        [edge("one", "two", "answer")],
    )
    contact = await desk.contact("+15550001")
    session = await run.begin(flow, contact)
    batch = [desk.arrived(contact, text, key) for text, key in (("a", "k1"), ("b", "k2"), ("c", "k3"))]
    assert await run.host.receive([*batch, batch[0]]) == ["done", "done", "done", "duplicate"]
    row = await run.session(session)
    assert (row.status, row.state["variables"]) == ("ended", {"total": None, "one": "a", "two": "b"})
    assert await desk.count(flow_sessions) == 1
    talk = await desk.conversation(contact)
    assert (talk.status, talk.last_text) == ("open", "c")
