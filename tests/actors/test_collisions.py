"""Two agents answer one conversation at once, over a real host and database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from actors.messages import DONE
from hub.conversations.collision import AnsweredMeanwhile
from hub.conversations.state import AgentReply, Close
from hub.ids import new_id
from models.conversations import messages
from tests.actors.desk import Desk
from tests.actors.test_conversation import now

ANN, BOB = UUID(int=77), UUID(int=78)


async def test_of_two_answers_at_once_one_is_sent(desk: Desk) -> None:
    contact = await desk.contact("+15550001")
    question = desk.arrived(contact, "gossip")
    host: Any = desk.conversations()
    assert await host.receive([question]) == [DONE]
    seen = question.event.message_id
    ann = AgentReply(new_id(), ANN, "Ann here", now(), None, new_id(), "Ann", seen)
    bob = AgentReply(new_id(), BOB, "Bob here", now(), None, new_id(), "Bob", seen)
    first, second = await host.receive([desk.command(contact, ann), desk.command(contact, bob)])
    assert first["messages"][0]["body"] == "Ann here"
    assert isinstance(second, AnsweredMeanwhile)
    assert (second.by, second.text) == ("Ann", "Ann here")

    restarted: Any = desk.conversations("conversation-1")
    (again,) = await restarted.receive([desk.command(contact, bob)])
    assert isinstance(again, AnsweredMeanwhile), "it is known after a restart too"
    anyway = AgentReply(new_id(), BOB, "Bob here", now(), None, new_id(), "Bob", ann.message_id)
    (sent,) = await restarted.receive([desk.command(contact, anyway)])
    assert sent["messages"][0]["body"] == "Bob here"
    assert [body for direction, body, _ in await desk.thread(contact) if direction == "out"] == [
        "Ann here",
        "Bob here",
    ]


async def test_a_repeat_is_answered_with_what_was_sent_whatever_came_after(desk: Desk) -> None:
    contact = await desk.contact("+15550001")
    question = desk.arrived(contact, "gossip")
    host: Any = desk.conversations()
    await host.receive([question])
    seen, request_id = question.event.message_id, new_id()

    def ann() -> AgentReply:
        return AgentReply(new_id(), ANN, "Ann here", now(), None, request_id, "Ann", seen)

    (first,) = await host.receive([desk.command(contact, ann())])
    (bob,) = await host.receive(
        [desk.command(contact, AgentReply(new_id(), BOB, "Bob here", now(), None, new_id(), "Bob"))]
    )
    (repeat,) = await host.receive([desk.command(contact, ann())])
    assert repeat["messages"][0]["id"] == first["messages"][0]["id"] != bob["messages"][0]["id"]
    await host.receive([desk.command(contact, Close(now(), "user"))])
    (late,) = await host.receive([desk.command(contact, ann())])
    assert late["messages"][0]["id"] == first["messages"][0]["id"]
    assert await desk.count(messages, messages.c.direction == "out") == 2
