"""One content on every channel: nothing that matters is lost, and every result is something its channel carries."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.channels import rcs_body, whatsapp_body
from hub.channels.base import ChannelKind
from hub.channels.content import (
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
    Template,
    TemplateValue,
    Text,
    ViewLocation,
)
from hub.channels.downgrade import choice_of, downgrade, replies_of, spoken, words_of

YES, NO = Reply(id="y", title="Yes"), Reply(id="n", title="No")
OPEN = OpenUrl(title="Open", url="https://shop.example/a")

letters = st.text("abc é€😀xyz", min_size=1).map(lambda text: text.strip() or "x")


def words(chars_max: int) -> Any:
    """Texts of all lengths up to the field's own limit."""
    short = letters.map(lambda text: text[:chars_max])
    long = st.integers(1, chars_max).map(lambda size: ("word " * size)[:size].strip() or "w")
    return st.one_of(short, long)


urls = st.integers(0, 900).map(lambda size: "https://h.example/" + "u" * size)
# The same choice on two cards says the same of itself: it counts once.
replies = st.builds(
    lambda key, title: Reply(id=key, title=title, description=f"{title} {key}"[:72] if len(key) % 2 else ""),
    words(256),
    words(25),
)
actions = st.one_of(
    st.builds(OpenUrl, title=words(25), url=urls),
    st.builds(DialNumber, title=words(25), number=st.just("+15550001")),
    st.builds(ViewLocation, title=words(25), latitude=st.just(1.5), longitude=st.just(2.5), label=words(100)),
    st.builds(ShareLocation, title=words(25)),
    st.builds(
        CreateEvent,
        title=words(25),
        event_title=words(100),
        description=words(500),
        starts_at=st.just("2026-01-02T03:04:05Z"),
        ends_at=st.just("2026-01-02T04:04:05Z"),
    ),
)


def suggestions(count: int) -> Any:
    return st.lists(st.one_of(replies, actions), max_size=count).map(tuple)


cards = st.builds(
    CardBody,
    title=words(200),
    description=st.one_of(st.just(""), words(2000)),
    media_url=st.one_of(st.none(), urls),
    suggestions=suggestions(4),
)
choices = st.lists(replies, min_size=1, max_size=10, unique_by=(lambda one: one.id, lambda one: one.title))
contents = st.one_of(
    st.builds(Text, text=words(4096), suggestions=suggestions(11)),
    st.builds(
        Media,
        media=st.sampled_from(["image", "video", "audio", "document", "sticker"]),
        url=urls,
        caption=st.one_of(st.just(""), words(1024)),
        filename=st.one_of(st.just(""), words(240)),
        suggestions=suggestions(11),
    ),
    st.builds(
        Choices,
        text=words(1024),
        header=st.one_of(st.just(""), words(60)),
        footer=st.one_of(st.just(""), words(60)),
        choices=choices.map(tuple),
    ),
    st.builds(Card, card=cards, suggestions=suggestions(11)),
    st.builds(
        Carousel, cards=st.lists(cards, min_size=2, max_size=10).map(tuple), suggestions=suggestions(11)
    ),
    st.builds(Location, latitude=st.just(1.5), longitude=st.just(2.5), name=words(200), address=words(300)),
    st.builds(Template, name=st.just("order"), language=st.just("en"), text=words(4096)),
)


def matters(content: Content) -> list[str]:
    """The texts and links that a person has to get, whatever the channel."""
    found: list[str] = []

    def walk(value: Any, name: str) -> None:
        match value:
            case dict():
                for key, inner in value.items():
                    walk(inner, key)
            case list() | tuple():
                for inner in value:
                    walk(inner, name)
            case str() if name in KEPT and value:
                found.append(value)

    walk(content.model_dump(), "")
    if isinstance(content, Media) and content.media != "document":
        found = [one for one in found if one != content.filename]
    return found


KEPT = {
    "text",
    "caption",
    "filename",
    "title",
    "description",
    "header",
    "footer",
    "url",
    "media_url",
    "number",
    "name",
    "address",
    "event_title",
}


def everything(content: Content) -> str:
    """All that stands anywhere in a content."""
    return "\n".join([*matters(content), str(content.model_dump())])


@settings(max_examples=150, deadline=None)
@given(contents, st.sampled_from([ChannelKind.WHATSAPP, ChannelKind.RCS, ChannelKind.SMS]))
def test_nothing_that_matters_is_lost(content: Content, kind: ChannelKind) -> None:
    result = downgrade(content, kind)
    if result.content is not None:
        check = whatsapp_body.check if kind is ChannelKind.WHATSAPP else rcs_body.check
        check(result.content)
        there = everything(result.content)
    else:
        there = result.text
    wanted = matters(content)
    if isinstance(content, Template):
        wanted = [content.text]
    assert [one for one in wanted if one not in there] == []
    ids = {one.id for one in replies_of(content)}
    if result.content is not None and replies_of(result.content):
        assert {one.id for one in replies_of(result.content)} == ids
    else:
        for place, one in enumerate(replies_of(content), 1):
            assert f"{place}. {one.title}" in there


