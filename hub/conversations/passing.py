"""The words that somebody leaves for whoever gets the conversation: shown until they answer, close it or pass it on. Pure."""

from __future__ import annotations

from hub.conversations.memo import HandedOn
from hub.conversations.state import AgentReply, Assign, Close, Conversation, Event, PassToFlow, Transfer


def keep(state: Conversation, event: Event) -> None:
    """Take up the note of an event, or let go of one that has done its work."""
    match event:
        case Assign() | Transfer() | PassToFlow() if event.note:
            state.memo = state.memo._replace(handed_on=HandedOn(event.note, event.actor, event.at))
        case Assign() | Transfer() | PassToFlow() | AgentReply() | Close():
            if state.memo.handed_on is not None:
                state.memo = state.memo._replace(handed_on=None)
