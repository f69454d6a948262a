"""What is wrong or doubtful with a flow before it runs, by node, in words. Pure: what it cannot see it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from hub.conditions.catalog import ATTRIBUTE, Catalog
from hub.conditions.errors import ConditionInvalid
from hub.conditions.plan import plan
from hub.flows.definition import Flow
from hub.flows.graph import Graph, behind_a_reply, dearest_way, loops_without_a_stop, set_before
from hub.flows.nodes import HandOverToQueue, Intent, Node, Send, Start, SubFlow
from hub.flows.nodes.ask import Ask
from hub.flows.nodes.call_contact import CallContact
from hub.flows.nodes.goal import Goal
from hub.flows.nodes.set_value import SetValue
from hub.flows.nodes.split import Split
from hub.flows.nodes.start import (
    CampaignTrigger,
    IntentTrigger,
    KeywordTrigger,
    ScheduleTrigger,
    SegmentTrigger,
)
from hub.flows.ports import NEXT
from hub.flows.world import APPROVED, catalog_of
from hub.ids import decode_id, encode_id
from hub.routing.fields import keyword_of
from hub.templates.render import compile_template

OWN = frozenset(
    {"name", "first_name", "last_name", "phone", "language", "contact", "reply"}
)  # what templates may always read
Severity = Literal["error", "warning"]
VOICE = "voice"


@dataclass(frozen=True, slots=True)
class Finding:
    """`error` blocks publishing. `field`: the place in the node's data, where it is one field."""

    node: str
    severity: Severity
    code: str
    words: str
    field: str = ""


@dataclass(frozen=True)
class Surroundings:
    """What the flow meets. None: not known, so not looked at."""

    catalog: Catalog | None = None
    channels: Set[str] | None = None
    """Kinds of the channels that are there, and their public ids."""
    templates: Mapping[tuple[str, str], str] | None = None
    """Status of the provider's templates by (name, language)."""
    queues: Set[str] | None = None
    """Names, case folded."""
    intents: Set[str] | None = None
    """Those of the live model; none: there is no live model."""
    flows: Mapping[str, Flow] | None = None
    """The published ones by id in hex."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of those."""
    own_id: UUID | None = None
    audience: int = 0
    price_micros: Mapping[str, int] = field(default_factory=dict)
    """Of one message by kind of channel."""
    available_micros: int | None = None
    currency: str = ""


def inspect(flow: Flow, around: Surroundings | None = None) -> list[Finding]:
    """All findings, in the order of the nodes on the canvas: from top to bottom, then from left to right."""
    around = around or Surroundings()
    graph = Graph.of(flow)
    found = [
        *_dead_ends(flow),
        *_loops(graph),
        *_unreachable(flow, graph),
        *_unheard(flow, graph),
        *_values(flow, graph, around),
        *_funds(flow, graph, around),
        *_goals(flow, graph, around),
    ]
    for place, node in flow.nodes.items():
        found += _node(place, node, flow, around)
    return sorted(found, key=lambda each: _order(flow, each))


def _order(flow: Flow, finding: Finding) -> tuple[float, float, str, str]:
    position = flow.positions.get(finding.node)
    return (position.y, position.x, finding.node, finding.code) if position else (-1e9, 0, "", finding.code)


def _dead_ends(flow: Flow) -> Iterator[Finding]:
    """A port without an edge beside ports that have one. A node without any way out is where the flow ends."""
    for place, node in flow.nodes.items():
        ports = node.out_ports()
        free = [port for port in ports if flow.target(place, port) is None]
        if place in flow.starts and free:
            yield Finding(place, "error", "dead-end", "nothing follows this start")
        elif free and (len(free) < len(ports) or node.stops()):
            names = ", ".join(free)
            yield Finding(place, "warning", "dead-end", f"the session ends here by {names}: nothing follows")


def _loops(graph: Graph) -> Iterator[Finding]:
    for places in loops_without_a_stop(graph):
        names = " → ".join(places[:6])
        words = f"{names} go round without waiting for the contact: a session would be stopped here"
        yield Finding(places[0], "error", "loop-without-wait", words)


def _unreachable(flow: Flow, graph: Graph) -> Iterator[Finding]:
    for place in flow.nodes:
        if place not in graph.reached:
            yield Finding(place, "warning", "unreachable", "no way leads here from a start")


def _unheard(flow: Flow, graph: Graph) -> Iterator[Finding]:
    """Branches on the intent of a reply that cannot have come."""
    heard = behind_a_reply(graph)
    for place, node in flow.nodes.items():
        if isinstance(node, Intent) and place in graph.reached and place not in heard:
            words = "nothing that the contact writes is heard on the way here: it always leaves by other"
            yield Finding(place, "warning", "no-reply", words)


