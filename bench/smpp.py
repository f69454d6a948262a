"""submit_sm a second through our adapter and session, beside smpp34's own client in its pipelined loop.

Both speak to the same carrier in a process of its own, with the same window, and both ask for receipts and take them.
Every receipt of our side is counted: none may be lost.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import smpp34
import uvloop

from bench.common import START_S, figure, listens, note, process
from cli.local.ports import HOST, free_port
from hub.channels.smpp_pdu import Delivered
from hub.channels.smpp_session import Kind, Session
from hub.channels.sms_smpp import SmppSettings, submits
from hub.channels.sms_smpp_receipts import is_receipt, receipt_of
from hub.errors import Unavailable

WINDOW = 200
BATCH = 128  # what a sender hands over at a time
BATCHES_AT_ONCE = 4
PEER = "smpp34's client, pipelined"
AT_LEAST = 0.5
LINE, SYSTEM_ID, PASSWORD = "+15550100", "bench", "pw"
INBOUND_ROOM = 100_000
QUIET_S = 30.0  # a receipt that has not come after so long without any is lost
TEXT = "Your parcel number {} is on its way and comes today between nine and noon."


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rounds, and messages a round and side; `receipts`: messages of which every receipt is counted."""

    rounds: int
    messages: int
    receipts: int


FULL = Sizes(5, 10_000, 100_000)
QUICK = Sizes(3, 3_000, 10_000)


def measure_all(quick: bool) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="parley-smpp-") as folder, carrier(Path(folder)) as port:
        return uvloop.run(measure(port, QUICK if quick else FULL))


@contextmanager
def carrier(folder: Path) -> Iterator[int]:
    """A carrier for this run; yields the port of its SMPP."""
    port, smpp_port = free_port(), free_port()
    config = {
        "accounts": [
            {
                "provider": "smpp",
                "system_id": SYSTEM_ID,
                "password": PASSWORD,
                "numbers": [{"address": LINE}],
            }
        ],
        "behaviours": {"default": {"sent_after_s": 0.0, "delivered_after_s": 0.01}},
    }
    (folder / "carrier.json").write_text(json.dumps(config))
    arguments = ["-m", "carrier", "--port", str(port), "--smpp-port", str(smpp_port)]
    arguments += ["--config", str(folder / "carrier.json")]
    with process("carrier", arguments, folder / "carrier.log", {}):
        deadline = time.monotonic() + START_S
        while not listens(port):
            if time.monotonic() > deadline:
                raise Unavailable("the carrier did not start")
            time.sleep(0.05)
        yield smpp_port


class Ours:
    """Our session, and the receipts that it took."""

    def __init__(self) -> None:
        self.receipted: set[str] = set()
        self.session = Session(self._take, window=WINDOW)

    def _take(self, session: Session, found: list[Delivered]) -> None:
        for each in found:
            if is_receipt(each.esm_class):
                self.receipted.add(receipt_of(each.octets, each.tlvs).message_id)
            session.answer(each)

    async def submit(self, count: int) -> list[str]:
        """Send `count` texts as senders do; their ids. Raises Unavailable when one was not taken."""
        settings = SmppSettings(host=HOST, system_id=SYSTEM_ID, window=WINDOW)
        starts = iter(range(0, count, BATCH))
        ids: list[str] = []

        async def send() -> None:
            for start in starts:
                places = range(start, min(start + BATCH, count))
                texts = [submits(settings, LINE, _person(n), TEXT.format(n), n & 0xFFFF) for n in places]
                for answer in await self.session.submit([parts[0] for parts in texts]):
                    if answer.kind is not Kind.ACCEPTED:
                        raise Unavailable(f"a submit_sm was not taken: {answer}")
                    ids.append(answer.message_id)

        await asyncio.gather(*(send() for _ in range(BATCHES_AT_ONCE)))
        return ids

    async def lost(self, ids: list[str]) -> int:
        """How many receipts of these ids never came."""
        wanted = set(ids)
        before, since = -1, time.monotonic()
        while missing := len(wanted - self.receipted):
            if missing != before:
                before, since = missing, time.monotonic()
            elif time.monotonic() - since > QUIET_S:
                return missing
            await asyncio.sleep(0.2)
        return 0


async def theirs(smsc: smpp34.Smsc, count: int) -> None:
    """The library's loop: as many workers as the window has places, each waits for its own answer."""
    places = iter(range(count))

    async def send() -> None:
        for n in places:
            answer = await smsc.submit_sm(
                _person(n).lstrip("+"),
                TEXT.format(n).encode(),
                source_addr=LINE.lstrip("+"),
                source_addr_ton=1,
                source_addr_npi=1,
                dest_addr_ton=1,
                dest_addr_npi=1,
                registered_delivery=1,
            )
            if not answer.is_success:
                raise Unavailable(f"{PEER}: a submit_sm was refused with {answer.command_status}")

    await asyncio.gather(*(send() for _ in range(WINDOW)))


async def _receive(smsc: smpp34.Smsc) -> None:
    while isinstance(await smsc.next(), smpp34.DeliverSmEvent):
        pass


async def measure(port: int, sizes: Sizes) -> list[dict[str, Any]]:
    """The figures, against a carrier that speaks SMPP at `port`."""
    found: dict[str, list[float]] = {"ours": [], "theirs": []}
    for number in range(sizes.rounds):
        for name in ("ours", "theirs"):
            found[name].append(sizes.messages / await _timed(name, port, sizes.messages))
        note(f"smpp, round {number + 1} of {sizes.rounds}: " + _rates(found))
    ours = Ours()
    await Session.bind(HOST, port, (SYSTEM_ID, PASSWORD, ""), ours.session)
    note(f"smpp: {sizes.receipts} messages, of which every receipt is counted")
    lost = await ours.lost(await ours.submit(sizes.receipts))
    await ours.session.unbind()
    return [
        figure(
            "smpp_submit",
            median(found["ours"]),
            "submit_sm/s",
            PEER,
            median(found["theirs"]),
            at_least=AT_LEAST,
        ),
        figure("smpp_receipts_lost", lost, f"of {sizes.receipts} receipts", value_at_most=0),
    ]


async def _timed(name: str, port: int, count: int) -> float:
    """Seconds of `count` submit_sm from the first write to the last answer, on a bind that is up."""
    if name == "ours":
        ours = Ours()
        await Session.bind(HOST, port, (SYSTEM_ID, PASSWORD, ""), ours.session)
        began = time.perf_counter()
        ids = await ours.submit(count)
        took = time.perf_counter() - began
        await ours.lost(ids)  # nothing of this round is left for the next
        await ours.session.unbind()
        return took
    # Its usual room for what comes in is too small for this many receipts: it ends the session.
    client = smpp34.Client(
        HOST,
        port,
        SYSTEM_ID,
        PASSWORD,
        bind_type="TRX",
        window_size=WINDOW,
        inbound_capacity=INBOUND_ROOM,
    )
    smsc = await client.connect()
    receiving = asyncio.ensure_future(_receive(smsc))
    began = time.perf_counter()
    await theirs(smsc, count)
    took = time.perf_counter() - began
    await asyncio.sleep(1)  # the last receipts
    receiving.cancel()
    with suppress(asyncio.CancelledError):
        await receiving
    await smsc.unbind()
    await client.stop()
    return took


def _rates(found: dict[str, list[float]]) -> str:
    return ", ".join(f"{name} {rates[-1]:.0f}/s" for name, rates in found.items())


def _person(n: int) -> str:
    return f"+1555{n % 10**7:07d}"