@settings(max_examples=100, deadline=None)
@given(contents)
def test_a_voice_says_every_text_and_choice_and_no_link(content: Content) -> None:
    result = downgrade(content, ChannelKind.VOICE)
    assert result.content is None
    assert "://" not in result.text
    for place, one in enumerate(replies_of(content), 1):
        assert f"For {one.title}, press {place}." in result.text


@settings(max_examples=100, deadline=None)
@given(contents)
def test_every_number_of_a_choice_is_read_back(content: Content) -> None:
    for place, one in enumerate(replies_of(content), 1):
        assert choice_of(content, str(place)) == one


CARD = Card(
    card=CardBody(
        title="Order 1", description="Ready", media_url="https://h.example/a.jpg", suggestions=(YES, NO)
    )
)


def test_a_card_becomes_a_picture_with_buttons_on_whatsapp() -> None:
    assert downgrade(CARD, ChannelKind.WHATSAPP).content == Media(
        media="image", url="https://h.example/a.jpg", caption="Order 1\nReady", suggestions=(YES, NO)
    )


def test_a_card_becomes_text_with_numbered_choices_on_sms() -> None:
    assert downgrade(CARD, ChannelKind.SMS).text == ("Order 1\nReady\nhttps://h.example/a.jpg\n1. Yes\n2. No")


def test_a_card_is_spoken() -> None:
    assert downgrade(CARD, ChannelKind.VOICE).text == ("Order 1\nReady\nFor Yes, press 1.\nFor No, press 2.")


def test_mixed_suggestions_keep_their_buttons_and_write_the_links_out() -> None:
    text = Text(text="Look", suggestions=(YES, OPEN))
    found = downgrade(text, ChannelKind.WHATSAPP).content
    assert found == Text(text="Look\nOpen: https://shop.example/a", suggestions=(YES,))


def test_more_than_three_choices_become_a_list() -> None:
    many = tuple(Reply(id=str(i), title=f"Choice {i}") for i in range(5))
    assert downgrade(Text(text="Which?", suggestions=many), ChannelKind.WHATSAPP).content == Choices(
        text="Which?", choices=many
    )


def test_a_carousel_keeps_its_cards_and_their_choices() -> None:
    carousel = Carousel(
        cards=(CardBody(title="A", suggestions=(YES,)), CardBody(title="B", suggestions=(NO,)))
    )
    assert downgrade(carousel, ChannelKind.WHATSAPP).content == Text(text="A\nB", suggestions=(YES, NO))


def test_what_a_channel_carries_stays_the_same() -> None:
    assert downgrade(CARD, ChannelKind.RCS).content == CARD
    question = Choices(text="Sure?", choices=(YES, NO))
    assert downgrade(question, ChannelKind.WHATSAPP).content == question


def test_a_medium_of_the_library_gets_its_address_from_the_caller() -> None:
    media = Media(media="image", media_id="med_1", caption="c")
    link = {"med_1": "https://hub.example/m/1"}.__getitem__
    assert downgrade(media, ChannelKind.SMS, link).text == "c\nhttps://hub.example/m/1"
    assert downgrade(media, ChannelKind.RCS, link).content == Card(
        card=CardBody(description="c", media_url="https://hub.example/m/1")
    )
    assert words_of(media) == "c\n[image]"


def test_the_words_of_a_template_are_its_text_or_its_values() -> None:
    template = Template(name="order", language="en", body=(TemplateValue(text="Ada"),))
    assert words_of(template) == "[order] Ada"
    assert words_of(template.model_copy(update={"text": "Hello Ada"})) == "Hello Ada"
    assert words_of(Reaction(message_id="msg_1", emoji="👍")) == "👍"


@pytest.mark.parametrize("answer", ["2", " 2. ", "#2", "(2)", "٢", "2)", "no", " NO! ", "n"])
def test_an_answer_in_words_is_the_choice(answer: str) -> None:
    assert choice_of(CARD, answer) == NO


@pytest.mark.parametrize("answer", ["", "3", "0", "maybe", "22", "no thanks", "!"])
def test_another_answer_is_none(answer: str) -> None:
    assert choice_of(CARD, answer) is None


def test_a_link_in_a_text_is_not_spoken() -> None:
    assert spoken(Text(text="See https://a.example/x now", suggestions=(OPEN,))) == "See now\nOpen."
