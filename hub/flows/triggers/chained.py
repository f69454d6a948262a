"""Flows that events of other flows begin: bounded, so that flows which begin each other come to an end. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

from hub.flows.definition import Flow
from hub.flows.triggers.plan import awaited

CHAIN_MAX = 5
"""So many flows begin each other by events; the event of the last one is recorded, and begins nothing."""
_PREFIX = "chain"


def begun_by(
    flows: Mapping[UUID, Flow], event: str, event_id: UUID, chain: int
) -> Iterator[tuple[UUID, str, str]]:
    """(flow, start, key) of the flows that wait for an event which a flow recorded."""
    if chain > CHAIN_MAX:
        return
    for flow_id, flow in flows.items():
        for each in awaited(flow):
            if each.kind == "event" and each.event == event:
                yield flow_id, each.node, f"{_PREFIX}:{chain}:{each.node}:{event_id}"


def length_of(key: str | None) -> int:
    """How many flows began each other up to the session that this key begins."""
    head, _, rest = (key or "").partition(":")
    length = rest.partition(":")[0]
    return int(length) if head == _PREFIX and length.isdecimal() else 0
