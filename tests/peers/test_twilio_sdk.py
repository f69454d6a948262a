"""Twilio's own Python SDK against us: it checks our signatures, we check its, it drives our carrier, and its documents are ours."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from xml.etree import ElementTree

import orjson
import pytest

from hub.channels.base import Account, WebhookRequest
from hub.channels.twilio import TwilioApi, signature
from hub.channels.voice_twiml import HANG_UP, render
from hub.errors import BadSignature
from hub.voice.interpreter import BEGIN, Answered, advance
from hub.voice.script import Call
from tests.carrier.conftest import NUMBER, PERSON, SID, TOKEN, World, make_world

ROOT = Path(__file__).parents[2]
DRIVER = Path(__file__).with_name("twilio_driver.py")
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "Body": "Žluťoučký & +1 %20\n",
}


def peers_python() -> str:
    """The peers' interpreter. Not skipped when it is missing: then nothing would be proved."""
    found = os.environ.get("HUB_PEERS_PYTHON") or str(ROOT / ".peers" / "bin" / "python")
    assert Path(found).exists(), f"{found} is missing: make setup-peers"
    return found


async def sdk(job: str, **asked: Any) -> Any:
    """Let the SDK do a job in its own process."""
    process = await asyncio.create_subprocess_exec(
        peers_python(), str(DRIVER), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complaint = await process.communicate(orjson.dumps({"job": job, **asked}))
    assert process.returncode == 0, complaint.decode()
    return orjson.loads(said)


def request(url: str, fields: dict[str, str], signed: str) -> WebhookRequest:
    return WebhookRequest(url, [(b"x-twilio-signature", signed.encode())], urlencode(fields).encode())


async def test_the_hub_accepts_what_the_sdk_signs_and_nothing_else() -> None:
    account = Account(UUID(int=0), UUID(int=0), "twilio", SID, "", {"auth_token": TOKEN})
    signed = await sdk("sign", token=TOKEN, requests=[[URL, FIELDS], [URL, {}], [f"{URL}&x=1", FIELDS]])
    api = TwilioApi()
    api.verify(account, request(URL, FIELDS, signed[0]))
    api.verify(account, request(URL, {}, signed[1]))
    for wrong in (
        request(URL, FIELDS, signed[2]),
        request(URL, FIELDS | {"Digits": "1235"}, signed[0]),
        request(URL, FIELDS, ""),
    ):
        with pytest.raises(BadSignature):
            api.verify(account, wrong)


async def test_the_sdk_accepts_what_we_sign() -> None:
    ours = signature(TOKEN, URL, list(FIELDS.items()))
    asked = [[URL, FIELDS, ours], [URL, FIELDS | {"Digits": "9"}, ours]]
    assert await sdk("validate", token=TOKEN, requests=asked) == [True, False]


async def test_the_sdk_accepts_every_webhook_of_the_carrier() -> None:
    async with make_world() as world:
        await world.sms()
        await world.write("Hello ☎ & more")
        await _call(world)
        await world.settle()
        hits = [hit for hit in world.tenant.hits if "x-twilio-signature" in hit.headers]
        asked = [
            [
                world.tenant.url + hit.path + (f"?{hit.query}" if hit.query else ""),
                dict(parse_qsl(hit.raw.decode(), keep_blank_values=True)),
                hit.headers["x-twilio-signature"],
            ]
            for hit in hits
        ]
        assert len(asked) >= 6
        assert await sdk("validate", token=TOKEN, requests=asked) == [True] * len(asked)


async def _call(world: World) -> dict[str, Any]:
    found: dict[str, Any] = await sdk(
        "calls", sid=SID, token=TOKEN, base_url=str(world.client.base_url), to=PERSON, **{"from": NUMBER},
        callback=f"{world.tenant.url}/progress",
    )  # fmt: skip
    return found


async def test_the_sdk_drives_the_carrier_as_if_it_were_twilio() -> None:
    async with make_world() as world:
        base = str(world.client.base_url)
        sent = await sdk(
            "messages", sid=SID, token=TOKEN, base_url=base, to=PERSON, body="Hello", **{"from": NUMBER}
        )
        assert sent["status"] == "queued"
        assert sent["fetched"][:3] == [sent["sid"], "Hello", "1"]
        assert sent["listed"] == [sent["sid"]]
        assert sent["refused"] == [400, 21211]
        rule = {"match": {"number": PERSON}, "behaviour": {"call": {"outcome": "manual"}}}
        await world.behave([rule])
        called = await _call(world)
        assert called["made"] == "queued"
        assert called["fetched"] == [called["sid"], "outbound-api", PERSON]
        assert called["listed"] == [called["sid"]]
        assert called["ended"] == called["sid"]


SCRIPT = Call.model_validate(
    {
        "voice": "alice",
        "steps": [
            {"type": "say", "text": "Hello & <welcome>"},
            {"type": "play", "url": "https://hub.example/a.wav", "loop": 2},
            {"type": "pause", "seconds": 2},
            {
                "type": "gather",
                "input": ["dtmf", "speech"],
                "digits": 1,
                "hints": "sales, support",
                "prompt": [{"type": "say", "text": "Press 1."}],
            },
        ],
    }
)
RECORD = Call.model_validate({"steps": [{"type": "record", "seconds_max": 30}]})
DIAL = Call.model_validate({"steps": [{"type": "dial", "number": "+15550009", "caller_id": "+15550001"}]})


def canonical(document: str) -> str:
    return ElementTree.canonicalize(document, strip_text=True)


async def test_our_documents_are_those_of_the_sdk_s_own_classes() -> None:
    action, recording = "https://hub.example/voice/x?turn=1", "https://hub.example/r?ref=x"
    theirs = await sdk("twiml", action=action, recording=recording)
    ours = [
        render(script, advance(script, BEGIN, Answered()).actions, action, recording, str)
        for script in (SCRIPT, RECORD, DIAL)
    ]
    ours.append(HANG_UP)
    assert [canonical(document) for document in ours] == [canonical(document) for document in theirs]
