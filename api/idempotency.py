"""One execution for each Idempotency-Key: the answer is remembered in the transaction that did the work.

A replay therefore exists exactly if the work does. Two equal requests at once: the first holds a transaction-level
advisory lock on the key, the second is told 409; when the process dies, the lock and the work vanish together.
Remembered: answers, and refusals that came from the state of things (NotFound, Conflict, PaymentRequired). Not
remembered: failed validation, missing rights, throttling and outages, so that the same key may try again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid5

import orjson
from fastapi import Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api import problems
from api.deps import DB, authenticate
from hub.errors import Conflict, IdempotencyMismatch, Malformed, NotFound, PaymentRequired
from hub.ids import new_id
from hub.tenancy.caller import Caller
from models.db import bind, transaction

KEY_CHARS_MAX = 255
SWEEP_EVERY_S = 3600

_NAMESPACE = UUID("6f2e9c1e-5d1b-4a55-8f3b-0d9f6d0c7a11")
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 4711))")
_FIND = text(
    "SELECT fingerprint, status, body FROM idempotency_keys "
    "WHERE tenant_id = :tenant_id AND principal = :principal AND key = :key"
)
_STORE = text(
    "INSERT INTO idempotency_keys (tenant_id, principal, key, fingerprint, status, body, finished) "
    "VALUES (:tenant_id, :principal, :key, :fingerprint, :status, CAST(:body AS jsonb), true)"
)
_SWEEP = text(
    "DELETE FROM idempotency_keys WHERE tenant_id = :tenant_id AND created_at < now() - interval '24 hours'"
)
_swept: dict[UUID, float] = {}


@dataclass(eq=False)
class KeyRequired(Malformed):
    """Send an Idempotency-Key header with this request."""

    code: ClassVar[str] = "idempotency-key-required"


@dataclass(eq=False)
class BadKey(Malformed):
    """An Idempotency-Key has 1 to 255 printable characters."""

    code: ClassVar[str] = "bad-idempotency-key"


@dataclass(eq=False)
class InFlight(Conflict):
    """A request with this Idempotency-Key is being worked on."""

    code: ClassVar[str] = "idempotency-in-flight"


async def once(
    request: Request, run: Callable[[Request], Awaitable[Response]], secret_fields: tuple[str, ...]
) -> Response:
    """Run the endpoint, or replay what it answered to this key before.

    Raises InFlight, IdempotencyMismatch (same key, other request) or BadKey. Answers to unknown callers are theirs
    to see at once: authentication comes first.
    """
    key = request.headers["idempotency-key"]
    if not 0 < len(key) <= KEY_CHARS_MAX or not key.isprintable():
        raise BadKey()
    caller = await authenticate(request)
    fingerprint = await _fingerprint(request)
    values = {"tenant_id": caller.tenant_id, "principal": caller.principal, "key": key}
    async with transaction(request.app.state.once_engine, caller.scope) as db:
        if not (
            await db.execute(_LOCK, {"key": f"{caller.tenant_id}/{caller.principal}/{key}"})
        ).scalar_one():
            raise InFlight()
        known = (await db.execute(_FIND, values)).one_or_none()
        if known is not None:
            if bytes(known.fingerprint) != fingerprint:
                raise IdempotencyMismatch()
            return _replay(known.status, known.body)
        response = await _run(request, run, db)
        if response.status_code < 400 or response.media_type == problems.MEDIA_TYPE:
            body = _remembered(response, secret_fields)
            await bind(db, caller.scope)  # the endpoint may have looked elsewhere
            await db.execute(
                _STORE, {**values, "fingerprint": fingerprint, "status": response.status_code, "body": body}
            )
        await _sweep(db, caller.tenant_id)
    return response


def source_id(request: Request, caller: Caller) -> UUID:
    """The id of what this request makes: the same for the same Idempotency-Key, for ever; fresh without one.

    What an actor writes in a transaction of its own is made idempotent by this id, beyond the 24 hours of a replay.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return new_id()
    return uuid5(_NAMESPACE, f"{caller.tenant_id}/{caller.principal}/{request.url.path}/{key}")


async def _run(
    request: Request, run: Callable[[Request], Awaitable[Response]], db: AsyncConnection
) -> Response:
    """The endpoint inside a savepoint: a refusal undoes its writes but can still be remembered."""
    request.scope[DB] = db
    try:
        async with db.begin_nested():
            return await run(request)
    except (NotFound, Conflict, PaymentRequired) as error:
        return problems.answer_of(error, request.url.path)
    finally:
        del request.scope[DB]


async def _fingerprint(request: Request) -> bytes:
    """SHA-256 over method, path with query, and the body with its keys sorted."""
    body = orjson.dumps(await request.json(), option=orjson.OPT_SORT_KEYS)
    head = f"{request.method} {request.url.path}?{request.url.query}\n"
    return hashlib.sha256(head.encode() + body).digest()


def _remembered(response: Response, secret_fields: tuple[str, ...]) -> str:
    body = bytes(response.body)
    if secret_fields and body:
        shown: dict[str, Any] = orjson.loads(body)
        body = orjson.dumps({name: None if name in secret_fields else value for name, value in shown.items()})
    kind = response.headers.get("content-type", "")
    return orjson.dumps({"text": body.decode(), "type": kind}).decode()


def _replay(status: int, body: dict[str, str]) -> Response:
    headers = {"Idempotency-Replayed": "true"}
    if body["type"]:
        headers["content-type"] = body["type"]
    return Response(body["text"].encode(), status, headers)


async def _sweep(db: AsyncConnection, tenant_id: UUID) -> None:
    """Forget a tenant's keys of more than a day ago, at most once an hour in each process."""
    now = time.monotonic()
    if now - _swept.get(tenant_id, now - SWEEP_EVERY_S - 1) > SWEEP_EVERY_S:
        _swept[tenant_id] = now
        await db.execute(_SWEEP, {"tenant_id": tenant_id})
