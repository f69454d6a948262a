"""What the run time carries out so far. Publishing a flow with anything else is refused, so that none ends in silence."""

from __future__ import annotations

from hub.flows.nodes import Ask, HandOverToQueue, Node, Send

CARRIED = frozenset({"start", "send", "ask", "intent", "split", "tag", "hand_over", "end"})


def not_carried(node: Node) -> str:
    """What of a node would not be carried out, in words; empty when all of it is."""
    if node.type not in CARRIED:
        return f"“{node.title}”"
    match node:
        case Send(content=content, channels=channels, wait_for=receipt):
            if content.get("type") != "text" or content.get("suggestions") or channels or receipt:
                return "anything but a plain text on the channel of the conversation"
        case Ask(content=content, retry_content=again, channels=channels, timeout=timeout):
            plain = all(each is None or each.get("type") == "text" for each in (content, again))
            if not plain or channels or timeout:
                return "a question with a time limit, or more than a plain text"
        case HandOverToQueue(come_back=True):
            return "coming back from people"
        case _ if getattr(node, "remove", False):
            return "taking a tag away"
    return ""
