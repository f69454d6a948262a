"""The demo hub: tree and people, then channels, prices, money, routing, a flow and a trained intent model. Repeatable."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.demo import workspace as ws
from cli.demo.history import ensure_history
from hub.compliance.quiet_hours import WEEKDAYS
from hub.routing.hours import BusinessHours, Opening
from hub.routing.queue import QueueSettings, ServiceLevel
from hub.settings import Settings
from hub.tenancy.seed import Login, seed_demo
from models.db import Scope, app_url, make_engine, transaction
from models.tenancy import tenants
from training.demo_data import train_demo

# Numbers for fiction: Ofcom's 07700 900xxx and the North American 555-01xx.
NUMBERS = {
    "Acme North": ("+447700900901", "+447700900902", "+447700900903"),
    "Acme South": ("+12025550191", "+12025550192", "+12025550193"),
}
QUEUE_OF = {
    "order_status": "Orders",
    "change_address": "Orders",
    "cancel_order": "Orders",
    "refund": "Billing",
    "complaint": "Care",
    "talk_to_agent": "Care",
    "opening_hours": "General",
    "thanks": "General",
}
QUEUES = ("Care", "Orders", "Billing", "General")
TARGETS = {"urgent": (300, 14_400), "high": (900, 28_800), "normal": (3_600, 86_400)}  # seconds
OFFICE = BusinessHours(
    time_zone="Europe/London",
    week={day: (Opening(start=time(8), end=time(18)),) for day in WEEKDAYS[:5]},
    holidays=(date(2026, 12, 25), date(2027, 1, 1)),
)
BILLING_SKILL = {"billing": 2}
MONEY_MICROS = 500_000_000  # 500 EUR each

TEMPLATES: tuple[Mapping[str, Any], ...] = (
    {
        "name": "order_update",
        "language": "en",
        "category": "utility",
        "body": "Hello {{first_name}}, your order {{number}} is on its way.",
        "body_examples": {"first_name": "Ada", "number": "4711"},
    },
)
SURVEY: Mapping[str, Any] = {
    "start": "answer",
    "nodes": {
        "answer": {
            "type": "wait_for_reply",
            "choices": {"yes": ["yes", "y", "sure", "ok"], "no": ["no", "n", "no thanks"]},
        },
        "thank": {
            "type": "send",
            "text": "Thank you! Your 15 % code is AUTUMN15. Reply STOP to unsubscribe.",
        },
        "interested": {"type": "tag", "tag": "interested"},
        "pity": {"type": "send", "text": "No problem, we will not ask again this season."},
        "person": {"type": "hand_over"},
    },
    "edges": [
        {"source": "answer", "port": "yes", "target": "thank"},
        {"source": "thank", "port": "next", "target": "interested"},
        {"source": "answer", "port": "no", "target": "pity"},
        {"source": "answer", "port": "other", "target": "person"},
    ],
}
HOURS: Mapping[str, Any] = {
    "start": "hours",
    "nodes": {"hours": {"type": "send", "text": "We are open Monday to Saturday, 9:00 to 19:00."}},
}


async def seed(settings: Settings) -> list[Login]:
    """Fill an empty hub; on a filled one only the carrier is told its accounts again."""
    url = app_url(settings.database_url, settings.secret_key.get_secret_value())
    engine = make_engine(url, pool=4, application_name="parley seed")
    try:
        logins = await seed_demo(engine, settings)
        async with transaction(engine, Scope.nothing()) as db:
            platform = await ws.root_id(db)
            named = {row.name: row.id for row in await db.execute(select(tenants.c.name, tenants.c.id))}
        assert platform is not None
        await ws.ensure_prices(engine, platform)
        await ws.follow_carrier(engine, settings)
        accounts: list[dict[str, Any]] = []
        chats: dict[UUID, ws.Line] = {}
        for name, numbers in NUMBERS.items():
            accounts += await _sub_organization(engine, settings, named[name], name, numbers, chats)
            await ensure_history(engine, named[name])
        await _models(engine, [named[name] for name in NUMBERS])
        await ws.tell_carrier(settings, accounts)
        for (
            tenant_id,
            line,
        ) in chats.items():  # submitted by the running hub: the carrier must know the account
            for template in TEMPLATES:
                await ws.ensure_template(engine, tenant_id, line, template)
        return logins
    finally:
        await engine.dispose()


async def _sub_organization(
    engine: AsyncEngine,
    settings: Settings,
    tenant_id: UUID,
    name: str,
    numbers: tuple[str, str, str],
    chats: dict[UUID, ws.Line],
) -> list[dict[str, Any]]:
    """The lines, queues, flows and rules of one; `chats` gets its WhatsApp line. Returns the carrier's accounts."""
    sms = await ws.ensure_line(engine, settings, tenant_id, "sms", f"{name} SMS", numbers[0])
    whatsapp = await ws.ensure_line(engine, settings, tenant_id, "whatsapp", f"{name} WhatsApp", numbers[1])
    chats[tenant_id] = whatsapp
    voice = await ws.ensure_line(engine, settings, tenant_id, "voice", f"{name} Voice", numbers[2])
    rcs = await ws.ensure_line(engine, settings, tenant_id, "rcs", f"{name} RCS", name)
    bound = await ws.ensure_line(
        engine, settings, tenant_id, "sms", f"{name} SMPP line", f"{numbers[0][:-1]}9", "smpp"
    )
    await ws.ensure_money(engine, tenant_id, MONEY_MICROS)
    queue_ids = await ws.ensure_queues(engine, tenant_id, QUEUES)
    await ws.ensure_settings(engine, tenant_id, {key: _queue(name) for name, key in queue_ids.items()})
    await ws.ensure_skills(engine, tenant_id, BILLING_SKILL)
    await ws.ensure_flow(engine, tenant_id, "Autumn survey", SURVEY)
    hours = await ws.ensure_flow(engine, tenant_id, "Opening hours", HOURS)
    rules = [ws.keyword_rule("hours", flow_id=hours)]
    rules += [ws.intent_rule(intent, queue_ids[queue], 0.5) for intent, queue in QUEUE_OF.items()]
    await ws.ensure_rules(engine, tenant_id, rules, queue_ids["General"])
    return [
        ws.carrier_account(sms, "sms", f"{name} SMS", settings.public_url),
        ws.carrier_account(whatsapp, "whatsapp", f"{name} WhatsApp", settings.public_url),
        ws.carrier_account(voice, "voice", f"{name} Voice", settings.public_url),
        ws.carrier_account(rcs, "rcs", f"{name} RCS", settings.public_url),
        ws.smpp_account(bound, f"{name} SMPP"),
    ]


def _queue(name: str) -> QueueSettings:
    """Targets for each queue; that of money has office hours and wants people who know about it."""
    levels = {
        priority: ServiceLevel(first_response_s=first, resolution_s=whole)
        for priority, (first, whole) in TARGETS.items()
    }
    settings = QueueSettings.model_validate({"service_levels": levels})
    if name != "Billing":
        return settings
    return settings.model_copy(update={"hours": OFFICE, "skills": BILLING_SKILL})


async def _models(engine: AsyncEngine, tenant_ids: list[UUID]) -> None:
    """One training for all tenants that have no live model yet."""
    async with transaction(engine, Scope.of(*tenant_ids)) as db:
        query = select(tenants.c.id).where(
            tenants.c.id.in_(tenant_ids), tenants.c.intent_version_id.is_(None)
        )
        missing = list((await db.execute(query)).scalars())
    if missing:
        trained = await asyncio.to_thread(train_demo)
        for tenant_id in missing:
            await ws.publish_model(engine, tenant_id, trained)
