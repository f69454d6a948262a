"""What an edit of a flow changed."""

from __future__ import annotations

from typing import Any

from hub.flows.diff import EdgeChange, FieldChange, NodeChange, difference


def document(
    *nodes: dict[str, Any], edges: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "spec_version": 2,
        "nodes": [{"id": "start", "type": "start"}, *nodes],
        "edges": edges or [],
        **more,
    }


def tag(name: str, **more: Any) -> dict[str, Any]:
    return {"id": "tag", "type": "tag", "data": {"tag": name}, **more}


TO_TAG = {"source": "start", "port": "next", "target": "tag"}


def test_nodes_come_go_change_and_move() -> None:
    before = document(tag("vip"), {"id": "end", "type": "end"})
    found = difference(before, document(tag("lost"), {"id": "wait", "type": "wait", "data": {}}))
    assert found.nodes == (
        NodeChange("tag", "tag", "changed", (FieldChange("/tag", "vip", "lost"),)),
        NodeChange("wait", "wait", "added"),
        NodeChange("end", "end", "removed"),
    )
    assert not found.same
    moved = difference(before, document(tag("vip", position={"x": 9, "y": 0}), {"id": "end", "type": "end"}))
    assert (moved.nodes, moved.same) == ((NodeChange("tag", "tag", "moved"),), True)


def test_a_default_that_is_written_out_is_no_change_and_another_type_is_one() -> None:
    plain, written = (
        {"id": "ask", "type": "ask"},
        {"id": "ask", "type": "ask", "data": {"kind": "text", "retries": 0}},
    )
    assert difference(document(plain), document(written)).nodes == ()
    [change] = difference(document(plain), document({"id": "ask", "type": "end"})).nodes
    assert change.fields == (FieldChange("/type", "ask", "end"),)


def test_an_edge_is_its_port() -> None:
    before = document(tag("vip"), {"id": "end", "type": "end"}, edges=[TO_TAG])
    elsewhere = {**before, "edges": [{"source": "start", "target": "end"}]}
    assert difference(before, elsewhere).edges == (EdgeChange("start", "next", "changed", "tag", "end"),)
    assert difference(before, {**before, "edges": []}).edges == (
        EdgeChange("start", "next", "removed", "tag", None),
    )
    assert difference({**before, "edges": []}, before).edges == (
        EdgeChange("start", "next", "added", None, "tag"),
    )


def test_unfinished_and_old_documents_are_compared_as_they_are() -> None:
    broken = document(
        {"id": "tag", "type": "tag", "data": {"tag": ""}}, {"id": "x", "type": "gone", "data": 7}
    )
    [changed, gone] = difference(broken, document(tag("vip"))).nodes
    assert (changed.fields, gone.change) == ((FieldChange("/tag", "", "vip"),), "removed")
    first = {"start": "hi", "nodes": {"hi": {"type": "send", "text": "Hello"}}, "edges": []}
    assert difference(first, first).same
    assert difference({}, {"nodes": "no", "edges": [3], "comments": None}).same


def test_comments_are_counted_and_change_nothing() -> None:
    said = document(comments=[{"id": "c", "text": "why?"}])
    found = difference(document(), said)
    assert (found.comments, found.same) == (1, True)
