"""A campaign's content: typed content whose texts are templates, rendered for each person. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from hub.channels.content import CONTENT, Content
from hub.errors import Invalid
from hub.templates.render import Template, TemplateInvalid, compile_template

_MARKS = ("{{", "{%", "{#")
_LENGTHS = frozenset({"string_too_long", "string_pattern_mismatch"})


class ContentTemplate:
    """Compiled once a batch. A content without variables is the same for everybody."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Raises TemplateInvalid for a text that does not compile, and Invalid for what is no content, naming the place."""
        self._tree = _compiled(document, "/content")
        varies = _has_variables(self._tree)
        # How long a text becomes is seen when it is rendered.
        self._same = _content(document, skip=_LENGTHS if varies else frozenset())
        if varies:
            self._same = None

    def render(self, variables: Mapping[str, Any]) -> Content:
        """The content for one person. Raises Invalid when it is too long for its kind, and what a template raises."""
        if self._same is not None:
            return self._same
        content = _content(_rendered(self._tree, variables))
        assert content is not None, "nothing was skipped"
        return content


def _content(document: Any, skip: frozenset[str] = frozenset()) -> Content | None:
    """The content; None when all that is wrong with it is of a kind in `skip`. Raises Invalid."""
    try:
        return CONTENT.validate_python(document)
    except ValidationError as error:
        wrong = [each for each in error.errors() if each["type"] not in skip]
        if not wrong:
            return None
        place = "/".join(map(str, wrong[0]["loc"][1:]))
        raise Invalid(str(wrong[0]["msg"]), f"/content/{place}".rstrip("/")) from None


def _compiled(node: Any, place: str) -> Any:
    match node:
        case str() if any(mark in node for mark in _MARKS):
            try:
                return compile_template(node)
            except TemplateInvalid as error:
                raise TemplateInvalid(error.detail, place, error.line) from None
        case Mapping():
            return {key: _compiled(value, f"{place}/{key}") for key, value in node.items()}
        case list() | tuple():
            return [_compiled(value, f"{place}/{number}") for number, value in enumerate(node)]
        case _:
            return node


def _has_variables(node: Any) -> bool:
    match node:
        case Template():
            return True
        case Mapping():
            return any(map(_has_variables, node.values()))
        case list():
            return any(map(_has_variables, node))
        case _:
            return False


def _rendered(node: Any, variables: Mapping[str, Any]) -> Any:
    match node:
        case Template():
            return node.render(variables)
        case Mapping():
            return {key: _rendered(value, variables) for key, value in node.items()}
        case list():
            return [_rendered(value, variables) for value in node]
        case _:
            return node
