"""The questions of `hub bench segment`: ten segments that campaign managers build, one of five rules, and the SQL that an
expert would write for the last one by hand.
"""

from __future__ import annotations

from typing import Any

from bench.segment_data import Planted
from hub.ids import encode_id


def _rule(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def _all(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"combinator": "and", "not": False, "rules": list(rules)}


def _any(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"combinator": "or", "not": False, "rules": list(rules)}


def _happened(
    name: str, days: int | None = None, at_least: int = 1, operator: str = "happened"
) -> dict[str, Any]:
    within = None if days is None else {"amount": days, "unit": "days"}
    return _rule(f"event.{name}", operator, {"at_least": at_least, "within": within, "where": []})


def standard(planted: Planted) -> dict[str, dict[str, Any]]:
    """Name → condition."""
    campaign, dynamic = encode_id("cmp", planted.campaign), encode_id("seg", planted.dynamic)
    wrote = {"at_least": 1, "within": {"amount": 14, "unit": "days"}, "channel": None}
    return {
        "pro_in_pune": _all(_rule("attribute.city", "=", "pune"), _rule("attribute.plan", "=", "Pro")),
        "vip_with_consent": _all(_rule("tag", "has", "vip"), _rule("consent.sms", "=", "opted_in")),
        "clicked_this_week": _all(_happened("clicked", 7)),
        "bought_twice_not_lapsed": _all(_happened("order placed", 90, 2), _rule("tag", "hasNot", "lapsed")),
        "received_no_answer": _all(_rule("campaign", "receivedNotAnswered", campaign)),
        "wrote_lately_in_english": _all(
            _rule("last_inbound_at", "inLast", {"amount": 30, "unit": "days"}), _rule("language", "=", "en")
        ),
        "warm_on_whatsapp": _all(
            _any(_rule("tag", "has", "webinar"), _happened("clicked", 30)),
            _rule("reachable", "on", "whatsapp"),
        ),
        "gold_of_a_certain_age": _all(
            _rule("attribute.age", "between", [25, 40]),
            _rule("attribute.gold", "=", True),
            _rule("created_at", "inLast", {"amount": 365, "unit": "days"}),
        ),
        "new_and_silent": _all(_rule("tag", "has", "new"), _happened("login", 90, operator="didNotHappen")),
        "segment_that_wrote": _all(
            _rule("segment", "in", dynamic), _rule("message.inbound", "happened", wrote)
        ),
    }


FIVE_RULES = _all(
    _rule("attribute.city", "=", "pune"),
    _rule("attribute.age", ">=", 25),
    _rule("tag", "has", "newsletter"),
    _happened("clicked", 30),
    _rule("consent.sms", "=", "opted_in"),
)

BY_HAND = """
SELECT count(*) FROM contacts c
WHERE c.tenant_id = CAST(:tenant AS uuid) AND lower((c.attributes ->> 'city') COLLATE "C") = 'pune'
  AND CASE WHEN jsonb_typeof(c.attributes -> 'age') = 'number' THEN CAST(c.attributes -> 'age' AS numeric) >= 25 END
  AND EXISTS (SELECT FROM contact_tags t WHERE t.tenant_id = CAST(:tenant AS uuid) AND t.tag = 'newsletter' AND t.contact_id = c.id)
  AND EXISTS (SELECT FROM contact_events e WHERE e.tenant_id = CAST(:tenant AS uuid) AND e.name = 'clicked'
              AND e.at > CAST(:now AS timestamptz) - interval '30 days' AND e.at <= CAST(:now AS timestamptz) AND e.contact_id = c.id)
  AND EXISTS (SELECT FROM consents s WHERE s.tenant_id = CAST(:tenant AS uuid) AND s.channel_kind = 'sms' AND s.state = 'opted_in'
              AND s.purpose IN ('all', 'marketing') AND s.contact_id = c.id)
  AND NOT EXISTS (SELECT FROM consents s WHERE s.tenant_id = CAST(:tenant AS uuid) AND s.channel_kind = 'sms' AND s.state = 'opted_out'
                  AND s.purpose IN ('all', 'marketing') AND s.contact_id = c.id)
"""
