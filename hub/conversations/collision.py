"""Two people who answer one conversation at once: the second answer is held back until its writer has seen the first. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hub.conversations.memo import Answered
from hub.conversations.state import LAST_TEXT_CHARS_MAX, AgentReply, Conversation
from hub.conversations.views import instant
from hub.errors import Conflict
from hub.ids import encode_id


@dataclass(eq=False)
class AnsweredMeanwhile(Conflict):
    """Somebody else has answered meanwhile."""

    code: ClassVar[str] = "answered-meanwhile"
    by: str = ""
    text: str = ""
    at: str = ""
    message_id: str = ""


def check(state: Conversation, event: AgentReply) -> None:
    """Raises AnsweredMeanwhile when somebody else wrote the last answer and it is newer than what the writer has `seen`.

    Who does not say what they have seen is not held back: a program that only ever sends.
    """
    last = state.memo.answered
    if event.seen is None or last is None or last.user_id == event.user_id:
        return
    if last.message_id > event.seen:  # ids grow with time
        raise AnsweredMeanwhile(
            f"{last.name or 'a program'} has answered meanwhile",
            last.name,
            last.text,
            instant(last.at) or "",
            encode_id("msg", last.message_id),
        )


def remember(state: Conversation, event: AgentReply) -> None:
    """This is the last answer now."""
    text = event.text[:LAST_TEXT_CHARS_MAX]
    said = Answered(event.message_id, event.user_id, event.name, event.at, text)
    state.memo = state.memo._replace(answered=said)
