"""What Google's RCS webhook carries: the data, its Pub/Sub envelope and its signature."""

from __future__ import annotations

import base64
import os
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson

from carrier.accounts import Account, Number
from carrier.delivery import Job
from carrier.pool import parse_url
from carrier.signatures import google_signature
from carrier.store import Message

STATES = {
    "delivered": "DELIVERED",
    "read": "READ",
    "expired": "TTL_EXPIRATION_REVOKED",
    "expiry_failed": "TTL_EXPIRATION_REVOKE_FAILED",
}
SERVER_EVENTS = frozenset({"expired", "expiry_failed"})


def instant(at: float) -> str:
    """Unix seconds as Google writes a time."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def report(message: Message, state: str) -> dict[str, Any] | None:
    """The UserEvent or ServerEvent that tells a state; None for a state Google says nothing about."""
    kind = STATES.get(state)
    if kind is None:
        return None
    who = "phoneNumber" if state in SERVER_EVENTS else "senderPhoneNumber"
    return {
        who: message.handset,
        "eventType": kind,
        "eventId": str(uuid4()),
        "messageId": message.sid,
        "sendTime": instant(time.time()),
        "agentId": message.number.address,
    }


def person_event(number: Number, handset: str, kind: str) -> dict[str, Any]:
    """A UserEvent that is about no message: IS_TYPING, SUBSCRIBE, UNSUBSCRIBE."""
    return {
        "senderPhoneNumber": handset,
        "eventType": kind,
        "eventId": str(uuid4()),
        "sendTime": instant(time.time()),
        "agentId": number.address,
    }


def written(message: Message) -> dict[str, Any]:
    """The UserMessage of what a person wrote, tapped or sent."""
    content = message.content or {}
    part: dict[str, Any] = {"text": message.body}
    match content.get("type"):
        case "suggestion":
            kind = "ACTION" if content.get("action") else "REPLY"
            part = {
                "suggestionResponse": {
                    "postbackData": content["postback"],
                    "text": message.body,
                    "type": kind,
                }
            }
        case "location":
            part = {"location": {"latitude": content["latitude"], "longitude": content["longitude"]}}
        case "media":
            payload = {
                "mimeType": content["mime_type"],
                "fileSizeBytes": content["size"],
                "fileUri": content["url"],
                "fileName": content["filename"],
            }
            part = {"userFile": {"payload": payload}}
    return {
        "senderPhoneNumber": message.handset,
        "messageId": message.sid,
        "sendTime": instant(message.created_at),
        "agentId": message.number.address,
        **part,
    }


def job(account: Account, url: str, data: dict[str, Any], about: str) -> Job:
    """One signed push. Raises ValueError for a URL that cannot be called."""
    raw = orjson.dumps(data)
    envelope = {
        "message": {
            "data": base64.b64encode(raw).decode(),
            "messageId": str(int.from_bytes(os.urandom(6), "big")),
            "publishTime": instant(time.time()),
            "attributes": {
                "business_id": data["agentId"],
                "type": "message" if "messageId" in data and "eventType" not in data else "event",
            },
        },
        "subscription": f"projects/carrier/subscriptions/{account.id}",
    }
    headers = (
        b"content-type: application/json\r\nuser-agent: APIs-Google\r\naccept: */*\r\n"
        b"x-goog-signature: %b\r\n" % google_signature(account.client_token, raw).encode()
    )
    return Job(parse_url(url), headers, orjson.dumps(envelope), about, retry_refused=True)
