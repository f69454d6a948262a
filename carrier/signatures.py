"""How the providers sign their webhooks. Written from their public rules, apart from the hub's own checks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence


def twilio_signature(auth_token: str, url: str, fields: Mapping[str, str | Sequence[str]]) -> str:
    """X-Twilio-Signature of a form POST: base64(HMAC-SHA1(token, url + sorted name+value)).

    `url` is the full address as called, query string included. A repeated name counts each distinct value
    once, sorted. Source: Twilio, "Validating requests"; checked with Twilio's own test vector.
    """
    parts = [url]
    for name in sorted(fields):
        value = fields[name]
        if isinstance(value, str):
            parts.append(name)
            parts.append(value)
        else:
            for item in sorted(set(value)):
                parts.append(name)
                parts.append(item)
    digest = hmac.digest(auth_token.encode(), "".join(parts).encode("utf-8", "surrogatepass"), "sha1")
    return base64.b64encode(digest).decode()


def twilio_json_signature(auth_token: str, url: str, body: bytes) -> tuple[str, str]:
    """(url, X-Twilio-Signature) of a JSON POST: the url gains bodySHA256 = hex SHA-256 of `body`, if absent."""
    if "bodySHA256=" not in url:
        url += ("&" if "?" in url else "?") + "bodySHA256=" + hashlib.sha256(body).hexdigest()
    return url, twilio_signature(auth_token, url, {})


def meta_signature(app_secret: str, body: bytes) -> str:
    """X-Hub-Signature-256 of a webhook: `sha256=` + hex HMAC-SHA256(app secret, raw body bytes)."""
    return "sha256=" + hmac.digest(app_secret.encode(), body, "sha256").hex()


def google_signature(client_token: str, data: bytes) -> str:
    """X-Goog-Signature: base64(HMAC-SHA512(client token, the decoded data of the Pub/Sub message))."""
    return base64.b64encode(hmac.digest(client_token.encode(), data, "sha512")).decode()
