"""SQLAlchemy tables by module; `tables` below is the whole schema."""

from models import (
    billing,
    calls,
    campaigns,
    channels,
    compliance,
    contacts,
    conversations,
    imports,
    intents,
    media,
    parts,
    replies,
    routing,
    search,
    segments,
    tenancy,
    webhooks,
)
from models.base import metadata

__all__ = [
    "billing",
    "calls",
    "campaigns",
    "channels",
    "compliance",
    "contacts",
    "conversations",
    "imports",
    "intents",
    "media",
    "metadata",
    "parts",
    "replies",
    "routing",
    "search",
    "segments",
    "tenancy",
    "webhooks",
]
