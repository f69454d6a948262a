"""Who may send: provider accounts (a Twilio account, a Meta app) and the numbers they own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal

from carrier.pool import parse_url

Provider = Literal["twilio", "whatsapp", "google_rcs", "smpp"]
CHANNEL_OF: dict[str, str] = {"twilio": "sms", "whatsapp": "whatsapp", "google_rcs": "rcs", "smpp": "sms"}
_WORDS = re.compile(r"[A-Za-z0-9_.:+-]{1,128}").fullmatch
E164 = re.compile(r"\+[1-9]\d{6,14}").fullmatch
_SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11}").fullmatch


@dataclass(slots=True, eq=False)
class Number:
    """A sender of an account. `address` is E.164, a short code or an alphanumeric id; unique per channel."""

    address: str
    channel: str
    account: Account
    kind: str = "long_code"
    label: str = ""
    phone_number_id: str = ""
    webhook_url: str = ""
    status_url: str = ""
    advanced_opt_out: bool = False
    voice_url: str = ""
    voice_status_url: str = ""


@dataclass(slots=True)
class Template:
    """A WhatsApp template of the account; `body` holds {{1}} or {{name}} places. Only an APPROVED one can be sent."""

    name: str
    language: str
    body: str
    category: str = "utility"
    status: str = "APPROVED"
    id: str = ""
    components: list[dict[str, Any]] = field(default_factory=list)
    parameter_format: str = "POSITIONAL"
    quality: str = "UNKNOWN"
    reason: str = "NONE"

    def places(self) -> list[str]:
        """The distinct places of the body, in order of first use."""
        return list(dict.fromkeys(re.findall(r"\{\{\s*(\w+)\s*\}\}", self.body)))


@dataclass(slots=True, eq=False)
class Account:
    """A Twilio account (`id` = AccountSid), a Meta app (`id` = app id) or an RCS partner, with secrets and numbers.

    `secret` is the auth token or the access token. `enforce_window` says how free text outside the 24 hour
    window is refused: "off", in the "answer", or later in a "receipt". `rate_per_s` 0 means no limit.
    With `templates` empty any template is taken; otherwise only those listed. `template_review` says what becomes of a
    new template: "approve", "reject" or "hold", `template_review_s` seconds later. An RCS partner has a service account
    (`client_email`, its `public_key` in PEM) and signs webhooks with `client_token`; its numbers are agents, and its
    access tokens live `token_life_s` seconds. An SMPP account binds with `id` (system_id) and `secret` (password).
    """

    provider: Provider
    id: str
    secret: str
    app_secret: str = ""
    waba_id: str = "0"
    rate_per_s: float = 0.0
    enforce_window: str = "off"
    enforce_pair_rate: bool = False
    client_email: str = ""
    public_key: str = ""
    client_token: str = ""
    token_life_s: float = 3600.0
    template_review: str = "approve"
    template_review_s: float = 0.2
    numbers: dict[str, Number] = field(default_factory=dict)
    services: dict[str, list[str]] = field(default_factory=dict)
    templates: dict[tuple[str, str], Template] = field(default_factory=dict)

    def public(self) -> dict[str, Any]:
        """The account as shown by GET /carrier/accounts: no secrets."""
        return {
            "provider": self.provider,
            "id": self.id,
            "waba_id": self.waba_id,
            "rate_per_s": self.rate_per_s,
            "enforce_window": self.enforce_window,
            "enforce_pair_rate": self.enforce_pair_rate,
            "services": self.services,
            "templates": [
                {"name": t.name, "language": t.language, "status": t.status} for t in self.templates.values()
            ],
            "numbers": [
                {
                    "address": n.address,
                    "channel": n.channel,
                    "kind": n.kind,
                    "label": n.label,
                    "phone_number_id": n.phone_number_id,
                    "webhook_url": n.webhook_url,
                    "status_url": n.status_url,
                    "voice_url": n.voice_url,
                }
                for n in self.numbers.values()
            ],
        }


class Directory:
    """All accounts. A number belongs to one account a channel: given to a second one, it moves there."""

    def __init__(self) -> None:
        self.accounts: dict[tuple[str, str], Account] = {}
        self.by_address: dict[tuple[str, str], Number] = {}
        self.by_phone_number_id: dict[str, Number] = {}
        self.version = 0

    def put(self, data: Any) -> list[Account]:
        """Add accounts, replacing those with the same provider and id; others stay.

        `data` is the JSON list of PUT /carrier/accounts. Raises ValueError, and then nothing is changed.
        """
        if not isinstance(data, list):
            raise ValueError("a JSON list of accounts is needed")
        accounts = [_account(item, f"accounts[{i}]") for i, item in enumerate(data)]
        for account in accounts:
            self.accounts[account.provider, account.id] = account
        self._index(accounts)
        return accounts

    def clear(self) -> None:
        """Forget every account."""
        self.accounts.clear()
        self._index([])

    def _index(self, newest: list[Account]) -> None:
        self.version += 1
        self.by_address.clear()
        self.by_phone_number_id.clear()
        ordered = [a for a in self.accounts.values() if a not in newest] + newest
        for account in ordered:
            for number in account.numbers.values():
                before = self.by_address.get((number.channel, number.address))
                if before is not None and before.account is not account:
                    before.account.numbers.pop(number.address, None)
                self.by_address[number.channel, number.address] = number
                if number.phone_number_id:
                    self.by_phone_number_id[number.phone_number_id] = number


# What each provider calls the id and the secret of an account.
_NAMES: dict[Any, tuple[str, str]] = {
    "twilio": ("account_sid", "auth_token"),
    "whatsapp": ("app_id", "access_token"),
    "google_rcs": ("partner_id", "client_token"),
    "smpp": ("system_id", "password"),
}


def _account(item: Any, where: str) -> Account:
    data = _mapping(item, where)
    provider: Any = data.get("provider")
    if provider not in _NAMES:
        raise ValueError(f"{where}.provider: one of {', '.join(_NAMES)}")
    id_key, secret_key = _NAMES[provider]
    account = Account(
        provider=provider,
        id=_text(data, where, id_key, "id"),
        secret=_text(data, where, secret_key, "secret"),
        app_secret=_text(data, where, "app_secret", default=""),
        waba_id=str(data.get("waba_id", "0")),
        rate_per_s=_positive(data.get("rate_per_s", 0), f"{where}.rate_per_s"),
        enforce_window=str(data.get("enforce_window", "off")),
        enforce_pair_rate=bool(data.get("enforce_pair_rate", False)),
        client_email=_text(data, where, "client_email", default=""),
        public_key=_text(data, where, "public_key", default=""),
        client_token=_text(data, where, "client_token", default=""),
        token_life_s=_positive(data.get("token_life_s", 3600), f"{where}.token_life_s"),
        template_review=str(data.get("template_review", "approve")),
        template_review_s=_positive(data.get("template_review_s", 0.2), f"{where}.template_review_s"),
    )
    _check_account(account, where)
    for i, entry in enumerate(_listing(data.get("numbers", []), f"{where}.numbers")):
        number = _number(entry, account, f"{where}.numbers[{i}]")
        account.numbers[number.address] = number
    for name, members in _mapping(data.get("services", {}), f"{where}.services").items():
        pool = [str(address) for address in _listing(members, f"{where}.services.{name}")]
        account.services[str(name)] = pool
    for i, entry in enumerate(_listing(data.get("templates", []), f"{where}.templates")):
        template = _template(entry, f"{where}.templates[{i}]")
        account.templates[template.name, template.language] = template
    return account


def _check_account(account: Account, where: str) -> None:
    if not _WORDS(account.id):
        raise ValueError(f"{where}: the account id may hold letters, digits and _.:+- only")
    if account.enforce_window not in ("off", "answer", "receipt"):
        raise ValueError(f'{where}.enforce_window: "off", "answer" or "receipt"')
    if account.provider == "whatsapp" and not account.app_secret:
        raise ValueError(f"{where}.app_secret: needed to sign webhooks")
    if account.template_review not in ("approve", "reject", "hold"):
        raise ValueError(f'{where}.template_review: "approve", "reject" or "hold"')
    if account.provider == "google_rcs":
        for name in ("client_email", "public_key", "client_token"):
            if not getattr(account, name):
                raise ValueError(f"{where}.{name}: missing")


def _number(item: Any, account: Account, where: str) -> Number:
    data = _mapping(item, where)
    channel = CHANNEL_OF[account.provider]
    address = _text(data, where, "address")
    if channel == "whatsapp" and address[:1].isdigit():
        address = "+" + address
    if channel == "rcs" and not _WORDS(address):
        raise ValueError(f"{where}.address: the id of an agent is needed")
    if (channel != "rcs" and not _SENDER(address)) or (channel == "whatsapp" and not E164(address)):
        raise ValueError(f"{where}.address: not a number this channel can send from")
    number = Number(
        address=address,
        channel=channel,
        account=account,
        kind=str(data.get("kind", "long_code")),
        label=str(data.get("label", "")),
        phone_number_id=str(data.get("phone_number_id", "")),
        webhook_url=_url(data, where, "webhook_url"),
        status_url=_url(data, where, "status_url"),
        advanced_opt_out=bool(
            data.get("advanced_opt_out", account.provider == "smpp")
        ),  # an SMSC answers nobody
        voice_url=_url(data, where, "voice_url"),
        voice_status_url=_url(data, where, "voice_status_url"),
    )
    if channel == "whatsapp" and not _WORDS(number.phone_number_id):
        raise ValueError(f"{where}.phone_number_id: needed for WhatsApp")
    return number


def _template(item: Any, where: str) -> Template:
    data = _mapping(item, where)
    name, language = _text(data, where, "name"), _text(data, where, "language")
    body = _text(data, where, "body")
    components = _listing(data.get("components", []), f"{where}.components")
    return Template(
        name=name,
        language=language,
        body=body,
        category=str(data.get("category", "utility")).lower(),
        status=str(data.get("status", "APPROVED")).upper(),
        id=str(data.get("id") or template_id(name, language)),
        components=components or [{"type": "BODY", "text": body}],
    )


def template_id(name: str, language: str) -> str:
    """The id of a template that nobody named: the same one for the same name and language."""
    return str(int.from_bytes(blake2b(f"{name} {language}".encode(), digest_size=6).digest(), "big"))


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where}: a JSON object is needed")
    return value


def _listing(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{where}: a JSON list is needed")
    return value


def _text(data: Mapping[str, Any], where: str, *names: str, default: str | None = None) -> str:
    for name in names:
        value = data.get(name)
        if isinstance(value, str) and value:
            return value
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{where}.{name}: text is needed")
    if default is not None:
        return default
    raise ValueError(f"{where}.{names[0]}: missing")


def _url(data: Mapping[str, Any], where: str, name: str) -> str:
    url = data.get(name) or ""
    if not isinstance(url, str):
        raise ValueError(f"{where}.{name}: text is needed")
    if url:
        try:
            parse_url(url)
        except ValueError as error:
            raise ValueError(f"{where}.{name}: {error}") from error
    return url


def _positive(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{where}: a number of 0 or more is needed")
    return float(value)
