"""Saved replies by the API: kept, inherited down the tree, offered for a conversation, counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.directory import Directories
from hub.ids import encode_id, new_id
from models.db import Scope, transaction
from tests.api.conftest import World

PATH = "/v1/saved-replies"
NEW = {"name": "Parcel", "shortcut": "/Parcel", "body": "Hi {{ first_name }}, {{ agent.first_name }} here."}


class Names:
    """All that these routes ask of the actors' client."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.directories = Directories(engine)

    async def close(self) -> None:
        return


@pytest.fixture(autouse=True)
async def hub(world: World, engine: AsyncEngine) -> AsyncIterator[None]:
    world.app.state.hub = Names(engine)
    yield
    world.app.state.hub = None


async def conversation(engine: AsyncEngine, tenant: UUID) -> str:
    statements = (
        "INSERT INTO contacts (tenant_id, id, name) VALUES (:tenant, :id, 'Asha Rao')",
        "INSERT INTO conversations (tenant_id, contact_id, status, intent) VALUES (:tenant, :id, 'open', 'refund')",
    )
    values = {"tenant": tenant, "id": new_id()}
    async with transaction(engine, Scope.of(tenant)) as db:
        for statement in statements:
            await db.execute(text(statement), values)
    return encode_id("cnv", values["id"])


async def test_what_an_organization_writes_its_parts_use_and_do_not_change(world: World) -> None:
    async with await world.sign_in("acme", "org_admin") as above:
        made = await above.post(PATH, json=NEW)
        assert made.status_code == 201, made.text
        assert (await above.post(PATH, json=NEW)).json()["code"] == "shortcut-taken"
    one = f"{PATH}/{made.json()['id']}"
    async with await world.sign_in("north", "supervisor") as http:
        (seen,) = (await http.get(PATH)).json()["items"]
        assert (seen["shortcut"], seen["inherited"]) == ("parcel", True)
        assert (await http.patch(one, json={"name": "x"}, headers={"If-Match": "*"})).status_code == 404
        mine = await http.post(PATH, json={**NEW, "name": "Ours"})  # in front of the one from above
        assert mine.status_code == 201
        assert [row["name"] for row in (await http.get(PATH)).json()["items"]] == ["Ours"]
        own = f"{PATH}/{mine.json()['id']}"
        changed = await http.patch(own, json={"folder": "Post"}, headers={"If-Match": '"1"'})
        assert (changed.json()["folder"], changed.headers["etag"]) == ("Post", '"2"')
        assert (await http.patch(own, json={"name": "x"}, headers={"If-Match": '"1"'})).status_code == 412
        assert (await http.delete(own, headers={"If-Match": "*"})).status_code == 204
    async with await world.sign_in("north", "support_agent") as agent:
        assert (await agent.post(PATH, json=NEW)).status_code == 403
    async with await world.sign_in("rival", "supervisor") as other:
        assert (await other.get(PATH)).json()["items"] == []


async def test_replies_are_offered_for_a_conversation_and_learn_from_use(
    world: World, engine: AsyncEngine
) -> None:
    thread = await conversation(engine, world.tenants["north"])
    path = f"/v1/conversations/{thread}/saved-replies"
    async with await world.sign_in("north", "supervisor") as http:
        for name in ("Apple", "Banana", "Cherry"):
            body = {**NEW, "name": name, "shortcut": name, "intents": ["refund"] if name == "Cherry" else []}
            assert (await http.post(PATH, json=body)).status_code == 201
        found = (await http.get(path)).json()["items"]
        assert [(row["name"], row["suggested"]) for row in found] == [
            ("Cherry", True),
            ("Apple", False),
            ("Banana", False),
        ]
        assert found[0]["text"] == "Hi Asha, supervisor here."
        used = await http.post(f"{PATH}/{found[2]['id']}/uses", json={"conversation_id": thread})
        assert used.status_code == 204
        again = (await http.get(path)).json()["items"]
        assert [(row["name"], row["uses"]) for row in again] == [("Cherry", 0), ("Banana", 1), ("Apple", 0)]
        searched = (await http.get(path, params={"search": "ap", "limit": 1})).json()
        assert ([row["name"] for row in searched["items"]], searched["has_more"]) == (["Apple"], False)
