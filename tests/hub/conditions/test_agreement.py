"""SQL and predicate agree, for thousands of random conditions over people with odd values."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from hub.conditions.model import read
from hub.conditions.nodes import Message
from hub.conditions.plan import plan
from hub.conditions.predicate import Facts, Segments, holds, matching_messages, ready, received
from hub.conditions.sql import compile_condition
from hub.contacts.segments.store_facts import facts_of
from hub.ids import new_id
from hub.routing.loading import Needs
from hub.routing.store_records import records_of, records_query
from models.db import SCHEMA, Scope, app_url, make_engine, transaction
from tests.hub.conditions import people


@dataclass
class Town:
    """The people in the database, and their facts beside it."""

    tenant: UUID
    db: Connection
    facts: dict[UUID, Facts] = field(repr=False)
    segments: Segments = field(repr=False)

    def by_sql(self, condition: dict[str, Any], now: datetime, indexed: Any = None) -> set[UUID]:
        node = plan(read(condition), people.CATALOG)
        compiled = compile_condition(
            node, tenant_id=self.tenant, now=now, segments=self.segments, indexed=indexed or {}
        )
        query = text(f"SELECT c.id FROM contacts c WHERE {compiled.sql}")
        try:
            return set(self.db.execute(query, dict(compiled.values)).scalars())
        except DBAPIError as error:
            raise AssertionError(f"{error.orig}: {compiled.sql}") from error

    def by_predicate(self, condition: dict[str, Any], now: datetime) -> set[UUID]:
        node = plan(read(condition), people.CATALOG)
        found = {contact for contact, facts in self.facts.items() if holds(node, facts, now, self.segments)}
        asked = ready(node, self.segments)
        assert found == {contact for contact, facts in self.facts.items() if asked(facts, now)}
        return found


async def _facts(url: Any, tenant: UUID) -> dict[UUID, Facts]:
    engine = make_engine(url, pool=1)
    async with transaction(engine, Scope.of(tenant)) as db:
        ids = (await db.execute(text("SELECT id FROM contacts"))).scalars().all()
        found = await facts_of(db, tenant, ids, events=people.EVENTS, campaigns=people.CAMPAIGNS)
    await engine.dispose()
    return found


@pytest.fixture(scope="module")
def town(database_url: str, secret_key: str) -> Iterator[Town]:
    tenant = new_id()
    people.populate(database_url, tenant)
    url = app_url(database_url, secret_key)
    facts = asyncio.run(_facts(url, tenant))
    assert len(facts) == people.PEOPLE
    segments: Segments = {
        segment: plan(read(people.DYNAMIC[nth - 2]), people.CATALOG) if nth >= 2 else None
        for nth, segment in enumerate(people.SEGMENTS)
    }
    engine = create_engine(
        url, connect_args={"options": f"-csearch_path={SCHEMA}", "prepare_threshold": None}
    )
    with engine.connect() as db:
        db.execute(text("SELECT set_config('hub.read_tenants', :t, false)"), {"t": f"{{{tenant}}}"})
        yield Town(tenant, db, facts, segments)
    engine.dispose()


def agree(town: Town, condition: dict[str, Any], zone: str = "UTC", indexed: Any = None) -> None:
    now = people.NOW.astimezone(ZoneInfo(zone))
    by_sql, by_predicate = town.by_sql(condition, now, indexed), town.by_predicate(condition, now)
    assert by_sql == by_predicate, [town.facts[each] for each in list(by_sql ^ by_predicate)[:2]]


QUICK = settings(
    max_examples=600, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@QUICK
@given(rule=people.RULES)
def test_every_rule_alone(town: Town, rule: dict[str, Any]) -> None:
    agree(town, {"combinator": "and", "not": False, "rules": [rule]}, "Europe/Berlin")
    agree(town, {"combinator": "and", "not": True, "rules": [rule]}, "Europe/Berlin", people.INDEXED)


@QUICK
@given(condition=people.CONDITIONS)
def test_conditions(town: Town, condition: dict[str, Any]) -> None:
    agree(town, condition)


@pytest.mark.long
@settings(QUICK, max_examples=20_000)
@given(condition=people.CONDITIONS)
def test_many_conditions(town: Town, condition: dict[str, Any]) -> None:
    agree(town, condition, "Asia/Kolkata")


def test_the_people_are_worth_asking(town: Town) -> None:
    """Every rule of a few finds some people and not all: an agreement about nobody says little."""
    for rule in (
        {"field": "attribute.city", "operator": "contains", "value": "pun"},
        {"field": "attribute.age", "operator": ">", "value": 1},
        {"field": "attribute.joined", "operator": "inLast", "value": {"amount": 7, "unit": "days"}},
        {"field": "last_inbound_at", "operator": "inLast", "value": {"amount": 7, "unit": "days"}},
        {
            "field": "event.clicked",
            "operator": "happened",
            "value": {"at_least": 1, "within": None, "where": []},
        },
        {
            "field": "message.outbound",
            "operator": "happened",
            "value": {"at_least": 2, "within": None, "channel": None},
        },
        {"field": "consent.sms", "operator": "=", "value": "opted_in"},
    ):
        found = town.by_sql({"rules": [rule]}, people.NOW)
        assert 5 < len(found) < people.PEOPLE - 5, rule


def test_what_routing_reads_of_contacts_are_the_same_facts(town: Town) -> None:
    parts = {"tags", "addresses", "consents", "segments", "events", "messages", "received", "launches"}
    needs = Needs(
        True,
        frozenset(parts),
        frozenset(people.EVENTS),
        frozenset(people.CAMPAIGNS),
        frozenset(key for key, inner in town.segments.items() if inner is None),
    )
    query, values = records_query(town.tenant, list(town.facts), needs, people.NOW)
    found = records_of(town.db.execute(query, values))
    assert set(found) == set(town.facts)
    for key, facts in town.facts.items():
        mine = found[key].facts
        assert (mine.values, mine.tags, mine.segments) == (facts.values, facts.tags, facts.segments)
        assert set(mine.addresses) == set(facts.addresses)
        assert set(mine.consents) == set(facts.consents)
        assert {(each.name, each.at) for each in mine.events} == {
            (each.name, each.at) for each in facts.events
        }
        for campaign_id in people.CAMPAIGNS:
            assert received(mine, campaign_id) == received(facts, campaign_id)
            assert mine.launches.get(campaign_id) == facts.launches.get(campaign_id)
        for direction in ("in", "out"):
            count = Message(direction, 1, None, None)
            assert len(matching_messages(count, mine, people.NOW)) == len(
                matching_messages(count, facts, people.NOW)
            )
