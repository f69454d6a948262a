"""Random flows that are valid, and random inputs: for tests of what must hold for all of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from hub.flows.definition import Flow, read
from hub.flows.nodes import NODES

TEXT = {"type": "text", "text": "Hello {{ name }}"}
YES = {"rules": [{"field": "variable.said", "operator": "=", "value": "yes"}]}
POOL: list[tuple[str, dict[str, Any]]] = [
    ("send", {"content": TEXT}),
    ("send", {"content": {"type": "text", "text": "{{ said }}"}}),
    ("send", {"content": TEXT, "wait_for": {"timeout": {"amount": 1, "unit": "hours"}}}),
    (
        "ask",
        {"kind": "choice", "choices": [{"name": "yes"}, {"name": "no"}], "save_as": "said", "retries": 1},
    ),
    ("ask", {"kind": "number", "save_as": "age", "timeout": {"amount": 1, "unit": "days"}, "content": TEXT}),
    ("branch", {"cases": [{"name": "yes", "condition": YES}]}),
    ("intent", {"intents": [{"intent": "order_status"}]}),
    ("split", {"arms": [{"name": "A", "weight": 1}, {"name": "B", "weight": 2}], "sticky": False}),
    ("wait", {"duration": {"amount": 2, "unit": "days"}}),
    ("wait", {"local": {"at": "02:30", "weekdays": ["sunday"]}}),
    ("set", {"target": "variable", "name": "said", "value": "yes"}),
    ("set", {"name": "city", "value": "{{ said }}"}),
    ("tag", {"tag": "t"}),
    ("webhook", {"url": "https://shop.example/{{ said }}", "save": {"state": "a.b"}, "retries": 1}),
    ("hand_over", {"come_back": True}),
    ("hand_over", {}),
    ("gather", {"text": "1 or 2"}),
    ("call", {}),
    ("say", {"text": "Hello"}),
    ("hang_up", {}),
    ("goal", {"name": "g"}),
    ("end", {}),
]


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """One to twelve nodes behind a start, their ports joined at random or not at all."""
    chosen = draw(st.lists(st.sampled_from(POOL), min_size=1, max_size=12))
    nodes: list[dict[str, Any]] = [{"id": "start", "type": "start"}]
    nodes += [{"id": f"n{nth}", "type": kind, "data": data} for nth, (kind, data) in enumerate(chosen)]
    edges = [{"source": "start", "target": "n0"}]
    for nth, (kind, data) in enumerate(chosen):
        for port in NODES[kind].model_validate(data).out_ports():
            target = draw(st.none() | st.integers(0, len(chosen) - 1))
            if target is not None:
                edges.append({"source": f"n{nth}", "port": port, "target": f"n{target}"})
    return read({"spec_version": 2, "nodes": nodes, "edges": edges})


INPUTS = st.one_of(
    st.builds(
        lambda text, intent: {"type": "reply", "text": text, "intent": intent, "confidence": 0.9},
        st.sampled_from(["yes", "no", "7", "what?", "", "x" * 5_000]),
        st.sampled_from([None, "order_status"]),
    ),
    st.just({"type": "time_up"}),
    st.sampled_from(
        [{"type": "webhook", "status": 200, "body": {"a": {"b": "c"}}}, {"type": "webhook", "status": 500}]
    ),
    st.sampled_from([{"type": "delivery", "status": "read"}, {"type": "delivery", "status": "failed"}]),
    st.just({"type": "handed_back"}),
    st.sampled_from(
        [
            {"type": "call", "happened": "answered"},
            {"type": "call", "happened": "no_answer"},
            {"type": "call", "happened": "keys", "value": "1"},
            {"type": "call", "happened": "hung_up"},
        ]
    ),
    st.just({"type": "resume"}),
)
