"""An agent corrects an intent: training data, and taken back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.ids import encode_id, new_id
from hub.intents import corrections
from models.db import Scope, transaction
from tests.api.conftest import World


async def plant(engine: AsyncEngine, tenant: UUID) -> tuple[UUID, UUID]:
    """(contact, message): a text that a live model of two intents read."""
    ids = {"tenant": tenant, "con": new_id(), "msg": new_id(), "int": new_id(), "chn": new_id()}
    statements = """
        INSERT INTO contacts (tenant_id, id, name) VALUES (:tenant, :con, 'Asha');
        INSERT INTO intent_versions (tenant_id, id, number, status, encoder_id, encoder_sha256, data_sha256, labels, report, artifact)
          VALUES (:tenant, :int, 1, 'live', '', '', '', '["refund", "complaint"]', '{}', '');
        UPDATE tenants SET intent_version_id = :int WHERE id = :tenant;
        INSERT INTO messages (tenant_id, id, contact_id, channel_id, channel_kind, direction, origin, address, body, status,
          intent, confidence, intent_version_id)
          VALUES (:tenant, :msg, :con, :chn, 'sms', 'in', 'contact', '+447700900999', 'This is late', 'received', 'refund', 0.6, :int)
    """
    async with transaction(engine, Scope.of(tenant)) as db:
        for statement in statements.split(";"):
            await db.execute(text(statement), ids)
    return ids["con"], ids["msg"]


async def test_a_correction_is_training_data_until_it_is_taken_back(
    world: World, engine: AsyncEngine
) -> None:
    tenant = world.tenants["north"]
    _, message_id = await plant(engine, tenant)
    path = f"/v1/messages/{encode_id('msg', message_id)}/intent"
    async with await world.sign_in("north", "support_agent") as agent:
        assert (await agent.get("/v1/intents/labels")).json() == {"labels": ["complaint", "refund"]}
        unknown = await agent.put(path, json={"intent": "weather"})
        assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/intent")
        for intent in ("refund", "complaint"):
            said = await agent.put(path, json={"intent": intent})
            assert said.status_code == 200, said.text
        assert (said.json()["was"], said.json()["by"]["name"]) == ("refund", "support_agent of north")
        async with transaction(engine, Scope.of(tenant)) as db:
            assert await corrections.rows(db, tenant) == [("This is late", "complaint")]
        async with await world.sign_in("north", "data_scientist") as scientist:
            (row,) = (await scientist.get("/v1/intents/corrections")).json()["items"]
            assert (row["text"], row["intent"]) == ("This is late", "complaint")
            assert (await scientist.put(path, json={"intent": "refund"})).status_code == 403
        assert (await agent.delete(path)).status_code == 204
        assert (await agent.delete(path)).status_code == 404
    async with transaction(engine, Scope.of(tenant)) as db:
        assert await corrections.rows(db, tenant) == []


async def test_an_erasure_takes_the_text_out_of_the_training_data(world: World, engine: AsyncEngine) -> None:
    tenant = world.tenants["south"]
    contact_id, message_id = await plant(engine, tenant)
    async with await world.sign_in("south", "support_agent") as agent:
        path = f"/v1/messages/{encode_id('msg', message_id)}/intent"
        assert (await agent.put(path, json={"intent": "complaint"})).status_code == 200
    async with await world.sign_in("south", "sub_org_admin") as admin:
        erased = await admin.post(
            f"/v1/contacts/{encode_id('con', contact_id)}/erase", json={"reason": "asked"}
        )
        assert erased.status_code in (200, 201, 202, 204), erased.text
    async with transaction(engine, Scope.of(tenant)) as db:
        assert await corrections.rows(db, tenant) == []
