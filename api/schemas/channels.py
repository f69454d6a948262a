"""Bodies and answers of provider accounts and channels."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from api.schemas.common import AccountId, ChannelId, In, Instant, Out, Page, TenantId
from api.schemas.messages import MessageOut
from api.schemas.timeline import Who
from hub.channels.accounts import Details, NewAccount
from hub.channels.content import Content
from hub.channels.throttle import Limits

Kind = Literal["sms", "whatsapp", "rcs", "voice"]
BreakerState = Literal["closed", "open", "half_open"]
RetryClass = Literal["again", "slower", "never", "suppress", "stop"]
Name = Annotated[str, Field(min_length=1, max_length=80)]


class SecretOut(Out):
    """That a secret is set, never what it is."""

    name: str
    set: bool
    set_at: Instant | None
    set_by: Who | None


class WebhookOut(Out):
    """An address to enter at the provider."""

    purpose: Literal["messages", "calls", "call_status", "events"]
    url: str


class ErrorOut(Out):
    """A code, how often it came in the last 24 hours, what it means, and what is done about it."""

    code: str
    count: int
    reason: str
    retry: RetryClass = Field(
        description="`again`: tried again later; `slower`: sent more slowly; `never`: given up; `suppress`: nothing more to "
        "this person on this channel; `stop`: the account needs somebody's hand."
    )


class WindowOut(Out):
    """Sums over the last 15 minutes."""

    sent: int
    accepted: int
    refused: int
    unknown: int
    delivered: int
    failed: int
    mean_latency_ms: int | None


class MinuteOut(Out):
    at: Instant
    sent: int
    accepted: int
    refused: int
    unknown: int


class AccountHealthOut(Out):
    """`state` of the breaker: `open` keeps messages away until `until`, `half_open` tries one."""

    state: BreakerState
    until: Instant | None
    reason: str
    code: str
    score: int | None = Field(description="0 to 100; null when nothing was sent in the last 15 minutes.")
    sent_per_s: float
    window: WindowOut
    errors: list[ErrorOut]


class ChannelOut(Out):
    """A sender: one number or agent at one provider account."""

    id: ChannelId
    tenant_id: TenantId
    account_id: AccountId
    kind: Kind
    provider: str
    name: str
    address: str
    provider_address: str
    status: str
    version: int
    created_at: Instant


class ChannelsPage(Page[ChannelOut]):
    pass


class ProviderAccountOut(Out):
    """An account at a provider. Secrets are written, never read."""

    id: AccountId
    tenant_id: TenantId
    provider: str
    name: str
    status: Literal["active", "paused"]
    base_url: str
    details: Details
    limits: Limits
    secrets: list[SecretOut]
    webhooks: list[WebhookOut]
    channels: list[ChannelOut]
    health: AccountHealthOut | None = Field(description="Null while the counters cannot be read.")
    version: int
    created_at: Instant


class ProviderAccountPage(Page[ProviderAccountOut]):
    pass


class NewChannel(In):
    """A number at an account that is there (`account_id`) or that is made with it (`account`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "sms",
                    "name": "Shop",
                    "address": "+15550001234",
                    "account": {
                        "provider": "twilio",
                        "name": "Twilio",
                        "account_sid": "AC00000000000000000000000000000000",
                        "auth_token": "…",
                    },
                }
            ]
        }
    )

    kind: Kind
    name: Name
    address: str = Field(
        pattern=r"^(\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z][A-Za-z0-9 ]{1,10})$",
        description="E.164, a short code, or a name of up to 11 characters.",
    )
    provider_address: str = Field(
        "",
        max_length=100,
        pattern=r"^[\x21-\x7e]*$",
        description="What the provider calls it: WhatsApp's phone_number_id, the RCS agent. Elsewhere it is the address.",
    )
    account_id: AccountId | None = None
    account: NewAccount | None = None

    @model_validator(mode="after")
    def _one_account(self) -> NewChannel:
        if (self.account_id is None) == (self.account is None):
            raise ValueError("give either account_id or account")
        return self


class ChangeChannel(In):
    name: Name


class StatusCount(Out):
    status: str
    hour: int
    day: int


class LastErrorOut(Out):
    at: Instant
    code: str | None
    reason: str


class ChannelHealthOut(Out):
    """The account's health, and what became of this channel's messages."""

    account: AccountHealthOut | None
    minutes: list[MinuteOut] = Field(description="The account's last 60 minutes, oldest first.")
    limits: Limits = Field(
        description="The rates that hold: the account's own over the provider's usual ones."
    )
    statuses: list[StatusCount]
    errors: list[ErrorOut]
    last_error: LastErrorOut | None


class TestCredentials(In):
    """Only ask the provider whether the account works: nothing is sent or charged."""

    __test__ = False
    mode: Literal["credentials"]


class TestMessage(In):
    """Really send a message, priced like any other; follow it by its id."""

    __test__ = False
    mode: Literal["message"]
    to: Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")] = Field(description="E.164.")
    text: str = Field("This is a test message.", min_length=1, max_length=1_000)
    content: Content | None = Field(
        None, description="In place of the text, such as a template where the 24 h window is closed."
    )


ChannelTest = Annotated[TestCredentials | TestMessage, Field(discriminator="mode")]


class CheckOut(Out):
    """`code` is stable: ok, credentials, refused, not-active, dns, connection-refused, connection, tls, timeout,
    redirect, not-json, not-http, cut-off, not-the-provider, provider-trouble, too-many, bad-address.
    """

    ok: bool
    code: str
    detail: str
    provider_code: str | None
    latency_ms: int


class ChannelTestOut(Out):
    """`check` for credentials, `message` for a message that is on its way (or was refused, with the reason)."""

    check: CheckOut | None
    message: MessageOut | None