def _values(flow: Flow, graph: Graph, around: Surroundings) -> Iterator[Finding]:
    """Values of templates: variables that some way here does not set, names that nobody knows."""
    variables = flow.variables()
    before = set_before(graph)
    attributes = {name[len(ATTRIBUTE) :] for name in around.catalog.fields if name.startswith(ATTRIBUTE)} if around.catalog else set()  # fmt: skip
    for place, node in flow.nodes.items():
        if place not in graph.reached:
            continue
        roots = {path.partition(".")[0] for text in node.texts() for path in compile_template(text).variables}
        for name in sorted(roots - OWN - attributes):
            if name not in variables:
                if around.catalog is not None:
                    words = f"{{{{ {name} }}}} is neither a variable of this flow nor an attribute"
                    yield Finding(place, "error", "unknown-value", words)
            elif name not in before[place]:
                words = f"{{{{ {name} }}}} has no value on every way here; give it a default"
                yield Finding(place, "warning", "not-always-set", words)


def _node(place: str, node: Node, flow: Flow, around: Surroundings) -> Iterator[Finding]:
    if around.catalog is not None:
        yield from _conditions(place, node, flow, around.catalog)
    if around.channels is not None:
        yield from _channels(place, node, around.channels)
    match node:
        case Start(trigger=ScheduleTrigger() | SegmentTrigger() as trigger) if around.catalog is not None:
            if trigger.segment not in around.catalog.segments:
                yield Finding(
                    place, "error", "unknown-segment", "there is no such segment", "/trigger/segment_id"
                )
        case Start(trigger=KeywordTrigger(words=keywords)) if around.flows:
            yield from _taken_words(place, keywords, around)
        case Start(trigger=IntentTrigger(intent=name)) if around.intents is not None:
            yield from _intents(place, [("/trigger/intent", name)], around.intents)
        case Start(trigger=CampaignTrigger()):
            asked = flow.nodes.get(flow.target(place, NEXT.name) or "")
            if asked is not None and not (isinstance(asked, Ask) and asked.content is None):
                words = "no campaign can begin here: a question without words of its own must follow, which its message asks"
                yield Finding(place, "warning", "no-opening", words)
        case Send() | Ask() if around.templates is not None:
            yield from _templates(place, node, around.templates)
        case HandOverToQueue(queue=queue) if queue and around.queues is not None:
            if queue.casefold() not in around.queues:
                words = f"there is no queue {queue!r}"
                yield Finding(place, "error", "unknown-queue", words, "/queue")
        case Intent(intents=cases) if around.intents is not None:
            named = [(f"/intents/{nth}/intent", case.intent) for nth, case in enumerate(cases)]
            yield from _intents(place, named, around.intents)
        case SubFlow(flow_id=public_id) if around.flows is not None:
            yield from _sub_flow(place, decode_id("flw", public_id), around)
        case SetValue(target="attribute", name=name) if around.catalog is not None:
            if around.catalog.find(ATTRIBUTE + name) is None:
                yield Finding(place, "error", "unknown-attribute", f"there is no attribute {name!r}", "/name")


def _intents(place: str, named: Sequence[tuple[str, str]], known: Set[str]) -> Iterator[Finding]:
    """`named`: each intent that the node asks for, with its field."""
    if not known:
        words = "you have no live model, so that no intent is ever seen"
        yield Finding(place, "warning", "no-model", words)
        return
    for field_, intent in named:
        if intent not in known:
            yield Finding(
                place, "warning", "unknown-intent", f"the live model knows no intent {intent!r}", field_
            )


def _conditions(place: str, node: Node, flow: Flow, catalog: Catalog) -> Iterator[Finding]:
    for where, condition in node.conditions():
        try:
            plan(condition, catalog_of(flow.variables().items(), catalog), where, strict=True)
        except ConditionInvalid as error:
            for each in error.errors:
                yield Finding(place, "error", each["code"], each["detail"], each["pointer"])


def _channels(place: str, node: Node, channels: Set[str]) -> Iterator[Finding]:
    if node.group == "Voice":
        if VOICE not in channels:
            yield Finding(place, "error", "no-channel", "you have no voice channel")
        elif isinstance(node, CallContact) and node.channel not in ("", *channels):
            words = f"you have no channel {node.channel}"
            yield Finding(place, "error", "no-channel", words, "/channel")
    elif isinstance(node, Send | Ask):
        for nth, step in enumerate(node.channels):
            if step.channel not in channels:
                words = f"you have no channel {step.channel}"
                yield Finding(place, "error", "no-channel", words, f"/channels/{nth}/channel")
        if not channels and node.content is not None:
            yield Finding(place, "error", "no-channel", "you have no channel that could carry a message")


