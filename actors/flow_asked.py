"""What a flow's message asks of the door: its content, and over which channels it may go, in their order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from actors.attempts import Asked
from hub.channels.base import ChannelKind
from hub.channels.content import CONTENT
from hub.compliance.policy import ordered
from hub.compliance.policy import steps as default_steps
from hub.directory import Directory
from hub.errors import Invalid
from hub.failover.plan import TIMEOUT_S, Step
from hub.flows.receipts import ORIGIN
from hub.ids import decode_id
from hub.voice import flow_calls


def asked_of(row: Any, directory: Directory) -> Asked:
    """The message as the door wants it. Raises Invalid when no channel is left that could carry it."""
    payload, dials = row.payload, row.kind == "dial"
    return Asked(
        row.contact_id,
        flow_calls.asked(payload) if dials else CONTENT.validate_python(payload["content"]),
        [_line_of(payload, directory)] if dials else steps_of(payload, directory),
        payload["purpose"],
        origin=ORIGIN,
        origin_id=UUID(payload["flow_id"]),
    )


def _line_of(payload: Any, directory: Directory) -> Step:
    """The voice channel that places the call. Raises Invalid."""
    name = payload.get("channel", "")
    lines = ordered(directory.policy, directory.channels, ChannelKind.VOICE)
    found = next((line for line in lines if not name or line.id == decode_id("chn", name)), None)
    if found is None:
        raise Invalid("there is no such voice channel", "/channel")
    return Step(channel_id=found.id)


def steps_of(payload: Any, directory: Directory) -> list[Step]:
    """The named channels that are there; without any named: where the contact talks to us, else by the policy."""
    policy, channels = directory.policy, directory.channels
    if not payload["channels"]:
        talk = UUID(payload["talk"]) if payload["talk"] else None
        known = None if talk is None else channels.get(talk)
        writes = known is not None and known.kind is not ChannelKind.VOICE  # words are no answer to a call
        found = [Step(channel_id=known.id)] if known and writes else list(default_steps(policy, channels))
    else:
        found = []
        for name, timeout_s in payload["channels"]:
            if name in set(ChannelKind):
                channel = next(iter(ordered(policy, channels, ChannelKind(name))), None)
            else:
                channel = channels.get(decode_id("chn", name))
            if channel is not None and all(step.channel_id != channel.id for step in found):
                found.append(Step(channel_id=channel.id, timeout_s=timeout_s or TIMEOUT_S.get(channel.kind)))
    if not found:
        raise Invalid("no channel could carry the message", "/channels")
    return found
