"""STOP, START and HELP: handled before anything else. Source: channel reference section 3 (47 CFR 64.1200(a)(10))."""

from __future__ import annotations

from enum import StrEnum

_STOP = frozenset(
    [
        "stop",
        "stopall",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "optout",
        "revoke",
        "remove",
        "arret",
        "opt out",
        "stop all",
        "opt-out",
    ]
)
_START = frozenset({"start", "unstop"})
_AFFIRM = frozenset({"yes"})  # an opt-in word only for somebody who is opted out; else a normal answer
_HELP = frozenset({"help", "info"})
_LONGEST = max(map(len, _STOP | _START | _HELP)) + 8


class Command(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"


def command_of(text: str, opted_out: bool) -> Command | None:
    """The command that the whole message is, or None. White space, case and end marks do not matter."""
    if len(text) > _LONGEST:
        return None
    said = " ".join(text.casefold().split()).strip(".!\"' ")
    if said in _STOP:
        return Command.STOP
    if said in _START or (opted_out and said in _AFFIRM):
        return Command.START
    return Command.HELP if said in _HELP else None


def confirmation(command: Command, brand: str) -> str:
    """The one answer to a command; no marketing in it."""
    match command:
        case Command.STOP:
            return f"{brand}: you are unsubscribed and will get no more messages. Reply START to subscribe again."
        case Command.START:
            return f"{brand}: you are subscribed again. Reply STOP to unsubscribe, HELP for help."
        case Command.HELP:
            return f"{brand}: write to us here and a person will answer. Reply STOP to unsubscribe."
