"""Ids as the providers shape them, and the texts of a TwiML answer."""

from __future__ import annotations

import base64
import os
from xml.etree import ElementTree

TWIML_BYTES_MAX = 64 * 1024


def new_sid(prefix: str) -> str:
    """A Twilio sid: prefix and 32 hex digits."""
    return prefix + os.urandom(16).hex()


def new_wamid(handset: str) -> str:
    """A WhatsApp message id, shaped like Meta's: base64 that begins with the recipient's digits."""
    digits = handset.lstrip("+").encode()
    raw = (
        b"\x1d"
        + bytes([len(digits)])
        + digits
        + b"\x15\x02\x00\x11\x18\x12"
        + os.urandom(9).hex().upper().encode()
    )
    return "wamid." + base64.b64encode(raw + b"\x00").decode()


def new_rcs_id() -> str:
    """An id that Google gives to what a person writes."""
    return "Mx" + base64.urlsafe_b64encode(os.urandom(15)).decode()


def message_sid(channel: str, handset: str) -> str:
    """An id for a new message of a channel."""
    match channel:
        case "whatsapp":
            return new_wamid(handset)
        case "rcs":
            return new_rcs_id()
    return new_sid("SM")


def twiml_texts(body: bytes) -> list[str]:
    """The texts of <Message> verbs in a TwiML answer; [] when it is empty or no TwiML."""
    if b"<Message" not in body or len(body) > TWIML_BYTES_MAX or b"<!" in body:
        return []
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return []
    if root.tag != "Response":
        return []
    texts = []
    for verb in root.iter("Message"):
        inner = [part.text or "" for part in verb.iter("Body")]
        texts.append("".join(inner) if inner else (verb.text or ""))
    return [text.strip() for text in texts if text.strip()]
