"""What a call says and asks, as data: the same for every provider that carries it. Pure models.

A script is a list of steps. A gather may branch, and branches are lists of steps again, so a script is a small tree;
its depth, its steps and its words are bounded. Source: channel reference section 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

DEPTH_MAX = 8  # branches inside branches
STEPS_MAX = 200  # in all branches together
WORDS_CHARS_MAX = 20_000  # spoken by all steps together
SAY_CHARS_MAX = 4_096
BRANCHES_MAX = 12
PROMPT_STEPS_MAX = 10

LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}"
Language = Annotated[str, Field(pattern=f"^{LANGUAGE}$")]
Voice = Annotated[str, Field(max_length=60, pattern=r"^[A-Za-z0-9 ._-]*$")]
Number = Annotated[str, Field(pattern=r"^\+[1-9]\d{1,14}$")]
AudioUrl = Annotated[str, Field(max_length=2_048, pattern=r"^https?://[^\s]+$")]
BranchKey = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^()]+$")]


class _Step(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Say(_Step):
    """Words that are spoken. An empty `language` or `voice` is the script's."""

    type: Literal["say"] = "say"
    text: str = Field(min_length=1, max_length=SAY_CHARS_MAX)
    language: Language | Literal[""] = ""
    voice: Voice = ""
    loop: int = Field(1, ge=1, le=10)


class Play(_Step):
    """A recording: from our media library or an address on the web. `text` is what it says, for screens."""

    type: Literal["play"] = "play"
    url: AudioUrl | None = None
    media_id: str | None = Field(None, max_length=80)
    text: str = Field("", max_length=1_024)
    loop: int = Field(1, ge=1, le=10)

    @model_validator(mode="after")
    def _one_source(self) -> Play:
        if (self.url is None) == (self.media_id is None):
            raise ValueError("give either url or media_id")
        return self


class Pause(_Step):
    type: Literal["pause"] = "pause"
    seconds: int = Field(1, ge=1, le=30)


Prompt = Annotated[Say | Play | Pause, Field(discriminator="type")]


class Gather(_Step):
    """Ask for keys or words.

    `branches` are looked up by the keys pressed, or by the words said (without case and punctuation); an answer that
    has none counts as wrong. Wrong or no answer: the prompt is repeated up to `retries` times, then `otherwise` or
    `silence` is done. Without `branches` any answer is right. After a branch the script goes on behind the gather.
    `digits` 0: as many as come until `finish_key` or `timeout_s` of silence.
    """

    type: Literal["gather"] = "gather"
    input: tuple[Literal["dtmf", "speech"], ...] = Field(("dtmf",), min_length=1, max_length=2)
    digits: int = Field(0, ge=0, le=32)
    finish_key: Literal["", "#", "*", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] = "#"
    timeout_s: int = Field(5, ge=1, le=60)
    retries: int = Field(1, ge=0, le=5)
    language: Language | Literal[""] = ""
    hints: str = Field(
        "", max_length=500, description="Words that are likely, with commas: helps the recognition."
    )
    confidence_min: float = Field(0.3, ge=0, le=1, description="Words understood with less count as wrong.")
    prompt: tuple[Prompt, ...] = Field((), max_length=PROMPT_STEPS_MAX)
    branches: Mapping[BranchKey, tuple[Step, ...]] = Field(default_factory=dict, max_length=BRANCHES_MAX)
    otherwise: tuple[Step, ...] = ()
    silence: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _reachable(self) -> Gather:
        if len(set(self.input)) < len(self.input):
            raise ValueError("an input is named twice")
        if self.input == ("dtmf",):
            for key in self.branches:
                if set(key) - set("0123456789*#"):
                    raise ValueError(f"branch {key!r}: only keys can be pressed where input is dtmf")
                if self.digits and len(key) != self.digits:
                    raise ValueError(f"branch {key!r} cannot be reached: {self.digits} keys are asked for")
                if self.finish_key and self.finish_key in key:
                    raise ValueError(f"branch {key!r} cannot be reached: {self.finish_key} ends the answer")
        return self


class Record(_Step):
    """Take a message."""

    type: Literal["record"] = "record"
    seconds_max: int = Field(120, ge=1, le=3_600)
    silence_s: int = Field(5, ge=1, le=60, description="As much silence ends it.")
    finish_key: Literal["", "#", "*", "1"] = "#"
    beep: bool = True


class Dial(_Step):
    """Connect the person with somebody else."""

    type: Literal["dial"] = "dial"
    number: Number
    timeout_s: int = Field(30, ge=5, le=600)
    caller_id: Number | None = None


class HangUp(_Step):
    type: Literal["hang_up"] = "hang_up"


Step = Annotated[
    Say | Play | Pause | Gather | Record | Dial | HangUp,
    Field(discriminator="type"),
]
Gather.model_rebuild()


class Call(_Step):
    """A whole call. `machine` None: nobody asks whether a machine answered; `()`: then hang up; else what it hears."""

    type: Literal["call"] = "call"
    language: Language = "en-US"
    voice: Voice = ""
    steps: tuple[Step, ...] = Field(min_length=1)
    machine: tuple[Step, ...] | None = None
    ring_timeout_s: int = Field(30, ge=5, le=120)
    time_limit_s: int = Field(600, ge=10, le=7_200)
    record: bool = Field(False, description="Record the whole call.")

    @model_validator(mode="after")
    def _bounded(self) -> Call:
        count = words = 0
        for depth, step in _walk(self.steps, 1):
            count, words = _counted(count, words, depth, step)
        for depth, step in _walk(self.machine or (), 1):
            count, words = _counted(count, words, depth, step)
            if isinstance(step, Gather):
                raise ValueError("a machine cannot answer: machine has a gather")
        return self


def _counted(count: int, words: int, depth: int, step: Step) -> tuple[int, int]:
    count += 1
    words += len(step.text) * step.loop if isinstance(step, Say) else 0
    if depth > DEPTH_MAX:
        raise ValueError(f"branches are at most {DEPTH_MAX} deep")
    if count > STEPS_MAX:
        raise ValueError(f"a call has at most {STEPS_MAX} steps, branches included")
    if words > WORDS_CHARS_MAX:
        raise ValueError(f"a call says at most {WORDS_CHARS_MAX} characters")
    return count, words


def _walk(steps: tuple[Step, ...], depth: int) -> Iterator[tuple[int, Step]]:
    for step in steps:
        yield depth, step
        if isinstance(step, Gather):
            yield from ((depth, prompt) for prompt in step.prompt)
            for branch in (*step.branches.values(), step.otherwise, step.silence):
                yield from _walk(branch, depth + 1)


def every_step(call: Call) -> Iterator[Step]:
    """All steps of a call, prompts and branches included."""
    for _, step in _walk(call.steps, 1):
        yield step
    for _, step in _walk(call.machine or (), 1):
        yield step


def spoken(text: str) -> Call:
    """A plain text as a call: it is said once."""
    return Call(steps=(Say(text=text[:SAY_CHARS_MAX]),))


def words_of(call: Call) -> str:
    """What the call says first, for screens and logs of messages: its words up to the first question, included."""
    found: list[str] = []
    for step in call.steps:
        match step:
            case Say() | Play():
                found.append(step.text)
            case Gather():
                found += [prompt.text for prompt in step.prompt if isinstance(prompt, Say | Play)]
                break
    return " ".join(word for word in found if word)[:SAY_CHARS_MAX]
