"""pywa, a WhatsApp client nobody here wrote: it drives our carrier, and reads its webhooks as if they were Meta's."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import orjson

from tests.carrier.conftest import (
    META_SECRET,
    META_TOKEN,
    PERSON,
    PHONE_ID,
    World,
    make_world,
)

ROOT = Path(__file__).parents[2]
DRIVER = Path(__file__).with_name("pywa_driver.py")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


def peers_python() -> str:
    """The peers' interpreter. Not skipped when it is missing: then nothing would be proved."""
    found = os.environ.get("HUB_PEERS_PYTHON") or str(ROOT / ".peers" / "bin" / "python")
    assert Path(found).exists(), f"{found} is missing: make setup-peers"
    return found


async def pywa(world: World, job: str, **asked: Any) -> Any:
    """Let pywa do a job in its own process."""
    account = {
        "base_url": str(world.client.base_url).rstrip("/"),
        "phone_id": PHONE_ID,
        "token": META_TOKEN,
        "waba_id": "102290129340398",
        "to": PERSON,
    }
    process = await asyncio.create_subprocess_exec(
        peers_python(),
        str(DRIVER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await process.communicate(orjson.dumps({"job": job, **account, **asked}))
    assert process.returncode == 0, complaint.decode()
    return orjson.loads(said)


def hooks(world: World) -> list[list[str]]:
    return [
        [hit.raw.decode(), hit.headers["x-hub-signature-256"].removeprefix("sha256=")]
        for hit in world.tenant.hits
    ]


async def test_pywa_sends_every_type_and_reads_the_statuses() -> None:
    async with make_world() as world:
        sent = await pywa(world, "send", png=PNG.hex())
        assert (sent["refused"], sent["url"]) == (100, "image/png")
        kinds = {entry["sid"]: entry["kind"] for entry in await world.log()}
        assert [kinds[sent[name]] for name in ("text", "buttons", "list", "place", "image")] == [
            "text",
            "interactive",
            "interactive",
            "location",
            "image",
        ]
        await world.settle()
        read = await pywa(world, "read", hooks=hooks(world), secret=META_SECRET)
        assert all(good for good, *_ in read)
        assert {(one[2], one[3]) for one in read if one[2] == sent["list"]} == {
            (sent["list"], "sent"),
            (sent["list"], "delivered"),
        }


async def test_pywa_makes_a_template_and_sends_it() -> None:
    async with make_world() as world:
        made = await pywa(world, "template")
        assert made["status"] == "PENDING"
        await world.settle()
        sent = await pywa(world, "send_template")
        assert sent["listed"] == ["APPROVED"]
        (entry,) = await world.log(sid=sent["id"])
        assert entry["body"] == "Hello Ada, it is ready.\n▸ Thanks"


async def test_pywa_reads_what_a_person_writes_and_taps() -> None:
    async with make_world() as world:
        sent = await pywa(world, "send", png=PNG.hex())
        await world.settle()
        world.tenant.hits.clear()
        wrote = (await world.write("héllo 😀", "whatsapp"))["sid"]
        tap = {"type": "button_reply", "id": "y", "to": sent["buttons"]}
        await world.write("Yes", "whatsapp", content=tap)
        row = {"type": "list_reply", "id": "m", "description": "9 to 11", "to": sent["list"]}
        await world.write("Morning", "whatsapp", content=row)
        read = await pywa(world, "read", hooks=hooks(world), secret=META_SECRET)
        assert [[one[0], one[1], one[3]] for one in read] == [
            [True, "Message", "héllo 😀"],
            [True, "CallbackButton", ["y", "Yes"]],
            [True, "CallbackSelection", ["m", "Morning"]],
        ]
        assert await pywa(world, "mark", id=wrote) == [True, True]
        assert (await world.log(sid=wrote))[0]["state"] == "read"