def _templates(place: str, node: Send | Ask, templates: Mapping[tuple[str, str], str]) -> Iterator[Finding]:
    for field_ in ("content", "retry_content"):
        content = getattr(node, field_, None) or {}
        if content.get("type") != "template":
            continue
        name, language = str(content.get("name")), str(content.get("language"))
        status = templates.get((name, language))
        if status is None:
            words = f"there is no template {name!r} in {language}"
            yield Finding(place, "error", "no-template", words, f"/{field_}/name")
        elif status != APPROVED:
            words = f"the template {name!r} is {status}, not approved"
            yield Finding(place, "error", "template-not-approved", words, f"/{field_}/name")


def _taken_words(place: str, words: Sequence[str], around: Surroundings) -> Iterator[Finding]:
    """Words that begin another flow too: the one that was made first has them (hub/routing/starts.py)."""
    own = around.own_id.hex if around.own_id else ""
    others = [(key, flow) for key, flow in sorted((around.flows or {}).items()) if key != own]
    for nth, word in enumerate(words):
        taken = (key for key, flow in others if keyword_of(word) in _keywords(flow))
        other = next(taken, None)
        if other is not None:
            order = "later, so that this one begins"
            if not own or other < own:
                order = "earlier, so that it begins and this one does not"
            said = f"{word!r} also begins the flow {around.names.get(other, '')!r}, which was made {order}"
            yield Finding(place, "warning", "keyword-taken", said, f"/trigger/words/{nth}")


def _keywords(flow: Flow) -> set[str | None]:
    triggers = (start.trigger for start in flow.starts.values())
    return {keyword_of(word) for each in triggers if isinstance(each, KeywordTrigger) for word in each.words}


def _sub_flow(place: str, flow_id: UUID, around: Surroundings) -> Iterator[Finding]:
    flows = around.flows or {}
    if flow_id.hex not in flows:
        yield Finding(
            place,
            "error",
            "unknown-flow",
            f"there is no published flow {encode_id('flw', flow_id)}",
            "/flow_id",
        )
        return
    own = around.own_id.hex if around.own_id else ""
    waiting, seen = [flow_id.hex], set[str]()
    while waiting:
        each = waiting.pop()
        if each == own:
            yield Finding(place, "error", "flow-cycle", "the flow would enter itself", "/flow_id")
            return
        inner = flows.get(each)
        if each in seen or inner is None:
            continue
        seen.add(each)
        waiting += [
            decode_id("flw", node.flow_id).hex for node in inner.nodes.values() if isinstance(node, SubFlow)
        ]


def _funds(flow: Flow, graph: Graph, around: Surroundings) -> Iterator[Finding]:
    """The dearest way through the flow, once for everybody in the audience, beside what the wallet can pay."""
    if not around.audience or around.available_micros is None or not around.price_micros:
        return
    dearest = max(around.price_micros.values())
    prices = {}
    for place, node in flow.nodes.items():
        if isinstance(node, Send | Ask) and node.content is not None:
            kinds = [around.price_micros.get(step.channel, dearest) for step in node.channels]
            prices[place] = max(kinds, default=dearest)
    needed = dearest_way(graph, prices) * around.audience
    if needed > around.available_micros:
        whom = "one contact" if around.audience == 1 else f"{around.audience:,} people"
        words = (
            f"up to {needed / 1e6:,.2f} {around.currency} for {whom}, "
            f"of which the wallet can pay {around.available_micros / 1e6:,.2f}"
        )
        yield Finding(flow.start, "warning", "not-funded", words)


def _goals(flow: Flow, graph: Graph, around: Surroundings) -> Iterator[Finding]:
    """Splits that are compared by a goal which nobody can come to behind them."""
    for place, node in flow.nodes.items():
        if not isinstance(node, Split) or node.test is None:
            continue
        beyond = [flow.nodes[each] for each in graph.beyond(place)]
        names = _goals_of(beyond, around.flows)
        if names is not None and node.test.goal not in names:
            words = f"no way behind it leads to the goal {node.test.goal!r}, by which its arms are compared"
            yield Finding(place, "warning", "goal-not-reached", words, "/test/goal")


def _goals_of(nodes: Sequence[Node], flows: Mapping[str, Flow] | None) -> set[str] | None:
    """The goals among these nodes and in the flows that they enter; None where those are not known."""
    waiting, seen, found = list(nodes), set[str](), set[str]()
    while waiting:
        node = waiting.pop()
        if isinstance(node, Goal):
            found.add(node.name)
        elif isinstance(node, SubFlow):
            if flows is None:
                return None
            key = decode_id("flw", node.flow_id).hex
            if key not in seen and key in flows:
                waiting += flows[key].nodes.values()
            seen.add(key)
    return found
