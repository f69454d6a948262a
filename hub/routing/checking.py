"""What is wrong with a list of rules, by rule and place; and which rules can never have a message. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hub.conditions import nodes
from hub.conditions.catalog import Catalog
from hub.conditions.errors import ERRORS_MAX, ConditionInvalid, Fault
from hub.conditions.nodes import Node
from hub.conditions.plan import plan
from hub.errors import Invalid
from hub.routing.compiled import CompiledRule, Targets
from hub.routing.rule import Answer, Rule, RuleList, Tell, ToAgent, ToFlow, ToQueue
from hub.templates.render import TemplateInvalid, compile_template


@dataclass(eq=False)
class RulesInvalid(Invalid):
    """These rules cannot be used."""

    code: ClassVar[str] = "routing-rules-invalid"
    errors: tuple[dict[str, str], ...] = ()


def check(rules: RuleList, catalog: Catalog, targets: Targets, above: Collection[UUID] = frozenset()) -> None:
    """Raise RulesInvalid, naming every rule and place (20 at most), for what does not fit the tenant. `above`: the ids of
    the rules that it inherits.
    """
    faults = [fault for nth, rule in enumerate(rules.rules) for fault in _faults(rule, nth, catalog, targets)]
    faults += [
        Fault(f"/rules/{nth}/id", "taken", f"rule {nth + 1} “{rule.name}”: a rule from above has this id")
        for nth, rule in enumerate(rules.rules)
        if rule.id in above
    ]
    if rules.fallback_queue_id is not None and rules.fallback_queue_id not in targets.queues:
        faults.append(Fault("/fallback_queue_id", "unknown-queue", "there is no such queue"))
    if faults:
        listed = tuple(
            {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
            for fault in faults[:ERRORS_MAX]
        )
        raise RulesInvalid("; ".join(fault.detail for fault in faults[:3]), "", listed)


def _faults(rule: Rule, nth: int, catalog: Catalog, targets: Targets) -> Iterator[Fault]:
    place, named = f"/rules/{nth}", f"rule {nth + 1} “{rule.name}”"
    try:
        plan(rule.condition, catalog, f"{place}/condition", strict=True)
    except ConditionInvalid as error:
        for each in error.errors:
            yield Fault(each["pointer"], each["code"], f"{named}: {each['detail']}")
    for number, action in enumerate(rule.actions):
        here = f"{place}/actions/{number}"
        match action:
            case ToQueue(queue_id=key) if key not in targets.queues:
                yield Fault(f"{here}/queue_id", "unknown-queue", f"{named}: there is no such queue")
            case ToFlow(flow_id=key) if key not in targets.flows:
                yield Fault(f"{here}/flow_id", "unknown-flow", f"{named}: there is no such flow")
            case ToAgent(user_id=key) if key not in targets.users:
                yield Fault(f"{here}/user_id", "unknown-user", f"{named}: there is no such active person")
            case Tell(endpoint_id=key) if key not in targets.hooks:
                yield Fault(
                    f"{here}/endpoint_id", "unknown-endpoint", f"{named}: there is no such endpoint in use"
                )
            case Answer(text=text):
                try:
                    compile_template(text)
                except TemplateInvalid as error:
                    yield Fault(f"{here}/text", error.code, f"{named}: {error.detail}")


@dataclass(frozen=True, slots=True)
class Warned:
    """A rule that will never have a message; `by`: the place of the rule before it that always has it, None: none may."""

    place: int
    by: int | None
    detail: str


def never_reached(rules: Sequence[CompiledRule | None]) -> list[Warned]:
    """Of the rules in their order (None: switched off or not usable) those that no message can reach."""
    found: list[Warned] = []
    for place, rule in enumerate(rules):
        if rule is None:
            continue
        if _never_holds(rule.node):
            found.append(Warned(place, None, f"“{rule.name}” can never hold"))
            continue
        for before, earlier in enumerate(rules[:place]):
            if earlier is not None and not earlier.goes_on and _implies(rule, earlier):
                detail = f"“{rule.name}” is never reached: “{earlier.name}” before it always has its messages"
                found.append(Warned(place, before, detail))
                break
    return found


def _implies(later: CompiledRule, earlier: CompiledRule) -> bool:
    """True when it is plain that every message that fits `later` fits `earlier` too."""
    if earlier.asks_confidence != later.asks_confidence and (earlier.asks_intent or earlier.asks_confidence):
        return False  # they do not hear the same intent
    given = _conjuncts(later.node)
    return all(any(_covers(wanted, has) for has in given) for wanted in _conjuncts(earlier.node))


def _conjuncts(node: Node) -> list[Node]:
    match node:
        case nodes.All(each):
            return [inner for one in each for inner in _conjuncts(one)]
        case nodes.Any_((only,)):
            return _conjuncts(only)
        case _:
            return [node]


def _covers(wanted: Node, has: Node) -> bool:
    match wanted, has:
        case nodes.OneOf(field, values), nodes.OneOf(other, some) if field == other and some is not None:
            return values is None or set(some) <= set(values)
        case nodes.Any_(each), _:
            return wanted == has or any(_covers(one, has) for one in each)
        case _:
            return wanted == has


def _never_holds(node: Node) -> bool:
    match node:
        case nodes.All(each):
            return any(map(_never_holds, each))
        case nodes.Any_(each):
            return all(map(_never_holds, each))
        case nodes.Not(nodes.All(())):
            return True
        case _:
            return False
