"""Files that people send: what a webhook says of one becomes a pending medium of the library. Pure.

The id is made from the provider's own, so that a webhook which comes again makes no second one; a job fetches the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from hub.channels.base import InboundEvent, InboundMessage
from hub.ids import encode_id
from hub.media.links import PREFIX


@dataclass(frozen=True, slots=True)
class Arriving:
    """One file that is still at its provider: by its id there, or by an address."""

    id: UUID
    to: str
    kind: str
    mime_type: str
    filename: str
    provider_media_id: str | None
    provider_url: str | None


def with_media(account_id: UUID, event: InboundEvent) -> tuple[InboundEvent, Arriving | None]:
    """The event with our id of its medium in place of the provider's address, and the medium; else the event as it is."""
    content: Mapping[str, Any] | None = event.content if isinstance(event, InboundMessage) else None
    if not isinstance(event, InboundMessage) or content is None or content.get("type") != "media":
        return event, None
    provider_id, url = content.get("provider_media_id"), content.get("provider_url")
    media_id = uuid5(account_id, str(provider_id or url))
    arriving = Arriving(
        media_id,
        event.to,
        str(content["media"]),
        str(content["mime_type"]),
        str(content["filename"])[:240],
        provider_id,
        url,
    )
    kept = {key: value for key, value in content.items() if not key.startswith("provider_")}
    return replace(event, content=kept | {"media_id": encode_id(PREFIX, media_id)}), arriving
