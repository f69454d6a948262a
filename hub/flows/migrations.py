"""Documents of older forms, brought to the present one: one function a step.

1: the first form: `start` names a node, `nodes` is an object, a node's fields stand beside its type.
2: start nodes, nodes as a list with `data` and `position`, comments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.flows.layout import arranged

SPEC_VERSION = 2
_MARKS = ("{{", "{%", "{#")


def migrated(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document in the present form. What has not the form that its version says is left for the check to name."""
    version = raw.get("spec_version", 1 if isinstance(raw.get("nodes"), Mapping) else None)
    while isinstance(version, int) and not isinstance(version, bool) and version in _STEPS:
        raw = _STEPS[version](raw)
        version = raw.get("spec_version")
    return raw


def _from_1(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A start node for everybody before the node that `start` named; `wait_for_reply` becomes `ask`."""
    old = raw.get("nodes")
    if not isinstance(old, Mapping):
        return {**raw, "spec_version": SPEC_VERSION}
    start = _free("start", old)
    without_choices = {place for place, node in old.items() if _is_question(node) and not node.get("choices")}
    edges: list[Any] = [{"source": start, "port": "next", "target": raw.get("start", "")}]
    written = raw.get("edges", [])
    for edge in written if isinstance(written, list) else [written]:
        if (
            isinstance(edge, Mapping)
            and edge.get("source") in without_choices
            and edge.get("port") == "other"
        ):
            edge = {**edge, "port": "answer"}
        edges.append(edge)
    nodes: list[Any] = [{"id": start, "type": "start", "data": {}}]
    nodes += [_node_1(place, node) for place, node in old.items()]
    extra = {name: value for name, value in raw.items() if name not in ("start", "nodes", "edges")}
    return {**extra, "spec_version": 2, "nodes": arranged(nodes, edges), "edges": edges}


def _free(name: str, taken: Mapping[str, Any]) -> str:
    while name in taken:
        name += "_"
    return name


def _is_question(node: Any) -> bool:
    return isinstance(node, Mapping) and node.get("type") == "wait_for_reply"


def _node_1(place: str, node: Any) -> Any:
    if not isinstance(node, Mapping):
        return node
    data = {name: value for name, value in node.items() if name != "type"}
    kind = node.get("type")
    match kind:
        case "send":
            text = data.pop("text", "")
            data["content"] = {"type": "text", "text": _literal(text) if isinstance(text, str) else text}
        case "wait_for_reply":
            kind = "ask"
            choices = data.pop("choices", None) or {}
            if isinstance(choices, Mapping) and choices:
                data |= {
                    "kind": "choice",
                    "choices": [{"name": name, "words": words} for name, words in choices.items()],
                }
            elif choices:
                data["choices"] = choices
            saved = data.get("save_as")
            if isinstance(saved, str) and saved.startswith("_"):
                data["save_as"] = saved.lstrip("_")
    return {"id": place, "type": kind, "data": data}


def _literal(text: str) -> str:
    """A text that was never a template, as one that says the same."""
    if not any(mark in text for mark in _MARKS):
        return text
    return text.replace("{", "{{ '{' }}")


_STEPS: Mapping[int, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {1: _from_1}
