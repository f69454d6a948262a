"""The SMPP session against the carrier's SMSC over a real connection."""

from __future__ import annotations

import asyncio

import pytest

from hub.channels.smpp_pdu import Delivered
from hub.channels.smpp_session import Answer, BindRefused, Kind, Session
from hub.channels.sms_smpp import piece_of, text_of
from hub.errors import Unavailable
from tests.hub.channels.smsc import FAST, LINE, PERSON, SETTINGS, pdus, smsc, until
from tests.local_server import listening

LONG_GSM7 = "Grüße {€} " * 40
LONG_UCS2 = "Привет 😀 " * 30


@pytest.mark.parametrize(("system_id", "password", "status"), [("hub", "no", "14"), ("you", "pw", "15")])
async def test_a_bind_with_wrong_credentials_is_refused(system_id: str, password: str, status: str) -> None:
    async with smsc() as made:
        with pytest.raises(BindRefused) as refused:
            await made.bind(password, system_id)
        assert refused.value.detail == status


async def test_an_smsc_that_is_not_there_is_unavailable() -> None:
    async with smsc() as made:
        await made.network.smsc.close()
        with pytest.raises(Unavailable):
            await made.bind()


async def test_submits_are_pipelined_answered_and_receipted() -> None:
    async with smsc() as made:
        session = await made.bind(window=20)
        texts = [f"number {place}" for place in range(200)]
        answers = await session.submit([pdus(text)[0] for text in texts])
        assert {answer.kind for answer in answers} == {Kind.ACCEPTED}
        assert made.taken == texts
        await until(lambda: len(made.receipts) == 200)
        assert {r.message_id for r in made.receipts} == {answer.message_id for answer in answers}
        assert {r.status.value for r in made.receipts} == {"delivered"}


@pytest.mark.parametrize("joining", ["udh8", "sar", "payload"])
@pytest.mark.parametrize("text", [LONG_GSM7, LONG_UCS2])
async def test_a_long_text_arrives_as_one_by_every_way_of_joining(joining: str, text: str) -> None:
    async with smsc() as made:
        session = await made.bind()
        parts = pdus(text, joining=joining)
        answers = await session.submit(parts)
        assert made.taken == [text]
        (message,) = made.network.store.messages.values()
        assert list(message.part_ids) == [answer.message_id for answer in answers]
        await until(lambda: len(made.receipts) == len(parts))


@pytest.mark.parametrize("text", ["Hi €", LONG_GSM7, LONG_UCS2])
async def test_what_a_person_writes_comes_with_its_place(text: str) -> None:
    async with smsc() as made:
        await made.bind()
        number = made.network.directory.by_address["sms", LINE]
        message = made.network.write(number, PERSON, text)
        await until(lambda: message.state == "delivered")
        pieces = [piece_of(each) for each in made.delivered]
        octets = b"".join(piece.octets for piece in pieces)
        assert text_of(SETTINGS, pieces[0].data_coding, octets) == text
        assert [piece.place.number for piece in pieces if piece.place] == (
            [] if len(pieces) == 1 else list(range(1, len(pieces) + 1))
        )


async def test_throttling_halves_the_window_and_holds_what_has_not_left() -> None:
    async with smsc() as made:
        made.behave(answer="throttle", times=1)
        session = await made.bind(window=4)
        answers = await session.submit([pdus(f"{place}")[0] for place in range(12)])
        kinds = [answer.kind for answer in answers]
        assert kinds.count(Kind.REFUSED) == 1
        assert answers[kinds.index(Kind.REFUSED)].status == 0x58
        assert Kind.HELD in kinds
        assert session.paused_s > 0
        assert len(made.taken) == kinds.count(Kind.ACCEPTED)
        held = await session.submit(pdus("too early"))
        assert held[0].kind is Kind.HELD
        assert held[0].wait_s > 0
        assert "too early" not in made.taken
        await asyncio.sleep(session.paused_s)
        assert [answer.kind for answer in await session.submit(pdus("now"))] == [Kind.ACCEPTED]


async def test_a_connection_lost_in_the_window_leaves_unknown_what_left_and_holds_the_rest() -> None:
    async with smsc() as made:
        made.network.behaviours.put(
            {
                "default": FAST,
                "rules": [{"match": {"number": PERSON}, "behaviour": {"answer": "drop", "times": 1}}],
            }
        )
        session = await made.bind(window=5)
        answers = await session.submit([pdus(f"{place}")[0] for place in range(20)])
        assert [answer.kind for answer in answers] == [Kind.UNKNOWN] * 5 + [Kind.HELD] * 15
        assert session.lost.is_set()
        assert not session.usable
        assert (await session.submit(pdus("later")))[0].kind is Kind.HELD
        assert "later" not in made.taken


