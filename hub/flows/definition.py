"""A flow as a document: nodes joined by edges from port to node. Checked whole when it is read."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hub.flows.nodes import AnyNode

NODES_MAX = 1000
NodeId = str


class Edge(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    source: NodeId
    port: str
    target: NodeId


class Flow(BaseModel):
    """`start` names the first node. An unconnected port ends the session."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    spec_version: Literal[1] = 1
    start: NodeId
    nodes: dict[NodeId, AnyNode] = Field(min_length=1, max_length=NODES_MAX)
    edges: list[Edge] = Field(default_factory=list, max_length=NODES_MAX * 20)

    @model_validator(mode="after")
    def _connected(self) -> Self:
        if self.start not in self.nodes:
            raise ValueError(f"start: there is no node {self.start!r}")
        seen: set[tuple[str, str]] = set()
        for place, edge in enumerate(self.edges):
            if edge.source not in self.nodes or edge.target not in self.nodes:
                raise ValueError(f"edges/{place}: joins a node that does not exist")
            if edge.port not in self.nodes[edge.source].out_ports():
                raise ValueError(f"edges/{place}: node {edge.source!r} has no port {edge.port!r}")
            if (edge.source, edge.port) in seen:
                raise ValueError(f"edges/{place}: port {edge.port!r} of {edge.source!r} is joined twice")
            seen.add((edge.source, edge.port))
        return self

    def target(self, node: NodeId, port: str) -> NodeId | None:
        """Where an edge leads, or None at the end of the flow."""
        for edge in self.edges:
            if edge.source == node and edge.port == port:
                return edge.target
        return None
