"""The ways out of a node as data, so that the editor draws the same ports that the engine leaves by. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Port:
    """A way out called `name`, while every field in `when` is set.

    With `each`: one for each item of that field, called as its `key` says; `name`, if any, where there are no items.
    """

    name: str = ""
    when: tuple[str, ...] = ()
    each: str = ""
    key: str = "name"


NEXT = Port("next")


def names_of(ports: Iterable[Port], node: Any) -> Iterator[str]:
    """The ports that a node with these fields has, in order."""
    for port in ports:
        if not all(getattr(node, field) for field in port.when):
            continue
        items = getattr(node, port.each) if port.each else ()
        yield from (getattr(item, port.key) for item in items)
        if port.name and not items:
            yield port.name
