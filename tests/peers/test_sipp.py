"""sipp, which nobody here wrote, calls us and is called: signalling, sound and keys (RFC 4733) in both directions."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from actors.sip import FRAME, FRAME_S, Arrived, NotConnected, SipLine, SipStack, Trunk
from actors.trunk_desk import Room
from hub.channels.base import Account
from hub.voice.carrying import Carrier, LineGone
from hub.voice.interpreter import BEGIN, Advance, Event, Gathered, Position, Recorded, advance
from hub.voice.script import Call, Play
from hub.voice.sound import beep, is_silent, pcm_of_wav, seconds_of, wav_of_pcm
from hub.voice.speech import Speech
from hub.voice.state import CallStatus

HERE = Path(__file__).parent / "sipp"
PCAPS = Path("/usr/share/sip-tester")  # where Debian's package has its recordings
HOST = "127.0.0.1"
PATIENCE_S = 60.0
pytestmark = pytest.mark.asyncio(loop_scope="module")

SCRIPT = Call.model_validate(
    {
        "steps": [
            {
                "type": "gather",
                "digits": 1,
                "timeout_s": 20,
                "prompt": [{"type": "say", "text": "Press one to leave a message."}],
                "branches": {"1": [{"type": "record", "seconds_max": 6, "silence_s": 5}]},
                "otherwise": [{"type": "say", "text": "Wrong."}],
            },
            {"type": "say", "text": "Goodbye."},
        ]
    }
)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def require_sipp() -> str:
    """Not skipped when it is missing: then nothing would be proved."""
    program = shutil.which("sipp")
    assert program is not None, "sipp is not on the path: sh scripts/voice test"
    assert PCAPS.is_dir(), f"{PCAPS} is missing: install Debian's sip-tester"
    assert os.geteuid() == 0, "sipp plays recordings through a raw socket: run this test as root"
    return program


async def sipp(
    tmp_path: Path, *arguments: str, scenario: str = "", **words: str
) -> asyncio.subprocess.Process:
    """Start sipp with a scenario of this folder, its words filled in."""
    program = require_sipp()
    if scenario:
        text = (HERE / scenario).read_text().replace("[pcaps]", str(PCAPS))
        for name, value in words.items():
            text = text.replace(f"[{name}]", value)
        path = tmp_path / scenario
        path.write_text(text)
        arguments = ("-sf", str(path), *arguments)
    return await asyncio.create_subprocess_exec(
        program, *arguments, "-i", HOST, "-m", "1", "-nostdin", "-trace_err", "-error_file", str(tmp_path / "err"),
        cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def echoing(tmp_path: Path) -> tuple[asyncio.subprocess.Process, int]:
    """A phone that takes one call and says what it hears, and its port."""
    port = free_port()
    media = ("-rtp_echo", "-mp", str(free_port()))
    return await sipp(tmp_path, "-p", str(port), *media, scenario="echo.xml"), port


async def well(process: asyncio.subprocess.Process, tmp_path: Path) -> None:
    """sipp ended, and its scenario went as written."""
    code = await asyncio.wait_for(process.wait(), PATIENCE_S)
    errors = tmp_path / "err"
    assert code == 0, errors.read_text() if errors.exists() else f"sipp ended with {code}"


class Served:
    """Calls that come in, each carried out by the script; what was heard is kept."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.kept: list[bytes] = []
        self.arrived: list[Arrived] = []
        self.over = asyncio.Event()

    async def __call__(self, arrived: Arrived) -> None:
        self.arrived.append(arrived)
        position: Position | None = BEGIN

        async def turn(event: Event) -> Advance:
            nonlocal position
            self.events.append(event)
            found = advance(SCRIPT, position or BEGIN, event)
            position = found.position
            return found

        async def keep(pcm: bytes) -> None:
            self.kept.append(pcm)

        async def fetch(play: Play) -> bytes:
            raise AssertionError("this script plays nothing")

        await arrived.line.answer()
        await Carrier(arrived.line, SCRIPT, Speech(), turn, fetch, keep).run()
        await arrived.line.hang_up()
        self.over.set()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> Served:
    return Served()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(served: Served) -> AsyncIterator[tuple[SipStack, int]]:
    """One stack for all tests of this file: there is one a process."""
    port = free_port()
    stack = SipStack(f"{HOST}:{port}", served)
    await stack.start()
    yield stack, port
    await stack.close()


