"""The home page, and the lists that other pages pick from."""

from __future__ import annotations

from typing import Any

from api.schemas.common import (
    AccountId,
    CampaignId,
    Instant,
    IntentVersionId,
    Money,
    Out,
    Page,
    QueueId,
    UnroutedId,
)


class OpenConversations(Out):
    open: int
    unassigned: int
    mine: int
    unread: int


class MessageCounts(Out):
    inbound: int
    outbound: int
    delivered: int
    failed: int
    refused: int


class QueueCounts(Out):
    id: QueueId
    name: str
    open: int
    unassigned: int


class CampaignGlance(Out):
    id: CampaignId
    name: str
    status: str
    reason: str | None
    recipients: int
    pending: int


class WalletGlance(Out):
    balance: Money
    held: Money
    available: Money
    currency: str


class IntentCount(Out):
    intent: str
    count: int


class Home(Out):
    """Today is the acting tenant's day, in its time zone."""

    conversations: OpenConversations
    messages_today: MessageCounts
    queues: list[QueueCounts]
    campaigns: list[CampaignGlance]
    wallet: WalletGlance | None
    intents_today: list[IntentCount]


class UnroutedEvent(Out):
    """Signed by one of our provider accounts, but addressed to a number that no channel has."""

    id: UnroutedId
    account_id: AccountId
    event_key: str
    reason: str
    payload: dict[str, Any]
    received_at: Instant


class UnroutedPage(Page[UnroutedEvent]):
    pass


class IntentVersion(Out):
    id: IntentVersionId
    number: int
    status: str
    encoder_id: str
    labels: list[str]
    report: dict[str, Any]
    created_at: Instant
    published_at: Instant | None


class IntentVersionPage(Page[IntentVersion]):
    pass


class Health(Out):
    status: str
    version: str
