"""What routing rules do beside deciding where a conversation goes: tags, answers and webhooks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hub.conversations import tagging
from hub.conversations.state import (
    LAST_TEXT_CHARS_MAX,
    CallWebhook,
    Happened,
    Inbound,
    SendMessage,
    TagContact,
    Turn,
)
from hub.errors import Invalid
from hub.ids import encode_id
from hub.routing.compiled import CompiledRule
from hub.routing.fields import Record
from hub.templates.render import TemplateFailed

ORIGIN = "rule"
RULE_MATCHED = "rule.matched"  # the event of a rule that tells a webhook
SAME_ANSWER = timedelta(minutes=1)
"""Two machines that answer each other would do so for ever: the same text is not sent again so soon."""

Last = tuple[str, str, datetime | None]
"""Direction, text and time of the last message before this one."""


def act(
    result: Turn, event: Inbound, acting: Sequence[CompiledRule], record: Record, last: Last
) -> Sequence[str]:
    """The tags, webhooks and answers of the rules that have the message, in their order. Returns what could not be done, in words:
    an answer whose variables have no value is left out.
    """
    failed: list[str] = []
    tags = list(dict.fromkeys(tag for rule in acting for tag in rule.tags))
    if tags:
        result.effects += [TagContact(tag) for tag in tags]
        result.happened.append(Happened("tags", {"added": tags, "removed": []}))
    failed += _label(result, acting)
    for rule in acting:
        told = {"rule": {"id": encode_id("rul", rule.id), "name": rule.name}, "message": _told(event)}
        result.effects += [CallWebhook(hook, RULE_MATCHED, told) for hook in rule.hooks]
    context = {**record.variables, "phone": event.address}
    for rule in acting:
        for answer in rule.answers:
            try:
                text = answer.render(context)
            except TemplateFailed as failure:
                failed.append(f"the answer of “{rule.name}” was left out: {failure.detail}")
                continue
            if text.strip() and not _just_said(text, event, last):
                result.effects.append(SendMessage(text, event.channel_id, event.address, ORIGIN, rule.id))
                result.state.last_text = text[:LAST_TEXT_CHARS_MAX]
                result.state.last_direction = "out"
    return failed


def _label(result: Turn, acting: Sequence[CompiledRule]) -> list[str]:
    failed = []
    for rule in acting:
        try:
            tagging.change(result, rule.labels, ())
        except Invalid as full:
            failed.append(f"the tags of “{rule.name}” were left out: {full.detail}")
    return failed


def _told(event: Inbound) -> dict[str, str]:
    return {
        "id": encode_id("msg", event.message_id),
        "channel_kind": event.channel_kind,
        "address": event.address,
        "body": event.text,
    }


def _just_said(text: str, event: Inbound, last: Last) -> bool:
    direction, before, at = last
    same = direction == "out" and before == text[:LAST_TEXT_CHARS_MAX]
    return same and at is not None and event.at - at < SAME_ANSWER
