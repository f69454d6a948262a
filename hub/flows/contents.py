"""Typed content inside a node: its texts are templates, checked when the flow is read, filled in when it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, Field

from hub.campaigns.content import ContentTemplate
from hub.errors import Invalid
from hub.flows.values import has_marks

CONTENT_CHARS_MAX = 20_000
CONTENTS_KEPT = 2_000


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    try:
        if len(orjson.dumps(document)) > CONTENT_CHARS_MAX:
            raise ValueError(f"a content has at most {CONTENT_CHARS_MAX} characters")
        ContentTemplate(document)
    except Invalid as error:
        place = getattr(error, "pointer", "").removeprefix("/content")
        raise ValueError(f"{place}: {error.detail}" if place else error.detail) from None
    except (TypeError, RecursionError):
        raise ValueError("this is no content") from None
    return document


ContentDocument = Annotated[
    dict[str, Any],
    AfterValidator(_checked),
    Field(
        description="A content as in POST /v1/messages; its texts may be templates.",
        json_schema_extra={"x-editor": "content"},
    ),
]


def compiled(document: Mapping[str, Any]) -> ContentTemplate:
    """The content, ready to be filled in; the last two thousand are remembered."""
    return _compiled(orjson.dumps(document))


@lru_cache(maxsize=CONTENTS_KEPT)
def _compiled(written: bytes) -> ContentTemplate:
    return ContentTemplate(orjson.loads(written))


def templates_of(node: Any) -> Iterator[str]:
    """The texts of a content that are templates."""
    match node:
        case str() if has_marks(node):
            yield node
        case Mapping():
            for value in node.values():
                yield from templates_of(value)
        case list() | tuple():
            for value in node:
                yield from templates_of(value)


def words_of(document: Mapping[str, Any]) -> str:
    """What a content says, in one line for people."""
    card = document.get("card")
    for value in (
        document.get("text"),
        document.get("caption"),
        document.get("name"),
        card.get("title") if isinstance(card, Mapping) else None,
    ):
        if isinstance(value, str) and value:
            return " ".join(value.split())[:80]
    return str(document.get("type", ""))
