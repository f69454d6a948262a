"""Flows of RapidPro and TextIt (spec 13 and 14) to ours, with a report of what could not be translated. Pure.

A node there has actions, then a router whose categories lead to exits. Here each action is a node of its own, and the
router is a question, a branch, a split, a wait or a webhook behind them. What has no like here becomes a comment beside
the place, and a line of the report; the flow is joined across it. Source: nyaruka/goflow, flows/definition and docs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from hub.flows.faults import Fault, invalid
from hub.flows.layout import HEIGHT
from hub.ids import encode_id

NODES_MAX = 1_000
_EXPRESSION = re.compile(r"@\(([^()@]*)\)|@([a-z_]+(?:\.[a-z0-9_]+)*)|@@")
_WORDS = ("has_any_word", "has_phrase", "has_only_phrase", "has_only_text", "has_beginning", "has_all_words")
_KINDS = {
    "has_number": "number",
    "has_date": "date",
    "has_email": "email",
    "has_phone": "phone",
    "has_text": "text",
}
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
        found.append(_Translator(flow).whole())
    return found


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _key(name: Any) -> str:
    """`Favourite Colour` to `favourite_colour`, as results and fields are called there."""
    plain = re.sub(r"[^a-z0-9_]+", "_", str(name).lower()).strip("_0123456789")
    return plain[:40] or "value"


def _out(node: Mapping[str, Any]) -> str:
    """The port by which one of our nodes leads on."""
    return "closed" if node["type"] == "hand_over" else "next"


@dataclass
class _Translator:
    flow: Mapping[str, Any]
    nodes: list[dict[str, Any]] = field(default_factory=list)
    edges: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    report: list[Untranslated] = field(default_factory=list)
    entries: dict[str, str] = field(default_factory=dict)

    def whole(self) -> Translated:
        places = _dict(_dict(self.flow.get("_ui")).get("nodes"))
        self.nodes.append({"id": "start", "type": "start", "data": {}, "position": {"x": 0, "y": -HEIGHT}})
        listed = [_dict(node) for node in _list(self.flow.get("nodes"))]
        wanted: list[tuple[str, str, str]] = []
        for nth, node in enumerate(listed):
            place = _dict(_dict(places.get(str(node.get("uuid")))).get("position"))
            x, y = place.get("left", 0), place.get("top", nth * HEIGHT * 2)
            wanted += self._node(node, float(x) if isinstance(x, int | float) else 0.0,
                                 float(y) if isinstance(y, int | float) else 0.0)  # fmt: skip
        if listed:
            wanted.append(("start", "next", str(listed[0].get("uuid"))))
        for source, port, target in wanted:
            entry = self.entries.get(target)
            if entry is not None:
                self.edges.append({"source": source, "port": port, "target": entry})
        document = {"spec_version": 2, "nodes": self.nodes, "edges": self.edges, "comments": self.comments}
        return Translated(str(self.flow.get("name", "Imported"))[:80], document, self.report)

    def _node(self, node: Mapping[str, Any], x: float, y: float) -> list[tuple[str, str, str]]:
        """Our nodes for one of theirs; returns (node, port, their target) of what leads on."""
        own = str(node.get("uuid", ""))[:60]
        exits = {
            each.get("uuid"): each.get("destination_uuid") for each in map(_dict, _list(node.get("exits")))
        }
        chain: list[dict[str, Any]] = []
        for action in map(_dict, _list(node.get("actions"))):
            made = self._action(own, action)
            if made is not None:
                chain.append(made)
        outs: list[tuple[str, str]] = []
        router = _dict(node.get("router"))
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
                return f"{{{{ {_CONTACT.get(name, _key(name))} | default('') }}}}"
            if head == "results" and rest:
                return f"{{{{ {_key(rest.partition('.')[0])} | default('') }}}}"
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

    def _action(self, node: str, action: Mapping[str, Any]) -> dict[str, Any] | None:
        kind = str(action.get("type", ""))
        match kind:
            case "send_msg":
                return self._message(node, action)
            case "say_msg":
                return {"type": "say", "data": {"text": self._say(node, action.get("text", "")) or " "}}
            case "add_contact_groups" | "add_input_labels":
                names = [
                    str(_dict(each).get("name", ""))
                    for each in _list(action.get("groups", action.get("labels")))
                ]
                if len(names) > 1:
                    self._lost(node, f"only the first of {', '.join(names)} became a tag")
                return {"type": "tag", "data": {"tag": names[0][:60]}} if names and names[0] else None
            case "remove_contact_groups":
                names = [str(_dict(each).get("name", "")) for each in _list(action.get("groups"))]
                return {"type": "tag", "data": {"tag": names[0][:60], "remove": True}} if names else None
            case "set_contact_field":
                name = _dict(action.get("field")).get("key") or _dict(action.get("field")).get("name")
                value = self._say(node, action.get("value", "")) or None
                return {"type": "set", "data": {"target": "attribute", "name": _key(name), "value": value}}
            case "set_run_result":
                value = self._say(node, action.get("value", ""))
                return {
                    "type": "set",
                    "data": {"target": "variable", "name": _key(action.get("name")), "value": value},
                }
            case "enter_flow":
                return self._enter(node, action)
            case "open_ticket":
                queue = str(_dict(action.get("topic", action.get("ticketer"))).get("name", ""))[:80]
                return {"type": "hand_over", "data": {"queue": queue, "come_back": True}}
            case "call_webhook":
                return self._webhook(node, action)
            case _:
                self._lost(node, f"the action {kind or 'without a type'} has no like here and was left out")
                return None

    def _message(self, node: str, action: Mapping[str, Any]) -> dict[str, Any] | None:
        text = self._say(node, action.get("text", ""))
        if action.get("attachments"):
            self._lost(node, "attachments of a message were left out")
        replies = [str(each)[:25] for each in _list(action.get("quick_replies"))][:11]
        if not text:
            return None
        content: dict[str, Any] = {"type": "text", "text": text}
        if replies:
            content["suggestions"] = [
                {"type": "reply", "id": each, "title": each} for each in dict.fromkeys(replies)
            ]
        return {"type": "send", "data": {"content": content}}

    def _webhook(self, node: str, action: Mapping[str, Any]) -> dict[str, Any]:
        url, _, query = self._say(node, action.get("url", "")).partition("?")
        pairs = [each.partition("=") for each in query.split("&") if each]
        data: dict[str, Any] = {"method": action.get("method", "GET"), "url": url}
        if pairs:
            data["query"] = {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}
        if headers := {
            str(name): self._say(node, value) for name, value in _dict(action.get("headers")).items()
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
            wanted = UUID(str(_dict(action.get("flow")).get("uuid")))
        except ValueError:
            self._lost(node, "a sub-flow without an id was left out")
            return None
        name = _dict(action.get("flow")).get("name", "")
        self._lost(node, f"choose the sub-flow anew: it was {name!r}")
        return {"type": "sub_flow", "data": {"flow_id": encode_id("flw", wanted)}}

    def _router(
        self, node: str, router: Mapping[str, Any], chain: list[dict[str, Any]], exits: Mapping[Any, Any]
    ) -> tuple[dict[str, Any] | None, list[tuple[str, str]]]:
        categories = {
            each.get("uuid"): (str(each.get("name", ""))[:80], str(exits.get(each.get("exit_uuid")) or ""))
            for each in map(_dict, _list(router.get("categories")))
        }
        if router.get("type") == "random":
            arms = [{"name": name, "weight": 1} for name, _ in categories.values()]
            return {"type": "split", "data": {"arms": arms, "sticky": False}}, list(categories.values())
        rest = categories.get(router.get("default_category_uuid"), ("", ""))
        if _dict(router.get("wait")):
            return self._question(node, router, categories, rest)
        operand = str(router.get("operand", ""))
        before = chain[-1]["type"] if chain else ""
        if before == "webhook":
            others = [target for name, target in categories.values() if name != "Success"]
            good = [target for name, target in categories.values() if name == "Success"]
            return None, [("next", (good or [""])[0]), ("failed", (others or [""])[0])]
        if before in ("sub_flow", "hand_over"):
            outs = [(name, target) for name, target in categories.values() if target]
            return None, [("closed" if before == "hand_over" else "next", outs[0][1] if outs else "")]
        return self._branch(node, operand, router, categories, rest)

    def _question(
        self,
        node: str,
        router: Mapping[str, Any],
        categories: Mapping[Any, tuple[str, str]],
        rest: tuple[str, str],
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        data: dict[str, Any] = {"save_as": _key(router["result_name"])} if router.get("result_name") else {}
        outs: list[tuple[str, str]] = [("other", rest[1])]
        timeout = _dict(_dict(router.get("wait")).get("timeout"))
        if isinstance(seconds := timeout.get("seconds"), int) and seconds > 0:
            data["timeout"] = {"amount": min(seconds, 527_040), "unit": "seconds"}
            outs.append(("timeout", categories.get(timeout.get("category_uuid"), ("", ""))[1]))
        choices: dict[str, list[str]] = {}
        for case in map(_dict, _list(router.get("cases"))):
            kind, (name, target) = str(case.get("type")), categories.get(case.get("category_uuid"), ("", ""))
            words = [str(each)[:80] for each in _list(case.get("arguments")) if each]
            if kind in _WORDS and name and name.lower() not in ("other", "timeout"):
                split = [word for each in words for word in each.split()] if kind == "has_any_word" else words
                choices.setdefault(name, []).extend(split)
                outs.append((name, target))
                if kind not in ("has_only_phrase", "has_only_text"):
                    self._lost(
                        node, f"{name!r} is now chosen by the whole reply, not by a word inside it ({kind})"
                    )
            elif kind in _KINDS and not choices:
                data["kind"] = _KINDS[kind]
                outs.append(("answer", target))
            else:
                self._lost(node, f"the rule {kind} for {name!r} has no like here and was left out")
        if choices:
            data |= {
                "kind": "choice",
                "choices": [{"name": name, "words": words} for name, words in choices.items()],
            }
            outs = [each for each in outs if each[0] != "answer"]
        elif "kind" not in data:
            outs.append(("answer", rest[1]))
        return {"type": "ask", "data": data}, list(dict(reversed(outs)).items())

    def _branch(
        self,
        node: str,
        operand: str,
        router: Mapping[str, Any],
        categories: Mapping[Any, tuple[str, str]],
        rest: tuple[str, str],
    ) -> tuple[dict[str, Any] | None, list[tuple[str, str]]]:
        """A split by groups, a field or a result."""
        path = operand.removeprefix("@").strip("()")
        head, _, tail = path.partition(".")
        cases: list[dict[str, Any]] = []
        outs = [("other", rest[1])]
        for case in map(_dict, _list(router.get("cases"))):
            kind, (name, target) = str(case.get("type")), categories.get(case.get("category_uuid"), ("", ""))
            words = [str(each)[:200] for each in _list(case.get("arguments")) if each]
            rule: dict[str, Any] | None = None
            if kind == "has_group" and words:
                rule = {"field": "tag", "operator": "has", "value": words[-1]}
            elif kind in _WORDS and words and head in ("fields", "contact", "results") and tail:
                key = _key(tail.removeprefix("fields.").partition(".")[0])
                known = {"name": "name", "language": "language"}.get(key, f"attribute.{key}")
                operator = "=" if kind.startswith("has_only") else "contains"
                rule = {
                    "field": f"variable.{key}" if head == "results" else known,
                    "operator": operator,
                    "value": words[0],
                }
            if rule is None or not name or name.lower() == "other":
                self._lost(node, f"the rule {kind} on {operand[:60]} has no like here and was left out")
                continue
            if all(each["name"] != name for each in cases):
                cases.append({"name": name, "condition": {"combinator": "and", "rules": [rule]}})
                outs.append((name, target))
        if not cases:
            return None, [("next", rest[1])]
        return {"type": "branch", "data": {"cases": cases}}, outs
