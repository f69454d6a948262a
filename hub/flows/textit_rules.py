"""Routers of RapidPro as questions and branches of ours. Pure. What is lost is told to `lost`, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from hub.flows.textit_around import dict_, list_

WORDS = ("has_any_word", "has_phrase", "has_only_phrase", "has_only_text", "has_beginning", "has_all_words")
KINDS = {
    "has_number": "number",
    "has_date": "date",
    "has_email": "email",
    "has_phone": "phone",
    "has_text": "text",
}
TIMEOUT_S_MAX = 527_040
Categories = Mapping[Any, tuple[str, str]]
"""(name, target) by the category's id."""
Outs = list[tuple[str, str]]
"""(port, target)."""
Lost = Callable[[str], None]


def key_of(name: Any) -> str:
    """`Favourite Colour` to `favourite_colour`, as results and fields are called there."""
    plain = re.sub(r"[^a-z0-9_]+", "_", str(name).lower()).strip("_0123456789")
    return plain[:40] or "value"


def question(
    router: Mapping[str, Any],
    categories: Categories,
    rest: tuple[str, str],
    translated: Callable[[Any], list[str]],
    expires_s: int,
    lost: Lost,
) -> tuple[dict[str, Any], Outs]:
    """A wait for a reply. `translated`: a case's words in other languages; `expires_s`: when the whole run would end."""
    data: dict[str, Any] = {"save_as": key_of(router["result_name"])} if router.get("result_name") else {}
    outs: Outs = [("other", rest[1])]
    timeout = dict_(dict_(router.get("wait")).get("timeout"))
    if isinstance(seconds := timeout.get("seconds"), int) and seconds > 0:
        data["timeout"] = {"amount": min(seconds, TIMEOUT_S_MAX), "unit": "seconds"}
        outs.append(("timeout", categories.get(timeout.get("category_uuid"), ("", ""))[1]))
    elif expires_s > 0:
        data["timeout"] = {"amount": min(expires_s // 60, TIMEOUT_S_MAX // 60), "unit": "minutes"}
    choices: dict[str, list[str]] = {}
    kinds: list[tuple[str, str, str]] = []
    for case in map(dict_, list_(router.get("cases"))):
        kind, (name, target) = str(case.get("type")), categories.get(case.get("category_uuid"), ("", ""))
        words = [str(each)[:80] for each in list_(case.get("arguments")) if each]
        words += [each[:80] for each in translated(case.get("uuid"))]
        if kind in WORDS and name and name.lower() not in ("other", "timeout"):
            split = [word for each in words for word in each.split()] if kind == "has_any_word" else words
            choices.setdefault(name, []).extend(split)
            outs.append((name, target))
            if kind not in ("has_only_phrase", "has_only_text"):
                lost(f"{name!r} is now chosen by the whole reply, not by a word inside it ({kind})")
        elif kind in KINDS:
            kinds.append((kind, name, target))
        else:
            lost(f"the rule {kind} for {name!r} has no like here and was left out")
    if choices:
        listed = [{"name": name, "words": list(dict.fromkeys(words))} for name, words in choices.items()]
        data |= {"kind": "choice", "choices": listed}
        for kind, name, _ in kinds:
            lost(
                f"the rule {kind} for {name!r} was left out: a question here has choices or one kind of answer"
            )
    elif kinds:
        data["kind"] = KINDS[kinds[0][0]]
        outs.append(("answer", kinds[0][2]))
        for kind, name, _ in kinds[1:]:
            lost(f"the rule {kind} for {name!r} was left out: a question here takes one kind of answer")
    else:
        outs.append(("answer", rest[1]))
    return {"type": "ask", "data": data}, list(dict(reversed(outs)).items())


def branch(
    router: Mapping[str, Any], categories: Categories, rest: tuple[str, str], lost: Lost
) -> tuple[dict[str, Any] | None, Outs]:
    """A split by groups, a field or a result."""
    operand = str(router.get("operand", ""))
    cases: dict[str, list[dict[str, Any]]] = {}
    outs = [("other", rest[1])]
    for case in map(dict_, list_(router.get("cases"))):
        kind, (name, target) = str(case.get("type")), categories.get(case.get("category_uuid"), ("", ""))
        words = [str(each)[:200] for each in list_(case.get("arguments")) if each]
        rule = _rule(kind, operand, words)
        if rule is None or not name or name.lower() == "other":
            lost(f"the rule {kind} on {operand[:60]} has no like here and was left out")
            continue
        cases.setdefault(name, []).append(rule)
        outs.append((name, target))
    if not cases:
        return None, [("next", rest[1])]
    listed = [
        {"name": name, "condition": {"combinator": "or", "rules": rules}} for name, rules in cases.items()
    ]
    return {"type": "branch", "data": {"cases": listed}}, list(dict(reversed(outs)).items())


def _rule(kind: str, operand: str, words: list[str]) -> dict[str, Any] | None:
    """A rule, or a group of rules, of our conditions; None where there is no like."""
    head, _, tail = operand.removeprefix("@").strip("()").partition(".")
    if kind == "has_group" and words:
        return {"field": "tag", "operator": "has", "value": words[-1]}
    if kind not in WORDS or not words or head not in ("fields", "contact", "results") or not tail:
        return None
    key = key_of(tail.removeprefix("fields.").partition(".")[0])
    known = {"name": "name", "language": "language"}.get(key, f"attribute.{key}")
    name = f"variable.{key}" if head == "results" else known
    operator = "=" if kind.startswith("has_only") else "contains"
    several = kind in ("has_any_word", "has_all_words")
    each = [
        {"field": name, "operator": operator, "value": word}
        for word in (words[0].split() if several else words[:1])
    ]
    if len(each) == 1:
        return each[0]
    return {"combinator": "and" if kind == "has_all_words" else "or", "rules": each} if each else None
