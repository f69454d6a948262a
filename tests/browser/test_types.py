"""The types of the web app are made from the API that runs."""

from __future__ import annotations

import json
from pathlib import Path

from api.app import create_app

OPENAPI = Path(__file__).resolve().parents[2] / "web/openapi.json"


def test_the_web_app_knows_this_api() -> None:
    known = json.loads(OPENAPI.read_text())
    running = json.loads(json.dumps(create_app(connect_hub=False).openapi()))
    assert known == running, (
        "the API changed: run `make web` and commit web/openapi.json and web/src/api/schema.d.ts"
    )
