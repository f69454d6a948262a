"""One live conversation in memory, its events, and what a turn asks of the world. Slots keep 200,000 of them small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from hub.channels.content import Content
from hub.contacts.consents import ALL
from hub.conversations.desk import DeskEvent, Handling, Moved
from hub.conversations.memo import NO_MEMO, Memo
from hub.flows.effects import ReachGoal, Scalar
from hub.flows.engine import Step
from hub.flows.inputs import Call, Input
from hub.flows.inside import Inside
from hub.flows.on_call import Ending, Line
from hub.voice.script import Call as Script

NO_CHANNELS: frozenset[str] = frozenset()
LAST_TEXT_CHARS_MAX = 160
UNDER_WAY = frozenset({"open", "snoozed", "waiting"})  # `waiting`: for the contact


@dataclass(slots=True)
class Conversation:
    """The state of one (tenant, contact). `version` 0 means: no row yet."""

    tenant_id: UUID
    contact_id: UUID
    version: int = 0
    status: str = "idle"
    queue_id: UUID | None = None
    assignee_id: UUID | None = None
    sessions: tuple[Inside, ...] = ()
    opted_out: frozenset[str] = NO_CHANNELS
    channel_id: UUID | None = None
    address: str = ""
    last_text: str = ""
    last_direction: str = "in"
    last_at: datetime | None = None
    last_inbound_at: datetime | None = None
    unread: int = 0
    intent: str | None = None
    confidence: float | None = None
    reason: str = ""
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    priority: int = 0  # -1 low, 0 normal, 1 high, 2 urgent
    waiting_since: datetime | None = None  # while it is open and nobody has it
    offered_to: UUID | None = None
    offered_until: datetime | None = None
    due_at: datetime | None = None  # when something of `desk` comes due
    desk: Handling | None = None
    memo: Memo = NO_MEMO
    tags: tuple[str, ...] = ()  # in their order
    name: str = ""  # the contact's, for screens; not a column of this row

    def copy(self) -> Conversation:
        """A copy that a turn may change. `copy.copy` takes three times as long for a class with slots."""
        twin = object.__new__(Conversation)
        for name in _FIELDS:
            setattr(twin, name, getattr(self, name))
        return twin


_FIELDS = tuple(field.name for field in fields(Conversation))


class Inbound(NamedTuple):
    """A contact wrote on one of the tenant's channels. A tuple: it crosses processes by the thousand.

    `content` and `command` as in `hub.channels.base.InboundMessage`.
    """

    message_id: UUID
    event_key: str
    channel_id: UUID
    channel_kind: str
    address: str
    text: str
    provider_message_id: str
    at: datetime
    content: Mapping[str, Any] | None = None
    command: str = ""


@dataclass(frozen=True, slots=True)
class AgentReply:
    """A person (called `name`) answers. The same `request_id` twice is one answer, however often it is asked for.

    `content`: what is sent where it is more than a text, `text` then being its words. `seen`: the newest message that they have seen; None: they do not say.
    """

    message_id: UUID
    user_id: UUID | None
    text: str
    at: datetime
    channel_id: UUID | None = None
    request_id: UUID | None = None
    name: str = ""
    seen: UUID | None = None
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class Assign:
    """`actor` is who asks, as the audit writes it; `name` that of the new owner."""

    user_id: UUID | None
    at: datetime
    name: str = ""
    actor: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class PassToFlow:
    """The people are done: the flow called `name` takes the contact on."""

    session_id: UUID
    flow_id: UUID
    name: str
    at: datetime
    actor: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    queue_id: UUID
    queue_name: str
    at: datetime
    actor: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """`wrap_up`: what became of it, as a key of the tenant's own."""

    at: datetime
    actor: str = ""
    wrap_up: str | None = None


@dataclass(frozen=True, slots=True)
class Reopen:
    at: datetime
    actor: str = ""


@dataclass(frozen=True, slots=True)
class MarkRead:
    at: datetime


@dataclass(frozen=True, slots=True)
class HandBack(Close):
    """The people who have the conversation give it back into the flow that handed it over; `outcome` goes along."""

    outcome: str = ""


@dataclass(frozen=True, slots=True)
class BeginFlow:
    """Begin a session at a start node (empty: the flow's own). The same `key` twice is one session.

    `values`: what came with the trigger; `origin`: the campaign that began it, in hex, or empty.
    """

    session_id: UUID
    flow_id: UUID
    at: datetime
    node: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    trigger: str = "api"
    key: str | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class FlowInput:
    """Something came for a session: its time is up, a webhook answered, a message arrived, somebody repaired it."""

    session_id: UUID
    given: Input
    at: datetime


