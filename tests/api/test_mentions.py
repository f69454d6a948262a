"""A colleague is named in a note: told once, listed until read, forgotten with the note."""

from __future__ import annotations

import doctest

from redis.asyncio import Redis

from hub.contacts import mentions
from hub.realtime import stream_key
from tests.api.conftest import World

PATH = "/v1/me/mentions"


def test_the_example_is_true() -> None:
    found = doctest.testmod(mentions)
    assert (found.attempted > 0, found.failed) == (True, 0)


async def test_who_is_named_is_told_until_they_have_read_it(world: World, redis: Redis) -> None:
    async with (
        await world.sign_in("north", "supervisor") as writer,
        await world.sign_in("north", "support_agent") as named,
        await world.sign_in("north", "sub_org_admin") as admin,
    ):
        contact = (await admin.post("/v1/contacts", json={"phone": "+447700900555", "name": "Asha"})).json()
        notes = f"/v1/contacts/{contact['id']}/notes"
        body = "@Support_agent of north please call; so says @supervisor of north, not @support"
        note = (await writer.post(notes, json={"body": body})).json()
        found = (await named.get(PATH, params={"unread": "true"})).json()
        (mention,) = found["items"]
        assert (mention["body"], mention["contact_name"], found["unread"]) == (body, "Asha", 1)
        assert mention["conversation_id"].removeprefix("cnv") == contact["id"].removeprefix("con")
        assert mention["by"]["name"] == "supervisor of north"
        assert (await writer.get(PATH)).json()["items"] == []  # who names themselves is not told
        told = b"".join(
            value
            for _, entry in await redis.xrange(stream_key(world.tenants["north"]))
            for value in entry.values()
        )
        assert told.count(b"mention.created") == 1
        await writer.patch(f"{notes}/{note['id']}", json={"body": f"{body}, today"})
        assert (await named.post(f"{PATH}/{mention['id']}/read")).status_code == 204
        assert (await named.get(PATH, params={"unread": "true"})).json()["items"] == []
        assert (await writer.post(f"{PATH}/{mention['id']}/read")).status_code == 404
        (kept,) = (await named.get(PATH)).json()["items"]  # an edit names nobody twice
        assert kept["read_at"] is not None
        await writer.patch(f"{notes}/{note['id']}", json={"body": "nobody after all"})
        assert (await named.get(PATH)).json()["items"] == []
        await writer.post(notes, json={"body": "@support_agent of north"})
        await named.post(f"{PATH}/read")
        assert (await named.get(PATH)).json()["unread"] == 0
