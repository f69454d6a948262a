"""A flow as a graph: what is reached, loops, what is set on every way, the dearest way. Pure; loops, not recursion."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.flows.definition import Flow
from hub.flows.nodes import Ask, HandOverToQueue, Start, SubFlow
from hub.flows.nodes.ask import TIMEOUT


@dataclass(frozen=True)
class Graph:
    flow: Flow
    after: Mapping[str, Sequence[tuple[str, str]]]
    """(port, target) of each node."""
    reached: frozenset[str]

    @classmethod
    def of(cls, flow: Flow) -> Graph:
        after: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for edge in flow.edges:
            after[edge.source].append((edge.port, edge.target))
        reached, waiting = set(flow.starts), deque(flow.starts)
        while waiting:
            for _, target in after.get(waiting.popleft(), ()):
                if target not in reached:
                    reached.add(target)
                    waiting.append(target)
        return cls(flow, after, frozenset(reached))

    def beyond(self, place: str) -> set[str]:
        """Every node that some way from this one leads to."""
        found: set[str] = set()
        waiting = [target for _, target in self.after.get(place, ())]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting += [target for _, target in self.after.get(each, ())]
        return found


def behind_a_reply(graph: Graph) -> set[str]:
    """Nodes that some way leads to behind something that the contact wrote: an answer, a message during a wait, one that began
    the flow. A sub-flow may have heard one, and so may whoever enters this flow.
    """
    found: set[str] = set()
    waiting: deque[str] = deque()
    for place, node in graph.flow.nodes.items():
        if isinstance(node, Start):
            may = node.trigger.kind in ("any", "keyword", "intent")
        else:
            may = isinstance(node, SubFlow) or (node.stops() and not isinstance(node, HandOverToQueue))
        if may:
            silent = TIMEOUT if isinstance(node, Ask) else ""
            waiting.extend(target for port, target in graph.after.get(place, ()) if port != silent)
    while waiting:
        place = waiting.popleft()
        if place not in found:
            found.add(place)
            waiting.extend(target for _, target in graph.after.get(place, ()))
    return found


def loops_without_a_stop(graph: Graph) -> list[list[str]]:
    """Sets of nodes that lead round among themselves while none of them ever stops, each in its order of the flow."""
    running = {place for place, node in graph.flow.nodes.items() if not node.stops()}
    after = {
        place: [target for _, target in graph.after.get(place, ()) if target in running] for place in running
    }
    order = {place: nth for nth, place in enumerate(graph.flow.nodes)}
    return [
        sorted(group, key=order.__getitem__)
        for group in components(after)
        if len(group) > 1 or group[0] in after[group[0]]
    ]


def components(after: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Strongly connected components; each stands behind those it leads to. Source: Tarjan 1972, without recursion."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in after:
        if root in number:
            continue
        work = [(root, iter(after[root]))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            place, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[place])
                if low[place] == number[place]:
                    at = stack.index(place)
                    found.append(stack[at:])
                    on_stack -= set(stack[at:])
                    del stack[at:]
            elif following not in number:
                number[following] = low[following] = len(number)
                stack.append(following)
                on_stack.add(following)
                work.append((following, iter(after[following])))
            elif following in on_stack:
                low[place] = min(low[place], number[following])
    return found


def set_before(graph: Graph) -> dict[str, frozenset[str]]:
    """The variables that every way to a node has set, for the nodes that are reached."""
    everything = frozenset(graph.flow.variables())
    before = {place: frozenset() if place in graph.flow.starts else everything for place in graph.reached}
    changing = True
    while changing:  # sets only shrink, so it ends
        changing = False
        for place in graph.flow.nodes:
            if place not in graph.reached:
                continue
            node = graph.flow.nodes[place]
            for port, target in graph.after.get(place, ()):
                known = before[target] & (before[place] | node.writes_at(port))
                if known != before[target]:
                    before[target] = known
                    changing = True
    return before


def dearest_way(graph: Graph, prices: Mapping[str, int]) -> int:
    """The most that one way from a start can cost; what lies on a loop is counted once."""
    after = {place: [target for _, target in graph.after.get(place, ())] for place in graph.flow.nodes}
    cost: dict[str, int] = {}
    for group in components(after):
        own = sum(prices.get(place, 0) for place in group)
        beyond = [cost[target] for place in group for target in after[place] if target not in group]
        for place in group:
            cost[place] = own + max(beyond, default=0)
    return max((cost[place] for place in graph.flow.starts), default=0)
