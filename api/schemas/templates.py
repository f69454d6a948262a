"""Provider templates in and out."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.schemas.common import AccountId, ChannelId, In, Instant, Out, ProviderTemplateId
from hub.templates.provider_templates.definition import NewTemplate, TemplateText


class TemplateIn(NewTemplate):
    """A template that WhatsApp shall approve, for the account of `channel_id`."""

    channel_id: ChannelId


class TemplateEdit(TemplateText):
    """New words of a template, all of them."""


class TemplateSync(In):
    """The WhatsApp channel whose account shall be read."""

    channel_id: ChannelId


class TemplateOut(Out):
    """A template as the provider last told of it. Only one that is APPROVED can be sent."""

    id: ProviderTemplateId
    account_id: AccountId
    name: str
    language: str
    category: str
    parameter_format: str
    components: list[dict[str, Any]]
    status: str = Field(
        description="The provider's word; SUBMITTING: it has not been told yet; FAILED: it refused, `reason` says why."
    )
    reason: str | None
    quality: str | None
    provider_template_id: str | None
    created_at: Instant
    updated_at: Instant


class TemplatesSynced(Out):
    """How many templates the provider has."""

    templates: int
