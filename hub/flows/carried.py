"""What the run time does not carry out. Publishing a flow with it is refused, so that none ends in silence."""

from __future__ import annotations

from hub.flows.nodes import Node


def not_carried(node: Node) -> str:
    """What of a node would not be carried out, in words; empty when all of it is. Calls run scripts of their own."""
    return f"“{node.title}”" if node.group == "Voice" else ""
