"""A running flow in figures: how many came to each node, went each way, wait now, and left; and how long it took. Pure.

Ways are counted as they were taken; who came to a node is the sum of the ways into it. A node where sessions were put
without a way (a campaign's question, a session that was moved from another version) has had at least those that left it
or still stand there. Whoever goes into a sub-flow stands at its node until they come back by `next`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.flows.engine import IN
from hub.flows.nodes import SubFlow

Way = tuple[str, str]
"""(node, port)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many stand at a node now."""

    waiting: int = 0
    stuck: int = 0


@dataclass(frozen=True, slots=True)
class NodeFigures:
    """`left`: whose journey ended here: at its end, by a port that leads nowhere, or from outside."""

    node: str
    entered: int
    passed: int
    waiting: int
    stuck: int
    left: int


@dataclass(frozen=True, slots=True)
class WayFigures:
    """`target` None: the port leads nowhere, or not any more. `share` of those who came to the node, 0..1.

    `median_s`: from the arrival at the node until it was left by this port; None where too few were seen.
    """

    source: str
    port: str
    target: str | None
    count: int
    share: float
    median_s: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    started: int
    nodes: tuple[NodeFigures, ...]
    ways: tuple[WayFigures, ...]


def figures(
    document: Mapping[str, Any],
    taken: Mapping[Way, int],
    standing: Mapping[str, Standing],
    medians: Mapping[Way, float],
    *,
    whole: bool = True,
) -> Figures:
    """Figures of one version. `taken`: how often each way was gone; `whole` False: in a part of the time only.

    Nodes that the document does not have (any more) stay countable: they come last. In a part of the time nobody is said
    to have left: who came before it began cannot be told from who left.
    """
    targets = {
        (str(edge["source"]), str(edge.get("port", "next"))): str(edge["target"])
        for edge in document["edges"]
    }
    kinds = {str(node["id"]): node.get("type") for node in document["nodes"]}
    taken = {
        way: count for way, count in taken.items() if not (way[1] == IN and kinds.get(way[0]) == SubFlow.type)
    }
    into: dict[str, int] = defaultdict(int)
    passed: dict[str, int] = defaultdict(int)
    onward: dict[str, int] = defaultdict(int)
    for way, count in taken.items():
        passed[way[0]] += count
        target = targets.get(way)
        if target is not None:
            into[target] += count
            onward[way[0]] += count
    places = [*kinds, *sorted({*passed, *standing} - set(kinds))]
    nodes = []
    for place in places:
        here = standing.get(place, Standing())
        stay = here.waiting + here.stuck if whole else 0
        entered = max(into[place], passed[place] + stay)
        left = max(0, entered - onward[place] - stay) if whole else 0
        nodes.append(NodeFigures(place, entered, passed[place], here.waiting, here.stuck, left))
    came = {node.node: node.entered for node in nodes}
    starts = {place for place, kind in kinds.items() if kind == "start"}
    ways = tuple(
        WayFigures(
            node,
            port,
            targets.get((node, port)),
            count,
            count / max(1, came[node]),
            medians.get((node, port)),
        )
        for (node, port), count in sorted(taken.items())
    )
    return Figures(sum(came[place] for place in starts), tuple(nodes), ways)
