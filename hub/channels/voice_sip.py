"""Voice by a plain SIP trunk: what an account and a call must be. Source: channel reference section 6.

The session itself is `actors.sip`: it keeps the registration and the calls.
"""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.channels.base import Account, ChannelKind
from hub.channels.content import Content, Text
from hub.errors import Invalid
from hub.voice.script import SAY_CHARS_MAX, Call, Gather, every_step

_NUMBER = re.compile(r"\+?[0-9]{3,15}")
_USER = re.compile(r"(?:sips?|tel):([^@;>]+)")


class SipSettings(BaseModel):
    """What an account says beside its password. `host` is the trunk, as host or host:port."""

    model_config = ConfigDict(extra="forbid")
    host: str = Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9.\-\[\]:]+$")
    user: str = Field("hub", min_length=1, max_length=80, pattern=r"^[A-Za-z0-9.+_-]+$")
    auth_user: str = Field("", max_length=80, pattern=r"^[A-Za-z0-9.+_@-]*$")
    register_s: int = Field(0, ge=0, le=86_400, description="0: an IP trunk, which needs no registration.")
    transport: Literal["udp", "tcp", "tls"] = "udp"
    codecs: tuple[Literal["pcmu", "pcma"], ...] = ("pcmu", "pcma")
    number_format: Literal["plus", "digits"] = "plus"


def settings_of(account: Account) -> SipSettings:
    """The account's settings. Raises pydantic's ValidationError."""
    return SipSettings.model_validate(dict(account.settings))


def uri_of(settings: SipSettings, number: str) -> str:
    """Whom to dial: `sip:+1555…@trunk`."""
    user = number if settings.number_format == "plus" else number.lstrip("+")
    return f"sip:{user}@{settings.host};transport={settings.transport}"


def number_of(address: str) -> str:
    """The E.164 number in a SIP or tel URI, or "" where there is none."""
    found = _USER.search(address)
    if found is None or not _NUMBER.fullmatch(found[1]):
        return ""
    return "+" + found[1].lstrip("+")


class SipVoice:
    """Stateless; one instance serves all accounts."""

    provider: ClassVar[str] = "sip"
    kind: ClassVar[ChannelKind] = ChannelKind.VOICE
    text_chars_max: ClassVar[int] = SAY_CHARS_MAX
    answers_commands: ClassVar[bool] = False
    safe_to_repeat: ClassVar[bool] = False
    linked: ClassVar[bool] = True

    def check(self, content: Content) -> None:
        """Raises Invalid for what a trunk cannot carry: it hears keys, not words."""
        if isinstance(content, Text) and not content.suggestions:
            return
        if not isinstance(content, Call):
            raise Invalid(f"a call carries a script or a plain text, not {content.type}", "/content/type")
        for step in every_step(content):
            if isinstance(step, Gather) and "dtmf" not in step.input:
                raise Invalid("a SIP trunk understands no speech: ask for keys", "/content/steps")
