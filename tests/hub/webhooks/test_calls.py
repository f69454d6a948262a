"""What rules and service levels tell one endpoint each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from hub.conversations.state import CallWebhook, Conversation, Happened, Turn
from hub.directory import Directory
from hub.webhooks import events
from hub.webhooks.endpoint import Subscription

TENANT, CONTACT, CRM, PAGER, GONE = (UUID(int=number) for number in range(1, 6))
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def told(turned: Turn, *hooks: Subscription) -> list[tuple[UUID, str, Any]]:
    nothing: Any = None
    directory = Directory(TENANT, "Acme", "EUR", "DE", {}, {}, {}, nothing, nothing, webhooks=hooks)
    rows = events.of_turns([(Conversation(TENANT, CONTACT), turned)], {TENANT: directory}, NOW)
    return [(row["endpoint_id"], row["event"], orjson.loads(row["body"])["data"]) for row in rows]


def test_an_endpoint_is_told_by_a_rule_whatever_it_listens_for() -> None:
    turned = Turn(Conversation(TENANT, CONTACT, tags=("money",)))
    turned.effects += [CallWebhook(CRM, "rule.matched", {"rule": "r"}), CallWebhook(GONE, "rule.matched", {})]
    ((endpoint, event, data),) = told(turned, Subscription(CRM, frozenset({"message.received"})))
    assert (endpoint, event, data["rule"], data["conversation"]["tags"]) == (
        CRM,
        "rule.matched",
        "r",
        ["money"],
    )


def test_a_missed_target_and_a_score_are_told_once_to_each() -> None:
    turned = Turn(Conversation(TENANT, CONTACT))
    turned.happened += [
        Happened("breached", {"target": "resolution"}),
        Happened("rated", {"score": 4}, "contact"),
    ]
    turned.effects += [
        CallWebhook(each, "conversation.breached", {"target": "resolution"}) for each in (CRM, PAGER)
    ]
    found = told(
        turned,
        Subscription(CRM, frozenset({"conversation.breached", "conversation.rated"})),
        Subscription(PAGER, frozenset()),
    )
    assert [(endpoint, event) for endpoint, event, _ in found] == [
        (CRM, "conversation.breached"),
        (CRM, "conversation.rated"),
        (PAGER, "conversation.breached"),
    ]
    assert found[1][2]["score"] == 4
