"""Provider credentials at rest: AES-256-GCM under a key derived from the hub's secret, bound to their row."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import Unavailable

_VERSION = "v1."


def _cipher(secret_key: str) -> AESGCM:
    key = HKDF(SHA256(), 32, salt=None, info=b"parley provider credentials").derive(secret_key.encode())
    return AESGCM(key)


def seal(secrets: Mapping[str, str], *, secret_key: str, row_id: UUID) -> str:
    """Credentials to text; the row's id is authenticated, so that a value cannot be moved to another row."""
    nonce = os.urandom(12)
    sealed = _cipher(secret_key).encrypt(nonce, orjson.dumps(dict(secrets)), row_id.bytes)
    return _VERSION + base64.b64encode(nonce + sealed).decode()


def unseal(text: str, *, secret_key: str, row_id: UUID) -> dict[str, str]:
    """The inverse of `seal`. Raises Unavailable when the hub's secret or the row is another one."""
    if not text.startswith(_VERSION):
        raise Unavailable("the provider credentials have an unknown format")
    try:
        raw = base64.b64decode(text[len(_VERSION) :])
        opened = _cipher(secret_key).decrypt(raw[:12], raw[12:], row_id.bytes)
    except (InvalidTag, ValueError):
        raise Unavailable("the provider credentials do not open with this hub's secret key") from None
    secrets: dict[str, str] = orjson.loads(opened)
    return secrets
