"""The node types, one file each; `NODES` is the registry."""

from __future__ import annotations

from collections.abc import Mapping

from hub.flows.nodes.ask import Ask
from hub.flows.nodes.base import Node
from hub.flows.nodes.branch import Branch
from hub.flows.nodes.call_contact import CallContact
from hub.flows.nodes.call_dial import DialNumber
from hub.flows.nodes.call_gather import GatherAnswer
from hub.flows.nodes.call_hang_up import HangUpCall
from hub.flows.nodes.call_play import PlaySound
from hub.flows.nodes.call_record import RecordWords
from hub.flows.nodes.call_say import SayWords
from hub.flows.nodes.emit_event import Emit
from hub.flows.nodes.end import EndFlow
from hub.flows.nodes.goal import Goal
from hub.flows.nodes.hand_over import HandOverToQueue
from hub.flows.nodes.intent import Intent
from hub.flows.nodes.send import Send
from hub.flows.nodes.set_value import SetValue
from hub.flows.nodes.split import Split
from hub.flows.nodes.start import Start
from hub.flows.nodes.sub_flow import SubFlow
from hub.flows.nodes.tag import Tag
from hub.flows.nodes.wait import WaitFor
from hub.flows.nodes.webhook import Webhook

_ALL: tuple[type[Node], ...] = (
    Start,
    Send,
    Ask,
    Branch,
    Intent,
    Split,
    WaitFor,
    SetValue,
    Tag,
    Emit,
    Webhook,
    SubFlow,
    HandOverToQueue,
    CallContact,
    SayWords,
    PlaySound,
    GatherAnswer,
    RecordWords,
    DialNumber,
    HangUpCall,
    Goal,
    EndFlow,
)
NODES: Mapping[str, type[Node]] = {node.type: node for node in _ALL}

__all__ = ["NODES", "Ask", "HandOverToQueue", "Intent", "Node", "Send", "Start", "SubFlow"]
