"""The route class of everything under /v1: bodies are read once, with limits, before anything else happens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from api import idempotency
from hub.errors import Invalid, Malformed

DEPTH_MAX = 32
BODY_BYTES_MAX = 1024 * 1024
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CHECKED = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OPENING, _CLOSING = (b"{", b"["), (b"}", b"]")


class HubRequest(Request):
    """A request whose JSON has been checked for what PostgreSQL and people cannot take."""

    _parsed: Any = None

    async def json(self) -> Any:
        return self._parsed

    async def check(self) -> None:
        """Read and check the body. Raises Malformed (400), Invalid (422) or HTTPException 413 and 415."""
        query = self.scope.get("query_string", b"")
        if b"%00" in query or b"%00" in self.scope.get("raw_path", b""):
            raise Invalid("the address holds a NUL character", "?")
        if self.method not in _CHECKED:
            return
        raw = await self.body()
        if not raw:
            return
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise HTTPException(415)
        self._parsed = parse(raw)


def parse(raw: bytes) -> Any:
    """JSON bytes to a value.

    Raises Malformed for bytes that are not JSON or nest deeper than 32, and Invalid, naming the place, for NUL
    characters and lone surrogates, which no text column can hold.
    """
    if raw.count(b"{") + raw.count(b"[") > DEPTH_MAX and _depth(raw) > DEPTH_MAX:
        raise Malformed(f"the JSON is nested deeper than {DEPTH_MAX} levels")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        _refuse_surrogates(raw)
        raise Malformed(f"the body is not JSON: line {error.lineno}, column {error.colno}") from None
    if b"\\u0000" in raw:
        for pointer, text in _texts(value, ""):
            if "\0" in text:
                raise Invalid("a text holds a NUL character", pointer)
    return value


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for token in _TOKENS.findall(raw):
        if token in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif token in _CLOSING:
            depth -= 1
    return deepest


def _refuse_surrogates(raw: bytes) -> None:
    """Raise Invalid when a lone surrogate is why strict parsing failed."""
    try:
        value = json.loads(raw)
    except ValueError:
        return
    for pointer, text in _texts(value, ""):
        if _SURROGATE.search(text):
            raise Invalid(
                "a text holds half of a surrogate pair", pointer.encode("utf-8", "replace").decode()
            )


def _texts(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Every string in a JSON value, keys included, with its JSON pointer."""
    match value:
        case str():
            yield pointer, value
        case list():
            for place, item in enumerate(value):
                yield from _texts(item, f"{pointer}/{place}")
        case dict():
            for key, item in value.items():
                below = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
                yield below, key
                yield from _texts(item, below)
        case _:
            return


class HubRoute(APIRoute):
    """Checks the request, then runs the endpoint, once for each Idempotency-Key.

    `openapi_extra={"x-idempotency": "required" | "none" | "secret"}` changes the default of "optional": money POSTs
    require a key, sign-in ignores it, and an answer that shows a secret is remembered without it.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        run = super().get_route_handler()
        mode = (self.openapi_extra or {}).get("x-idempotency", "optional")
        secret_fields = tuple((self.openapi_extra or {}).get("x-secret-fields", ()))

        async def handler(request: Request) -> Response:
            checked = HubRequest(request.scope, request.receive)
            await checked.check()
            if checked.method != "POST" or mode == "none":
                return await run(checked)
            if "idempotency-key" not in checked.headers:
                if mode == "required":
                    raise idempotency.KeyRequired()
                return await run(checked)
            return await idempotency.once(checked, run, secret_fields)

        return handler
