"""What a provider account is made of, provider by provider: typed settings, and secrets that are written but never read.

Pure. A `New…` makes an account, a `Change…` changes one: what it leaves out stays. Source: channel reference sections 1 to 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from hub.channels.base import ChannelKind
from hub.channels.rcs_google import TOKEN_URL, RcsSettings
from hub.channels.sms_smpp import WINDOW_MAX, SmppSettings
from hub.channels.sms_smpp_receipts import IdForm
from hub.channels.sms_smpp_text import Joining
from hub.channels.throttle import Limits
from hub.channels.voice_sip import SipSettings
from hub.channels.whatsapp_cloud import WhatsAppSettings
from hub.errors import Invalid
from hub.guard import is_public

PEM_CHARS_MAX = 20_000
KINDS: Mapping[str, tuple[ChannelKind, ...]] = {
    "twilio": (ChannelKind.SMS, ChannelKind.VOICE),
    "whatsapp_cloud": (ChannelKind.WHATSAPP,),
    "google_rcs": (ChannelKind.RCS,),
    "sip": (ChannelKind.VOICE,),
    "smpp": (ChannelKind.SMS,),
}
# Where each provider's API is; an account may also be pointed at a host that the operator allows.
BASE_URL: Mapping[str, str] = {
    "twilio": "https://api.twilio.com",
    "whatsapp_cloud": "https://graph.facebook.com",
    "google_rcs": "https://rcsbusinessmessaging.googleapis.com",
    "sip": "",
    "smpp": "",
}
_HOSTS: Mapping[str, tuple[str, ...]] = {
    "twilio": ("api.twilio.com", ".twilio.com"),
    "whatsapp_cloud": ("graph.facebook.com",),
    "google_rcs": ("rcsbusinessmessaging.googleapis.com", "-rcsbusinessmessaging.googleapis.com"),
}
_TOKEN_HOSTS = ("oauth2.googleapis.com",)

Name = Annotated[str, Field(min_length=1, max_length=80)]
Url = Annotated[str, Field(max_length=2_048, pattern=r"^https?://[^\s]+$")]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=1_000)]
PrivateKey = Annotated[SecretStr, Field(min_length=1, max_length=PEM_CHARS_MAX)]
SmppPassword = Annotated[SecretStr, Field(min_length=1, max_length=8)]  # all that SMPP has room for
Status = Literal["active", "paused"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    secrets: ClassVar[tuple[str, ...]] = ()

    def given_secrets(self) -> dict[str, str]:
        """The secrets that this body brings, by name."""
        values = {name: getattr(self, name) for name in self.secrets}
        return {name: value.get_secret_value() for name, value in values.items() if value is not None}

    def given_settings(self) -> dict[str, Any]:
        """What it says about the account beside secrets, in the words of the provider's own settings."""
        return {}


class _New(_Body):
    name: Name
    base_url: Url | None = Field(
        None, description="Left out: the provider's own address. Others must be allowed by the operator."
    )
    limits: Limits = Field(default_factory=Limits)

    def external_id(self) -> str:
        """What the provider calls the account."""
        raise NotImplementedError


class _Change(_Body):
    name: Name | None = None
    base_url: Url | None = None
    limits: Limits | None = Field(None, description="All rates anew.")
    status: Status | None = Field(None, description="`paused`: what is queued waits, nothing is sent.")


class NewTwilio(_New):
    """SMS and calls by Twilio."""

    secrets = ("auth_token",)
    provider: Literal["twilio"]
    account_sid: str = Field(pattern=r"^AC[0-9a-f]{32}$", description="AC and 32 hexadecimal digits.")
    auth_token: Secret

    def external_id(self) -> str:
        return self.account_sid


class ChangeTwilio(_Change):
    secrets = ("auth_token",)
    provider: Literal["twilio"]
    auth_token: Secret | None = None


class NewWhatsApp(_New):
    """WhatsApp by Meta's Cloud API."""

    secrets = ("access_token", "app_secret", "verify_token")
    provider: Literal["whatsapp_cloud"]
    app_id: str = Field(pattern=r"^\d{1,40}$", description="The app's id at Meta.")
    waba_id: str = Field(
        pattern=r"^\d{1,40}$", description="The WhatsApp business account, which owns templates."
    )
    access_token: Secret = Field(description="Of a system user, so that it does not end.")
    app_secret: Secret = Field(description="Meta signs its webhooks with it.")
    verify_token: Secret = Field(
        description="A word of your own, which Meta shows when it checks the webhook."
    )

    def external_id(self) -> str:
        return self.app_id

    def given_settings(self) -> dict[str, Any]:
        return {"waba_id": self.waba_id}


