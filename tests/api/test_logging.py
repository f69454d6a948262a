"""What is written about a bug names the place, not the people."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from api import problems
from models.db import Scope, transaction


async def test_the_values_of_a_failed_statement_are_not_logged(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[Any] = []
    monkeypatch.setattr("api.problems.log.error", lambda *args, **kwargs: logged.append(kwargs))
    with pytest.raises(DBAPIError) as caught:
        async with transaction(engine, Scope.nothing()) as db:
            await db.execute(
                text("SELECT no_such_column FROM contacts WHERE name = :name"), {"name": "+447700900123"}
            )
    problems.report(caught.value, "/v1/x")
    [entry] = logged
    assert "no_such_column" in entry["exception"]
    assert "+447700900123" not in entry["exception"]
