"""Places for nodes that have none: in rows by how far they are from a start. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

WIDTH, HEIGHT = 260, 140


def arranged(nodes: Sequence[Any], edges: Iterable[Any]) -> list[Any]:
    """The nodes of a document, each with a `position`; what is no node or edge is left as it is."""
    after: dict[Any, list[Any]] = defaultdict(list)
    for edge in edges:
        if isinstance(edge, Mapping) and isinstance(edge.get("source"), str):
            after[edge["source"]].append(edge.get("target"))
    items = [node for node in nodes if isinstance(node, Mapping)]
    rows = _rows([node.get("id") for node in items if node.get("type") == "start"], after)
    last = max(rows.values(), default=0) + 1
    used: dict[int, int] = defaultdict(int)
    found: list[Any] = []
    for node in nodes:
        if not isinstance(node, Mapping):
            found.append(node)
            continue
        place = node.get("id")
        row = rows.get(place, last) if isinstance(place, str) else last
        found.append({**node, "position": {"x": used[row] * WIDTH, "y": row * HEIGHT}})
        used[row] += 1
    return found


def _rows(starts: Sequence[Any], after: Mapping[Any, Sequence[Any]]) -> dict[str, int]:
    rows: dict[str, int] = {place: 0 for place in starts if isinstance(place, str)}
    waiting = deque(rows)
    while waiting:
        place = waiting.popleft()
        for target in after.get(place, ()):
            if isinstance(target, str) and target not in rows:
                rows[target] = rows[place] + 1
                waiting.append(target)
    return rows
