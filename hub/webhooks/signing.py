"""Signatures of Standard Webhooks 1.0: HMAC-SHA-256 over `id.timestamp.body`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence

from hub.errors import Invalid

PREFIX = "whsec_"
_BYTES_MIN, _BYTES_MAX = 24, 64


def new_secret() -> str:
    """A fresh secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(os.urandom(32)).decode()


def check_secret(secret: str) -> None:
    """Raises Invalid unless `secret` is `whsec_` and the base64 of 24 to 64 bytes."""
    try:
        key = _key(secret)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not _BYTES_MIN <= len(key) <= _BYTES_MAX:
        raise Invalid(f"a secret is {PREFIX} and the base64 of {_BYTES_MIN} to {_BYTES_MAX} bytes", "/secret")


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def sign(secrets: Sequence[str], webhook_id: str, timestamp_s: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature a secret, spaces between them.

    >>> sign(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{webhook_id}.{timestamp_s}.".encode() + body
    digests = (hmac.digest(_key(secret), signed, hashlib.sha256) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
