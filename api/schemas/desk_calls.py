"""Calls at the desk, and the phones of agents, in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from api.schemas.calls import Recording
from api.schemas.common import ChannelId, In, Instant, Out, Page, QueueId, UserId
from hub.voice.desk import KEYS_MAX
from hub.voice.script import Number

Phase = Literal[
    "queued",
    "offered",
    "callback",
    "connecting",
    "calling",
    "connected",
    "held",
    "consulting",
    "forwarded",
    "voicemail",
    "ended",
]


class Named(Out):
    id: str
    name: str


class Caller(Named):
    address: str


class DeskCall(Out):
    """One call at the desk. `owner` has the conversation, `agent` the call: whose phone rings for it, or who talks."""

    id: str
    conversation_id: str
    contact: Caller
    channel_id: str
    direction: Literal["in", "out"]
    phase: Phase = Field(
        description="queued: waits with sound; offered: an agent is being asked; callback: has hung up and keeps the place; "
        "connecting: the agent's phone rings; calling: the contact's rings; consulting: the contact is held while the "
        "agent asks another; forwarded: with a number outside."
    )
    queue: Named | None
    offered_to: Named | None
    owner: Named | None
    agent: Named | None
    consulted: Named | None = Field(description="Who is asked whether they take it over.")
    consulted_up: bool = Field(description="They have answered: the transfer can be completed.")
    listeners: list[Named]
    muted: bool
    forward: str | None
    note: str = Field(description="What whoever passed it on said of it.")
    recorded: bool = Field(
        description="It is being recorded, or was until its end; the contact was told before."
    )
    transcribed: bool = Field(description="What is said is written down; the contact was told before.")
    kept: bool = Field(description="At least a part was recorded or written down.")
    recording: Recording | None = Field(description="Its sound, a little after its end.")
    waited_from: Instant
    since: Instant = Field(description="When the phase began.")
    answered_at: Instant | None
    ended_at: Instant | None
    outcome: str | None = Field(
        description="completed, abandoned, unanswered, voicemail, called_back, or why the contact was not reached."
    )
    log: list[dict[str, Any]] = Field(description="What was done, by whom and when, oldest first.")
    version: int


class Said(Out):
    """Something said in a call. `confidence`: how sure the provider is of the words, 0 to 1."""

    id: str
    at: Instant
    speaker: Literal["contact", "agent"]
    user: Named | None = Field(description="The agent who said it.")
    text: str
    confidence: float | None


class Transcript(Page[Said]):
    pass


class DeskCallPage(Page[DeskCall]):
    pass


class KeysIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"keys": "12#"}]})

    keys: str = Field(min_length=1, max_length=KEYS_MAX, pattern=r"^[0-9*#]+$")


class MuteIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"muted": True}]})

    muted: bool


class CallTransferIn(In):
    """Who gets the call: exactly one of an agent, a queue or a number outside. `consult`: ask the agent first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"number": "+15550005678", "note": "Asked for the branch in Leeds."}]}
    )

    agent_id: UserId | None = None
    queue_id: QueueId | None = None
    number: Number | None = None
    note: str = Field("", max_length=1_000)
    consult: bool = False

    @model_validator(mode="after")
    def _one(self) -> CallTransferIn:
        if sum(each is not None for each in (self.agent_id, self.queue_id, self.number)) != 1:
            raise ValueError("give one of agent_id, queue_id and number")
        if self.consult and self.agent_id is None:
            raise ValueError("only an agent can be asked first")
        return self


class CallOutIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    channel_id: ChannelId | None = Field(
        None, description="The line to call from; the first one when left out."
    )


PhoneAddress = Annotated[
    str,
    Field(
        max_length=200,
        pattern=r"^(|\+[1-9]\d{6,14}|sips?:[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+(:\d{1,5})?)$",
        description="A number in E.164 or a SIP address; empty: calls do not come to you.",
        examples=["+15550002345"],
    ),
]


class Phone(In):
    address: PhoneAddress


class PhoneOut(Out):
    address: str
