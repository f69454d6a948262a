"""`hub import` on a database: dry run, run, what it prints, how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from hub.ids import encode_id

PEOPLE = "Handy;Name;Shop\n0151 23456789;Anna;Nord\n0151 23456788;Ben;\nkeine;Cleo;Süd\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, encoding="cp1252")
    return path


@pytest.fixture
def env(database_url: str, redis_url: str, secret_key: str, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HUB_DATABASE_URL": database_url,
        "HUB_REDIS_URL": redis_url,
        "HUB_SECRET_KEY": secret_key,
        "HUB_VAR_DIR": str(tmp_path / "var"),
    }


def run(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.main", "import", *arguments]
    return subprocess.run(command, env=env, text=True, capture_output=True, check=False, timeout=200)


def test_a_file_is_tried_then_imported(env: dict[str, str], file: Path, tenant: UUID) -> None:
    options = ["--country", "DE", "--map", "Shop=attribute.branch", "--tag", "fair", "--json"]
    tried = run(env, str(file), "--dry-run", "--tenant", str(tenant), *options)
    assert tried.returncode == 1, tried.stderr
    found = json.loads(tried.stdout)
    assert (found["state"], found["totals"]["created"], found["totals"]["errors"]) == ("checked", 2, 1)
    assert [(error["row"], error["column"], error["code"]) for error in found["errors"]] == [
        (4, "Handy", "bad-phone")
    ]
    assert [entry["target"] for entry in found["options"]["mapping"]] == ["phone", "name", "attribute.branch"]
    done = run(env, str(file), "--tenant", encode_id("ten", tenant), *options)
    assert json.loads(done.stdout)["totals"]["created"] == 2
    again = run(env, str(file), "--policy", "skip", *options)  # the only tenant there is
    assert (json.loads(again.stdout)["totals"]["skipped"], again.stderr) == (2, "")


def test_people_read_a_table(env: dict[str, str], file: Path, tenant: UUID) -> None:
    done = run(env, str(file), "--tenant", str(tenant), "--country", "DE")
    assert done.returncode == 1
    assert "completed: created 2" in done.stdout
    assert "'keine' is not a telephone number" in done.stdout


def test_what_cannot_be_is_said(env: dict[str, str], file: Path, tmp_path: Path, tenant: UUID) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    for arguments, words in (
        ((str(file), "--tenant", "nobody"), "there is no tenant nobody"),
        ((str(file), "--map", "Shop"), "--map is written as COLUMN=TARGET"),
        ((str(file), "--map", "Nope=phone"), "has no column 'Nope'"),
        ((str(empty),), "the file is empty"),
    ):
        done = run(env, *arguments)
        assert done.returncode == 1, arguments
        assert words in done.stderr
