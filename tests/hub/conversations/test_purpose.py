"""What a flow says is an answer or marketing: by what made it speak, and how long ago the contact wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.conversations.journeys import Runs
from hub.conversations.state import Conversation, FlowWork, Turn
from hub.flows.book import FlowBook
from hub.flows.definition import read
from hub.flows.inputs import HandedBack, Input, TimeUp, WebhookAnswer
from hub.flows.inside import Inside
from hub.flows.session import Session, Waiting
from hub.routing.fields import NO_RECORD

NOW, FLOW, TENANT = datetime(2026, 3, 2, 22, tzinfo=UTC), UUID(int=7), UUID(int=1)
NODES: dict[str, dict[str, Any]] = {
    "wait": {"type": "wait", "data": {"duration": {"amount": 2, "unit": "hours"}}},
    "webhook": {"type": "webhook", "data": {"url": "https://example.com/x"}},
    "people": {"type": "hand_over", "data": {"come_back": True}},
}
KINDS = {"wait": "time", "webhook": "webhook", "people": "people"}
PORTS = {"wait": "next", "webhook": "next", "people": "closed"}


@pytest.mark.parametrize(
    ("node", "given", "hours", "purpose"),
    [
        ("wait", TimeUp(token=1), 0.9, "transactional"),
        ("wait", TimeUp(token=1), 1.1, "marketing"),
        ("webhook", WebhookAnswer(token=1, status=200), 1.1, "transactional"),
        ("people", HandedBack(), 23.9, "transactional"),
        ("people", HandedBack(), 24.1, "marketing"),
        ("people", HandedBack(), None, "marketing"),
    ],
)
def test_the_purpose_of_a_message(node: str, given: Input, hours: float | None, purpose: str) -> None:
    nodes = [{"id": "start", "type": "start"}, {"id": node, **NODES[node]}]
    nodes.append({"id": "say", "type": "send", "data": {"content": {"type": "text", "text": "Done"}}})
    edges = [{"source": "start", "target": node}, {"source": node, "port": PORTS[node], "target": "say"}]
    flow = read({"spec_version": 2, "nodes": nodes, "edges": edges})
    state = Conversation(TENANT, UUID(int=2))
    state.last_inbound_at = None if hours is None else NOW - timedelta(hours=hours)
    waiting = Waiting(KINDS[node], 1, NOW if node == "wait" else None)
    one = Inside(UUID(int=3), Session(FLOW.hex, node, waiting=waiting))
    state.sessions = (one,)
    runs = Runs(Turn(state.copy()), FlowBook({FLOW: flow}), NOW, NO_RECORD)
    assert runs.feed(one, given)[0]
    [work] = [effect for effect in runs.result.effects if isinstance(effect, FlowWork)]
    assert work.payload["purpose"] == purpose
