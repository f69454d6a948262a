"""STOP, START and HELP: words that a contact may always say, before any flow or rule. Pure."""

from __future__ import annotations

from hub.compliance.keywords import Command, Said, command_of, confirmation
from hub.contacts.consents import ALL, MARKETING
from hub.conversations import flow_events
from hub.conversations.journeys import Runs
from hub.conversations.state import Happened, Inbound, SendMessage, SetConsent, Turn
from hub.flows.book import FlowBook
from hub.routing.table import RoutingTable


def said(event: Inbound, opted_out: bool, table: RoutingTable) -> Said | None:
    """The command of this message: the channel's own switch, or a word."""
    return Said(Command(event.command)) if event.command else command_of(event.text, opted_out, table.words)


def obey(result: Turn, event: Inbound, said: Said, brand: str) -> None:
    """Do what the contact commands, and confirm it where the channel has not."""
    state, command = result.state, said.command
    again = command is Command.STOP and event.channel_kind in state.opted_out
    result.routing = {"rule": "", "reason": f"{command.upper()} command"}
    if command is Command.STOP:
        state.opted_out = state.opted_out | {event.channel_kind}
        flow_events.end_all(Runs(result, FlowBook(), event.at, None), flow_events.OPTED_OUT)
        if not again:  # the first word is the proof
            _consent(result, event, "opted_out", ALL)
    elif command is Command.STOP_MARKETING:
        _consent(result, event, "opted_out", MARKETING)
    elif command is Command.START:
        state.opted_out = state.opted_out - {event.channel_kind}
        _consent(result, event, "opted_in", ALL)
        _consent(result, event, "opted_in", MARKETING)
    if (
        event.command or again
    ):  # who used the channel's own switch has seen what it does; one STOP, one answer
        return
    text = confirmation(command, brand, said.language)
    result.effects.append(
        SendMessage(
            text,
            event.channel_id,
            event.address,
            "system",
            answers_command=True,
            carrier_answers=said.carrier_answers,
        )
    )


def _consent(result: Turn, event: Inbound, after: str, purpose: str) -> None:
    """The contact's own word, with the word as proof."""
    proof = event.text[:100]
    result.effects.append(SetConsent(event.channel_kind, after, proof, purpose))
    data = {
        "channel_kind": event.channel_kind,
        "purpose": purpose,
        "after": after,
        "source": "reply",
        "proof": proof,
    }
    result.happened.append(Happened("consent", data, "contact"))
