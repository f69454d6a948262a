"""One logical content becomes what a channel can carry: RCS card → WhatsApp buttons → SMS text → spoken text. Pure.

Nothing that matters is lost on the way: texts, links and choices become words where the channel has no form for them.
Choices in words are numbered; `choice_of` reads the number, or the words, of an answer back into the choice.
A voice cannot say a link: there the name of a link stands for it, the link itself is left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from hub.channels import rcs_body, whatsapp_body
from hub.channels.base import ChannelKind
from hub.channels.content import (
    CHOICES_MAX,
    TEXT_CHARS_MAX,
    Card,
    CardBody,
    Carousel,
    Choices,
    Content,
    CreateEvent,
    DialNumber,
    Location,
    Media,
    OpenUrl,
    Reaction,
    Reply,
    ShareLocation,
    Suggestion,
    Template,
    Text,
    ViewLocation,
)
from hub.errors import Invalid

Link = Callable[[str], str]  # the address of a medium of our library, or an empty text
MAP = "https://maps.google.com/?q={:.6f},{:.6f}"
_VIDEO = (".mp4", ".m4v", ".webm", ".mpeg", ".3gp", ".h263")


@dataclass(frozen=True, slots=True)
class Downgraded:
    """What a channel is given. `content` None: nothing but `text`, which may be longer than the channel takes."""

    content: Content | None
    text: str


def no_link(media_id: str) -> str:
    """No address is known for media of the library."""
    return ""


def downgrade(content: Content, kind: ChannelKind, link: Link = no_link) -> Downgraded:
    """`content` as `kind` can carry it, with its words. Never raises; content that is carried as it is stays the same."""
    words = words_of(content, link)
    match kind:
        case ChannelKind.WHATSAPP:
            candidates: Iterator[Content] = _for_whatsapp(content, link)
            check = whatsapp_body.check
        case ChannelKind.RCS:
            candidates = _for_rcs(content, link)
            check = rcs_body.check
        case ChannelKind.VOICE:
            return Downgraded(None, spoken(content))
        case _:
            return Downgraded(None, words)
    for candidate in candidates:
        try:
            check(candidate)
        except Invalid:
            continue
        return Downgraded(candidate, words)
    return Downgraded(None, words)


# -- words


def words_of(content: Content, link: Link = no_link) -> str:
    """The plain words: what an SMS and a list of messages show. Links are written out, choices are numbered."""
    lines = list(_prose(content, link))
    lines += _told(_suggestions(content))
    lines += _numbered(replies_of(content))
    return "\n".join(line for line in lines if line)


def spoken(content: Content) -> str:
    """The words for a voice: no links, choices as keys to press."""
    lines = [_without_links(line) for line in _prose(content, no_link)]
    for one in _suggestions(content):
        match one:
            case DialNumber():
                lines.append(f"{one.title}: {' '.join(one.number.lstrip('+'))}.")
            case CreateEvent():
                lines.append(f"{one.title}: {_event(one)}.")
            case ViewLocation():
                lines.append(f"{one.title}: {one.label}." if one.label else f"{one.title}.")
            case OpenUrl() | ShareLocation():
                lines.append(f"{one.title}.")
    lines += [
        f"For {one.title}, press {place}."
        + (f" {_without_links(one.description)}" if one.description else "")
        for place, one in enumerate(replies_of(content), 1)
    ]
    return "\n".join(line for line in lines if line)


_LINK = re.compile(r"https?://\S+")


def _without_links(text: str) -> str:
    return re.sub(r"[ \t]{2,}", " ", _LINK.sub("", text)).strip() if "://" in text else text


def _prose(content: Content, link: Link) -> Iterator[str]:
    """The lines that are no suggestions."""
    match content:
        case Text():
            yield content.text
        case Media():
            yield content.caption
            yield content.filename if content.media == "document" else ""
            yield content.url or link(content.media_id or "") or f"[{content.media}]"
        case Choices():
            yield from (content.header, content.text, content.footer)
        case Card():
            yield from _card_lines(content.card)
        case Carousel():
            for card in content.cards:
                yield from _card_lines(card)
        case Location():
            yield from (content.name, content.address, MAP.format(content.latitude, content.longitude))
        case Reaction():
            yield content.emoji
        case Template():
            yield content.text or _template_words(content, link)


def _card_lines(card: CardBody) -> Iterator[str]:
    yield from (card.title, card.description, card.media_url or "")


def _template_words(content: Template, link: Link) -> str:
    """What is known of a template without its text: its name and values."""
    values = [*content.header, *content.body, *(button.value for button in content.buttons)]
    known = [value.text or value.url or link(value.media_id or "") for value in values]
    return " ".join([f"[{content.name}]", *(text for text in known if text)])


def _suggestions(content: Content) -> list[Suggestion]:
    """Everything one can tap, in reading order."""
    match content:
        case Text() | Media():
            return list(content.suggestions)
        case Choices():
            return list(content.choices)
        case Card():
            return [*content.card.suggestions, *content.suggestions]
        case Carousel():
            inside = [one for card in content.cards for one in card.suggestions]
            return [*inside, *content.suggestions]
    return []


def _told(suggestions: Sequence[Suggestion]) -> list[str]:
    """What is no choice, in words: a link and its name, a number to call, a place, an appointment."""
    lines = []
    for one in suggestions:
        match one:
            case OpenUrl():
                lines.append(f"{one.title}: {one.url}")
            case DialNumber():
                lines.append(f"{one.title}: {one.number}")
            case ViewLocation():
                place = MAP.format(one.latitude, one.longitude)
                lines.append(f"{one.title}: {one.label} {place}" if one.label else f"{one.title}: {place}")
            case CreateEvent():
                lines.append(f"{one.title}: {_event(one)}")
            case ShareLocation():
                lines.append(one.title)
    return lines


def _event(one: CreateEvent) -> str:
    words = f"{one.event_title}, {one.starts_at} – {one.ends_at}"
    return f"{words}. {one.description}" if one.description else words


def _numbered(replies: Sequence[Reply]) -> list[str]:
    return [
        f"{place}. {one.title}" + (f" – {one.description}" if one.description else "")
        for place, one in enumerate(replies, 1)
    ]


# -- answers


def replies_of(content: Content) -> list[Reply]:
    """The choices in the order in which they are numbered; one that stands on several cards counts once."""
    found: dict[tuple[str, str], Reply] = {}
    for one in _suggestions(content):
        if isinstance(one, Reply):
            found.setdefault((one.id, one.title), one)
    return list(found.values())


_NUMBER = re.compile(r"\s*[#(]?\s*(\d{1,2})\s*[.):]?\s*")


def choice_of(content: Content, answer: str) -> Reply | None:
    """The choice that an answer in words means: its number (in any script's digits), its title or its id; else None."""
    replies = replies_of(content)
    match = _NUMBER.fullmatch(answer)
    if match is not None:
        place = int("".join(str(unicodedata.decimal(digit)) for digit in match[1]))
        return replies[place - 1] if 1 <= place <= len(replies) else None
    wanted = _folded(answer)
    if not wanted:
        return None
    titled = [one for one in replies if _folded(one.title) == wanted]
    if len(titled) == 1:
        return titled[0]
    return next((one for one in replies if not titled and one.id == answer.strip()), None)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[^\w\s]", " ", plain).split())


# -- channels


def _answered(content: Content) -> dict[str, Any]:
    return {"reply_to": content.reply_to} if isinstance(content, (Text, Media, Choices)) else {}


def _for_whatsapp(content: Content, link: Link) -> Iterator[Content]:
    """From the fullest form to the plainest; the first that WhatsApp carries is taken."""
    yield content
    replies, others = replies_of(content), _others(content)
    prose = "\n".join(line for line in _prose(content, link) if line)
    around = _answered(content)
    picture = _picture(content)
    if picture is not None:
        source, caption = picture
        told = _joined(caption, _told(others))
        if len(others) == 1 and not replies:
            yield from _media(source, caption, tuple(others), around)
        yield from _media(source, told, tuple(replies), around)
        yield from _media(source, _joined(told, _numbered(replies)), (), around)
    if len(others) == 1 and not replies:
        yield from _text(prose, tuple(others), around)
    told = _joined(prose, _told(others))
    if replies:
        yield from _text(told, tuple(replies), around)
        yield from _choices(told, replies, around)
    yield from _text(words_of(content, link), (), around)


def _for_rcs(content: Content, link: Link) -> Iterator[Content]:
    """From the fullest form to the plainest; the first that RCS carries is taken."""
    yield content
    around = _answered(content)
    prose = "\n".join(line for line in _prose(content, link) if line)
    match content:
        case Media(media="image" | "video"):
            url = content.url or link(content.media_id or "")
            if url:
                yield Card(
                    card=CardBody(description=content.caption, media_url=url), suggestions=content.suggestions
                )
        case Location():
            pin = ViewLocation(
                title="Map",
                latitude=content.latitude,
                longitude=content.longitude,
                label=content.name[:100],
            )
            yield from _text(prose, (pin,), around)
    described = [f"{one.title} – {one.description}" for one in replies_of(content) if one.description]
    bare = tuple(_bare(one) if isinstance(one, Reply) else one for one in _suggestions(content))
    yield from _text(_joined(prose, described), bare, around)
    yield from _text(words_of(content, link), (), around)


def _bare(reply: Reply) -> Reply:
    return Reply(id=reply.id, title=reply.title)


def _others(content: Content) -> list[Suggestion]:
    return [one for one in _suggestions(content) if not isinstance(one, Reply)]


def _joined(text: str, lines: Sequence[str]) -> str:
    return "\n".join([text, *lines] if text else lines)


def _picture(content: Content) -> tuple[dict[str, Any], str] | None:
    """(what and where it is, the words below it) of content with one medium."""
    match content:
        case Media():
            kept = ("media", "url", "media_id", "filename", "mime_type")
            return {name: getattr(content, name) for name in kept}, content.caption
        case Card(card=CardBody(media_url=str(url), title=title, description=description)):
            video = urlsplit(url).path.lower().endswith(_VIDEO)
            words = "\n".join(line for line in (title, description) if line)
            return {"media": "video" if video else "image", "url": url}, words
    return None


def _media(
    source: dict[str, Any], caption: str, suggestions: tuple[Suggestion, ...], around: dict[str, Any]
) -> Iterator[Content]:
    """A medium with its caption, when that is short enough to be one."""
    if len(caption) <= whatsapp_body.BODY_CHARS_MAX and len(suggestions) <= CHOICES_MAX:
        yield Media(caption=caption, suggestions=suggestions, **source, **around)


def _text(text: str, suggestions: tuple[Suggestion, ...], around: dict[str, Any]) -> Iterator[Content]:
    if 0 < len(text) <= TEXT_CHARS_MAX and len(suggestions) <= CHOICES_MAX:
        yield Text(text=text, suggestions=suggestions, **around)


def _choices(text: str, replies: Sequence[Reply], around: dict[str, Any]) -> Iterator[Content]:
    unique = len({one.id for one in replies}) == len({one.title for one in replies}) == len(replies)
    if unique and 0 < len(text) <= whatsapp_body.BODY_CHARS_MAX and len(replies) <= 10:
        yield Choices(text=text, choices=tuple(replies), **around)
