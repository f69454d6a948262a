"""Calls: what rings, who answers, and how a document is carried out. Independent of any tenant's code."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from carrier import events
from carrier.accounts import Number
from carrier.call import ENDED, KEYS, Call, HungUp
from carrier.delivery import form_headers
from carrier.ids import new_sid
from carrier.pool import RequestFailed, Response
from carrier.rooms import Rooms
from carrier.signatures import twilio_signature
from carrier.twiml import TwimlError, Verb, parse
from carrier.voice_callbacks import Callbacks
from carrier.voice_kept import OUT, Keeping

if TYPE_CHECKING:
    from carrier.network import Network

log = logging.getLogger("carrier")
CALLS_MAX = 20_000
FETCHES_MAX = 1_000  # documents of one call: a script that redirects to itself must end
SPEAK_CHARS_PER_S = 15.0
SPEAK_S_MAX = 12.0


class Voice:
    """All calls of one carrier; each runs as a task of its own."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.calls: OrderedDict[str, Call] = OrderedDict()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._callbacks = Callbacks(network)
        self.kept = Keeping(self._callbacks)
        self.rooms = Rooms(self.show, self.kept.said)

    @property
    def busy(self) -> bool:
        """True while a call is under way."""
        return bool(self._tasks)

    def clear(self) -> None:
        """End all calls and forget them."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        self.calls.clear()
        self.rooms.clear()

    def start(self, call: Call) -> None:
        """Let a call begin; the oldest is forgotten when there are too many."""
        self.calls[call.sid] = call
        while len(self.calls) > CALLS_MAX:
            self.calls.popitem(last=False)
        task = asyncio.get_running_loop().create_task(self._run(call))
        self._tasks[call.sid] = task
        task.add_done_callback(lambda done: self._tasks.pop(call.sid, None))

    def dial_in(self, number: Number, handset: str, base: str) -> Call:
        """A person calls a tenant's number."""
        behaviour = self._network.behaviours.find(handset, "voice", number.address).call
        call = Call(
            new_sid("CA"),
            number.account,
            number,
            handset,
            "inbound",
            behaviour,
            base,
            url=number.voice_url,
            status_url=number.voice_status_url,
        )
        call.picked_up.set()
        self.start(call)
        return call

    def show(self, call: Call) -> None:
        """Tell the open pages of this handset."""
        self._network.live.publish(call.handset, "call", call.entry())

    # -- the life of a call

    async def _run(self, call: Call) -> None:
        try:
            if call.direction == "inbound":
                call.note("dialled")
                await self._talk(call)
            elif await self._ring(call):
                await self._talk(call)
        except Exception:
            log.exception("a call failed")
            self._end(call, "failed")

    async def _ring(self, call: Call) -> bool:
        """Until somebody answers or gives up. True when it was answered."""
        self._callbacks.progress(call, "initiated")
        if call.behaviour.outcome == "failed":
            self._end(call, "failed", 404)
            return False
        self._move(call, "ringing")
        outcome = call.behaviour.outcome
        if self._network.live.watched(call.handset):
            outcome = "manual"
        wait_s = call.ring_s if outcome in ("manual", "no-answer") else call.behaviour.rings_s
        if call.behaviour.hangs_up_at == "ringing":
            call.declined = True
            call.over.set()
        await self._wait_answer(call, min(wait_s, call.ring_s), outcome)
        if call.canceled:
            self._end(call, "canceled")
        elif call.declined or outcome == "busy":
            self._end(call, "busy", 486)
        elif outcome == "no-answer" or (outcome == "manual" and not call.picked_up.is_set()):
            self._end(call, "no-answer", 480)
        else:
            call.answered_by = {"machine": "machine", "fax": "fax"}.get(outcome, "human")
            return True
        return False

    async def _wait_answer(self, call: Call, wait_s: float, outcome: str) -> None:
        waits = [asyncio.ensure_future(call.over.wait())]
        if outcome == "manual":
            waits.append(asyncio.ensure_future(call.picked_up.wait()))
        await asyncio.wait(waits, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _talk(self, call: Call) -> None:
        call.answered_at = time.time()
        self._move(call, "in-progress", "answered")
        detected = self._detected(call)
        if detected and call.amd_url:
            self._callbacks.detection(call, detected)
            detected = ""
        status = "completed"
        try:
            async with asyncio.timeout(call.time_limit_s):
                body = call.twiml.encode() if call.twiml else await self._fetch(call, call.url, {}, detected)
                await self._carry_out(call, body)
        except HungUp:
            pass
        except TimeoutError:
            call.note("time limit")
        except TwimlError as error:
            call.error_code = error.code
            call.note("error", code=error.code, words=str(error))
        self._end(call, status)

    def _detected(self, call: Call) -> str:
        """What answering-machine detection says, where it was asked for."""
        if not call.machine_detection:
            return ""
        if call.answered_by == "machine":
            return "machine_start" if call.machine_detection == "Enable" else "machine_end_beep"
        return call.answered_by

    def _move(self, call: Call, status: str, event: str = "") -> None:
        call.status = status
        call.note(status)
        self._callbacks.progress(call, event or status)
        self.show(call)

    def _end(self, call: Call, status: str, sip_code: int = 0) -> None:
        if call.status in ENDED:
            return
        call.ended_at = time.time()
        call.status = status
        call.over.set()
        call.note(status)
        if call.record and call.answered_at is not None:
            self.kept.recorded(call, call.duration_s, call.recording_url)
        self.kept.end(call)
        self._callbacks.progress(call, "completed", sip_code)
        self._callbacks.finish(call)
        self.show(call)

    # -- documents

    async def _fetch(self, call: Call, url: str, more: dict[str, str], detected: str = "") -> bytes:
        """Ask the tenant for a document; a URL that fails is replaced by the fallback. Raises TwimlError 11200, HungUp."""
        fields = self._callbacks.fields(call, call.status if call.direction != "inbound" else "ringing")
        if detected:
            fields["AnsweredBy"] = detected
        fields |= more
        for address in dict.fromkeys((url, call.fallback_url)):
            if not address:
                continue
            body = await self._post(call, address, fields)
            if body is not None:
                return body
        raise TwimlError(11200, "no document came")

    async def _post(self, call: Call, url: str, fields: dict[str, str]) -> bytes | None:
        job = events.form_job(url, call.account.secret, fields, f"{call.sid} document")
        secret = "wrong" if call.behaviour.unsigned else call.account.secret
        headers = form_headers(twilio_signature(secret, url.partition("#")[0], fields))
        answer: Response | None = None
        for _ in range(1 + call.behaviour.repeats):
            answer = await self._unless_over(
                call, self._network.delivery.pool.post(job.target, headers, job.body)
            )
        call.note("asked", status=answer.status if answer else None)
        return answer.body if answer is not None and 200 <= answer.status < 300 else None

    async def _unless_over(self, call: Call, asking: Coroutine[Any, Any, Response]) -> Response | None:
        """The answer, or None when none came. Raises HungUp when the call ends first."""
        asked = asyncio.ensure_future(asking)
        over = asyncio.ensure_future(call.over.wait())
        try:
            await asyncio.wait((asked, over), return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise HungUp
            return asked.result()
        except RequestFailed as error:
            call.note("no answer", words=str(error))
            return None
        finally:
            asked.cancel()
            over.cancel()

    async def _carry_out(self, call: Call, body: bytes) -> None:
        """Documents until one has no successor. Raises HungUp, TwimlError."""
        for _ in range(FETCHES_MAX):
            following: bytes | None = None
            for verb in parse(body):
                if call.redirected:
                    break
                following = await self._do(call, verb)
                if following is not None:
                    break
            if call.redirected:
                url, call.redirected = call.redirected, ""
                following = url[6:].encode() if url.startswith("twiml:") else await self._fetch(call, url, {})
            if following is None:
                return
            body = following
        raise TwimlError(11210, "too many documents")

    async def _do(self, call: Call, verb: Verb) -> bytes | None:
        """Carry out one verb; a document when it leads to another."""
        name = verb.name.lower()
        if call.behaviour.hangs_up_at == name:
            call.note("hung up")
            raise HungUp
        if call.over.is_set():
            raise HungUp
        match verb.name:
            case "Say" | "Play" | "Pause":
                await self._speak(call, verb)
            case "Gather":
                return await self._gather(call, verb)
            case "Record":
                return await self._take_message(call, verb)
            case "Start" | "Stop":
                (self.kept.start if verb.name == "Start" else self.kept.stop)(call, verb)
            case "Dial":
                return await self._connect(call, verb)
            case "Redirect":
                return await self._fetch(call, urljoin(call.url, verb.text), {})
            case "Hangup" | "Reject":
                call.note(name)
                raise HungUp
        return None

    async def _speak(self, call: Call, verb: Verb) -> None:
        """Say, play or pause. With a page open words take their time, so that a person can follow; a pause always does."""
        if verb.name == "Play" and "digits" in verb.attributes:
            call.note("tones", digits=verb.attributes["digits"])
            return self.show(call)
        if verb.name == "Pause":
            seconds = float(verb.number("length", 1))
            call.note("pause", seconds=seconds)
            self.show(call)
            return await self._pass(call, seconds)
        seconds = min(len(verb.text) / SPEAK_CHARS_PER_S, SPEAK_S_MAX)
        call.note(verb.name.lower(), text=verb.text, language=verb.attributes.get("language", ""))
        self.show(call)
        if verb.name == "Say":
            self.kept.said(call, OUT, verb.text)
        if self._network.live.watched(call.handset):
            await self._pass(call, seconds)

    async def _pass(self, call: Call, seconds: float) -> None:
        """Let time pass, until a key is pressed or the tenant leads the call elsewhere. Raises HungUp."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and call.keys.empty() and not call.redirected:
            try:
                await asyncio.wait_for(call.over.wait(), min(0.1, max(0.0, deadline - time.monotonic())))
            except TimeoutError:
                continue
            raise HungUp

    async def _gather(self, call: Call, verb: Verb) -> bytes | None:
        for prompt in verb.children:
            if call.keys.empty():
                await self._speak(call, prompt)
        inputs = verb.attributes.get("input", "dtmf").split()
        digits, speech = await self._heard(call, verb, inputs)
        call.note("gathered", digits=digits, speech=speech)
        self.show(call)
        if not digits and not speech and verb.attributes.get("actionOnEmptyResult") != "true":
            return None
        more = {"Digits": digits, "msg": "Gather End"}
        if speech:
            more = {"SpeechResult": speech, "Confidence": f"{call.behaviour.confidence:.2f}"}
        return await self._fetch(call, urljoin(call.url, verb.attributes.get("action") or call.url), more)

    async def _heard(self, call: Call, verb: Verb, inputs: list[str]) -> tuple[str, str]:
        """(keys, words) of the person: those of the behaviour, or those of the phone page."""
        place, call.questions = call.questions, call.questions + 1
        behaviour = call.behaviour
        finish, most = verb.attributes.get("finishOnKey", "#"), verb.number("numDigits", 0)
        if "dtmf" in inputs and place < len(behaviour.keys) and behaviour.keys[place]:
            pressed = behaviour.keys[place]
            if finish:
                pressed = pressed.partition(finish)[0]
            return pressed[: most or None], ""
        if "speech" in inputs and place < len(behaviour.says):
            return "", behaviour.says[place]
        if not self._network.live.watched(call.handset):
            return "", ""
        return await self._listen(call, verb, inputs, finish, most)

    async def _listen(
        self, call: Call, verb: Verb, inputs: list[str], finish: str, most: int
    ) -> tuple[str, str]:
        """Keys until there are enough, the finishing one, or silence; or words."""
        pressed = ""
        silence_s = float(verb.number("timeout", 5))
        deadline = time.monotonic() + silence_s
        while time.monotonic() < deadline:
            if call.over.is_set():
                raise HungUp
            if call.redirected:
                break
            if "speech" in inputs and not call.words.empty():
                return "", call.words.get_nowait()
            if "dtmf" not in inputs or call.keys.empty():
                await asyncio.sleep(0.05)
                continue
            key = call.keys.get_nowait()
            if finish and key in finish:
                return pressed, ""
            pressed += key if key in KEYS else ""
            deadline = time.monotonic() + silence_s
            if most and len(pressed) >= most:
                break
        return pressed, ""

    async def _take_message(self, call: Call, verb: Verb) -> bytes | None:
        seconds = min(call.behaviour.records_s, verb.number("maxLength", 3600))
        if self._network.live.watched(call.handset):
            began = time.monotonic()
            await self._pass(call, float(verb.number("maxLength", 3600)))
            while not call.keys.empty():
                call.keys.get_nowait()
            seconds = int(time.monotonic() - began) + 1
        call.note("recorded", seconds=seconds)
        self.show(call)
        if not seconds:
            return None
        url, sid = self.kept.recorded(call, seconds, verb.attributes.get("recordingStatusCallback", ""))
        action = verb.attributes.get("action") or call.url
        more = {"RecordingUrl": url, "RecordingSid": sid, "RecordingDuration": str(seconds), "Digits": "#"}
        return await self._fetch(call, urljoin(call.url, action), more)

    async def _connect(self, call: Call, verb: Verb) -> bytes | None:
        """Call somebody else, or join a conference. Whoever has that number behaves as its rule says."""
        if verb.children and verb.children[0].name == "Conference":
            await self.rooms.meet(call, verb.children[0], self._pass)
            return None
        number = verb.children[0].text if verb.children else verb.text
        if not (number.startswith("+") and number[1:].isdigit()):
            raise TwimlError(13224, "the number to dial is not valid")
        there = self._network.behaviours.find(number, "voice", call.number.address).call
        status = {"busy": "busy", "no-answer": "no-answer", "failed": "failed"}.get(
            there.outcome, "completed"
        )
        call.note("dialled", number=number, status=status)
        self.show(call)
        action = verb.attributes.get("action")
        if not action:
            return None
        more = {
            "DialCallStatus": status,
            "DialCallSid": new_sid("CA"),
            "DialCallDuration": str(there.talks_s),
        }
        return await self._fetch(call, urljoin(call.url, action), more)
