"""Two SMPP stacks nobody here wrote, npm's smpp and smpplib: as the server of our session and as clients of our carrier."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.channels.smpp_pdu import Delivered
from hub.channels.smpp_session import BindRefused, Kind, Session
from hub.channels.sms_parts import split_parts
from hub.channels.sms_smpp import number_of, piece_of, submits, text_of
from hub.channels.sms_smpp_receipts import is_receipt, receipt_of
from tests.hub.channels.smsc import LINE, PERSON, SETTINGS, smsc, until
from tests.peers.test_pywa import peers_python

HERE = Path(__file__).parent
NODE = HERE / "node"
GSM7, UCS2 = "Grüße [€] ~ " * 30, "Привет 😀 " * 20


async def node(script: str, job: Any) -> Process:
    """Start a script of the node peers. Not skipped when they are missing: then nothing would be proved."""
    assert (NODE / "node_modules" / "smpp").is_dir(), f"{NODE}/node_modules is missing: make setup-peers"
    process = await asyncio.create_subprocess_exec("node", str(NODE / script), stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    process.stdin.write(orjson.dumps(job))
    process.stdin.close()
    return process


async def line(process: Process) -> Any:
    assert process.stdout is not None
    said = await asyncio.wait_for(process.stdout.readline(), 20)
    assert said, "the peer ended without a word"
    return orjson.loads(said)


async def ended(process: Process) -> list[Any]:
    """What else it says until it ends by itself."""
    said, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0
    return [orjson.loads(each) for each in said.splitlines()]


async def test_our_session_speaks_with_node_s_server() -> None:
    texts = [("Short", False), (GSM7, False), (UCS2, True)]
    written = [
        {"to": LINE[1:], "from": PERSON[1:], "parts": split_parts(text), "wide": wide} for text, wide in texts
    ]
    server = await node("smsc.mjs", {"write": written})
    port = (await line(server))["port"]
    delivered: list[Delivered] = []

    def take(session: Session, found: list[Delivered]) -> None:
        for each in found:
            delivered.append(each)
            session.answer(each)

    session = Session(take)
    await Session.bind("127.0.0.1", port, ("hub", "pw", ""), session)
    messages = [submits(SETTINGS, LINE, PERSON, text, place) for place, (text, _) in enumerate(texts)]
    pdus = [part for parts in messages for part in parts]
    answers = await session.submit(pdus)
    assert {answer.kind for answer in answers} == {Kind.ACCEPTED}
    await until(lambda: len(delivered) == 2 * len(pdus))
    receipts = [receipt_of(each.octets, each.tlvs) for each in delivered if is_receipt(each.esm_class)]
    assert {(each.message_id, each.status.value) for each in receipts} == {
        (answer.message_id, "delivered") for answer in answers
    }
    assert came(delivered) == [text for text, _ in texts]
    await session.unbind()
    said = await ended(server)
    assert [each["written"] for each in said if "written" in each] == [0] * len(pdus)
    took = [each for each in said if "text" in each]
    assert "".join(each["text"] for each in took) == "Short" + GSM7 + UCS2
    assert {(each["from"], each["to"]) for each in took} == {(LINE[1:], PERSON[1:])}


def came(delivered: Sequence[Delivered]) -> list[str]:
    """The texts among what came, their parts joined."""
    texts: dict[int, str] = {}
    for each in delivered:
        if not is_receipt(each.esm_class):
            assert number_of(each.source) == PERSON
            piece = piece_of(each)
            reference = piece.place.reference if piece.place else 0
            texts[reference] = texts.get(reference, "") + text_of(SETTINGS, piece.data_coding, piece.octets)
    return list(texts.values())


async def test_node_s_server_refuses_a_wrong_password() -> None:
    server = await node("smsc.mjs", {"write": []})
    port = (await line(server))["port"]
    with pytest.raises(BindRefused):
        await Session.bind("127.0.0.1", port, ("hub", "no", ""), Session(lambda session, found: None))
    assert await ended(server) == []


async def test_node_s_client_sends_and_receives_over_our_carrier() -> None:
    async with smsc() as made:
        texts = [{"parts": split_parts(GSM7), "wide": False}, {"parts": split_parts(UCS2), "wide": True}]
        parts = len(texts[0]["parts"]) + len(texts[1]["parts"])
        written = len(split_parts(GSM7 + "!"))
        job = {
            "port": made.network.smsc.port,
            "from": LINE[1:],
            "to": PERSON[1:],
            "texts": texts,
            "deliveries": parts + written,
        }
        client = await node("esme.mjs", job)
        assert await line(client) == {"bound": 0}
        number = made.network.directory.by_address["sms", LINE]
        message = made.network.write(number, PERSON, GSM7 + "!")
        said = await ended(client)
        assert sorted(made.taken) == sorted([GSM7, UCS2, GSM7 + "!"])
        ids = {each["id"] for each in said if "submitted" in each}
        assert {each["id"] for each in said if each.get("state") == 2} == ids
        assert len(ids) == parts
        heard = [each for each in said if each.get("udh")]
        assert "".join(each["text"] for each in heard) == GSM7 + "!"
        assert message.state == "delivered"


async def test_smpplib_sends_and_receives_over_our_carrier() -> None:
    async with smsc() as made:
        parts = len(split_parts(GSM7)) + len(split_parts(UCS2))
        job = {
            "port": made.network.smsc.port,
            "from": LINE[1:],
            "to": PERSON[1:],
            "texts": [GSM7, UCS2],
            "deliveries": parts + 1,
        }
        made.behave(replies=["Thank you €"])
        process = await asyncio.create_subprocess_exec(
            peers_python(), str(HERE / "smpplib_driver.py"), stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        said, complaint = await asyncio.wait_for(process.communicate(orjson.dumps(job)), 40)
        assert process.returncode == 0, complaint.decode()
        answer = orjson.loads(said)
        assert [text for text in made.taken if text != "Thank you €"] == [GSM7, UCS2]
        assert len(answer["sent"]) == parts
        assert [each["state"] for each in answer["got"]].count(2) == parts
        (reply,) = [each for each in answer["got"] if not each["esm_class"]]
        assert text_of(SETTINGS, reply["coding"], bytes.fromhex(reply["octets"])) == "Thank you €"