class ChangeWhatsApp(_Change):
    secrets = ("access_token", "app_secret", "verify_token")
    provider: Literal["whatsapp_cloud"]
    waba_id: str | None = Field(None, pattern=r"^\d{1,40}$")
    access_token: Secret | None = None
    app_secret: Secret | None = None
    verify_token: Secret | None = None

    def given_settings(self) -> dict[str, Any]:
        return {} if self.waba_id is None else {"waba_id": self.waba_id}


def _rsa(value: SecretStr | None) -> SecretStr | None:
    if value is None:
        return None
    try:
        key = load_pem_private_key(value.get_secret_value().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("this is no private key in PEM form") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("the private key is no RSA key")
    return value


class NewRcs(_New):
    """RCS by Google's RCS for Business."""

    secrets = ("private_key", "client_token")
    provider: Literal["google_rcs"]
    partner_id: str = Field(min_length=1, max_length=100, pattern=r"^[\w.-]+$")
    client_email: str = Field(
        min_length=3, max_length=320, description="The service account, from its key file."
    )
    private_key_id: str = Field("", max_length=100)
    private_key: PrivateKey = Field(description="PEM, from the service account's key file.")
    client_token: Secret = Field(description="A word of your own for the webhook; Google signs with it.")
    token_url: Url = TOKEN_URL

    _key = field_validator("private_key")(_rsa)

    def external_id(self) -> str:
        return self.partner_id

    def given_settings(self) -> dict[str, Any]:
        return self.model_dump(include={"client_email", "private_key_id", "token_url"})


class ChangeRcs(_Change):
    secrets = ("private_key", "client_token")
    provider: Literal["google_rcs"]
    client_email: str | None = Field(None, min_length=3, max_length=320)
    private_key_id: str | None = Field(None, max_length=100)
    private_key: PrivateKey | None = None
    client_token: Secret | None = None
    token_url: Url | None = None

    _key = field_validator("private_key")(_rsa)

    def given_settings(self) -> dict[str, Any]:
        return self.model_dump(include={"client_email", "private_key_id", "token_url"}, exclude_none=True)


class NewSip(_New, SipSettings):
    """Calls over a SIP trunk."""

    model_config = ConfigDict(extra="forbid")
    secrets = ("password",)
    provider: Literal["sip"]
    password: Secret | None = Field(None, description="Of a trunk that wants registration.")

    def external_id(self) -> str:
        return self.host

    def given_settings(self) -> dict[str, Any]:
        return self.model_dump(mode="json", include=set(SipSettings.model_fields))


class ChangeSip(_Change):
    secrets = ("password",)
    provider: Literal["sip"]
    host: str | None = Field(None, min_length=1, max_length=200, pattern=r"^[A-Za-z0-9.\-\[\]:]+$")
    user: str | None = Field(None, min_length=1, max_length=80, pattern=r"^[A-Za-z0-9.+_-]+$")
    auth_user: str | None = Field(None, max_length=80, pattern=r"^[A-Za-z0-9.+_@-]*$")
    register_s: int | None = Field(None, ge=0, le=86_400)
    transport: Literal["udp", "tcp", "tls"] | None = None
    codecs: tuple[Literal["pcmu", "pcma"], ...] | None = None
    number_format: Literal["plus", "digits"] | None = None
    password: Secret | None = None

    def given_settings(self) -> dict[str, Any]:
        return self.model_dump(mode="json", include=set(SipSettings.model_fields), exclude_none=True)


class NewSmpp(_New, SmppSettings):
    """SMS by SMPP 3.4, over a bind that stays."""

    model_config = ConfigDict(extra="forbid")
    secrets = ("password",)
    provider: Literal["smpp"]
    password: SmppPassword

    def external_id(self) -> str:
        return self.system_id

    def given_settings(self) -> dict[str, Any]:
        return self.model_dump(mode="json", include=set(SmppSettings.model_fields))


class ChangeSmpp(_Change):
    secrets = ("password",)
    provider: Literal["smpp"]
    host: str | None = Field(None, min_length=1, max_length=200, pattern=r"^[A-Za-z0-9.\-\[\]:]+$")
    system_type: str | None = Field(None, max_length=12, pattern=r"^[\x20-\x7e]*$")
    tls: bool | None = None
    window: int | None = Field(None, ge=1, le=WINDOW_MAX)
    enquire_s: float | None = Field(None, ge=1, le=600)
    joining: Joining | None = None
    gsm7_coding: Literal[0, 1] | None = None
    alphabet: Literal["gsm7", "latin-1"] | None = None
    submit_id: IdForm | None = None
    receipt_id: IdForm | None = None
    password: SmppPassword | None = None

    def given_settings(self) -> dict[str, Any]:
        return self.model_dump(mode="json", include=set(SmppSettings.model_fields), exclude_none=True)


NewAccount = Annotated[NewTwilio | NewWhatsApp | NewRcs | NewSip | NewSmpp, Field(discriminator="provider")]
ChangeAccount = Annotated[
    ChangeTwilio | ChangeWhatsApp | ChangeRcs | ChangeSip | ChangeSmpp, Field(discriminator="provider")
]


class TwilioDetails(BaseModel):
    """What is no secret of a Twilio account."""

    provider: Literal["twilio"] = "twilio"
    account_sid: str


class WhatsAppDetails(WhatsAppSettings):
    """What is no secret of a WhatsApp account."""

    provider: Literal["whatsapp_cloud"] = "whatsapp_cloud"
    app_id: str


class RcsDetails(RcsSettings):
    """What is no secret of an RCS account."""

    provider: Literal["google_rcs"] = "google_rcs"
    partner_id: str


class SipDetails(SipSettings):
    """What is no secret of a SIP trunk."""

    provider: Literal["sip"] = "sip"


class SmppDetails(SmppSettings):
    """What is no secret of an SMPP account."""

    provider: Literal["smpp"] = "smpp"


Details = Annotated[
    TwilioDetails | WhatsAppDetails | RcsDetails | SipDetails | SmppDetails,
    Field(discriminator="provider"),
]
_EXTERNAL = {"twilio": "account_sid", "whatsapp_cloud": "app_id", "google_rcs": "partner_id"}
_DETAILS: Mapping[str, type[BaseModel]] = {
    "twilio": TwilioDetails,
    "whatsapp_cloud": WhatsAppDetails,
    "google_rcs": RcsDetails,
    "sip": SipDetails,
    "smpp": SmppDetails,
}
SECRETS: Mapping[str, tuple[str, ...]] = {
    "twilio": NewTwilio.secrets,
    "whatsapp_cloud": NewWhatsApp.secrets,
    "google_rcs": NewRcs.secrets,
    "sip": NewSip.secrets,
    "smpp": NewSmpp.secrets,
}


def details_of(provider: str, external_id: str, settings: Mapping[str, Any]) -> BaseModel:
    """An account's settings as its provider's model; one whose settings are incomplete is shown as far as it goes."""
    model = _DETAILS[provider]
    known = {name: value for name, value in settings.items() if name in model.model_fields}
    if provider in _EXTERNAL:
        known[_EXTERNAL[provider]] = external_id
    try:
        return model.model_validate(known)
    except ValidationError:
        return model.model_construct(**known)


def check_addresses(provider: str, base_url: str, settings: Mapping[str, Any], allowed: str) -> None:
    """Raises Invalid when an account points at a place that is neither its provider's nor allowed by the operator.

    `allowed`: host:port pairs with commas between them.
    """
    hosts = frozenset(one.strip().lower() for one in allowed.split(",") if one.strip())
    if provider in _HOSTS:
        _check_url(base_url, _HOSTS[provider], hosts, "/base_url")
    if provider == "google_rcs":
        _check_url(str(settings.get("token_url", TOKEN_URL)), _TOKEN_HOSTS, hosts, "/token_url")
    if provider in ("sip", "smpp"):
        _check_host(str(settings.get("host", "")), hosts)


def _check_url(url: str, own: tuple[str, ...], allowed: frozenset[str], pointer: str) -> None:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise Invalid("this is no address", pointer) from None
    if not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise Invalid("this is no address of an API", pointer)
    if f"{host}:{port or {'http': 80}.get(parts.scheme, 443)}" in allowed:
        return
    theirs = any(host == one or (one[0] in ".-" and host.endswith(one)) for one in own)
    if not theirs:
        raise Invalid(
            f"{host} is none of the provider's hosts; the operator allows others by HUB_PROVIDER_HOSTS",
            pointer,
        )
    if parts.scheme != "https" or port not in (None, 443):
        raise Invalid("the provider is spoken to by https", pointer)


def _check_host(given: str, allowed: frozenset[str]) -> None:
    """A trunk or an SMSC by number may not be inside the house; one by name is looked up when it is checked."""
    if given.lower() in allowed:
        return
    try:
        parts = urlsplit(f"sip://{given}")
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid("this is no host", "/host") from None
    try:
        ip_address(host)
    except ValueError:
        if host != "localhost" and not host.endswith((".localhost", ".local", ".internal")):
            return
        raise Invalid("this host is inside the house", "/host") from None
    if not is_public(host):
        raise Invalid("this host is inside the house", "/host")
