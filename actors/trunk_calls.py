"""The TrunkHost as other processes see it, and where its recordings lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from actors.runtime import Peer, peers
from hub.channels.base import Channel
from hub.channels.codes import Retry
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.errors import NotFound, Unavailable
from hub.settings import Settings

NO_TRUNK = "no-sip"
_hosts: dict[tuple[str, str], Peer] = {}  # one of a process: it keeps its connection


def trunk_host(settings: Settings) -> Peer:
    """The host of the SIP stack. Raises Unavailable where there is none."""
    if not settings.sip_listen:
        raise Unavailable("calls over SIP are off: set HUB_SIP_LISTEN")
    key = (settings.ray_namespace, settings.sip_listen)
    if key not in _hosts:
        (_hosts[key],) = peers("trunk", settings).values()
    return _hosts[key]


async def dial_over_trunk(settings: Settings, row: Any, channel: Channel) -> str:
    """Hand an owed call to the trunk; returns the SIP call's id. Raises SendRefused, SendOutcomeUnknown."""
    try:
        host = trunk_host(settings)
    except Unavailable as error:
        raise SendRefused(str(error), NO_TRUNK, Retry.STOP) from None
    try:
        sip_call_id: str = await host.call(
            "dial", row.tenant_id, row.message_id, channel.account_id, row.address
        )
    except Unavailable as error:
        raise SendOutcomeUnknown(str(error)) from None
    return sip_call_id


async def end_over_trunk(settings: Settings, call_id: UUID) -> None:
    """End a call of the trunk. Raises NotFound, Unavailable."""
    await trunk_host(settings).call("hang_up", call_id)


class RemoteLegs:
    """The legs of calls at the desk that the TrunkHost has. Every method raises Unavailable where it does not answer."""

    def __init__(self, settings: Settings) -> None:
        self._host = trunk_host(settings)

    async def ring(self, tenant_id: UUID, call_id: UUID, number: int, account_id: UUID, address: str) -> str:
        sip_call_id: str = await self._host.call("ring_leg", tenant_id, call_id, number, account_id, address)
        return sip_call_id

    async def look(self, call_id: UUID, number: int) -> None:
        await self._host.call("look_leg", call_id, number)

    async def drop(self, call_id: UUID, number: int) -> None:
        await self._host.call("drop_leg", call_id, number)


def recording_path(settings: Settings, tenant_id: UUID, call_id: UUID) -> Path:
    """Below var/: on a cluster a folder that every node sees."""
    return settings.var_dir / "recordings" / tenant_id.hex / f"{call_id.hex}.wav"


def kept_recording(settings: Settings, tenant_id: UUID, call_id: UUID) -> bytes:
    """Raises NotFound."""
    try:
        return recording_path(settings, tenant_id, call_id).read_bytes()
    except FileNotFoundError:
        raise NotFound("the recording is not there any more") from None