async def trunk(stack: SipStack, port: int, number: int, **settings: Any) -> Trunk:
    """A trunk whose other end is at `port`."""
    account = Account(
        UUID(int=number), UUID(int=0), "sip", "trunk", "", {}, {"host": f"{HOST}:{port}", **settings}
    )
    return await stack.trunk(account)


async def test_sipp_calls_us_presses_a_key_and_leaves_a_message(
    place: tuple[SipStack, int], served: Served, tmp_path: Path
) -> None:
    stack, port = place
    theirs = free_port()
    await trunk(stack, theirs, 1, codecs=["pcma"])
    caller = await sipp(
        tmp_path, f"{HOST}:{port}", "-p", str(theirs), "-s", "+15550009999", scenario="caller.xml"
    )
    await asyncio.wait_for(served.over.wait(), PATIENCE_S)
    await well(caller, tmp_path)
    (arrived,) = served.arrived
    assert (arrived.number, arrived.caller) == ("+15550009999", "+15557654321")
    gathered = [event for event in served.events if isinstance(event, Gathered)]
    recorded = [event for event in served.events if isinstance(event, Recorded)]
    assert gathered == [Gathered("1")]
    assert recorded[0].seconds >= 2
    (message,) = served.kept
    assert not is_silent(message)
    assert seconds_of(pcm_of_wav(wav_of_pcm(message))) == seconds_of(message)


async def test_we_call_sipp_and_hear_our_own_keys_and_words_come_back(
    place: tuple[SipStack, int], tmp_path: Path
) -> None:
    stack, _ = place
    echo, port = await echoing(tmp_path)
    line = await (await trunk(stack, port, 2)).dial("+15550001234")
    await line.answered(20)
    await line.press("12#")
    assert [await line.key(5) for _ in range(3)] == ["1", "2", "#"]
    words = asyncio.ensure_future(line.play(await Speech().say("One two three four five.", "en-US")))
    assert not is_silent(await line.listen(1.5))
    await words
    await line.hang_up()
    await well(echo, tmp_path)
    with pytest.raises(LineGone):
        await line.key(5)


class Speaker(SipLine):
    """Somebody of a room without a phone: says what it is given and keeps what it hears."""

    def __init__(self, says: bytes) -> None:
        self.gone = asyncio.Event()
        self._says, self.came = says, b""

    def heard(self) -> bytes:
        frame, self._says = self._says[:FRAME], self._says[FRAME:]
        return frame

    def pass_on(self, pcm: bytes) -> None:
        self.came += pcm


async def test_who_is_in_a_room_hears_the_others_and_not_who_is_muted(
    place: tuple[SipStack, int], tmp_path: Path
) -> None:
    stack, _ = place
    echo, port = await echoing(tmp_path)
    line = await (await trunk(stack, port, 3)).dial("sip:ann@" + f"{HOST}:{port}")
    await line.answered(20)
    room, speaker, mute = Room(), Speaker(bytes(FRAME) + beep(1.0)), Speaker(beep(120.0))
    inside = [
        asyncio.ensure_future(room.stay(number, one, muted))
        for number, one, muted in ((0, speaker, False), (1, line, False), (2, mute, True))
    ]
    for silent in (False, True):  # the echo of the beep, and nothing of who is muted
        for _ in range(int(PATIENCE_S / FRAME_S)):
            await asyncio.sleep(FRAME_S)
            if is_silent(speaker.came[-10 * FRAME :]) is silent:
                break
        else:
            pytest.fail(f"what came back is {'not silent' if silent else 'silent'}")
    assert not is_silent(mute.came[: len(speaker.came)])
    await line.hang_up()
    await well(echo, tmp_path)
    with pytest.raises(LineGone):
        await inside[1]
    for one in inside:
        one.cancel()
    await asyncio.gather(*inside, return_exceptions=True)


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("486", CallStatus.BUSY),
        ("480", CallStatus.NO_ANSWER),
        ("404", CallStatus.FAILED),
        ("603", CallStatus.FAILED),
    ],
)
async def test_sipp_refuses_and_we_know_why(
    place: tuple[SipStack, int], tmp_path: Path, status: str, ended: CallStatus
) -> None:
    stack, _ = place
    port = free_port()
    refuser = await sipp(tmp_path, "-p", str(port), scenario="refuser.xml", status=status)
    line = await (await trunk(stack, port, int(status))).dial("+15550001234")
    with pytest.raises(NotConnected) as failure:
        await line.answered(20)
    assert (failure.value.status, failure.value.sip_status) == (ended, int(status))
    await well(refuser, tmp_path)
