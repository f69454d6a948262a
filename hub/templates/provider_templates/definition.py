"""A WhatsApp template as people write it, its limits, and the components that Meta is sent. Pure.

Source: channel reference section 4, the table of templates.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hub.channels.content import E164

PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
Category = Literal["marketing", "utility", "authentication"]
TTL_S = {"authentication": (30, 900), "utility": (30, 43_200), "marketing": (43_200, 2_592_000)}
Example = Annotated[str, Field(min_length=1, max_length=200)]
_CODES = """
af sq ar az bn bg ca zh_CN zh_HK zh_TW hr cs da nl en en_GB en_US et fil
fi fr de el gu ha he hi hu id ga it ja kn kk ko lo lv
lt mk ms ml mr nb fa pl pt_BR pt_PT pa ro ru sr sk sl es es_AR
es_ES es_MX sw sv ta te th tr uk ur uz vi zu
"""
LANGUAGES = frozenset(_CODES.split())


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Header(_Part):
    """One line of text with at most one variable, or a medium (`example` is then the provider's handle of a sample)."""

    format: Literal["text", "image", "video", "document", "location"] = "text"
    text: str = Field("", max_length=60)
    example: str = Field("", max_length=2_000)

    @model_validator(mode="after")
    def _whole(self) -> Header:
        places = PLACE.findall(self.text)
        if self.format == "text":
            if not self.text:
                raise ValueError("a header of text needs its text")
            if len(places) > 1:
                raise ValueError("a header has at most one variable")
            if places and not self.example:
                raise ValueError("a variable needs an example")
        elif self.text:
            raise ValueError("a header with a medium has no text")
        return self


class QuickReply(_Part):
    type: Literal["quick_reply"] = "quick_reply"
    text: str = Field(min_length=1, max_length=25)


class UrlButton(_Part):
    """A link; one variable is allowed, at its end."""

    type: Literal["url"] = "url"
    text: str = Field(min_length=1, max_length=25)
    url: str = Field(max_length=2_000, pattern=r"^https?://\S+$")
    example: str = Field("", max_length=2_000)

    @model_validator(mode="after")
    def _variable(self) -> UrlButton:
        places = list(PLACE.finditer(self.url))
        if len(places) > 1 or (places and places[0].end() != len(self.url)):
            raise ValueError("a link has at most one variable, at its end")
        if places and not self.example:
            raise ValueError("a variable needs an example")
        return self


class PhoneButton(_Part):
    type: Literal["phone_number"] = "phone_number"
    text: str = Field(min_length=1, max_length=25)
    number: E164


class CopyCode(_Part):
    """A coupon that is copied by a tap."""

    type: Literal["copy_code"] = "copy_code"
    example: str = Field(min_length=1, max_length=15)


Button = Annotated[QuickReply | UrlButton | PhoneButton | CopyCode, Field(discriminator="type")]
BUTTONS_MAX = {"url": 2, "phone_number": 1, "copy_code": 1}


class TemplateText(_Part):
    """What a template says. An authentication template has WhatsApp's own words: it needs neither body nor buttons."""

    category: Category
    header: Header | None = None
    body: str = Field("", max_length=1_024)
    body_examples: dict[str, Example] = Field(
        default_factory=dict,
        max_length=40,
        description="One example for each variable, by its name or number.",
    )
    footer: str = Field("", max_length=60)
    buttons: tuple[Button, ...] = Field((), max_length=10)
    code_expiration_minutes: int | None = Field(None, ge=1, le=90)
    ttl_s: int | None = Field(None, description="How long WhatsApp tries to deliver it, in seconds.")

    @model_validator(mode="after")
    def _limits(self) -> TemplateText:
        if self.category == "authentication":
            if self.body or self.header or self.footer or self.buttons:
                raise ValueError("an authentication template has WhatsApp's own words and button")
        else:
            _check_body(self.body, self.body_examples)
            if self.code_expiration_minutes is not None:
                raise ValueError("only an authentication template has code_expiration_minutes")
        if PLACE.search(self.footer):
            raise ValueError("a footer has no variables")
        _check_buttons(self.buttons)
        low, high = TTL_S[self.category]
        if self.ttl_s is not None and not low <= self.ttl_s <= high:
            raise ValueError(f"ttl_s of {self.category} is from {low} to {high} seconds")
        return self

    @property
    def named(self) -> bool:
        """Whether the variables have names; else they are numbers."""
        return any(not place.isdigit() for place in PLACE.findall(self.body))

    def components(self) -> list[dict[str, Any]]:
        """What Meta is sent."""
        if self.category == "authentication":
            return self._authentication()
        found: list[dict[str, Any]] = []
        if self.header is not None:
            found.append(_header(self.header))
        found.append(self._body())
        if self.footer:
            found.append({"type": "FOOTER", "text": self.footer})
        if self.buttons:
            found.append({"type": "BUTTONS", "buttons": [_button(one) for one in self.buttons]})
        return found

    def _authentication(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{"type": "BODY", "add_security_recommendation": True}]
        if self.code_expiration_minutes is not None:
            found.append({"type": "FOOTER", "code_expiration_minutes": self.code_expiration_minutes})
        button = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}
        return [*found, {"type": "BUTTONS", "buttons": [button]}]

    def _body(self) -> dict[str, Any]:
        part: dict[str, Any] = {"type": "BODY", "text": self.body}
        places = list(dict.fromkeys(PLACE.findall(self.body)))
        if places and self.named:
            values = [{"param_name": one, "example": self.body_examples[one]} for one in places]
            part["example"] = {"body_text_named_params": values}
        elif places:
            part["example"] = {"body_text": [[self.body_examples[one] for one in places]]}
        return part


