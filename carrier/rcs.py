"""RCS for Business, server side: tokens for service accounts, messages, events, capabilities, files."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from carrier.accounts import E164, Account, Number
from carrier.behaviours import Behaviour
from carrier.google_events import instant
from carrier.network import Network
from carrier.rcs_content import FEATURES, TRAFFIC, TTL_S_MAX, Wrong, seconds, shown
from carrier.store import INBOUND, Message
from carrier.wire import Fate, Reply, Request, first, json_reply, parse_form

TOKEN_PATH = "/rcs/token"
SCOPE = "https://www.googleapis.com/auth/rcsbusinessmessaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PAYLOAD_BYTES_MAX = 250_000
USERS_MAX = 10_000
SKEW_S = 60
_route = re.compile(
    r"/v1/phones/([^/]+)/(agentMessages|agentEvents|capabilities|testers)(?:/([^/]+))?"
).fullmatch
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class _Refused(Exception):
    """The request cannot be carried out: (HTTP status, words)."""

    def __init__(self, status: int, words: str, retry_after_s: int | None = None) -> None:
        super().__init__(words)
        self.status = status
        self.retry_after_s = retry_after_s


def google_error(status: int, words: str) -> Reply:
    """An error answer: {"error": {"code", "status", "message"}}."""
    error = {"code": status, "status": _STATUS.get(status, "UNKNOWN"), "message": words}
    return json_reply(status, {"error": error})


class RcsApi:
    """Answers requests under /v1/, /upload/v1/ and the token endpoint. Every answer is complete at once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._tokens: dict[str, tuple[Account, float]] = {}

    def handle(self, request: Request) -> Reply:
        """Answer one request; errors have Google's shape."""
        try:
            if request.path == TOKEN_PATH:
                return self._give_token(request)
            return self._handle(request)
        except Wrong as wrong:
            self._network.store.refusals["rcs 400"] += 1
            return google_error(400, str(wrong))
        except _Refused as refused:
            self._network.store.refusals[f"rcs {refused.status}"] += 1
            reply = google_error(refused.status, str(refused))
            if refused.retry_after_s is not None:
                reply.headers.append((b"retry-after", str(refused.retry_after_s).encode()))
            return reply

    # -- who asks

    def _give_token(self, request: Request) -> Reply:
        """Change a JWT that the service account signed for an access token (RFC 7523)."""
        form = parse_form(request.body)
        if request.method != "POST" or first(form, "grant_type") != GRANT:
            return json_reply(400, {"error": "unsupported_grant_type"})
        try:
            account = self._signed_by(first(form, "assertion"))
        except ValueError as error:
            return json_reply(400, {"error": "invalid_grant", "error_description": str(error)})
        token = "ya29." + secrets.token_urlsafe(24)
        now = time.time()
        self._tokens = {key: kept for key, kept in self._tokens.items() if kept[1] > now}
        self._tokens[token] = (account, now + account.token_life_s)
        body = {"access_token": token, "expires_in": int(account.token_life_s), "token_type": "Bearer"}
        return json_reply(200, body)

    def _signed_by(self, assertion: str) -> Account:
        """The account whose key signed the JWT. Raises ValueError."""
        parts = assertion.split(".")
        if len(parts) != 3:
            raise ValueError("the assertion is no JWT")
        try:
            header, claims = (orjson.loads(_opened(part)) for part in parts[:2])
            issuer, scope, until = str(claims["iss"]), str(claims["scope"]), float(claims["exp"])
            began, audience = float(claims["iat"]), str(claims["aud"])
        except (ValueError, KeyError, TypeError):
            raise ValueError("the assertion's claims cannot be read") from None
        if header.get("alg") != "RS256" or SCOPE not in scope.split() or not audience.endswith(TOKEN_PATH):
            raise ValueError("alg, scope or aud is wrong")
        now = time.time()
        if not (began - SKEW_S <= now <= until + SKEW_S) or until - began > 3600:
            raise ValueError("the assertion is too old, too young or too long")
        for account in self._network.directory.accounts.values():
            if account.provider == "google_rcs" and account.client_email == issuer:
                _verify(account, f"{parts[0]}.{parts[1]}".encode(), _opened(parts[2]))
                return account
        raise ValueError("no such service account")

    def _authenticate(self, request: Request) -> Account:
        scheme, _, token = (request.header(b"authorization") or b"").decode("latin-1").partition(" ")
        account, until = self._tokens.get(token, (None, 0.0))
        if scheme.lower() != "bearer" or account is None or until <= time.time():
            raise _Refused(401, "Request had invalid authentication credentials.")
        current = self._network.directory.accounts.get((account.provider, account.id))
        if current is None:
            raise _Refused(401, "The service account was deleted.")
        return current

    def _agent(self, account: Account, agent_id: str) -> Number:
        number = account.numbers.get(agent_id)
        if number is None:
            raise _Refused(403, "The agent is not this partner's, or is not launched.")
        return number

    # -- what is asked

    def _handle(self, request: Request) -> Reply:
        account = self._authenticate(request)
        if request.path == "/v1/users:batchGet" and request.method == "POST":
            return self._batch(account, _body(request))
        if request.path in ("/v1/files", "/upload/v1/files") and request.method == "POST":
            return self._file(account, request)
        match = _route(request.path)
        if match is None:
            raise _Refused(404, "Not found.")
        query = parse_form(request.query)
        number = self._agent(account, first(query, "agentId"))
        handset = match[1].replace("%2B", "+")
        if not E164(handset):
            raise Wrong("the phone number must be in E.164 format")
        match (request.method, match[2], match[3]):
            case ("POST", "agentMessages", None):
                return self._send(number, handset, first(query, "messageId"), request)
            case ("DELETE", "agentMessages", str(message_id)):
                return self._revoke(number, handset, message_id)
            case ("POST", "agentEvents", None):
                return self._event(number, handset, first(query, "eventId"), _body(request))
            case ("GET", "capabilities", None):
                _uuid(first(query, "requestId"), "requestId")
                return json_reply(200, {"features": sorted(self._features(number, handset))})
            case ("POST", "testers", None):
                return json_reply(200, {"phoneNumber": handset, "inviteStatus": "INVITED"})
        raise _Refused(404, "Not found.")

    def _behaviour(self, number: Number, handset: str) -> Behaviour:
        return self._network.behaviours.find(handset, "rcs", number.address)

    def _features(self, number: Number, handset: str) -> frozenset[str]:
        """What the handset can show. Raises _Refused 404 where there is no RCS."""
        behaviour = self._behaviour(number, handset)
        if not behaviour.capable:
            raise _Refused(404, "The phone number is not reachable by RCS.")
        return frozenset(behaviour.features or FEATURES)

    def _batch(self, account: Account, data: dict[str, Any]) -> Reply:
        number = self._agent(account, str(data.get("agentId", "")))
        users = data.get("users")
        if not isinstance(users, list) or not 1 <= len(users) <= USERS_MAX:
            raise Wrong(f"users: 1 to {USERS_MAX} phone numbers")
        if not all(isinstance(user, str) and E164(user) for user in users):
            raise Wrong("users: phone numbers in E.164 format")
        reached = [user for user in users if self._behaviour(number, user).capable]
        sampled = len(users) >= 500
        body = {
            "reachableUsers": reached,
            "totalRandomSampleUserCount": len(users) if sampled else 0,
            "reachableRandomSampleUserCount": len(reached) if sampled else 0,
        }
        return json_reply(200, body)

    def _file(self, account: Account, request: Request) -> Reply:
        kind = (request.header(b"content-type") or b"application/octet-stream").decode("latin-1")
        data = request.body
        if request.path == "/v1/files":
            link = _body(request).get("fileUrl")
            if not isinstance(link, str) or not link.startswith(("http://", "https://")):
                raise Wrong("fileUrl: an address is required")
            kind, data = "text/uri-list", link.encode()
        return json_reply(200, {"name": f"files/{self._network.media.add(account.id, kind, data).id}"})

    def _send(self, number: Number, handset: str, message_id: str, request: Request) -> Reply:
        network = self._network
        _uuid(message_id, "messageId")
        behaviour = self._behaviour(number, handset)
        known = network.store.messages.get(message_id)
        if known is not None and known.pair == ("rcs", handset, number.address):
            return self._answer(known, "accept", behaviour)  # an id that was used before is ignored
        if len(request.body) > PAYLOAD_BYTES_MAX:
            raise Wrong(f"the payload has at most {PAYLOAD_BYTES_MAX} bytes")
        data = _body(request)
        text, content = shown(data.get("contentMessage"), self._features(number, handset))
        traffic = data.get("messageTrafficType", "")
        if traffic and traffic not in TRAFFIC:
            raise Wrong("messageTrafficType is not known")
        ttl_s = _life(data)
        pair = ("rcs", handset, number.address)
        if pair in network.opted_out and traffic == "PROMOTION":
            raise _Refused(403, "The user has unsubscribed from this agent.")
        answer = network.special_answer(behaviour, "rcs", handset)
        if answer in ("refuse", "throttle", "error"):
            raise _special(answer, behaviour)
        message = network.new_outbound(number.account, number, handset, text, "accepted", message_id)
        message.kind, message.content = str(content["type"]), content
        message.category, message.ttl_s = str(traffic).lower() or "unknown", ttl_s
        network.accept(message, behaviour)
        return self._answer(message, answer, behaviour)

    def _answer(self, message: Message, answer: str, behaviour: Behaviour) -> Reply:
        body = {
            "name": f"phones/{message.handset}/agentMessages/{message.sid}",
            "sendTime": instant(message.created_at),
        }
        reply = json_reply(200, body)
        if answer == "late":
            reply.delay_s = behaviour.answer_delay_s
        elif answer in ("hang", "drop"):
            reply.fate = Fate(answer)
        return reply

    def _revoke(self, number: Number, handset: str, message_id: str) -> Reply:
        message = self._network.store.messages.get(message_id)
        if message is None or message.pair != ("rcs", handset, number.address):
            raise _Refused(404, "There is no such message.")
        if not self._network.revoke(message) and message.state != "revoked":
            raise _Refused(404, "The message is not pending any more.")
        return json_reply(200, {})

    def _event(self, number: Number, handset: str, event_id: str, data: dict[str, Any]) -> Reply:
        _uuid(event_id, "eventId")
        self._features(number, handset)
        match data.get("eventType"):
            case "IS_TYPING":
                typing = {"number": number.address, "channel": "rcs"}
                self._network.live.publish(handset, "typing", typing)
            case "READ":
                message = self._network.store.messages.get(str(data.get("messageId", "")))
                if message is None or message.direction != INBOUND or message.handset != handset:
                    raise _Refused(404, "There is no such message.")
                if message.state != "read":
                    self._network.store.move(message, "read")
                    self._network.show(message)
            case _:
                raise Wrong("eventType: IS_TYPING or READ")
        name = f"phones/{handset}/agentEvents/{event_id}"
        return json_reply(
            200, {"name": name, "eventType": data["eventType"], "sendTime": instant(time.time())}
        )


