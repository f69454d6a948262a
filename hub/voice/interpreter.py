"""The one interpreter of call scripts: where a call stands, what happened, what is to be done next. Pure.

A carrier of calls (a provider's markup, or our own media over SIP) carries the actions out in their order and comes
back with one event when the last of them needs an answer. Positions are plain JSON, so that a call survives a restart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from hub.voice.script import Call, Dial, Gather, HangUp, Pause, Play, Record, Say, Step

TURNS_MAX = 500  # of one call; a person who presses wrong keys for ever is not an endless call
OTHERWISE, SILENCE = "(otherwise)", "(silence)"  # in paths; no key of a branch has brackets
_PUNCTUATION = re.compile(r"[^\w\s]")


class Position(BaseModel):
    """Where a call stands. `path` leads to the step whose answer is awaited: index, branch, index, …; empty: not begun."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    machine: bool = False
    path: tuple[int | str, ...] = ()
    tries: int = 0
    turns: int = 0


BEGIN = Position()


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody picked up. `by` is `human`, `machine`, `fax` or empty when nobody looked."""

    by: str = ""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The answer to a gather; both empty: nothing came in time."""

    digits: str = ""
    speech: str = ""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message was taken, or nothing was said (`seconds` 0)."""

    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Dialled:
    """How the other call went: `completed`, `busy`, `no-answer`, `failed` or `canceled`."""

    status: str = "completed"


@dataclass(frozen=True, slots=True)
class HungUp:
    """The person has gone."""


Event = Answered | Gathered | Recorded | Dialled | HungUp


@dataclass(frozen=True, slots=True)
class Ask:
    """Play the prompt (a key stops it) and wait for keys or words as `gather` says."""

    gather: Gather


@dataclass(frozen=True, slots=True)
class Hold:
    """Wait a moment, and ask for the next turn: whoever speaks in the call is not so far."""

    seconds: int = 1


@dataclass(frozen=True, slots=True)
class End:
    """Hang up."""


Action = Say | Play | Pause | Ask | Record | Dial | Hold | End


class Advance(NamedTuple):
    """`position` None: the call is over. `taken`: the steps that were done, for people: [{"at", "did"}]."""

    position: Position | None
    actions: tuple[Action, ...]
    taken: tuple[dict[str, Any], ...] = ()


Outcome = Literal["answer", "wrong", "silence"]


def advance(call: Call, position: Position, event: Event) -> Advance:
    """What to do after `event`. An event that does not fit the awaited step is taken as no answer to it."""
    if isinstance(event, HungUp):
        return Advance(None, (), ({"step": label(position), "did": "hung up"},))
    if position.turns >= TURNS_MAX:
        return Advance(None, (End(),), ({"step": label(position), "did": "too many turns"},))
    position = position.model_copy(update={"turns": position.turns + 1})
    if isinstance(event, Answered) or not position.path:
        return _begin(call, position, event.by if isinstance(event, Answered) else "")
    step = _at(call, position)
    if step is None:  # the script and the position are not of one piece
        return Advance(None, (End(),), ())
    match step:
        case Gather():
            return _gathered(call, position, step, event if isinstance(event, Gathered) else Gathered())
        case Record():
            did = {"step": label(position), "did": "recorded"}
            if isinstance(event, Recorded):
                did["seconds"] = str(event.seconds)
            return _go_on(call, position, _next(position.path), (did,))
        case Dial():
            status = event.status if isinstance(event, Dialled) else "failed"
            did = {"step": label(position), "did": "dialled", "status": status}
            return _go_on(call, position, _next(position.path), (did,))
    return _go_on(call, position, _next(position.path), ())


def label(position: Position) -> str:
    """The position for people: `3`, or `3 › 1 › 2`; steps are counted from 1."""
    shown = [str(part + 1) if isinstance(part, int) else part for part in position.path]
    return ("machine › " if position.machine else "") + " › ".join(shown) if shown else ""


def _begin(call: Call, position: Position, by: str) -> Advance:
    """Start at the steps for whoever answered."""
    machine = by in ("machine", "fax") and call.machine is not None
    start = position.model_copy(update={"machine": machine, "path": (0,), "tries": 0})
    did = {"step": "", "did": "answered", "by": by}
    if machine and (by == "fax" or not call.machine):
        return Advance(None, (End(),), (did,))
    return _go_on(call, start, (0,), (did,))


def _gathered(call: Call, position: Position, gather: Gather, event: Gathered) -> Advance:
    outcome, branch = _read(gather, event)
    did: dict[str, Any] = {"step": label(position), "did": outcome}
    if event.digits:
        did["digits"] = event.digits
    if event.speech:
        did["speech"] = event.speech
    if outcome != "answer" and position.tries < gather.retries:
        again = position.model_copy(update={"tries": position.tries + 1})
        return Advance(again, (Ask(gather),), (did,))
    name = {"wrong": OTHERWISE, "silence": SILENCE}.get(outcome, branch)
    if not _branch(gather, name):
        return _go_on(call, position, _next(position.path), (did,))
    return _go_on(call, position, (*position.path, name, 0), (did,))


def _read(gather: Gather, event: Gathered) -> tuple[Outcome, str]:
    """Whether it is an answer, and which branch it chooses ("" for none)."""
    if event.digits:
        if not gather.branches or event.digits in gather.branches:
            short = gather.digits and len(event.digits) < gather.digits
            return ("wrong", "") if short else ("answer", event.digits)
        return "wrong", ""
    if not event.speech.strip():
        return "silence", ""
    if event.confidence < gather.confidence_min:
        return "wrong", ""
    if not gather.branches:
        return "answer", ""
    said = normal(event.speech)
    for key in gather.branches:
        if normal(key) == said:
            return "answer", key
    for key in gather.branches:
        if f" {normal(key)} " in f" {said} ":
            return "answer", key
    return "wrong", ""


def normal(words: str) -> str:
    """Speech without case, punctuation and doubled spaces."""
    return " ".join(_PUNCTUATION.sub(" ", words.casefold()).split())


def _go_on(
    call: Call, position: Position, path: tuple[int | str, ...] | None, taken: tuple[dict[str, Any], ...]
) -> Advance:
    """Collect actions from `path` on until one needs an answer or the script ends."""
    actions: list[Action] = []
    done = list(taken)
    while path is not None:
        step = _at(call, position.model_copy(update={"path": path}))
        if step is None:  # the end of a branch: behind the gather it hangs on
            path = _next(path[:-2]) if len(path) > 2 else None
            continue
        here = position.model_copy(update={"path": path, "tries": 0})
        match step:
            case Gather():
                return Advance(here, (*actions, Ask(step)), tuple(done))
            case Record() | Dial():
                return Advance(here, (*actions, step), tuple(done))
            case HangUp():
                break
            case Say() | Play() | Pause():
                actions.append(step)
                done.append({"step": label(here), "did": step.type})
        path = _next(path)
    return Advance(None, (*actions, End()), tuple(done))


def _next(path: tuple[int | str, ...]) -> tuple[int | str, ...] | None:
    """The place behind this one in the same list."""
    last = path[-1]
    return (*path[:-1], last + 1) if isinstance(last, int) else None


def _at(call: Call, position: Position) -> Step | None:
    """The step at a path, or None behind the end of a list."""
    steps: tuple[Step, ...] = (call.machine or ()) if position.machine else call.steps
    step: Step | None = None
    for part in position.path:
        if isinstance(part, str):
            if not isinstance(step, Gather):
                return None
            steps = _branch(step, part)
        else:
            step = steps[part] if part < len(steps) else None
            if step is None:
                return None
    return step


def _branch(gather: Gather, name: str) -> tuple[Step, ...]:
    special = {OTHERWISE: gather.otherwise, SILENCE: gather.silence}
    return special[name] if name in special else gather.branches.get(name, ())
