"""Sends whose account is out of order go over a channel that stands in for it.

Only what certainly never left is moved: a queued row that this sender holds. A price depends on the kind of channel, the
number and the category, none of which change, so the hold that the message has stays right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub import outbox
from hub.channels import adapter_of
from hub.channels.base import Channel, ChannelKind
from hub.channels.content import CONTENT
from hub.compliance.policy import stand_ins
from hub.directory import Directory
from hub.errors import Invalid
from hub.ids import encode_id
from hub.outbox import Owed
from models.db import Db


@dataclass(frozen=True, slots=True)
class Moved:
    """A row and the channel that takes it over."""

    row: Owed
    channel: Channel


class StandIns:
    """Of one claim: which channels may take over which rows."""

    def __init__(self, directories: Mapping[UUID, Directory]) -> None:
        self._directories = directories

    def of(self, row: Owed) -> list[Channel]:
        """Best first; nobody where the tenant's policy names none, or where they cannot carry what the row says."""
        directory = self._directories.get(row.tenant_id)
        channel = None if directory is None else directory.channels.get(row.channel_id)
        if directory is None or channel is None or channel.kind is ChannelKind.VOICE:
            return []  # a call's script belongs to its line
        found = stand_ins(directory.policy, directory.channels, channel)
        return [each for each in found if _carries(each, row)]


def _carries(channel: Channel, row: Owed) -> bool:
    adapter = adapter_of(channel)
    if len(row.body) > adapter.text_chars_max:
        return False
    if row.content is not None:
        try:
            adapter.check(CONTENT.validate_python(row.content))
        except Invalid:
            return False
    return True


async def move(db: Db, moved: Sequence[Moved], now: datetime) -> None:
    """Write down who takes over, in the rows and in the messages' history."""
    await outbox.move(db, [(each.row, each.channel.id, _note(each, now)) for each in moved])


def _note(each: Moved, now: datetime) -> dict[str, Any]:
    return {
        "at": now.isoformat(),
        "event": "rerouted",
        "reason": "account-out-of-order",
        "channel_id": encode_id("chn", each.row.channel_id),
        "channel_kind": each.channel.kind.value,
        "detail": f"sent over {each.channel.name}: the account of the channel before is out of order",
    }