@dataclass(frozen=True, slots=True)
class ExitFlow:
    """End a session from outside. `actor` is who asks, as the audit writes it."""

    session_id: UUID
    at: datetime
    reason: str
    actor: str = "system"


@dataclass(frozen=True, slots=True)
class MoveFlow:
    """Put a session into another version of its flow. `nodes`: where a node's id became another one's."""

    session_id: UUID
    at: datetime
    version: int
    nodes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FlowCall:
    """A call that a session is in asks for its next document: turn `turn`. `given` None: nothing happened but that.

    `heard`: the answer as the call's row keeps it.
    """

    session_id: UUID
    line: Line
    turn: int
    given: Call | None
    at: datetime
    heard: Mapping[str, Any] | None = None


FlowEvent = BeginFlow | FlowInput | ExitFlow | MoveFlow | PassToFlow | FlowCall
Event = Inbound | AgentReply | Assign | Transfer | Close | Reopen | MarkRead | DeskEvent | FlowEvent


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Ask the one door out to send `text`, or `content`. `message_id` None: the shell gives one."""

    text: str
    channel_id: UUID
    address: str
    origin: str
    origin_id: UUID | None = None
    message_id: UUID | None = None
    answers_command: bool = False  # the one confirmation that may go to somebody who opted out
    carrier_answers: bool = False  # a carrier that answers commands has answered this one
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class SetConsent:
    channel_kind: str
    state: str
    proof: str
    purpose: str = ALL


@dataclass(frozen=True, slots=True)
class TagContact:
    tag: str


@dataclass(frozen=True, slots=True)
class CallWebhook:
    """Tell one endpoint of the tenant, whatever it listens for. `data` beside the conversation."""

    endpoint_id: UUID
    event: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChangeContact:
    """Tags off (or on again), and attributes with values that fit them; None takes a value away."""

    tags: Mapping[str, bool]
    attributes: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """A custom event of the contact. `chain`: so many flows began each other by events up to this one."""

    name: str
    properties: Mapping[str, Scalar]
    chain: int = 1


@dataclass(frozen=True, slots=True)
class FlowWork:
    """What a session asked for and what is carried out after the commit: a row of `flow_work`."""

    kind: str  # send, dial or webhook
    session_id: UUID
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallTurn:
    """What a call does as the answer to turn `turn - 1`: its row. `begins`: the call came in with this turn.

    `taken`, `heard`: for people, as `calls.steps` and `calls.gathered` have them; `answered_by` where somebody looked.
    """

    session_id: UUID
    line: Line
    turn: int
    script: Script
    ending: Ending
    taken: tuple[Mapping[str, Any], ...] = ()
    heard: Mapping[str, Any] | None = None
    answered_by: str = ""
    begins: bool = False


Effect = (
    SendMessage | SetConsent | TagContact | CallWebhook | ChangeContact | RecordEvent | FlowWork | CallTurn
)


@dataclass(frozen=True, slots=True)
class Understood:
    """What the classifier said of one text."""

    intent: str | None
    confidence: float
    version_id: UUID | None


@dataclass(frozen=True, slots=True)
class Happened:
    """Something for the contact's timeline that is neither a message nor an event: a row of `activities`."""

    kind: str
    data: Mapping[str, Any]
    actor: str = "system"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a turn did to one session: rows of `flow_sessions`, `flow_steps` and `flow_goals`.

    `inside.steps` counts these steps already. `begun`: with what it began, for one that is new.
    """

    inside: Inside
    status: str  # waiting, stuck, ended or exited
    reason: str = ""
    outcome: str = ""
    steps: tuple[Step, ...] = ()
    goals: tuple[ReachGoal, ...] = ()
    trigger: str = ""
    key: str | None = None


@dataclass(slots=True)
class Turn:
    """The result of one turn: the next state, effects in order, notes for the inbound message's row, and what the
    contact's timeline and the queues' reports will tell of it.
    """

    state: Conversation
    effects: list[Effect] = field(default_factory=list)
    routing: dict[str, str] | None = None
    happened: list[Happened] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)  # live events about this conversation
    ran: list[Ran] = field(default_factory=list)
    answer: dict[str, Any] | None = None  # to a flow's event, in place of the conversation
    unchanged: bool = False  # nothing is to be written
