"""Calls that somebody asks for: placed through the one door out, and ended on demand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

import httpx2

from actors.trunk_calls import end_over_trunk, kept_recording
from hub import door, realtime
from hub.billing.wallet import HoldAnswer
from hub.channels import adapter_of
from hub.channels.base import Account, Channel, ChannelKind
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.twilio import TwilioApi
from hub.channels.voice_news import CallNews
from hub.channels.voice_twilio import TwilioVoice, own_recording
from hub.contacts import store as contact_store
from hub.errors import Conflict, Invalid, NotFound, Unavailable
from hub.ids import encode_id, new_id
from hub.voice import store
from hub.voice.script import Call, words_of
from hub.voice.state import ENDED, CallStatus
from hub.voice.views import updated
from models.db import Scope, transaction

if TYPE_CHECKING:
    from actors.calls import Calls
    from actors.client import Hub

RECORDING_BYTES_MAX = 64 * 1024 * 1024
RECORDING_TIMEOUT_S = 30.0


@dataclass(eq=False)
class CallOver(Conflict):
    """The call is over."""

    code: ClassVar[str] = "call-over"


class CallsOut:
    """One a gateway process. What it returns has committed."""

    def __init__(self, hub: Hub, calls: Calls) -> None:
        self._hub = hub
        self._calls = calls

    async def place(
        self,
        tenant_id: UUID,
        script: Call,
        *,
        contact_id: UUID | None,
        number: str,
        channel_id: UUID | None,
        purpose: str,
        user_id: UUID | None,
        call_id: UUID | None = None,
    ) -> UUID:
        """Call a contact, or a number (its contact is made on first sight). Returns the call's id: `call_id`, or a new one.

        A call that may not leave is recorded as failed with its reason. Raises Invalid, NotFound, Unavailable.
        """
        directory = await self._hub.directories.one(tenant_id)
        channel = _line(directory.channels, channel_id)
        if contact_id is None:
            contact_id = await self._hub.inbounds.contact(tenant_id, number)
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            addresses = await contact_store.addresses_of(db, tenant_id, contact_id)
            consents = await contact_store.consents_of(db, tenant_id, contact_id)
        if not addresses:
            raise NotFound("there is no such contact, or it has no address")
        phones = [row.address for row in addresses if row.kind == "phone"]
        address = number or (phones[0] if phones else "")
        outgoing = door.Outgoing(
            call_id or new_id(), channel, contact_id, address, words_of(script) or "Call", "agent" if user_id else "system",
            user_id, door.LANE_LIVE, content=script, purpose=purpose,
        )  # fmt: skip
        opted_out = any(
            row.channel_kind == "voice" and row.state == "opted_out" and row.purpose in ("all", purpose)
            for row in consents
        )
        door.prepare(outgoing, opted_out=opted_out, rates=directory.rates, today=self._hub.clock.now().date())
        if outgoing.refused is None and outgoing.price_micros:
            answer: HoldAnswer
            (answer,) = await self._hub.wallets.hold(tenant_id, [door.single_hold(outgoing)])
            door.apply_hold(outgoing, answer)
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            await door.store(db, [outgoing], self._hub.clock.now())
            row = await store.get(db, tenant_id, outgoing.id)
        await realtime.publish(self._hub.redis, [(tenant_id, updated(row))], wake_sender=True)
        return outgoing.id

    async def hang_up(self, tenant_id: UUID, call_id: UUID) -> None:
        """End a call, or take it back before it left. Raises NotFound, CallOver, Conflict, Unavailable."""
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            row = await store.get(db, tenant_id, call_id)
            if row is None:
                raise NotFound("there is no such call")
            if CallStatus(row.status) in ENDED:
                raise CallOver("the call is over")
            withdrawn = row.provider_call_id is None and await store.withdraw(db, tenant_id, call_id)
        if withdrawn:
            news = CallNews("", CallStatus.CANCELED, reason="taken back before it was dialled")
            await self._calls.report_of(tenant_id, call_id, news)
            return
        sid = row.provider_call_id or await self._sent_as(tenant_id, call_id)
        if sid is None:
            raise Conflict("the call is being dialled; try again in a moment")
        channel, account = await self._line_of(tenant_id, row.channel_id)
        adapter = adapter_of(channel)
        if not isinstance(adapter, TwilioVoice):
            await end_over_trunk(self._hub.settings, call_id)
            return
        began = row.status == CallStatus.IN_PROGRESS
        try:
            status, body = await self._calls.ask(adapter.hang_up(account, sid, began))
            adapter.accepted(status, body)
        except SendRefused as error:
            if error.provider_code == "21220":
                raise CallOver("the call is over") from None
            raise Conflict(f"the provider did not end the call: {error}") from None
        except SendOutcomeUnknown:
            raise Unavailable("the provider did not answer; the call may be over") from None

    async def _sent_as(self, tenant_id: UUID, call_id: UUID) -> str | None:
        """The provider's id, when its answer came before its first news."""
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            return await store.sent_as(db, tenant_id, call_id)

    async def _line_of(self, tenant_id: UUID, channel_id: UUID) -> tuple[Channel, Account]:
        channel = (await self._hub.directories.one(tenant_id)).channels.get(channel_id)
        account = None if channel is None else await self._hub.account(encode_id("acc", channel.account_id))
        if channel is None or account is None:
            raise NotFound("the call's channel is not there any more")
        return channel, account

    async def recording(self, tenant_id: UUID, call_id: UUID) -> bytes:
        """The sound of a call, fetched from its provider with the account's credentials. Raises NotFound, Unavailable."""
        async with transaction(self._hub.engine, Scope.of(tenant_id)) as db:
            row = await store.get(db, tenant_id, call_id)
        if row is None or not row.recording_url:
            raise NotFound("there is no recording")
        channel, account = await self._line_of(tenant_id, row.channel_id)
        if channel.provider == "sip":
            return await asyncio.to_thread(kept_recording, self._hub.settings, tenant_id, call_id)
        adapter = adapter_of(channel)
        if not isinstance(adapter, TwilioApi) or not own_recording(account, row.recording_url):
            raise NotFound("the recording is not where the provider keeps recordings")
        headers = {"Authorization": adapter.request_headers(account)["Authorization"]}
        url = urlsplit(row.recording_url)._replace(fragment="").geturl()
        return await _fetched(url, headers)


async def _fetched(url: str, headers: dict[str, str]) -> bytes:
    """A bounded GET without redirects. Raises NotFound, Unavailable."""
    body = bytearray()
    try:
        async with (
            httpx2.AsyncClient(trust_env=False, timeout=RECORDING_TIMEOUT_S) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                raise NotFound(f"the provider has no such recording (HTTP {answer.status_code})")
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > RECORDING_BYTES_MAX:
                    raise Unavailable("the recording is too large to be passed on")
    except httpx2.HTTPError as error:
        raise Unavailable(f"the provider does not give the recording ({type(error).__name__})") from None
    return bytes(body)


def _line(channels: Any, channel_id: UUID | None) -> Channel:
    """The wanted voice channel, or the tenant's first. Raises Invalid."""
    lines: list[Channel] = [one for one in channels.values() if one.kind is ChannelKind.VOICE]
    if channel_id is None:
        if not lines:
            raise Invalid("the tenant has no voice channel", "/channel_id")
        return lines[0]
    found = next((one for one in lines if one.id == channel_id), None)
    if found is None:
        raise Invalid("there is no such voice channel", "/channel_id")
    return found
