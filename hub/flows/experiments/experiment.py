"""From the numbers of an experiment's arms to what is known of them, and to what is decided by itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import Literal

from hub.flows.experiments import sequential
from hub.flows.experiments.decided import Decided, Kind
from hub.flows.nodes.split import HOLD_OUT, Guardrail, Split, Trial

State = Literal["running", "decided", "inconclusive"]
Status = Literal["running", "stopped", "winner", "hold_out"]
OPT_OUTS_MIN = 5
"""An arm is not stopped for fewer: one angry person is not a rate."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of one arm: people who went there, those of them who reached the goal and who opted out afterwards, and what the
    messages of their sessions cost.
    """

    entries: int = 0
    conversions: int = 0
    opt_outs: int = 0
    cost_micros: int = 0


@dataclass(frozen=True, slots=True)
class ArmReport:
    """`low` and `high` hold at all looks together; the ratio's are None while they are not known, and for the first arm.

    `share`: of the people who come now. `status`: running, stopped, winner, or hold_out.
    """

    name: str
    status: Status
    share: float
    numbers: Numbers
    rate: float | None
    low: float
    high: float
    opt_out_rate: float | None
    opt_out_low: float
    opt_out_high: float
    cost_per_conversion_micros: int | None
    likely_best: float | None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """`state`: running, decided, or inconclusive: as many people came as were planned, and no difference is sure."""

    state: State
    arms: tuple[ArmReport, ...]
    winner: str
    entries_planned: int
    """Of all arms together."""
    entries: int


@dataclass(frozen=True, slots=True)
class Due:
    """A decision that the numbers call for."""

    kind: Kind
    arm: str
    reason: str


def alpha_of(split: Split, trial: Trial) -> float:
    """The chance of a wrong winner, spread over the arms that the best one is compared with (Bonferroni)."""
    return (1 - trial.confidence) / (len(split.arms) - 1)


def due(split: Split, decided: Decided, numbers: Mapping[str, Numbers]) -> list[Due]:
    """What is to be decided now without a person: arms whose people opt out, then the winner. Never stops the last arm."""
    trial = split.test
    if trial is None or decided.winner:
        return []
    running = running_arms(split, decided)
    found = []
    if trial.guardrail is not None:
        for arm in tuple(running):
            words = _hurts(arm, running, split, trial, trial.guardrail, numbers)
            if words and len(running) > 1:
                found.append(Due("stop", arm, words))
                running.remove(arm)
    if trial.automatic and (winner := winner_of(split, running, trial, numbers)) is not None:
        found.append(winner)
    return found


def running_arms(split: Split, decided: Decided) -> list[str]:
    """The arms that people can go; all of them where none would be left."""
    return [arm for arm in split.weights if arm not in decided.stopped] or list(split.weights)


def _hurts(
    arm: str,
    running: Sequence[str],
    split: Split,
    trial: Trial,
    rail: Guardrail,
    numbers: Mapping[str, Numbers],
) -> str:
    """Why the arm must be stopped, in words; empty when it need not.

    Compared with the others that run: their shares among each other were the same all the time, whatever was stopped.
    """
    own = numbers.get(arm, Numbers())
    if own.opt_outs < OPT_OUTS_MIN:
        return ""
    bound = -log((1 - trial.confidence) / len(split.arms))
    of = f"{own.opt_outs} of {own.entries} people opted out"
    limit = rail.rate_max
    if limit is not None and sequential.log_evidence_above(own.opt_outs, own.entries, limit, 1.0) >= bound:
        return f"{of}, surely more than {limit:.1%}"
    others = [each for each in running if each != arm]
    if not others:
        return ""
    rest = sum(numbers.get(each, Numbers()).opt_outs for each in others)
    weight, weights = split.weights[arm] * (1 + rail.worse_by), sum(split.weights[each] for each in others)
    share = weight / (weight + weights)
    if sequential.log_evidence_above(own.opt_outs, own.opt_outs + rest, share, 1.0) < bound:
        return ""
    people = sum(numbers.get(each, Numbers()).entries for each in others)
    return f"{of}, of the others {rest} of {people}"


def winner_of(
    split: Split, running: Sequence[str], trial: Trial, numbers: Mapping[str, Numbers]
) -> Due | None:
    """The arm that surely converts better than each of the others that run, if there is one."""
    if len(running) < 2:
        return None
    bound = -log(alpha_of(split, trial))
    best = max(running, key=lambda arm: _rate(numbers.get(arm, Numbers())) or 0.0)
    for other in running:
        if other == best:
            continue
        first, total, share = _pair(split, best, other, numbers)
        if first <= total * share or sequential.log_evidence(first, total, share, trial.effect) < bound:
            return None
    rates = ", ".join(f"{arm} {_rate(numbers.get(arm, Numbers())) or 0.0:.1%}" for arm in running)
    return Due("winner", best, f"converts better with {trial.confidence:.0%} confidence: {rates}")


def _pair(split: Split, arm: str, other: str, numbers: Mapping[str, Numbers]) -> tuple[int, int, float]:
    """(conversions of the first, of both, the first one's share) of two arms."""
    first, second = numbers.get(arm, Numbers()).conversions, numbers.get(other, Numbers()).conversions
    weight = split.weights[arm]
    return first, first + second, weight / (weight + split.weights[other])


def _rate(of: Numbers) -> float | None:
    return of.conversions / of.entries if of.entries else None


def report(split: Split, decided: Decided, numbers: Mapping[str, Numbers]) -> Report:
    """What is known of every arm. Raises ValueError for a split that compares nothing."""
    trial = split.test
    if trial is None:
        raise ValueError("the split has no test")
    names = list(split.weights)
    best = sequential.likely_best([_hits(numbers.get(name, Numbers())) for name in names])
    arms = [
        _arm(name, split, decided, trial, numbers, likely) for name, likely in zip(names, best, strict=True)
    ]
    if split.hold_out:
        arms.append(_arm(HOLD_OUT, split, decided, trial, numbers, None))
    planned = planned_entries(split, trial)
    entries = sum(numbers.get(name, Numbers()).entries for name in names)
    state: State = "decided" if decided.winner else "running"
    if state == "running" and entries >= planned:
        sure = winner_of(split, running_arms(split, decided), trial, numbers)
        state = "running" if sure is not None else "inconclusive"
    return Report(state, tuple(arms), decided.winner, planned, entries)


def _hits(of: Numbers) -> tuple[int, int]:
    return min(of.conversions, of.entries), of.entries


def _arm(
    name: str,
    split: Split,
    decided: Decided,
    trial: Trial,
    numbers: Mapping[str, Numbers],
    likely: float | None,
) -> ArmReport:
    own, alpha = numbers.get(name, Numbers()), 1 - trial.confidence
    low, high = sequential.rate_interval(*_hits(own), alpha)
    out = min(own.opt_outs, own.entries)
    out_low, out_high = sequential.rate_interval(out, own.entries, alpha)
    ratio = dict(_ratio(name, split, trial, numbers))
    return ArmReport(
        name,
        _status(name, split, decided),
        shares(split, decided)[name],
        own,
        _rate(own),
        low,
        high,
        own.opt_outs / own.entries if own.entries else None,
        out_low,
        out_high,
        round(own.cost_micros / own.conversions) if own.conversions else None,
        likely,
        **ratio,
    )


def _ratio(
    name: str, split: Split, trial: Trial, numbers: Mapping[str, Numbers]
) -> Iterator[tuple[str, float | None]]:
    """The arm's rate beside the first arm's."""
    control = next(iter(split.weights))
    if name == control or name not in split.weights:
        return
    first, total, share = _pair(split, name, control, numbers)
    alpha = alpha_of(split, trial)
    low, high = sequential.ratio_interval(first, total, share, alpha, trial.effect)
    evidence = float(sequential.log_evidence(first, total, share, trial.effect))
    own, other = _rate(numbers.get(name, Numbers())), _rate(numbers.get(control, Numbers()))
    yield "ratio", own / other if own is not None and other else None
    yield "ratio_low", low
    yield "ratio_high", high if isfinite(high) else None
    yield "p_value", sequential.p_value(evidence)


def _status(name: str, split: Split, decided: Decided) -> Status:
    if name not in split.weights:
        return "hold_out"
    if decided.winner:
        return "winner" if name == decided.winner else "stopped"
    return "running" if name in running_arms(split, decided) else "stopped"


def shares(split: Split, decided: Decided) -> dict[str, float]:
    """Of the people who come now, how many go which way; all together 1."""
    going = 1 - split.hold_out
    if decided.winner in split.weights:
        found = {name: going * (name == decided.winner) for name in split.weights}
    else:
        running = running_arms(split, decided)
        total = sum(split.weights[name] for name in running)
        found = {
            name: going * weight / total if name in running else 0.0 for name, weight in split.weights.items()
        }
    return {**found, HOLD_OUT: split.hold_out} if split.hold_out else found


def planned_entries(split: Split, trial: Trial) -> int:
    """How many people all arms need, so that a difference of `effect` between the first arm and any other is found with a
    power of 80 %.
    """
    control, *others = split.arms
    total = sum(arm.weight for arm in split.arms)
    alpha = alpha_of(split, trial)
    needed = [
        sequential.entries_needed((arm.weight, control.weight), trial.baseline, trial.effect, alpha)
        / ((arm.weight + control.weight) / total)
        for arm in others
    ]
    return round(max(needed))
