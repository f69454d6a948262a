"""A folder for servers that drop root's rights: pytest's own are closed to everybody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.local.paths import Layout, discard, prepare, temporary_var
from cli.local.proc import server_account


@pytest.fixture
def layout() -> Iterator[Layout]:
    """Fresh for each test."""
    yield from _made()


@pytest.fixture(scope="module")
def home() -> Iterator[Layout]:
    """One for all tests of a file."""
    yield from _made()


def _made() -> Iterator[Layout]:
    made = prepare(temporary_var(), server_account())
    yield made
    discard(made)
