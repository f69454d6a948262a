"""Addresses of library media that need no sign-in: a provider fetches a medium by its link. Pure.

The link is signed for one medium until one moment; who has it may read that medium and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from hub.channels.content import Content, Media, Template, TemplateButton, TemplateValue
from hub.errors import Forbidden, Invalid
from hub.ids import decode_id, encode_id

PREFIX = "med"
LINK_S = 7 * 24 * 3600  # a provider may fetch late, and retries
_STEP_S = 3600  # links of one hour are equal, so that a provider fetches a medium once for a whole campaign
Value = TypeVar("Value", Media, TemplateValue)


class Links:
    """Makes and checks links with a key of their own, derived from the hub's secret."""

    def __init__(self, secret_key: str, public_url: str) -> None:
        self._key = hmac.digest(secret_key.encode(), b"parley media links", hashlib.sha256)
        self._public_url = public_url.rstrip("/")

    def of(self, media_id: UUID, now: datetime) -> str:
        """The address of a medium, good for about LINK_S seconds."""
        expires = (int(now.timestamp()) // _STEP_S + 1) * _STEP_S + LINK_S
        query = f"expires={expires}&signature={self._signature(media_id, expires)}"
        return f"{self._public_url}/v1/media/{encode_id(PREFIX, media_id)}/content?{query}"

    def library(self, media_id: str, now: datetime) -> str:
        """The address of a medium that a content names; empty for one that is a provider's own."""
        own = library_id(media_id)
        return "" if own is None else self.of(own, now)

    def check(self, media_id: UUID, expires: int, signature: str, now: datetime) -> None:
        """Raises Forbidden for a link that was changed or is over."""
        if not hmac.compare_digest(self._signature(media_id, expires).encode(), signature.encode()):
            raise Forbidden("the link's signature does not match")
        if now.timestamp() >= expires:
            raise Forbidden("the link is over")

    def _signature(self, media_id: UUID, expires: int) -> str:
        digest = hmac.digest(self._key, media_id.bytes + expires.to_bytes(8, "big"), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:24]).decode()


def with_links(content: Content, link: Callable[[UUID], str]) -> Content:
    """`content` with an address in place of every medium of our library; a provider's own ids stay."""
    match content:
        case Media():
            return _linked(content, link)
        case Template() if any(value.media_id for value in _values(content)):
            header = tuple(_linked(value, link) for value in content.header)
            buttons = tuple(
                TemplateButton(index=one.index, kind=one.kind, value=_linked(one.value, link))
                for one in content.buttons
            )
            return content.model_copy(update={"header": header, "buttons": buttons})
    return content


def _values(content: Template) -> Iterator[TemplateValue]:
    yield from content.header
    yield from (one.value for one in content.buttons)


def _linked(value: Value, link: Callable[[UUID], str]) -> Value:
    own = library_id(value.media_id)
    return value if own is None else value.model_copy(update={"url": link(own), "media_id": None})


def library_id(media_id: str | None) -> UUID | None:
    """Our own id of a medium, or None for a provider's."""
    if media_id is None or not media_id.startswith(PREFIX + "_"):
        return None
    try:
        return decode_id(PREFIX, media_id)
    except Invalid:
        return None
