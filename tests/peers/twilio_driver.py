"""Runs in the peers' environment, with Twilio's own SDK: reads one JSON job from stdin, prints one JSON answer."""

from __future__ import annotations

import json
import sys
from typing import Any

from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse


def validate(job: dict[str, Any]) -> Any:
    """Whether the SDK accepts each (url, fields, signature)."""
    validator = RequestValidator(job["token"])
    return [validator.validate(url, fields, signature) for url, fields, signature in job["requests"]]


def sign(job: dict[str, Any]) -> Any:
    """The SDK's signatures of (url, fields)."""
    validator = RequestValidator(job["token"])
    return [validator.compute_signature(url, fields) for url, fields in job["requests"]]


def client_of(job: dict[str, Any]) -> Client:
    client = Client(job["sid"], job["token"])
    client.api.base_url = job["base_url"]
    return client


def messages(job: dict[str, Any]) -> Any:
    """Send, fetch, list; and a send that is refused."""
    client = client_of(job)
    sent = client.messages.create(to=job["to"], from_=job["from"], body=job["body"])
    fetched = client.messages(sent.sid).fetch()
    listed = client.messages.list(to=job["to"], limit=5)
    try:
        client.messages.create(to="nobody", from_=job["from"], body="x")
        refused = None
    except TwilioRestException as error:
        refused = [error.status, error.code]
    return {
        "sid": sent.sid,
        "status": sent.status,
        "fetched": [fetched.sid, fetched.body, fetched.num_segments, str(fetched.date_created.tzinfo)],
        "listed": [message.sid for message in listed],
        "refused": refused,
    }


def calls(job: dict[str, Any]) -> Any:
    """Call, fetch, end it, list."""
    client = client_of(job)
    made = client.calls.create(
        to=job["to"], from_=job["from"], twiml="<Response><Say>Hi</Say></Response>",
        status_callback=job["callback"], status_callback_event=["initiated", "ringing", "answered", "completed"],
    )  # fmt: skip
    fetched = client.calls(made.sid).fetch()
    ended = client.calls(made.sid).update(status="completed")
    listed = client.calls.list(to=job["to"], limit=5)
    return {
        "sid": made.sid,
        "made": made.status,
        "fetched": [fetched.sid, fetched.direction, fetched.to],
        "ended": ended.sid,
        "listed": [call.sid for call in listed],
    }


def twiml(job: dict[str, Any]) -> Any:
    """A document with every verb, by the SDK's own classes."""
    action, recording = job["action"], job["recording"]
    response = VoiceResponse()
    response.say("Hello & <welcome>", language="en-US", voice="alice")
    response.play("https://hub.example/a.wav", loop=2)
    response.pause(length=2)
    gather = Gather(
        input="dtmf speech", action=action, method="POST", timeout=5, action_on_empty_result=True,
        finish_on_key="#", num_digits=1, language="en-US", speech_timeout="auto", hints="sales, support",
    )  # fmt: skip
    gather.say("Press 1.", language="en-US", voice="alice")
    response.append(gather)
    record = VoiceResponse()
    record.record(
        action=action, method="POST", max_length=30, timeout=5, finish_on_key="#", play_beep=True,
        recording_status_callback=recording,
    )  # fmt: skip
    dial = VoiceResponse()
    other = Dial(action=action, method="POST", timeout=30, caller_id="+15550001")
    other.number("+15550009")
    dial.append(other)
    over = VoiceResponse()
    over.hangup()
    return [str(document) for document in (response, record, dial, over)]


JOBS = {"validate": validate, "sign": sign, "messages": messages, "calls": calls, "twiml": twiml}

if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print(json.dumps(JOBS[asked["job"]](asked)))
