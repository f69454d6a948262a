"""Counts of ways become figures of nodes."""

from __future__ import annotations

from hub.flows.live import NodeFigures, Standing, WayFigures, figures

DOCUMENT = {
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "ask", "type": "ask"},
        {"id": "end", "type": "end"},
    ],
    "edges": [
        {"source": "start", "port": "next", "target": "ask"},
        {"source": "ask", "port": "yes", "target": "end"},
    ],
}
TAKEN = {("start", "next"): 100, ("ask", "yes"): 60, ("ask", "other"): 10}


def test_who_came_went_waits_and_left() -> None:
    found = figures(DOCUMENT, TAKEN, {"ask": Standing(20, 2)}, {("ask", "yes"): 90.0})
    assert found.started == 100
    assert found.nodes == (
        NodeFigures("start", 100, 100, 0, 0, 0),
        NodeFigures("ask", 100, 70, 20, 2, 18),
        NodeFigures("end", 60, 0, 0, 0, 60),
    )
    assert found.ways == (
        WayFigures("ask", "other", None, 10, 0.1, None),
        WayFigures("ask", "yes", "end", 60, 0.6, 90.0),
        WayFigures("start", "next", "ask", 100, 1.0, None),
    )


def test_who_was_put_at_a_node_came_there_too() -> None:
    found = figures(DOCUMENT, {("ask", "yes"): 5}, {"ask": Standing(3)}, {})
    assert found.nodes[1] == NodeFigures("ask", 8, 5, 3, 0, 0)


def test_nodes_that_are_gone_stay_countable() -> None:
    found = figures(DOCUMENT, {("old", "next"): 4}, {}, {})
    assert found.nodes[-1] == NodeFigures("old", 4, 4, 0, 0, 4)


def test_in_a_part_of_the_time_nobody_is_said_to_have_left() -> None:
    found = figures(DOCUMENT, TAKEN, {"ask": Standing(20)}, {}, whole=False)
    assert (found.nodes[1].left, found.nodes[1].waiting, found.nodes[1].entered) == (0, 20, 100)
