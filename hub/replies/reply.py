"""Saved replies: what they may hold, what they are filled in with, and which come first. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hub.errors import HubError, Invalid
from hub.templates.render import TemplateInvalid, compile_template

NAME_CHARS_MAX = 80
FOLDER_CHARS_MAX = 60
BODY_CHARS_MAX = 4_096
INTENTS_MAX = 20
REPLIES_MAX = 500
_SHORTCUT = re.compile(r"[\w-]{1,32}")


@dataclass(frozen=True, slots=True)
class Reply:
    """A saved reply as an agent's screen lists it. `inherited`: of a tenant above, so it cannot be changed here."""

    id: UUID
    name: str
    shortcut: str
    folder: str
    body: str
    intents: tuple[str, ...]
    inherited: bool


@dataclass(frozen=True, slots=True)
class Ranked:
    """A reply for one conversation: its text, or why it cannot be filled in; and whether it answers what was asked."""

    reply: Reply
    text: str
    problem: str
    suggested: bool
    uses: int


def check(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a reply, trimmed. Raises Invalid or TemplateInvalid, naming the place."""
    found = dict(values)
    for name, most in (("name", NAME_CHARS_MAX), ("folder", FOLDER_CHARS_MAX), ("body", BODY_CHARS_MAX)):
        if name in found:
            found[name] = found[name].strip()
            if len(found[name]) > most or (not found[name] and name != "folder"):
                raise Invalid(f"1 to {most} characters", f"/{name}")
    if "shortcut" in found:
        found["shortcut"] = found["shortcut"].strip().removeprefix("/").casefold()
        if not _SHORTCUT.fullmatch(found["shortcut"]):
            raise Invalid("letters, digits, - and _, at most 32", "/shortcut")
    if "intents" in found:
        found["intents"] = list(dict.fromkeys(each.strip() for each in found["intents"] if each.strip()))
        if len(found["intents"]) > INTENTS_MAX:
            raise Invalid(f"at most {INTENTS_MAX} intents", "/intents")
    if "body" in found:
        try:
            compile_template(found["body"])
        except TemplateInvalid as error:
            raise TemplateInvalid(error.detail, "/body", error.line) from None
    return found


def variables(
    contact: Mapping[str, Any], address: str, agent: str, brand: str, attributes: Mapping[str, Any]
) -> dict[str, Any]:
    """What a reply may name: the contact's attributes and own fields, as in campaigns, then the agent and the brand."""
    name = contact.get("name") or ""
    first, _, last = name.partition(" ")
    own = {"name": name, "first_name": first, "last_name": last, "phone": address}
    named = {key: value for key, value in own.items() if value}  # so that `default` has its say
    agent_first = agent.partition(" ")[0]
    return {
        **attributes,
        **named,
        "contact": {**attributes, **named},
        "agent": {"name": agent, "first_name": agent_first},
        "brand": brand,
    }


def ranked(
    replies: Iterable[Reply],
    context: Mapping[str, Any],
    intent: str | None,
    uses: Mapping[UUID, int],
    search: str = "",
) -> list[Ranked]:
    """The replies for a conversation about `intent`, the best first.

    `uses`: how often each was used for this intent. Those that name the intent come first, then those that agents used
    for it; a search keeps what has it in its shortcut, name or text, with shortcuts that begin with it first.
    """
    wanted = search.casefold().strip()
    found = []
    for reply in replies:
        begins = bool(wanted) and reply.shortcut.startswith(wanted)
        if wanted and not begins and not _holds(reply, wanted):
            continue
        named = intent is not None and intent in reply.intents
        used = uses.get(reply.id, 0)
        text, problem = _filled(reply.body, context)
        answers = intent is not None and (named or used > 0) and not problem
        place = (not begins, not named, -used, bool(problem), reply.name.casefold())
        found.append((place, Ranked(reply, text, problem, answers, used)))
    found.sort(key=lambda each: each[0])
    return [each for _, each in found]


def _holds(reply: Reply, wanted: str) -> bool:
    return any(wanted in text.casefold() for text in (reply.shortcut, reply.name, reply.body))


def _filled(body: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """(text, "") or ("", what is missing)."""
    try:
        return compile_template(body).render(context), ""
    except HubError as error:
        return "", str(error)
