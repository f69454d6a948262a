"""The channels that a body names, as steps to try."""

from __future__ import annotations

from collections.abc import Sequence

from api.schemas.messages import StepIn
from hub.channels.base import ChannelKind
from hub.compliance.policy import ordered
from hub.compliance.policy import steps as default_steps
from hub.directory import Directory
from hub.errors import Invalid
from hub.failover.plan import TIMEOUT_S, Step


def steps_of(wanted: Sequence[StepIn], directory: Directory, at: str = "") -> list[Step]:
    """The channels to try, in order; without any named, the policy's. Raises Invalid, naming the place."""
    policy, channels = directory.policy, directory.channels
    if not wanted:
        found = default_steps(policy, channels)
        if not found:
            raise Invalid("you have no channel that could carry a message", f"{at}/channels")
        return found
    steps: list[Step] = []
    for place, each in enumerate(wanted):
        if each.channel_id is not None:
            channel = channels.get(each.channel_id)
        else:
            channel = next(iter(ordered(policy, channels, ChannelKind(each.kind or ""))), None)
        if channel is None:
            what = "there is no such channel" if each.channel_id else f"you have no {each.kind} channel"
            raise Invalid(what, f"{at}/channels/{place}")
        steps.append(Step(channel_id=channel.id, timeout_s=each.timeout_s or TIMEOUT_S.get(channel.kind)))
    if len({step.channel_id for step in steps}) < len(steps):
        raise Invalid("a channel stands there twice", f"{at}/channels")
    return steps
