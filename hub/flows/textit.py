"""Flows of RapidPro and TextIt (spec 13 and 14) to ours, with a report of what could not be translated. Pure.

A node there has actions, then a router whose categories lead to exits. Here each action is a node of its own, and the
router is a question, a branch, a split, a wait or a webhook behind them. What has no like here becomes a comment beside
the place, and a line of the report; the flow is joined across it. Source: nyaruka/goflow, flows/definition and docs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from hub.channels.content import CHOICES_MAX
from hub.flows.faults import Fault, invalid
from hub.flows.layout import HEIGHT
from hub.flows.textit_around import campaigns_of, code_of, dict_, keywords_of, list_, translations
from hub.flows.textit_rules import branch, key_of, question
from hub.ids import encode_id

NODES_MAX = 1_000
TITLE_CHARS_MAX = 25
_EXPRESSION = re.compile(r"@\(([^()@]*)\)|@([a-z_]+(?:\.[a-z0-9_]+)*)|@@")
_CONTACT = {"name": "name", "first_name": "first_name", "language": "language", "tel": "phone"}


@dataclass(frozen=True, slots=True)
class Untranslated:
    """One thing that is not in the result as it was: the node there, and in words what it was and what became of it."""

    node: str
    what: str


@dataclass
class Translated:
    """A document in our form; it may still have faults, which `read` names."""

    name: str
    document: dict[str, Any]
    report: list[Untranslated]


def translate(raw: Any) -> list[Translated]:
    """Every flow of an export (`{"flows": […]}`) or the one flow. Raises FlowInvalid for what is neither."""
    flows = raw.get("flows", [raw]) if isinstance(raw, Mapping) else None
    if not isinstance(flows, list) or not flows or len(flows) > 100:
        raise invalid([Fault("", "wrong-type", "this is no export of flows: {version, flows: […]}")])
    found = []
    for nth, flow in enumerate(flows):
        nodes = flow.get("nodes") if isinstance(flow, Mapping) else None
        version = str(flow.get("spec_version", "")) if isinstance(flow, Mapping) else ""
        if not isinstance(nodes, list) or not version.startswith(("13.", "14.")):
            words = "a flow has nodes and a spec_version of 13 or 14"
            raise invalid([Fault(f"/flows/{nth}", "unknown-version", words)])
        if len(nodes) > NODES_MAX:
            raise invalid([Fault(f"/flows/{nth}/nodes", "too-large", f"at most {NODES_MAX} nodes")])
        found.append(_Translator(flow, around=raw, first=nth == 0).whole())
    return found


def _out(node: Mapping[str, Any]) -> str:
    """The port by which one of our nodes leads on."""
    return "closed" if node["type"] == "hand_over" else "next"


def _speaks(language: str) -> str:
    """The condition of a text that is in this language."""
    codes = dict.fromkeys((code_of(language), language))
    return " or ".join(f"language == '{re.sub('[^A-Za-z0-9-]', '', code)}'" for code in codes)


def _well(
    ways: Iterable[tuple[str, str]], names: Collection[str]
) -> tuple[tuple[str, str], list[tuple[str, str]]]:
    """(name, target) of the way of those for whom it went well, and of the others that lead somewhere."""
    listed = list(ways)
    good = next((each for each in listed if each[0] in names), listed[0] if listed else ("", ""))
    return good, [each for each in listed if each is not good and (each[1] or good[1])]


@dataclass
class _Translator:
    flow: Mapping[str, Any]
    around: Mapping[str, Any]
    first: bool
    nodes: list[dict[str, Any]] = field(default_factory=list)
    edges: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    report: list[Untranslated] = field(default_factory=list)
    entries: dict[str, str] = field(default_factory=dict)
    spoken: dict[tuple[str, str], dict[str, list[str]]] = field(default_factory=dict)
    """Words by language, of (item, what of it); what is used is taken out."""

    def whole(self) -> Translated:
        for language, item, part, words in translations(self.flow):
            self.spoken.setdefault((item, part), {})[language] = words
        places = dict_(dict_(self.flow.get("_ui")).get("nodes"))
        self.nodes.append(
            {"id": "start", "type": "start", "data": self._start(), "position": {"x": 0, "y": -HEIGHT}}
        )
        listed = [dict_(node) for node in list_(self.flow.get("nodes"))]
        wanted: list[tuple[str, str, str]] = []
        for nth, node in enumerate(listed):
            place = dict_(dict_(places.get(str(node.get("uuid")))).get("position"))
            x, y = place.get("left", 0), place.get("top", nth * HEIGHT * 2)
            wanted += self._node(node, float(x) if isinstance(x, int | float) else 0.0,
                                 float(y) if isinstance(y, int | float) else 0.0)  # fmt: skip
        if listed:
            wanted.append(("start", "next", str(listed[0].get("uuid"))))
        for source, port, target in wanted:
            entry = self.entries.get(target)
            if entry is not None:
                self.edges.append({"source": source, "port": port, "target": entry})
        self._untranslated()
        document = {"spec_version": 2, "nodes": self.nodes, "edges": self.edges, "comments": self.comments}
        return Translated(str(self.flow.get("name", "Imported"))[:80], document, self.report)

    def _node(self, node: Mapping[str, Any], x: float, y: float) -> list[tuple[str, str, str]]:
        """Our nodes for one of theirs; returns (node, port, their target) of what leads on."""
        own = str(node.get("uuid", ""))[:60]
        exits = {
            each.get("uuid"): each.get("destination_uuid") for each in map(dict_, list_(node.get("exits")))
        }
        chain: list[dict[str, Any]] = []
        for action in map(dict_, list_(node.get("actions"))):
            chain += self._action(own, action)
        outs: list[tuple[str, str]] = []
        router = dict_(node.get("router"))
        if router:
            made, outs = self._router(own, router, chain, exits)
            if made is not None:
                chain.append(made)
        elif exits:
            outs = [(_out(chain[-1]) if chain else "next", str(next(iter(exits.values())) or ""))]
        if not chain:
            chain.append({"type": "set", "data": {"target": "variable", "name": "passed", "value": True}})
            outs = outs or [("next", "")]
        for nth, made in enumerate(chain):
            identifier = own if nth == 0 else f"{own}:{nth}"
            self.nodes.append({"id": identifier, "position": {"x": x, "y": y + nth * HEIGHT}, **made})
            if nth:
                before = own if nth == 1 else f"{own}:{nth - 1}"
                self.edges.append({"source": before, "port": _out(chain[nth - 1]), "target": identifier})
        self.entries[own] = own
        last = own if len(chain) == 1 else f"{own}:{len(chain) - 1}"
        return [(last, port, target) for port, target in outs if target]

    def _start(self) -> dict[str, Any]:
        words, lost = keywords_of(self.around, self.flow)
        for what in [*lost, *campaigns_of(self.around, self.flow, first=self.first)]:
            self._lost("start", what)
        return {"trigger": {"kind": "keyword", "words": words}} if words else {}

    def _untranslated(self) -> None:
        """Translations that no node has taken."""
        places = {str(dict_(node).get("uuid")): dict_(node) for node in list_(self.flow.get("nodes"))}
        items: dict[str, str] = {}
        for own, node in places.items():
            router = dict_(node.get("router"))
            groups = node.get("actions"), router.get("cases"), router.get("categories")
            items |= {str(each.get("uuid")): own for group in groups for each in map(dict_, list_(group))}
        for (item, part), words in self.spoken.items():
            where, what = items.get(item, ""), "the name of a category" if part == "name" else f"`{part}`"
            self._lost(where if where in self.entries else "", f"{what} in {', '.join(words)} was left out")

    def _in_all(self, node: str, item: Any, part: str, own: Any) -> str:
        """A text by the contact's language, where it is translated."""
        known = self.spoken.pop((str(item), part), {})
        text = self._say(node, own)
        if not known or not text:
            return text
        words = [
            f"{{% {'elif' if nth else 'if'} {_speaks(language)} %}}{self._say(node, said[0])}"
            for nth, (language, said) in enumerate(known.items())
        ]
        return "".join([*words, "{% else %}", text, "{% endif %}"])

    def _words_of(self, case: Any) -> list[str]:
        return [word for words in self.spoken.pop((str(case), "arguments"), {}).values() for word in words]

    def _lost(self, node: str, what: str) -> None:
        self.report.append(Untranslated(node, what))
        self.comments.append({"id": f"lost{len(self.comments)}", "text": what, "node": node or None})

    def _say(self, node: str, text: Any) -> str:
        """A text with our marks in place of theirs."""

        def one(match: re.Match[str]) -> str:
            if match.group(0) == "@@":
                return "@"
            path = (match.group(1) or match.group(2) or "").strip()
            head, _, rest = path.partition(".")
            if head in ("fields", "contact") and rest:
                name = rest.removeprefix("fields.")
                return f"{{{{ {_CONTACT.get(name, key_of(name))} | default('') }}}}"
            if head == "results" and rest:
                return f"{{{{ {key_of(rest.partition('.')[0])} | default('') }}}}"
            if path in ("input", "input.text"):
                return "{{ reply.text | default('') }}"
            if match.group(2) is not None and head not in (
                "contact",
                "fields",
                "results",
                "input",
                "urns",
                "run",
            ):
                return match.group(0)  # an address, not an expression
            self._lost(node, f"the expression {match.group(0)[:80]} is not known here and was left out")
            return ""

        safe = str(text).replace("{{", "{ {").replace("{%", "{ %").replace("{#", "{ #")
        return _EXPRESSION.sub(one, safe)

    def _action(self, node: str, action: Mapping[str, Any]) -> list[dict[str, Any]]:
        match str(action.get("type", "")):
            case "add_contact_groups" | "add_input_labels":
                return self._tags(node, action.get("groups", action.get("labels")), remove=False)
            case "remove_contact_groups":
                if action.get("all_groups"):
                    self._lost(
                        node, "that the contact leaves all groups was left out: name the tags to remove"
                    )
                return self._tags(node, action.get("groups"), remove=True)
            case _:
                made = self._other(node, action)
                return [] if made is None else [made]

    def _tags(self, node: str, groups: Any, *, remove: bool) -> list[dict[str, Any]]:
        """One step a group; one that is given by an expression has no name."""
        names = [str(dict_(each).get("name") or "").strip()[:60] for each in list_(groups)]
        if "" in names:
            self._lost(node, "a group without a name of its own was left out")
        more: dict[str, Any] = {"remove": True} if remove else {}
        return [{"type": "tag", "data": {"tag": name, **more}} for name in names if name]

    def _other(self, node: str, action: Mapping[str, Any]) -> dict[str, Any] | None:
        kind = str(action.get("type", ""))
        match kind:
            case "send_msg":
                return self._message(node, action)
            case "say_msg":
                if action.get("audio_url"):
                    self._lost(node, "the recording of what is said was left out: the words are spoken")
                words = self._in_all(node, action.get("uuid"), "text", action.get("text", ""))
                return {"type": "say", "data": {"text": words or " "}}
            case "set_contact_field":
                name = dict_(action.get("field")).get("key") or dict_(action.get("field")).get("name")
                value = self._say(node, action.get("value", "")) or None
                return {"type": "set", "data": {"target": "attribute", "name": key_of(name), "value": value}}
            case "set_run_result":
                value = self._say(node, action.get("value", ""))
                return {
                    "type": "set",
                    "data": {"target": "variable", "name": key_of(action.get("name")), "value": value},
                }
            case "enter_flow":
                return self._enter(node, action)
            case "open_ticket":
                queue = str(dict_(action.get("topic", action.get("ticketer"))).get("name", ""))[:80]
                return {"type": "hand_over", "data": {"queue": queue, "come_back": True}}
            case "call_webhook":
                return self._webhook(node, action)
            case _:
                self._lost(node, f"the action {kind or 'without a type'} has no like here and was left out")
                return None

    def _message(self, node: str, action: Mapping[str, Any]) -> dict[str, Any] | None:
        text = self._in_all(node, action.get("uuid"), "text", action.get("text", ""))
        if action.get("attachments"):
            self._lost(node, "attachments of a message were left out")
        replies = self._replies(node, action)
        if template := self._template(node, action, text):
            if replies:
                self._lost(
                    node, "the quick replies of a template's message were left out: it has its own buttons"
                )
            return {"type": "send", "data": {"content": template}}
        if not text:
            if replies:
                self._lost(node, "quick replies of a message without a text were left out")
            return None
        content: dict[str, Any] = {"type": "text", "text": text}
        if replies:
            content["suggestions"] = [{"type": "reply", "id": each, "title": each} for each in replies]
        return {"type": "send", "data": {"content": content}}

    def _replies(self, node: str, action: Mapping[str, Any]) -> list[str]:
        # As texts, or with their text in a member.
        asked = [str(dict_(each).get("text") or each) for each in list_(action.get("quick_replies")) if each]
        shown = list(dict.fromkeys(each[:TITLE_CHARS_MAX] for each in asked))
        if cut := [each for each in asked if len(each) > TITLE_CHARS_MAX]:
            self._lost(node, f"{len(cut)} quick replies were cut to {TITLE_CHARS_MAX} characters: {cut[0]!r}")
        if len(shown) > CHOICES_MAX:
            more = ", ".join(shown[CHOICES_MAX:])
            self._lost(node, f"a message has at most {CHOICES_MAX} quick replies; left out: {more[:200]}")
        return shown[:CHOICES_MAX]

    def _template(self, node: str, action: Mapping[str, Any], text: str) -> dict[str, Any] | None:
        """WhatsApp's template of a message, in each of the forms in which it was written over the years."""
        templating = dict_(action.get("templating"))
        name = str(dict_(action.get("template", templating.get("template"))).get("name") or "")
        if not name:
            return None
        values = list_(action.get("template_variables", templating.get("variables")))
        for part in map(dict_, list_(templating.get("components"))):
            if str(part.get("name", part.get("type", ""))).startswith("body"):
                values = values or [dict_(each).get("value", each) for each in list_(part.get("params"))]
            elif part.get("params"):
                self._lost(
                    node, f"the values of {part.get('name', part.get('type'))!r} of a template were left out"
                )
        plain = re.sub(r"[^a-z0-9_]+", "_", name.lower())[:512]
        self._lost(
            node, f"check the template {plain!r}: its language, and that its values are those of its body"
        )
        return {
            "type": "template",
            "name": plain,
            "language": code_of(self.flow.get("language") or "eng")[:10],
            "body": [{"type": "text", "text": self._say(node, each)} for each in values[:40]],
            "text": text,
        }

    def _webhook(self, node: str, action: Mapping[str, Any]) -> dict[str, Any]:
        url, _, query = self._say(node, action.get("url", "")).partition("?")
        pairs = [each.partition("=") for each in query.split("&") if each]
        data: dict[str, Any] = {"method": action.get("method", "GET"), "url": url}
        if pairs:
            data["query"] = {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}
        if headers := {
            str(name): self._say(node, value) for name, value in dict_(action.get("headers")).items()
        }:
            data["headers"] = headers
        if body := self._say(node, action.get("body", "")):
            data["body"] = body
        self._lost(
            node, "say which values of the webhook's answer are kept: expressions read all of it there"
        )
        return {"type": "webhook", "data": data}

    def _enter(self, node: str, action: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            wanted = UUID(str(dict_(action.get("flow")).get("uuid")))
        except ValueError:
            self._lost(node, "a sub-flow without an id was left out")
            return None
        name = dict_(action.get("flow")).get("name", "")
        self._lost(node, f"choose the sub-flow anew: it was {name!r}")
        return {"type": "sub_flow", "data": {"flow_id": encode_id("flw", wanted)}}

    def _router(
        self, node: str, router: Mapping[str, Any], chain: list[dict[str, Any]], exits: Mapping[Any, Any]
    ) -> tuple[dict[str, Any] | None, list[tuple[str, str]]]:
        categories = {
            each.get("uuid"): (str(each.get("name", ""))[:80], str(exits.get(each.get("exit_uuid")) or ""))
            for each in map(dict_, list_(router.get("categories")))
        }
        if router.get("type") == "random":
            arms = [{"name": name, "weight": 1} for name, _ in categories.values()]
            return {"type": "split", "data": {"arms": arms, "sticky": False}}, list(categories.values())
        rest = categories.get(router.get("default_category_uuid"), ("", ""))
        if dict_(router.get("wait")):
            minutes = self.flow.get("expire_after_minutes")
            expires_s = minutes * 60 if isinstance(minutes, int) and minutes > 0 else 0
            lost = partial(self._lost, node)
            return question(router, categories, rest, self._words_of, expires_s, lost)
        before = chain[-1]["type"] if chain else ""
        if before == "webhook":
            good, others = _well(categories.values(), ("Success",))
            for name, target in others[1:]:
                if target != others[0][1]:
                    self._lost(
                        node, f"the way {name!r} after a webhook was left out: it goes as {others[0][0]!r}"
                    )
            return None, [("next", good[1]), ("failed", others[0][1] if others else "")]
        if before in ("sub_flow", "hand_over"):
            good, others = _well(categories.values(), ("Complete", "Completed", "Success", "Opened"))
            after = "a sub-flow" if before == "sub_flow" else "people"
            for name, target in others:
                if target != good[1]:
                    self._lost(
                        node, f"the way {name!r} after {after} was left out: here it goes on as {good[0]!r}"
                    )
            return None, [("closed" if before == "hand_over" else "next", good[1])]
        return branch(router, categories, rest, partial(self._lost, node))
