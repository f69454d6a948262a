"""The media library in and out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.common import ChannelId, In, Instant, MediaId, Out


class Medium(Out):
    """A file of the library. `kind` and `mime_type` were found in the file itself, whatever its sender said."""

    id: MediaId
    status: Literal["pending", "ready", "failed"]
    source: Literal["upload", "inbound"]
    kind: Literal["image", "video", "audio", "document", "sticker"]
    mime_type: str
    filename: str
    size_bytes: int
    sha256: str | None
    channels: list[str] = Field(description="The channels that take such a file.")
    url: str | None = Field(
        description="An address without sign-in, good for about a week; null until it is ready."
    )
    reason: str | None = Field(description="Why a file could not be fetched.")
    created_at: Instant


class ForProvider(In):
    """The WhatsApp channel whose provider shall hold a copy."""

    channel_id: ChannelId


class AtProvider(Out):
    """The provider's own id of a medium: usable as `media_id` of a message on that channel."""

    channel_id: ChannelId
    provider_media_id: Annotated[str, Field(examples=["1013859600285441"])]
    expires_at: Instant
