"""The sessions of a campaign's flow, for a whole batch of contacts: its message is the question that they answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from hub import door
from hub.campaigns import store
from hub.conversations.journeys import NO_DICE
from hub.directory import Directory
from hub.flows import inside, store_runs
from hub.flows.definition import Flow
from hub.flows.engine import advance, begin_at
from hub.flows.inputs import Begin
from hub.flows.inside import Inside
from hub.ids import new_id
from models.db import insert_all

BEGUN_ANEW = "a campaign began the flow anew"


async def begin(
    db: AsyncConnection,
    campaign: Any,
    outgoings: Sequence[door.Outgoing],
    directory: Directory,
    now: datetime,
) -> None:
    """Everybody who gets the message waits at the flow's question. Whoever is inside of the flow begins anew; whoever
    talks with a person keeps talking with them, and begins nothing.
    """
    book = directory.routing.book
    flow = book.flows.get(campaign.flow_id) if campaign.flow_id is not None else None
    question = flow.opening if flow is not None else None
    if flow is None or question is None:  # published anew since the campaign was made, or put away
        return
    version = book.versions.get(campaign.flow_id, 0)
    start = begin_at(campaign.flow_id.hex, flow, _start_of(flow, question), version, campaign.id.hex)
    sprint = advance(
        flow, start, Begin(), now, NO_DICE
    )  # says nothing: the campaign's message is its question
    session = sprint.session
    assert session is not None, "it waits at its question"
    reached = {each.contact_id: each for each in outgoings if each.refused is None}
    begun = {contact_id: Inside(new_id(), session, len(sprint.steps)) for contact_id in reached}
    rows = [_conversation(each, begun[contact_id], now) for contact_id, each in reached.items()]
    written = await store.begin_sessions(db, rows)
    ours = {contact_id: begun[contact_id] for contact_id in written}
    if not ours:
        return
    tenant_id = campaign.tenant_id
    await store_runs.end_others(db, tenant_id, campaign.flow_id, list(ours), BEGUN_ANEW)
    about = {"tenant_id": tenant_id, "flow_id": campaign.flow_id, "version": version}
    sessions = [
        {
            **about,
            "id": one.id,
            "contact_id": contact_id,
            "state": session.to_json(),
            "status": "waiting",
            "node": question,
            "trigger": "campaign",
            "origin": campaign.id,
            "due_at": None if session.waiting is None else session.waiting.until,
            "steps": one.steps,
            "started_at": now,
            "updated_at": now,
        }
        for contact_id, one in ours.items()
    ]
    steps = [
        {**about, "session_id": one.id, "seq": seq, "node": step.node, "port": step.port, "at": now}
        for one in ours.values()
        for seq, step in enumerate(sprint.steps)
    ]
    await insert_all(db, [store_runs.new_sessions(sessions), store_runs.steps(steps)])


def _start_of(flow: Flow, question: str) -> str:
    """The start node that leads to the question."""
    starts = (flow.start, *flow.starts)
    return next(start for start in starts if flow.target(start, "next") == question)


def _conversation(outgoing: door.Outgoing, one: Inside, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": outgoing.channel.tenant_id,
        "contact_id": outgoing.contact_id,
        "version": 1,
        "status": "idle",
        "session": inside.to_json([one]),
        "opted_out": [],
        "channel_id": outgoing.channel.id,
        "address": outgoing.address,
        "last_text": outgoing.text[:160],
        "last_direction": "out",
        "last_at": now,
        "unread": 0,
        "reason": "",
    }
