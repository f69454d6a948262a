"""The only place that knows how an error becomes an HTTP answer: RFC 9457, `application/problem+json`."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hub.errors import (
    Conflict,
    Forbidden,
    HubError,
    Invalid,
    Malformed,
    NotFound,
    PaymentRequired,
    PreconditionRequired,
    Stale,
    Throttled,
    Unauthorized,
    Unavailable,
)
from models.db import is_retryable

MEDIA_TYPE = "application/problem+json"
UNAVAILABLE_RETRY_S = 2

# Family → status. A subclass inherits the status of its nearest family.
STATUS: Mapping[type[HubError], int] = {
    Malformed: 400,
    Unauthorized: 401,
    PaymentRequired: 402,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Stale: 412,
    Invalid: 422,
    PreconditionRequired: 428,
    Throttled: 429,
    Unavailable: 503,
}
# What the framework itself answers with: status → (code, title).
_FRAMEWORK = {
    400: ("malformed", "The request cannot be read."),
    404: ("not-found", "There is no such thing here."),
    405: ("method-not-allowed", "This address does not know that method."),
    406: ("not-acceptable", "There is no such form of this answer."),
    413: ("too-large", "The request is too large."),
    415: ("unsupported-media-type", "Send JSON with Content-Type: application/json."),
}
_NOT_SHOWN = frozenset({"detail", "pointer"})

log = structlog.get_logger("api")


def status_of(error: HubError | type[HubError]) -> int:
    """The HTTP status of an error or error class; 500 for one outside all families."""
    kind = error if isinstance(error, type) else type(error)
    return next((STATUS[base] for base in kind.__mro__ if base in STATUS), 500)


def document(
    status: int,
    code: str,
    title: str,
    instance: str,
    detail: str = "",
    errors: Iterable[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """The members every problem has."""
    problem: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail or title,
        "instance": instance,
    }
    listed = list(errors)
    if listed:
        problem["errors"] = listed
    return problem


def document_of(error: HubError, instance: str) -> dict[str, Any]:
    """The problem of a HubError: its own fields become members beside the standard ones."""
    pointer = getattr(error, "pointer", "")
    errors = [{"pointer": pointer, "code": error.code, "detail": str(error)}] if pointer else []
    problem = document(status_of(error), error.code, error.title(), instance, str(error), errors)
    for field in fields(error):
        if field.name not in _NOT_SHOWN and field.name not in problem:
            problem[field.name] = _plain(getattr(error, field.name))
    return problem


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    return value


def answer(problem: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(problem), problem["status"], dict(headers or {}), media_type=MEDIA_TYPE)


def answer_of(error: HubError, instance: str) -> Response:
    """The whole HTTP answer of a HubError, with Retry-After where waiting helps."""
    headers: dict[str, str] = {}
    match error:
        case Throttled():
            headers["Retry-After"] = str(max(error.retry_after_s, 1))
        case Unavailable():
            headers["Retry-After"] = str(UNAVAILABLE_RETRY_S)
        case Unauthorized():
            headers["WWW-Authenticate"] = "Bearer"
    return answer(document_of(error, instance), headers)


def report(error: BaseException, path: str) -> None:
    """Log a bug, once, with its traceback but without values: those are messages, numbers and passwords."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, StatementError):
            link.hide_parameters = True
        link = link.__cause__ or link.__context__
    log.error("unexpected error", path=path, exception="".join(traceback.format_exception(error)))


def unexpected(instance: str) -> Response:
    """The answer to a bug: nothing of it is told."""
    return answer(document(500, "internal", "Something went wrong on our side.", instance))


_KINDS = ("type", "provider", "mode")  # the fields that tell the models of a union apart


def _without_kinds(parts: Sequence[int | str], body: Any) -> Iterator[int | str]:
    """The way to a value of `body`; pydantic puts the kind of each union's model into it, which is no field."""
    told = False
    for place, part in enumerate(parts):
        is_kind = isinstance(body, Mapping) and part in [body.get(name) for name in _KINDS]
        if is_kind and not told and place < len(parts) - 1:
            told = True
            continue
        yield part
        told = False
        if isinstance(body, Mapping):
            body = body.get(part)
        elif isinstance(body, Sequence) and isinstance(part, int) and part < len(body):
            body = body[part]


def pointer_of(loc: Iterable[int | str], body: Any = None) -> str:
    """Where a value stands: a JSON pointer for the body, `?name` for the query, the name of a header or cookie."""
    place, *rest = loc
    match place:
        case "body":
            found = _without_kinds(rest, body)
            parts = (str(part).replace("~", "~0").replace("/", "~1") for part in found)
            return "".join(f"/{part}" for part in parts)
        case "query":
            return "?" + ".".join(map(str, rest))
        case _:
            return ".".join(map(str, rest))


async def _hub_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HubError)
    if status_of(error) == 500:
        report(error, request.url.path)
        return unexpected(request.url.path)
    return answer_of(error, request.url.path)


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    instance = request.url.path
    found = error.errors()
    if any(item["loc"][:1] == ("path",) for item in found):
        return answer_of(NotFound(), instance)  # an id that cannot exist is an id that does not exist
    errors = [
        {
            "pointer": pointer_of(item["loc"], error.body),
            "code": str(item["type"]).replace("_", "-"),
            "detail": str(item["msg"]).removeprefix("Value error, "),
        }
        for item in found
    ]
    detail = "; ".join(f"{item['pointer'] or 'body'}: {item['detail']}" for item in errors[:3])
    return answer(document(422, Invalid.code, Invalid.title(), instance, detail, errors))


async def _framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, title = _FRAMEWORK.get(error.status_code, (f"http-{error.status_code}", "The request was refused."))
    standard = HTTPStatus(error.status_code).phrase
    detail = str(error.detail) if error.detail != standard else ""
    return answer(document(error.status_code, code, title, request.url.path, detail), error.headers)


async def _database(request: Request, error: Exception) -> Response:
    lost = isinstance(error, (PoolTimeout, InterfaceError, OperationalError))
    if lost or is_retryable(error) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        log.warning("database away", path=request.url.path, error=type(error).__name__)
        return answer_of(Unavailable("the database does not answer now"), request.url.path)
    raise error


def install(app: FastAPI) -> None:
    """Register the handlers. Anything else is a bug: the edge middleware logs it once and answers 500."""
    app.add_exception_handler(HubError, _hub_error)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(PoolTimeout, _database)