async def test_an_smsc_that_stalls_leaves_it_unknown_and_a_late_answer_changes_nothing() -> None:
    async with smsc() as made:
        made.behave(answer="late", answer_delay_s=0.6, times=1)
        session = await made.bind(response_s=0.2)
        assert await session.submit(pdus("slow")) == [Answer(Kind.UNKNOWN)]
        assert (await session.submit(pdus("quick")))[0].kind is Kind.ACCEPTED
        await asyncio.sleep(0.6)
        assert session.usable


async def test_a_receipt_may_come_before_the_answer() -> None:
    async with smsc() as made:
        made.behave(answer="late", answer_delay_s=0.3)
        session = await made.bind()
        sending = asyncio.create_task(session.submit(pdus("early")))
        await until(lambda: len(made.receipts) == 1)
        assert not sending.done()
        assert made.receipts[0].message_id == (await sending)[0].message_id


async def test_receipts_are_repeated_and_come_in_any_order() -> None:
    async with smsc() as made:
        made.behave(duplicate=2, reorder=True)
        session = await made.bind()
        answers = await session.submit(pdus(LONG_UCS2))
        await until(lambda: len(made.receipts) == 3 * len(answers))
        ids = [receipt.message_id for receipt in made.receipts]
        assert ids[0] == answers[-1].message_id
        assert set(ids) == {answer.message_id for answer in answers}


async def test_what_was_not_answered_is_told_again_to_the_next_bind() -> None:
    async with smsc() as made:
        silent: list[Delivered] = []
        first = await made.bind(take=lambda session, found: silent.extend(found))
        await first.submit(pdus("keep it"))
        await until(lambda: len(silent) == 1)
        first.abort("the network is gone")
        await made.bind()
        await until(lambda: len(made.receipts) == 1)
        assert silent[0].octets == made.delivered[0].octets


async def test_what_cannot_be_taken_now_is_told_again() -> None:
    async with smsc() as made:
        tries: list[int] = []

        def take(session: Session, found: list[Delivered]) -> None:
            for each in found:
                tries.append(each.sequence)
                session.answer(each, 0x64 if len(tries) == 1 else 0)

        session = await made.bind(take=take)
        await session.submit(pdus("twice"))
        await until(lambda: len(tries) == 2 and not made.network.smsc.busy)


async def test_unbind_lets_the_window_be_answered_first() -> None:
    async with smsc() as made:
        made.behave(answer="late", answer_delay_s=0.2)
        session = await made.bind(window=3)
        sending = asyncio.create_task(session.submit([pdus(f"{place}")[0] for place in range(5)]))
        await asyncio.sleep(0.05)
        await session.unbind()
        assert [answer.kind for answer in await sending] == [Kind.ACCEPTED] * 3 + [Kind.HELD] * 2
        assert session.reason == "unbound"


async def test_a_silent_smsc_is_found_out_by_enquire_link() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(28)
        writer.write(bytes.fromhex("00000011800000090000000000000001 00"))
        await reader.read()

    session = Session(lambda session, found: None, enquire_s=0.1, response_s=0.2)
    async with listening(mute) as port:
        await Session.bind("127.0.0.1", port, ("hub", "pw", ""), session)
        await asyncio.wait_for(session.lost.wait(), 5)
    assert session.reason == "the SMSC does not answer enquire_link"


async def test_octets_that_are_no_pdu_end_the_session() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(28)
        writer.write(
            bytes.fromhex("00000011800000090000000000000001 00") + b"HTTP/1.1 400 Bad Request\r\n\r\n"
        )
        await reader.read()

    session = Session(lambda session, found: None)
    async with listening(babble) as port:
        await Session.bind("127.0.0.1", port, ("hub", "pw", ""), session)
        await asyncio.wait_for(session.lost.wait(), 5)
    assert session.reason == "the SMSC sent a PDU of an impossible length"


async def test_the_smsc_tells_what_became_of_a_message() -> None:
    async with smsc() as made:
        session = await made.bind()
        (answer,) = await session.submit(pdus("where is it"))
        await until(lambda: len(made.receipts) == 1)
        source = made.delivered[0].destination
        assert await session.query(answer.message_id, source) == (2, 0)
        assert await session.query("ffff", source) is None
