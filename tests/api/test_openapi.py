from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from api import openapi
from api.app import create_app
from hub.settings import Settings

DOCUMENT = create_app(Settings(), connect_hub=False).openapi()


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_the_document_is_openapi_3_1_and_can_be_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.app.get_settings", Settings)
    openapi.main()
    assert json.loads(capsys.readouterr().out) == DOCUMENT
    assert DOCUMENT["openapi"] == "3.1.0"


def test_operations_have_readable_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names)) > 30
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z_]+", name)] == []


def test_every_operation_says_who_may_call_it_and_how_it_fails() -> None:
    public = set()
    for path, method, operation in operations():
        assert path.startswith("/v1/"), path
        if not operation["security"]:
            public.add(operation["operationId"])
        else:
            assert {"401", "403"} <= set(operation["responses"])
        if "{" in path:
            assert "404" in operation["responses"], path
        for status, response in operation["responses"].items():
            if status >= "400":
                schema = response["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}
        if method == "post" and operation["operationId"] != "sign_in":
            assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}
        assert not [name for name in operation if name.startswith("x-")]
    assert public == {"sign_in", "branding"}


def test_money_posts_require_a_key() -> None:
    required = {
        operation["operationId"]
        for _, _, operation in operations()
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key" and parameter["required"]
    }
    assert required == {"top_up_wallet"}


def test_every_reference_leads_somewhere_and_nothing_of_the_framework_s_errors_is_left() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for reference in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(DOCUMENT)):
        assert reference in schemas
    assert "HTTPValidationError" not in schemas
    assert not [name for name in schemas if "__" in name], "two schemas have one name"


def test_request_bodies_refuse_unknown_fields() -> None:
    for _, _, operation in operations():
        body = operation.get("requestBody")
        if body and "application/json" in body["content"]:
            schema = body["content"]["application/json"]["schema"]
            for model in schema.get("oneOf", [schema]):  # of a union, every model
                reference = model["$ref"].rpartition("/")[2]
                assert DOCUMENT["components"]["schemas"][reference]["additionalProperties"] is False, (
                    reference
                )


def test_examples_are_valid() -> None:
    found = 0
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for example in schema.get("examples", []):
            whole = {**schema, "components": DOCUMENT["components"]}
            jsonschema.Draft202012Validator(whole).validate(example)
            found += 1
            assert name
        for field in schema.get("properties", {}).values():
            for example in field.get("examples", []):
                jsonschema.Draft202012Validator({**field, "components": DOCUMENT["components"]}).validate(
                    example
                )
                found += 1
    assert found > 50
