"""What queues inherit down the tree of tenants."""

from __future__ import annotations

from datetime import date, time
from uuid import UUID

from hub.routing.hours import BusinessHours, Opening
from hub.routing.queue import PLAIN, QueueSettings, ServiceLevel
from hub.routing.queue_defaults import (
    NOTHING_SAID,
    Level,
    QueueDefaults,
    effective,
    settings_with,
)

TOP, MIDDLE, OWN = UUID(int=1), UUID(int=2), UUID(int=3)
XMAS, MAY = date(2026, 12, 25), date(2026, 5, 1)


def week(start: int) -> BusinessHours:
    opening = Opening(start=time(start), end=time(17))
    return BusinessHours(time_zone="Europe/Berlin", week={"monday": (opening,)}, holidays=(MAY,))


def level(tenant_id: UUID, **parts: object) -> Level:
    return Level(tenant_id, str(tenant_id.int), QueueDefaults.model_validate(parts))


SLOW = {"normal": ServiceLevel(first_response_s=900)}
QUICK = {"normal": ServiceLevel(first_response_s=60)}


def test_a_queue_says_it_itself_before_the_nearest_tenant_that_says_it() -> None:
    found = effective([level(OWN, service_levels=QUICK), level(TOP, hours=week(8), service_levels=SLOW)], OWN)
    plain = settings_with(None, found)
    assert plain is not None
    assert (plain.hours, plain.service_levels) == (week(8), QUICK)
    own = settings_with(QueueSettings(hours=week(10), service_levels=SLOW), found)
    assert own is not None
    assert (own.hours, own.service_levels) == (week(10), SLOW)
    assert {part: (each.tenant, each.locked) for part, each in found.sources.items()} == {
        "hours": ("1", False),
        "service_levels": ("3", False),
    }


def test_what_is_locked_above_counts_before_all_and_the_farthest_leads() -> None:
    tree = [
        level(OWN, service_levels=QUICK, locked={"service_levels"}),
        level(MIDDLE, service_levels=QUICK, locked={"service_levels"}),
        level(TOP, service_levels=SLOW, locked={"service_levels"}),
    ]
    settings = settings_with(QueueSettings(service_levels=QUICK), effective(tree, OWN))
    assert settings is not None
    assert settings.service_levels == SLOW
    alone = settings_with(QueueSettings(service_levels=SLOW), effective(tree[:1], OWN))
    assert alone is not None
    assert alone.service_levels == SLOW, "one's own lock is for those below"


def test_holidays_are_added_where_there_are_hours() -> None:
    found = effective([level(TOP, holidays=[XMAS])], OWN)
    settings = settings_with(QueueSettings(hours=week(9)), found)
    assert settings is not None
    assert settings.hours is not None
    assert settings.hours.holidays == (MAY, XMAS)
    assert settings_with(None, found) == PLAIN


def test_without_defaults_a_queue_is_as_it_was() -> None:
    assert settings_with(None, NOTHING_SAID) is None
    assert settings_with(QueueSettings(accept_s=9), NOTHING_SAID) == QueueSettings(accept_s=9)
