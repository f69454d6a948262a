"""What a message says beyond its text: one logical content that every channel carries as well as it can. Pure models.

Sizes are those of the widest provider that knows the kind; each adapter's own limits are checked when the message is
prepared, so that a refusal names the channel. Source: channel reference sections 4, 5 and 6.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from hub.voice.script import Call

URL_CHARS_MAX = 2_048
TEXT_CHARS_MAX = 4_096
CHOICES_MAX = 11
CARDS_MAX = 10

Url = Annotated[str, Field(max_length=URL_CHARS_MAX, pattern=r"^https?://[^\s]+$")]
MESSAGE_ID = r"^msg_[0-9A-Za-z]{1,40}$"
E164 = Annotated[str, Field(pattern=r"^\+[1-9]\d{1,14}$")]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Answer(_Part):
    reply_to: str | None = Field(
        None, pattern=MESSAGE_ID, description="The message of this conversation that it answers."
    )


class Reply(_Part):
    """A choice the person makes by a tap; its `id` comes back with the answer."""

    type: Literal["reply"] = "reply"
    id: str = Field(min_length=1, max_length=256)
    title: str = Field(min_length=1, max_length=25)
    description: str = Field("", max_length=72)


class OpenUrl(_Part):
    type: Literal["open_url"] = "open_url"
    title: str = Field(min_length=1, max_length=25)
    url: Url


class DialNumber(_Part):
    type: Literal["dial"] = "dial"
    title: str = Field(min_length=1, max_length=25)
    number: E164


class ViewLocation(_Part):
    type: Literal["view_location"] = "view_location"
    title: str = Field(min_length=1, max_length=25)
    latitude: Latitude
    longitude: Longitude
    label: str = Field("", max_length=100)


class ShareLocation(_Part):
    """Ask the person where they are."""

    type: Literal["share_location"] = "share_location"
    title: str = Field(min_length=1, max_length=25)


class CreateEvent(_Part):
    """An entry for the person's calendar; times are RFC 3339."""

    type: Literal["create_event"] = "create_event"
    title: str = Field(min_length=1, max_length=25)
    event_title: str = Field(min_length=1, max_length=100)
    description: str = Field("", max_length=500)
    starts_at: str
    ends_at: str


Suggestion = Annotated[
    Reply | OpenUrl | DialNumber | ViewLocation | ShareLocation | CreateEvent, Field(discriminator="type")
]


class Text(_Answer):
    """A text with up to eleven suggestions below it."""

    type: Literal["text"] = "text"
    text: str = Field(min_length=1, max_length=TEXT_CHARS_MAX)
    suggestions: tuple[Suggestion, ...] = Field((), max_length=CHOICES_MAX)


class Media(_Answer):
    """A picture, film, sound, document or sticker: from our media library or an address on the web."""

    type: Literal["media"] = "media"
    media: Literal["image", "video", "audio", "document", "sticker"]
    url: Url | None = None
    media_id: str | None = Field(None, max_length=80)
    caption: str = Field("", max_length=1_024)
    filename: str = Field("", max_length=240)
    mime_type: str = Field("", max_length=100)
    suggestions: tuple[Suggestion, ...] = Field((), max_length=CHOICES_MAX)

    @model_validator(mode="after")
    def _one_source(self) -> Media:
        if (self.url is None) == (self.media_id is None):
            raise ValueError("give either url or media_id")
        return self


class Choices(_Answer):
    """A question with buttons (up to three) or a list that opens (up to ten)."""

    type: Literal["choices"] = "choices"
    text: str = Field(min_length=1, max_length=1_024)
    header: str = Field("", max_length=60)
    footer: str = Field("", max_length=60)
    button: str = Field("", max_length=20, description="What opens the list, where one is shown as a list.")
    choices: tuple[Reply, ...] = Field(min_length=1, max_length=10)

    @model_validator(mode="after")
    def _unique(self) -> Choices:
        if len({choice.id for choice in self.choices}) < len(self.choices):
            raise ValueError("two choices have the same id")
        if len({choice.title for choice in self.choices}) < len(self.choices):
            raise ValueError("two choices have the same title")
        return self


class CardBody(_Part):
    """One card: at least a title, a description or a picture."""

    title: str = Field("", max_length=200)
    description: str = Field("", max_length=2_000)
    media_url: Url | None = None
    thumbnail_url: Url | None = None
    height: Literal["short", "medium", "tall"] = "medium"
    suggestions: tuple[Suggestion, ...] = Field((), max_length=4)

    @model_validator(mode="after")
    def _not_empty(self) -> CardBody:
        if not (self.title or self.description or self.media_url):
            raise ValueError("a card needs a title, a description or media_url")
        return self


class Card(_Part):
    """A rich card."""

    type: Literal["card"] = "card"
    orientation: Literal["vertical", "horizontal"] = "vertical"
    card: CardBody
    suggestions: tuple[Suggestion, ...] = Field((), max_length=CHOICES_MAX)


class Carousel(_Part):
    """Two to ten cards side by side."""

    type: Literal["carousel"] = "carousel"
    width: Literal["small", "medium"] = "medium"
    cards: tuple[CardBody, ...] = Field(min_length=2, max_length=CARDS_MAX)
    suggestions: tuple[Suggestion, ...] = Field((), max_length=CHOICES_MAX)


class Location(_Part):
    type: Literal["location"] = "location"
    latitude: Latitude
    longitude: Longitude
    name: str = Field("", max_length=200)
    address: str = Field("", max_length=300)


class Reaction(_Part):
    """An emoji on one of the person's messages; an empty emoji takes it back."""

    type: Literal["reaction"] = "reaction"
    message_id: str = Field(pattern=MESSAGE_ID)
    emoji: str = Field(max_length=16)


class TemplateValue(_Part):
    """What fills one place of a template: a text, or the medium of a header."""

    type: Literal["text", "image", "video", "document", "location", "payload", "coupon_code"] = "text"
    name: str = Field("", max_length=100, description="Of a named parameter; empty for one by position.")
    text: str = Field("", max_length=1_024)
    url: Url | None = None
    media_id: str | None = Field(None, max_length=80)
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class TemplateButton(_Part):
    """The value of one of the template's buttons."""

    index: int = Field(ge=0, le=9)
    kind: Literal["quick_reply", "url", "copy_code", "flow"]
    value: TemplateValue


class Template(_Part):
    """An approved template of the provider's, with its values. `text` is what it says, for screens and for a downgrade."""

    type: Literal["template"] = "template"
    name: str = Field(pattern=r"^[a-z0-9_]{1,512}$")
    language: str = Field(min_length=2, max_length=10)
    category: Literal["marketing", "utility", "authentication"] | None = None
    header: tuple[TemplateValue, ...] = Field((), max_length=1)
    body: tuple[TemplateValue, ...] = Field((), max_length=40)
    buttons: tuple[TemplateButton, ...] = Field((), max_length=10)
    text: str = Field("", max_length=TEXT_CHARS_MAX)


Content = Annotated[
    Text | Media | Choices | Card | Carousel | Location | Reaction | Template | Call,
    Field(discriminator="type"),
]
CONTENT: TypeAdapter[Content] = TypeAdapter(Content)


def answered_id(content: Content) -> str | None:
    """The `msg_…` that the content answers or reacts to."""
    if isinstance(content, Reaction):
        return content.message_id
    return content.reply_to if isinstance(content, (Text, Media, Choices)) else None
