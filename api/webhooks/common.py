"""What every provider webhook does: find the account, verify the raw body, parse, hand over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from hub.channels.base import Account, ChannelAdapter, WebhookRequest
from hub.errors import BadSignature, NotFound
from hub.media.arriving import with_media


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request of a provider: `tail` is what follows the account in the path."""

    method: str
    account: str
    tail: str
    query: str
    request: WebhookRequest


@dataclass(frozen=True, slots=True)
class Reply:
    """A 200: its body and media type."""

    body: bytes
    media_type: bytes


async def account_of(hub: Any, call: Call, provider: str) -> Account:
    """The provider account the address names. Raises NotFound."""
    account: Account | None = await hub.account(call.account)
    if account is None or account.provider != provider:
        raise NotFound("there is no such provider account")
    return account


async def take(hub: Any, call: Call, adapter: ChannelAdapter) -> None:
    """Returns when every event of the request is durable.

    Raises NotFound, BadSignature, Malformed, Unavailable.
    """
    account = await account_of(hub, call, adapter.provider)
    try:
        adapter.verify(account, call.request)
    except (TypeError, UnicodeError):  # compare_digest takes ASCII only
        raise BadSignature("the signature is not ASCII") from None
    parsed = [with_media(account.id, event) for event in adapter.parse(call.request)]
    events = [event for event, _ in parsed]
    if len(events) == 1:
        await hub.receive(account, events[0])
    elif events:
        await asyncio.gather(*(hub.receive(account, event) for event in events))
    files = [file for _, file in parsed if file is not None]
    if files:
        await hub.keep_media(account, files)
