"""The fixture `desk`: a tenant that can send and receive."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.demo import workspace as ws
from hub.billing import service as billing
from hub.ids import new_id
from hub.settings import Settings
from models.db import Scope, transaction
from models.tenancy import tenants
from tests.actors.desk import HOURS, SURVEY, Desk
from tests.conftest import TEMPLATE


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """One database for all tests of this folder: each has a tenant of its own, which is the wall between them."""
    server = os.environ["TEST_DATABASE_URL"]
    name = f"actors_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        yield f"{server.rpartition('/')[0]}/{name}"
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def desk(engine: AsyncEngine, settings: Settings, tenant: UUID) -> AsyncIterator[Desk]:
    """A funded tenant with an SMS and a WhatsApp line, three queues, a survey flow and rules."""
    sms = await ws.ensure_line(engine, settings, tenant, "sms", "Line", "+15550100")
    whatsapp = await ws.ensure_line(engine, settings, tenant, "whatsapp", "Chat", "+15550101")
    async with transaction(engine, Scope.of(tenant)) as db:
        prices = {"": Decimal("0.045")}
        await billing.ensure_wallet(db, tenant, "EUR")
        await billing.ensure_rate_card(db, tenant, "SMS", "sms", "EUR", prices)
        await billing.ensure_rate_card(db, tenant, "WhatsApp", "whatsapp", "EUR", {"": Decimal("0.055")})
    queues = await ws.ensure_queues(engine, tenant, ["Orders", "General"])
    survey = await ws.ensure_flow(engine, tenant, "Survey", SURVEY)
    hours = await ws.ensure_flow(engine, tenant, "Hours", HOURS)
    await ws.ensure_rules(
        engine,
        tenant,
        [
            ws.keyword_rule("hours", flow_id=hours),
            ws.keyword_rule("survey", flow_id=survey),
            ws.intent_rule("order", queues["Orders"]),
        ],
        queues["General"],
    )
    async with transaction(engine, Scope.of(tenant)) as db:
        await db.execute(tenants.update().where(tenants.c.id == tenant).values(intent_version_id=new_id()))
    made = Desk(engine, settings, tenant, sms, whatsapp, queues, survey)
    await made.fund(1_000_000)
    yield made
    await made.close()
