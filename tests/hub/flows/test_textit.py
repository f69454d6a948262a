"""What of a RapidPro flow becomes ours, and that the report names all else with its node."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.flows.definition import Flow, read
from hub.flows.sim_contact import SimContact
from hub.flows.simulator import ACTION, Frame, Simulation, act
from hub.flows.textit import translate

FLOW = "5f1a2b3c-0000-4000-8000-000000000001"


def exit_(number: int, to: str | None) -> dict[str, Any]:
    return {"uuid": f"e{number}", "destination_uuid": to}


def does(place: str, *actions: dict[str, Any], to: str | None = None) -> dict[str, Any]:
    named = [{"uuid": f"{place}.{nth}", **each} for nth, each in enumerate(actions)]
    return {"uuid": place, "actions": named, "exits": [exit_(1, to)]}


def routes(
    place: str,
    router: dict[str, Any],
    ways: dict[str, str | None],
    *cases: tuple[str, str, list[str]],
    actions: Any = (),
) -> dict[str, Any]:
    """A node that leads on: a way for each category, cases of (type, category, arguments); the last way is the default."""
    names = {name: f"c{nth}" for nth, name in enumerate(ways)}
    return {
        "uuid": place,
        "actions": list(actions),
        "router": {
            "type": "switch",
            "operand": "@input.text",
            "default_category_uuid": list(names.values())[-1],
            "categories": [{"uuid": uuid, "name": name, "exit_uuid": f"e{uuid[1:]}"} for name, uuid in names.items()],
            "cases": [
                {"uuid": f"{place}.k{nth}", "type": kind, "arguments": words, "category_uuid": names[name]}
                for nth, (kind, name, words) in enumerate(cases)
            ],
            **router,
        },
        "exits": [exit_(nth, to) for nth, to in enumerate(ways.values())],
    }  # fmt: skip


def export(*nodes: dict[str, Any], flow: dict[str, Any] | None = None, **around: Any) -> dict[str, Any]:
    own = {"uuid": FLOW, "name": "Tea", "spec_version": "13.1.0", "language": "eng", "nodes": list(nodes)}
    return {"version": "13", "flows": [{**own, **(flow or {})}], **around}


def came(raw: dict[str, Any]) -> tuple[Flow, list[tuple[str, str]]]:
    """The one flow of an export, and (node, what) of its report."""
    (found,) = translate(raw)
    return read(found.document), [(each.node, each.what) for each in found.report]


def first(flow: Flow, language: str = "en") -> Frame:
    contact = SimContact(language=language)
    begun = Simulation("f", 1, datetime(2026, 3, 2, 10, tzinfo=UTC), contact)
    return act(begun, flow, ACTION.validate_python({"do": "begin"})).frames[-1]


HI = {"type": "send_msg", "text": "Hi @contact.first_name"}
WAIT = {"wait": {"type": "msg"}}


def test_texts_and_words_of_other_languages_are_said_by_the_contacts_language() -> None:
    asked = routes("b", WAIT, {"Yes": None, "Other": None}, ("has_only_phrase", "Yes", ["yes"]))
    spanish = {
        "a.0": {"text": ["Hola @contact.first_name"], "quick_replies": ["Sí"]},
        "b.k0": {"arguments": ["sí"]},
        "c0": {"name": ["Sí"]},
    }
    raw = export(does("a", HI, to="b"), asked, flow={"localization": {"spa": spanish}})
    flow, report = came(raw)
    said = [first(flow, language).effects[0]["content"]["text"] for language in ("en", "es", "spa", "fr")]
    assert said == ["Hi Ann", "Hola Ann", "Hola Ann", "Hi Ann"]
    assert flow.nodes["b"].choices[0].words == ("yes", "sí")  # type: ignore[attr-defined]
    assert report == [
        ("a", "`quick_replies` in spa was left out"),
        ("b", "the name of a category in spa was left out"),
    ]


@pytest.mark.parametrize(
    "action",
    [
        {"template": {"name": "Tea Time"}, "template_variables": ["@contact.name", "7"]},
        {"templating": {"template": {"name": "tea_time"}, "variables": ["@contact.name", "7"]}},
        {
            "templating": {
                "template": {"name": "tea_time"},
                "components": [{"name": "body", "params": [{"value": "@contact.name"}, {"value": "7"}]}],
            }
        },
    ],
)
def test_a_template_stays_one(action: dict[str, Any]) -> None:
    flow, report = came(export(does("a", {**HI, "quick_replies": ["Yes"], **action})))
    content = first(flow).effects[0]["content"]
    assert (content["type"], content["name"], content["language"]) == ("template", "tea_time", "en")
    assert ([each["text"] for each in content["body"]], content["text"]) == (["Ann Example", "7"], "Hi Ann")
    assert [node for node, _ in report] == ["a", "a"]
    assert "check the template 'tea_time'" in report[0][1]
    assert "quick replies" in report[1][1]


def test_a_run_that_expires_ends_at_its_question() -> None:
    asked = routes("b", WAIT, {"Any": None})
    flow, _ = came(export(asked, flow={"expire_after_minutes": 90}))
    assert flow.nodes["b"].timeout.span.total_seconds() == 90 * 60  # type: ignore[attr-defined]


def test_keywords_begin_it_and_what_else_began_it_is_told() -> None:
    mine = {"flow": {"uuid": FLOW, "name": "Tea"}}
    triggers = [
        {"trigger_type": "K", "keywords": ["tea", "chai"], "match_type": "O", **mine},
        {"trigger_type": "K", "keyword": "brew", "groups": [{"name": "VIP"}], **mine},
        {"trigger_type": "S", "schedule": {}, **mine},
        {"trigger_type": "K", "keywords": ["coffee"], "flow": {"uuid": "another"}},
    ]
    event = {"event_type": "F", "offset": 3, "unit": "D", "relative_to": {"label": "Joined"}}
    campaigns = [
        {"name": "Welcome", "events": [{**event, **mine}, {**event, "event_type": "M", "message": {}}]}
    ]
    flow, report = came(export(does("a", HI), triggers=triggers, campaigns=campaigns))
    assert flow.nodes["start"].trigger.words == ("tea", "chai", "brew")  # type: ignore[attr-defined]
    assert report == [
        ("start", "the keyword brew begins the flow as the whole message, not as its first word"),
        ("start", "the keyword brew begins the flow for everybody: groups were left out"),
        ("start", "its schedule trigger was left out: say at a start what begins the flow"),
        ("start", "the campaign 'Welcome' was left out: it begins this flow, 3 D from Joined"),
        ("start", "the campaign 'Welcome' was left out: it sends a message, 3 D from Joined"),
    ]


def test_every_group_becomes_a_tag_and_all_groups_are_told() -> None:
    groups = [{"name": "Tea"}, {"name": "Milk"}, {"name_match": "@fields.x"}]
    flow, report = came(
        export(
            does(
                "a",
                {"type": "add_contact_groups", "groups": groups},
                {"type": "remove_contact_groups", "groups": groups[:2]},
                {"type": "remove_contact_groups", "groups": [], "all_groups": True},
            )
        )
    )
    assert [(each["type"], each["tag"]) for each in first(flow).effects] == [
        ("add_tag", "Tea"),
        ("add_tag", "Milk"),
        ("remove_tag", "Tea"),
        ("remove_tag", "Milk"),
    ]
    assert report == [
        ("a", "a group without a name of its own was left out"),
        ("a", "that the contact leaves all groups was left out: name the tags to remove"),
    ]


@pytest.mark.parametrize(
    ("action", "ways", "port", "lost"),
    [
        (
            {"type": "enter_flow", "flow": {"uuid": FLOW, "name": "Tea"}},
            {"Expired": "y", "Complete": "x"},
            "next",
            "the way 'Expired' after a sub-flow was left out: here it goes on as 'Complete'",
        ),
        (
            {"type": "open_ticket", "topic": {"name": "Care"}},
            {"Success": "x", "Failure": "y"},
            "closed",
            "the way 'Failure' after people was left out: here it goes on as 'Success'",
        ),
        (
            {"type": "call_webhook", "url": "https://shop.example/x"},
            {"Success": "x", "Response Error": "y", "Failure": "x"},
            "next",
            "the way 'Failure' after a webhook was left out: it goes as 'Response Error'",
        ),
    ],
)
def test_ways_that_are_not_here_are_told(
    action: dict[str, Any], ways: dict[str, str | None], port: str, lost: str
) -> None:
    node = routes("a", {"operand": "@results.x.category"}, ways, actions=[{"uuid": "a.0", **action}])
    flow, report = came(export(node, does("x", HI), does("y", HI)))
    assert [edge.target for edge in flow.edges if (edge.source, edge.port) == ("a", port)] == ["x"]
    assert ("a", lost) in report


@pytest.mark.parametrize(
    ("cases", "kind", "lost"),
    [
        (
            [("has_number", "N", []), ("has_email", "E", [])],
            "number",
            "the rule has_email for 'E' was left out: a question here takes one kind of answer",
        ),
        (
            [("has_number", "N", []), ("has_only_phrase", "Yes", ["yes"])],
            "choice",
            "the rule has_number for 'N' was left out: a question here has choices or one kind of answer",
        ),
    ],
)
def test_a_question_takes_one_kind_of_answer(cases: Any, kind: str, lost: str) -> None:
    ways: dict[str, str | None] = {"N": "n", "E": "e", "Yes": "y", "Other": None}
    flow, report = came(export(routes("a", WAIT, ways, *cases), *(does(each, HI) for each in "ney")))
    assert flow.nodes["a"].kind == kind  # type: ignore[attr-defined]
    if kind == "number":
        assert [edge.target for edge in flow.edges if edge.port == "answer"] == ["n"]
    assert report == [("a", lost)]


def test_quick_replies_that_are_cut_are_told() -> None:
    replies = ["A reply that is longer than a button", *(f"Reply {nth}" for nth in range(12))]
    flow, report = came(export(does("a", {**HI, "quick_replies": replies})))
    assert len(first(flow).effects[0]["content"]["suggestions"]) == 11
    assert report == [
        ("a", "1 quick replies were cut to 25 characters: 'A reply that is longer than a button'"),
        ("a", "a message has at most 11 quick replies; left out: Reply 10, Reply 11"),
    ]


def test_a_category_with_several_rules_is_one_way() -> None:
    router = {"operand": "@contact.name"}
    cases = [("has_any_word", "North", ["oslo bergen"]), ("has_only_phrase", "North", ["tromso"])]
    flow, report = came(export(routes("a", router, {"North": "x", "Other": None}, *cases), does("x", HI)))
    for city, port in (("Bergen", "North"), ("Tromso", "North"), ("Rome", "other")):
        contact = SimContact(name=city)
        begun = Simulation("f", 1, datetime(2026, 3, 2, 10, tzinfo=UTC), contact)
        frame = act(begun, flow, ACTION.validate_python({"do": "begin"})).frames[-1]
        assert frame.steps[1] == ("a", port), (city, frame.reason)
    assert report == []