def _special(answer: str, behaviour: Behaviour) -> _Refused:
    status = behaviour.http_status or {"throttle": 429, "error": 503}.get(answer, behaviour.code or 400)
    status = status if status in _STATUS else 400
    return _Refused(status, _STATUS[status].replace("_", " ").lower(), behaviour.retry_after_s)


def _life(data: dict[str, Any]) -> float:
    """Seconds until the message runs out, 0 for never. Raises Wrong."""
    if "ttl" in data and "expireTime" in data:
        raise Wrong("only one of ttl, expireTime")
    if "ttl" in data:
        return seconds(data["ttl"])
    if "expireTime" not in data:
        return 0.0
    try:
        until = datetime.fromisoformat(str(data["expireTime"]))
    except ValueError:
        raise Wrong("expireTime: a time in RFC 3339 is required") from None
    left = (until - datetime.now(UTC)).total_seconds() if until.tzinfo else -1.0
    if not 0 < left <= TTL_S_MAX:
        raise Wrong("expireTime: at most 15 days from now")
    return left


def _uuid(value: str, where: str) -> None:
    try:
        UUID(value)
    except ValueError:
        raise Wrong(f"{where}: a UUID is required") from None


def _body(request: Request) -> dict[str, Any]:
    try:
        data = request.json()
    except ValueError:
        raise Wrong("the body is not JSON") from None
    if not isinstance(data, dict):
        raise Wrong("a JSON object is required")
    return data


def _opened(part: str) -> bytes:
    """base64url without padding. Raises ValueError."""
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise ValueError("not base64url") from None


def _verify(account: Account, signed: bytes, signature: bytes) -> None:
    """Raises ValueError when the account's key did not sign."""
    key = load_pem_public_key(account.public_key.encode())
    if not isinstance(key, RSAPublicKey):
        raise ValueError("the account has no RSA key")
    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise ValueError("the signature does not match") from None
