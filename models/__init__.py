"""SQLAlchemy tables by module; `tables` below is the whole schema."""

from models import (
    billing,
    calls,
    campaigns,
    channels,
    compliance,
    contacts,
    conversations,
    flows,
    imports,
    intents,
    media,
    parts,
    routing,
    segments,
    tenancy,
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
    "flows",
    "imports",
    "intents",
    "media",
    "metadata",
    "parts",
    "routing",
    "segments",
    "tenancy",
]
