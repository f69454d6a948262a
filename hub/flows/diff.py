"""What differs between two documents of a flow: nodes, edges and comments that came, went or changed. Pure.

Documents may be unfinished: a node that can be read is compared as it would run, so that a default which is written out
is no change; any other is compared as it is written. That a node was moved on the canvas is told apart from a change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from hub.flows.faults import FlowInvalid
from hub.flows.migrations import migrated
from hub.flows.nodes import NODES

FIELDS_MAX = 200
Change = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value inside a node's `data` (or `/type`), by JSON pointer; None where there was or is nothing."""

    pointer: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class NodeChange:
    """`moved`: it stands elsewhere on the canvas and is otherwise as it was. `type` is that of `to`, or of what went."""

    id: str
    type: str
    change: Change
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class EdgeChange:
    """An edge is its port: one that leads elsewhere is changed, `before` and `target` say from where to where."""

    source: str
    port: str
    change: Change
    before: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    nodes: tuple[NodeChange, ...] = ()
    edges: tuple[EdgeChange, ...] = ()
    comments: int = 0
    """How many comments came, went or say something else."""

    @property
    def same(self) -> bool:
        """Whether both run alike: places and comments do not count."""
        return not self.edges and all(node.change == "moved" for node in self.nodes)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    """From one document to another, in the order of the second; what went comes last. Never raises for what they hold."""
    old, new = _present(before), _present(after)
    olds, news = _by_id(old, "nodes"), _by_id(new, "nodes")
    nodes = [change for each in news if (change := _node(each, olds.get(each), news[each])) is not None]
    nodes += [
        NodeChange(each, str(olds[each].get("type", "")), "removed") for each in olds if each not in news
    ]
    return Difference(tuple(nodes), tuple(_edges(old, new)), _comments(old, new))


def _present(document: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return migrated(document)
    except (FlowInvalid, KeyError, TypeError, ValueError, AttributeError):
        return document


def _by_id(document: Mapping[str, Any], name: str) -> dict[str, Mapping[str, Any]]:
    return {str(item["id"]): item for item in _items(document, name) if "id" in item}


def _items(document: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = document.get(name)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list | tuple) else []


def _node(place: str, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> NodeChange | None:
    kind = str(new.get("type", ""))
    if old is None:
        return NodeChange(place, kind, "added")
    fields = tuple(_node_fields(old, new))[:FIELDS_MAX]
    if fields:
        return NodeChange(place, kind, "changed", fields)
    return NodeChange(place, kind, "moved") if _place(old) != _place(new) else None


def _node_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[FieldChange]:
    if old.get("type") != new.get("type"):
        yield FieldChange("/type", old.get("type"), new.get("type"))
    yield from _changes(_data(old), _data(new), "")


def _data(node: Mapping[str, Any]) -> Any:
    """A node's data as it would run, or as it is written where it would not."""
    written, kind = node.get("data", {}), NODES.get(str(node.get("type", "")))
    if kind is None:
        return written
    try:
        return kind.model_validate(written).model_dump(mode="json", exclude_defaults=True, by_alias=True)
    except ValidationError:
        return written


def _place(node: Mapping[str, Any]) -> tuple[Any, Any]:
    at = node.get("position")
    return (at.get("x", 0), at.get("y", 0)) if isinstance(at, Mapping) else (0, 0)


def _changes(old: Any, new: Any, pointer: str) -> Iterator[FieldChange]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*new, *(key for key in old if key not in new)]:
            step = str(key).replace("~", "~0").replace("/", "~1")
            yield from _changes(old.get(key), new.get(key), f"{pointer}/{step}")
    elif _list(old) and _list(new) and len(old) == len(new):
        for nth, (was, now) in enumerate(zip(old, new, strict=True)):
            yield from _changes(was, now, f"{pointer}/{nth}")
    elif old != new:
        yield FieldChange(pointer, old, new)


def _list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _edges(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[EdgeChange]:
    olds, news = _targets(old), _targets(new)
    for (source, port), target in news.items():
        was = olds.get((source, port))
        if was is None:
            yield EdgeChange(source, port, "added", None, target)
        elif was != target:
            yield EdgeChange(source, port, "changed", was, target)
    for (source, port), target in olds.items():
        if (source, port) not in news:
            yield EdgeChange(source, port, "removed", target, None)


def _targets(document: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (str(edge.get("source", "")), str(edge.get("port", "next"))): str(edge.get("target", ""))
        for edge in _items(document, "edges")
    }


def _comments(old: Mapping[str, Any], new: Mapping[str, Any]) -> int:
    olds = {each: item.get("text") for each, item in _by_id(old, "comments").items()}
    news = {each: item.get("text") for each, item in _by_id(new, "comments").items()}
    return sum(olds.get(each) != news.get(each) for each in {*olds, *news})
