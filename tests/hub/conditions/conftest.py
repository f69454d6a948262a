"""Conditions are tested on one database, in tenants of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """One database for all tests of this folder: each has tenants of its own, and a database a test would cost more."""
    server = os.environ["TEST_DATABASE_URL"]
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name} TEMPLATE hub_template STRATEGY file_copy")
        yield f"{server.rpartition('/')[0]}/{name}"
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")
