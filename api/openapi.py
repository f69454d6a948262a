"""The OpenAPI document. `python -m api.openapi` prints it; the web's types are made from it."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE
from api.schemas.common import Problem

DESCRIPTION = """\
One hub for two-way campaigns. Ids carry a prefix and sort by time; amounts are decimal text; times are RFC 3339 in UTC;
lists are paged by `limit` and `starting_after`; errors are RFC 9457 problems with a stable `code`.

People sign in with `POST /v1/sessions` and send the CSRF token of the answer as `X-CSRF-Token` with every unsafe
method; programs send an API key as a bearer token. Every POST takes an `Idempotency-Key`.
"""
_PROBLEMS = {
    "400": "The request cannot be read.",
    "401": "Sign in first.",
    "403": "You may not do this.",
    "404": "There is no such thing here.",
    "409": "The state of things does not allow this, or the same request is being worked on.",
    "412": "Somebody changed it since: read it again.",
    "422": "A value is not acceptable.",
    "428": "Send the ETag that you saw as If-Match.",
    "429": "Too many requests; Retry-After says when.",
    "503": "A part of the hub does not answer now; Retry-After says when.",
}
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same request is answered once more, not done once more.",
    "schema": {"type": "string", "maxLength": 255, "examples": ["draft-8f0c1d"]},
}


def install(app: FastAPI) -> None:
    """Make `app.openapi()` build our document, once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def build(app: FastAPI) -> dict[str, Any]:
    document: dict[str, Any] = get_openapi(
        title=app.title,
        version=app.version,
        description=DESCRIPTION,
        routes=app.routes,
        openapi_version="3.1.0",
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "hub_session"},
        "key": {"type": "http", "scheme": "bearer", "description": "An API key: mk_live_…"},
    }
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS and path.startswith("/v1/"):
                _complete(path, method, operation)
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add what every operation of /v1 shares: security, problems, the Idempotency-Key header."""
    mode = operation.pop("x-idempotency", "optional")
    operation.pop("x-secret-fields", None)
    operation.setdefault("security", [{"session": []}, {"key": []}])
    wanted = {"422", "429", "503"}
    if operation["security"]:
        wanted |= {"401", "403"}
    if "{" in path:
        wanted.add("404")
    if any(parameter["name"] == "If-Match" for parameter in operation.get("parameters", ())):
        wanted |= {"412", "428"}
    if method == "post":
        wanted |= {"400", "409"}
        if mode == "none":  # sign-in
            wanted.add("401")
        else:
            parameters = operation.setdefault("parameters", [])
            parameters.append({**_IDEMPOTENCY_KEY, "required": mode == "required"})
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses = operation["responses"]
    for status in sorted(wanted):
        responses[status] = {"description": _PROBLEMS[status], "content": content}


def main() -> None:
    from api.app import create_app

    print(orjson.dumps(create_app(connect_hub=False).openapi(), option=orjson.OPT_INDENT_2).decode())


if __name__ == "__main__":
    main()