class NewTemplate(TemplateText):
    """A template before it exists: `name` and `language` stay what they are for ever."""

    name: str = Field(min_length=1, max_length=512, pattern=r"^[a-z0-9_]+$")
    language: str = Field(max_length=10, examples=["en_US"])

    @model_validator(mode="after")
    def _known_language(self) -> NewTemplate:
        if self.language not in LANGUAGES:
            raise ValueError(f"{self.language} is none of WhatsApp's languages")
        return self


def _check_body(body: str, examples: dict[str, str]) -> None:
    if not body.strip():
        raise ValueError("body: a template needs its words")
    places = list(dict.fromkeys(PLACE.findall(body)))
    bare = body.strip()
    if places and (PLACE.match(bare) or any(one.end() == len(bare) for one in PLACE.finditer(bare))):
        raise ValueError("body: a variable is neither first nor last")
    if re.search(r"\}\}\s*\{\{", body):
        raise ValueError("body: two variables touch")
    numbers = [int(one) for one in places if one.isdigit()]
    if numbers and (len(numbers) < len(places) or numbers != list(range(1, len(numbers) + 1))):
        raise ValueError("body: variables are all names, or numbers from 1 in order")
    if set(examples) != set(places):
        raise ValueError("body_examples: one example for each variable of the body")


def _check_buttons(buttons: tuple[Any, ...]) -> None:
    kinds = [one.type for one in buttons]
    for kind, most in BUTTONS_MAX.items():
        if kinds.count(kind) > most:
            raise ValueError(f"buttons: at most {most} of {kind}")
    changes = sum((a == "quick_reply") != (b == "quick_reply") for a, b in pairwise(kinds))
    if changes > 1:
        raise ValueError("buttons: quick replies stand together")
    texts = [one.text for one in buttons if hasattr(one, "text")]
    if len(set(texts)) < len(texts):
        raise ValueError("buttons: two have the same text")


def _header(header: Header) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "HEADER", "format": header.format.upper()}
    if header.format == "text":
        part["text"] = header.text
        if header.example:
            part["example"] = {"header_text": [header.example]}
    elif header.example:
        part["example"] = {"header_handle": [header.example]}
    return part


def _button(one: Any) -> dict[str, Any]:
    match one:
        case QuickReply():
            return {"type": "QUICK_REPLY", "text": one.text}
        case UrlButton():
            part: dict[str, Any] = {"type": "URL", "text": one.text, "url": one.url}
            return part | ({"example": [one.example]} if one.example else {})
        case PhoneButton():
            return {"type": "PHONE_NUMBER", "text": one.text, "phone_number": one.number}
    return {"type": "COPY_CODE", "example": one.example}
