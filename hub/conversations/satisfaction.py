"""Asking a contact how it was, once the conversation is closed, and taking the number that they answer. Pure.

The question waits a day for its answer in the desk's memory; whatever else the contact writes ends the waiting.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hub.channels.whatsapp_window import may_send
from hub.conversations.desk import NOTHING, Moved
from hub.conversations.satisfaction_texts import words_in
from hub.conversations.state import Close, Conversation, Happened, Inbound, SendMessage, Turn
from hub.routing.fields import Record
from hub.routing.queue import PLAIN, Queues, Satisfaction

ASK_AGAIN = timedelta(hours=24)
ANSWER_WITHIN = timedelta(hours=24)
SCORES = range(1, 6)
SCORE_CHARS_MAX = 20

_NAMES = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_SCORE = re.compile(rf"(\d|{'|'.join(_NAMES)})(?: ?/ ?(?:5|five)| (?:out )?of (?:5|five))?[ .!]*")
_KEYCAP = dict.fromkeys((0xFE0F, 0x20E3))  # what makes a digit a picture of a key


def score_of(text: str) -> int | None:
    """The score that is all a message says, or None: "4", "5/5", "5.", "four". Digits of any script count."""
    if len(text) > SCORE_CHARS_MAX:
        return None
    plain = unicodedata.normalize("NFKC", text).translate(_KEYCAP).casefold()
    match = _SCORE.fullmatch(" ".join(plain.split()))
    if match is None:
        return None
    said = match[1]
    score = _NAMES[said] if said in _NAMES else int(said)
    return score if score in SCORES else None


def score_in(state: Conversation, event: Inbound) -> int | None:
    """The score that this message gives; None where none is waited for, or it says something else."""
    kept = state.desk
    if kept is None or kept.score_until is None or event.at >= kept.score_until:
        return None
    asked = any(each.awaits_reply for each in state.sessions)
    if state.status != "closed" or asked or event.content is not None or event.command:
        return None
    return score_of(event.text)


def asks(state: Conversation, queues: Queues) -> bool:
    """Whether somebody whose conversation is closed now may have to be asked."""
    return _rule(state, queues).enabled


def ask(result: Turn, event: Close, queues: Queues, kinds: Mapping[UUID, str], record: Record) -> None:
    """Ask about the conversation that was just closed, unless the contact cannot answer or was asked within a day.

    `kinds`: of the channels that messages can leave by; `record`: what is known of the contact.
    """
    state, kept = result.state, result.state.desk or NOTHING
    rule = _rule(state, queues)
    if (
        not rule.enabled
        or state.channel_id is None
        or not _reaches(state, event, kinds.get(state.channel_id))
    ):
        return
    if kept.asked_at is not None and event.at - kept.asked_at < ASK_AGAIN:
        return
    language = str(record.variables.get("language") or "")
    text = rule.text or words_in(language).question
    result.effects.append(SendMessage(text, state.channel_id, state.address, "system"))
    state.desk = replace(
        kept,
        asked_at=event.at,
        score_until=event.at + ANSWER_WITHIN,
        score_queue=state.queue_id,
        score_agent=state.assignee_id,
        score_language=language,
    )


def take(result: Turn, score: int | None, event: Inbound) -> None:
    """The contact wrote: nothing is waited for any more. A score is counted and thanked for; all else stays as it is."""
    kept = result.state.desk
    if kept is None or kept.score_until is None:
        return
    if score is not None:
        thanks = words_in(kept.score_language).thanks
        result.effects.append(SendMessage(thanks, event.channel_id, event.address, "system"))
        result.happened.append(Happened("rated", {"score": score}, "contact"))
        result.moved.append(Moved("rated", event.at, kept.score_queue, kept.score_agent, detail=str(score)))
        result.routing = {"rule": "", "reason": f"rated {score} of {SCORES[-1]}"}
    result.state.desk = replace(kept, score_until=None, score_queue=None, score_agent=None, score_language="")


def _rule(state: Conversation, queues: Queues) -> Satisfaction:
    return (PLAIN if state.queue_id is None else queues.get(state.queue_id, PLAIN)).satisfaction


def _reaches(state: Conversation, event: Close, kind: str | None) -> bool:
    """Whether a question may go where the contact last wrote from. A call could not hear the number."""
    if not state.address or state.last_inbound_at is None:
        return False
    if kind is None or kind == "voice" or kind in state.opted_out:
        return False
    return kind != "whatsapp" or may_send(None, state.last_inbound_at, event.at)
