"""The node types: `AnyNode` is the union and the registry."""

from typing import Annotated

from pydantic import Field

from hub.flows.nodes.hand_over import HandOverToQueue
from hub.flows.nodes.send import Send
from hub.flows.nodes.tag import Tag
from hub.flows.nodes.wait_for_reply import WaitForReply

AnyNode = Annotated[Send | WaitForReply | Tag | HandOverToQueue, Field(discriminator="type")]

__all__ = ["AnyNode", "HandOverToQueue", "Send", "Tag", "WaitForReply"]
