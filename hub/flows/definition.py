"""A flow as a document: nodes joined by edges from port to node, with comments and places on the canvas.

`read` checks it whole and names everything that is wrong with it at once. Documents of older forms are brought to the
present one first (migrations.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.flows.faults import Fault, invalid
from hub.flows.migrations import SPEC_VERSION, migrated
from hub.flows.nodes import NODES, Ask, Intent, Node, Start, SubFlow

NODES_MAX = 1_000
EDGES_MAX = NODES_MAX * 20
COMMENTS_MAX = 500
DEPTH_MAX = 40
ITEMS_MAX = 100_000
CHARS_MAX = 1_000_000

NodeId = str
_ID = Field(min_length=1, max_length=100, pattern=r"^[^\s\x00-\x1f](.*[^\s\x00-\x1f])?$")


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Position(_Item):
    x: float = Field(0, ge=-1e6, le=1e6, allow_inf_nan=False)
    y: float = Field(0, ge=-1e6, le=1e6, allow_inf_nan=False)


class NodeItem(_Item):
    """A node as it stands in the document; `data` is that of its type."""

    id: NodeId = _ID
    type: str
    data: dict[str, Any] = Field(default_factory=dict)
    position: Position = Position()


class Edge(_Item):
    """From a port of one node to another node."""

    source: NodeId = _ID
    port: str = Field("next", max_length=80)
    target: NodeId = _ID


class Comment(_Item):
    """Words on the canvas, beside a node or by themselves."""

    id: str = _ID
    text: str = Field(max_length=4_000)
    node: NodeId | None = None
    position: Position = Position()


@dataclass(frozen=True, eq=True)
class Flow:
    """A checked flow. An unconnected port ends the session."""

    nodes: Mapping[NodeId, Node]
    edges: Sequence[Edge] = ()
    comments: Sequence[Comment] = ()
    positions: Mapping[NodeId, Position] = field(default_factory=dict)

    @cached_property
    def targets(self) -> Mapping[tuple[NodeId, str], NodeId]:
        return {(edge.source, edge.port): edge.target for edge in self.edges}

    @cached_property
    def starts(self) -> Mapping[NodeId, Start]:
        return {place: node for place, node in self.nodes.items() if isinstance(node, Start)}

    @cached_property
    def start(self) -> NodeId:
        """The start node for whoever names none: the first for anybody, else the first."""
        anybody = (place for place, node in self.starts.items() if node.trigger.kind == "any")
        return next(anybody, next(iter(self.starts)))

    @cached_property
    def opening(self) -> NodeId | None:
        """The question without words of its own that follows a start at once: a message sent before the flow began,
        such as a campaign's, is what it asks. None: the flow does not begin so.
        """
        for place in (self.start, *self.starts):
            target = self.targets.get((place, "next"))
            node = self.nodes[target] if target is not None else None
            if isinstance(node, Ask) and node.content is None:
                return target
        return None

    @cached_property
    def understands(self) -> bool:
        """Whether it looks at intents, or a flow that it enters may, so that every reply must be classified."""
        rules = str([node.model_dump() for node in self.nodes.values() if node.conditions()])
        looks = any(isinstance(node, Intent | SubFlow) for node in self.nodes.values())
        return looks or "'reply." in rules

    @cached_property
    def asks_person(self) -> bool:
        """Whether a run may look at the contact: its values, or its clock."""
        asking = ("wait", "sub_flow")
        nodes = self.nodes.values()
        return any(node.texts() or node.conditions() or node.type in asking for node in nodes)

    @cached_property
    def sends_templates(self) -> bool:
        """Whether a message of it is a template that the provider must have approved."""
        names = ("content", "retry_content")
        contents = (getattr(node, name, None) for node in self.nodes.values() for name in names)
        return any(content and content.get("type") == "template" for content in contents)

    @cached_property
    def rolls_dice(self) -> bool:
        """Whether a run may come to a node that asks the dice."""
        return any(node.type in ("split", "sub_flow") for node in self.nodes.values())

    def target(self, node: NodeId, port: str) -> NodeId | None:
        """Where an edge leads, or None at the end of the flow."""
        return self.targets.get((node, port))

    def variables(self) -> dict[str, str]:
        """Every variable that a node sets, with its type: text where two nodes disagree."""
        found: dict[str, str] = {}
        for node in self.nodes.values():
            for name, kind in node.writes().items():
                found[name] = kind if found.get(name, kind) == kind else "text"
        return found


def read(raw: Any) -> Flow:
    """A flow from untrusted JSON of any `spec_version`. Raises FlowInvalid, naming every place with its node."""
    refuse_huge(raw)
    if not isinstance(raw, Mapping):
        raise invalid([Fault("", "wrong-type", "a flow is an object: {spec_version, nodes, edges}")])
    return _checked(migrated(raw))


def dump(flow: Flow) -> dict[str, Any]:
    """The document of a flow in its present form, as it is stored and answered."""
    return {
        "spec_version": SPEC_VERSION,
        "nodes": [
            {
                "id": place,
                "type": node.type,
                "data": node.model_dump(mode="json", exclude_defaults=True, by_alias=True),
                "position": flow.positions.get(place, Position()).model_dump(),
            }
            for place, node in flow.nodes.items()
        ],
        "edges": [edge.model_dump() for edge in flow.edges],
        "comments": [comment.model_dump() for comment in flow.comments],
    }


def refuse_huge(raw: Any) -> None:
    """Raises FlowInvalid for more than is ever looked at; the walk keeps its own stack, so that depth costs nothing but the limit."""
    items = chars = 0
    waiting: list[tuple[Any, int]] = [(raw, 1)]
    while waiting:
        value, depth = waiting.pop()
        items += 1
        if isinstance(value, str):
            chars += len(value)
        elif isinstance(value, Mapping):
            chars += sum(len(str(key)) for key in value)
            waiting += [(each, depth + 1) for each in value.values()]
        elif isinstance(value, list | tuple):
            waiting += [(each, depth + 1) for each in value]
        if chars > CHARS_MAX or items + len(waiting) > ITEMS_MAX:
            raise invalid([Fault("", "too-large", "a flow has at most 1 MB of text and 100,000 values")])
        if depth > DEPTH_MAX:
            raise invalid([Fault("", "too-deep", f"values nest at most {DEPTH_MAX} deep")])


def _checked(raw: Mapping[str, Any]) -> Flow:
    faults = [*_top_faults(raw)]
    if faults:
        raise invalid(faults)
    nodes, positions = _nodes(raw["nodes"], faults)
    known = {item.get("id") for item in raw["nodes"] if isinstance(item, Mapping)}
    edges = _items(Edge, raw.get("edges", ()), "/edges", faults)
    comments = _items(Comment, raw.get("comments", ()), "/comments", faults)
    faults += _edge_faults(edges, nodes, known)
    if not faults and not any(isinstance(node, Start) for node in nodes.values()):
        faults.append(Fault("/nodes", "no-start", "a flow has a start node"))
    if faults:
        raise invalid(faults)
    return Flow(nodes, [edge for _, edge in edges], [comment for _, comment in comments], positions)


def _top_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    if raw.get("spec_version") != SPEC_VERSION:
        yield Fault("/spec_version", "unknown-version", f"the versions 1 to {SPEC_VERSION} are known")
    for name in sorted(str(key) for key in set(raw) - {"spec_version", "nodes", "edges", "comments"}):
        yield Fault(f"/{name[:60]}", "extra_forbidden", "this is not known here")
    limits = {"nodes": NODES_MAX, "edges": EDGES_MAX, "comments": COMMENTS_MAX}
    for name, most in limits.items():
        value = raw.get(name, [] if name != "nodes" else None)
        if not isinstance(value, list | tuple):
            yield Fault(f"/{name}", "wrong-type", f"`{name}` is a list")
        elif len(value) > most:
            yield Fault(f"/{name}", "too-large", f"a flow has at most {most} {name}")


def _nodes(raw: Sequence[Any], faults: list[Fault]) -> tuple[dict[NodeId, Node], dict[NodeId, Position]]:
    nodes: dict[NodeId, Node] = {}
    positions: dict[NodeId, Position] = {}
    for nth, item in _items(NodeItem, raw, "/nodes", faults):
        place = f"/nodes/{nth}"
        kind = NODES.get(item.type)
        if item.id in positions:
            faults.append(
                Fault(f"{place}/id", "twice", f"there are two nodes with the id {item.id!r}", item.id)
            )
        elif kind is None:
            known = ", ".join(NODES)
            faults.append(
                Fault(
                    f"{place}/type",
                    "unknown-node",
                    f"there is no node type {item.type[:40]!r}; known are {known}",
                    item.id,
                )
            )
        else:
            try:
                nodes[item.id] = kind.model_validate(item.data)
            except ValidationError as error:
                faults += _faults_of(error, f"{place}/data", item.id)
        positions[item.id] = item.position
    return nodes, positions


def _items(kind: Any, raw: Sequence[Any], place: str, faults: list[Fault]) -> list[tuple[int, Any]]:
    """(place, item) of those that have their form; the others become faults."""
    found = []
    for nth, item in enumerate(raw):
        try:
            found.append((nth, kind.model_validate(item)))
        except ValidationError as error:
            name = item.get("id", "") if isinstance(item, Mapping) else ""
            faults += _faults_of(error, f"{place}/{nth}", name if isinstance(name, str) else "")
    return found


def _faults_of(error: ValidationError, place: str, node: str) -> Iterator[Fault]:
    for each in error.errors(include_url=False, include_input=False):
        steps = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')[:60]}" for step in each["loc"])
        words = each["msg"].removeprefix("Value error, ")
        head, _, rest = words.partition(": ")
        if each["type"] == "value_error" and rest and head.replace("/", "").isidentifier():
            steps, words = f"{steps}/{head.strip('/')}", rest
        yield Fault(place + steps, each["type"].replace("_", "-"), words, node[:100])


def _edge_faults(
    edges: Iterable[tuple[int, Edge]], nodes: Mapping[NodeId, Node], known: set[Any]
) -> Iterator[Fault]:
    seen: set[tuple[str, str]] = set()
    for nth, edge in edges:
        place = f"/edges/{nth}"
        for name in ("source", "target"):
            if getattr(edge, name) not in known:
                yield Fault(
                    f"{place}/{name}", "unknown-node", "joins a node that does not exist", edge.source
                )
        source, target = nodes.get(edge.source), nodes.get(edge.target)
        if source is not None and edge.port not in source.out_ports():
            yield Fault(
                f"{place}/port",
                "unknown-port",
                f"node {edge.source!r} has no port {edge.port!r}",
                edge.source,
            )
        if isinstance(target, Start):
            yield Fault(f"{place}/target", "into-start", "nothing leads back to a start", edge.source)
        if (edge.source, edge.port) in seen:
            yield Fault(
                f"{place}/port",
                "joined-twice",
                f"port {edge.port!r} of {edge.source!r} is joined twice",
                edge.source,
            )
        seen.add((edge.source, edge.port))
