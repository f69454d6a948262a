"""The command line as a program: exit codes, one line for each fault, JSON for machines."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cli.commands.bench import show
from cli.console import plain
from cli.errors import CliError, PortTaken
from cli.local.paths import Layout
from cli.main import explain
from hub.errors import HubError, NotFound


def hub(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HUB_") and name != "RAY_ADDRESS"
    }
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        env=kept | env,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_the_version_is_printed() -> None:
    done = hub("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "parley-hub")


def test_every_command_of_the_issue_is_there() -> None:
    said = hub("--help").stdout
    assert [
        name
        for name in ("up", "demo", "migrate", "doctor", "audit", "train", "bench")
        if f" {name} " not in said
    ] == []


@pytest.mark.parametrize("command", [["audit"], ["migrate"]])
def test_without_a_hub_there_is_one_clear_line(layout: Layout, command: list[str]) -> None:
    done = hub(*command, HUB_VAR_DIR=str(layout.var))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "hub up" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_database_that_does_not_answer_is_one_line(layout: Layout) -> None:
    done = hub(
        "audit",
        HUB_VAR_DIR=str(layout.var),
        HUB_DATABASE_URL="postgresql://x:y@127.0.0.1:1/z",
        HUB_SECRET_KEY="k",
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "the database does not answer" in done.stderr


def test_a_taken_port_ends_hub_up_before_it_starts_anything(layout: Layout) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = hub("up", "--port", str(port), "--var", str(layout.var))
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr
    assert "HUB_PORT" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (layout.postgres / "data").exists()


def test_the_doctor_tells_machines_too(layout: Layout) -> None:
    free = {
        "HUB_PORT": "0",
        "HUB_CARRIER_PORT": "0",
        "HUB_CARRIER_SMPP_PORT": "0",
        "HUB_POSTGRES_PORT": "0",
        "HUB_VALKEY_PORT": "0",
    }
    done = hub("doctor", "--json", HUB_VAR_DIR=str(layout.var), **free)
    told = json.loads(done.stdout)
    status = {check["name"]: check["status"] for check in told["checks"]}
    assert (done.returncode, told["ok"]) == (0, True)
    assert (
        status["python"]
        == status["postgres binaries"]
        == status["valkey binaries"]
        == status["encoder"]
        == "ok"
    )
    assert status["database"] == status["redis"] == status["ray"] == "skip"


def test_the_doctor_names_a_taken_port_and_the_remedy(layout: Layout) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        free = {
            "HUB_CARRIER_PORT": "0",
            "HUB_CARRIER_SMPP_PORT": "0",
            "HUB_POSTGRES_PORT": "0",
            "HUB_VALKEY_PORT": "0",
        }
        done = hub("doctor", HUB_VAR_DIR=str(layout.var), HUB_PORT=port, **free)
    assert done.returncode == 1
    assert f"✗ port {port}" in done.stdout
    assert "set HUB_PORT" in done.stdout


def test_training_writes_a_version_and_refuses_bad_data(tmp_path: Path) -> None:
    rows = [
        (f"{verb} my {thing}{end}", label)
        for label, verb, thing in PHRASES
        for end in ("", " please", " now", " today", " thanks")
    ]
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    bad.write_text("words\nhello\n")
    done = hub("train", "--data", str(good), "--out", str(tmp_path / "out"), "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert told["report"]["rows"] == len(rows)
    assert Path(told["version"]["model"]).stat().st_size == told["report"]["model_bytes"]
    done = hub("train", "--data", str(bad))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


PHRASES = [
    ("cancel", "cancel", "order"),
    ("cancel", "stop", "purchase"),
    ("cancel", "undo", "order"),
    ("refund", "refund", "money"),
    ("refund", "return", "payment"),
    ("refund", "give back", "cash"),
    ("track", "track", "parcel"),
    ("track", "where is", "package"),
    ("track", "find", "delivery"),
]


def test_wrong_usage_has_its_own_exit_code() -> None:
    assert hub("no-such-command").returncode == 2


def test_errors_are_explained_and_bugs_are_not() -> None:
    assert explain(NotFound("there is no such tenant")) == "there is no such tenant"
    assert explain(CliError("set X")) == "set X"
    assert (
        explain(PortTaken(1, "it", "HUB_PORT"))
        == "port 1 is taken, and it needs it: set HUB_PORT to a free port"
    )
    assert explain(ConnectionRefusedError(111, "refused")) is not None
    assert explain(HubError()) == "Something went wrong."
    assert explain(ZeroDivisionError()) is None


def test_text_of_others_is_not_taken_for_markup() -> None:
    assert plain("[red]x") == r"\[red]x"


def test_a_benchmark_is_shown_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    figure = {
        "name": "wallet_reservations",
        "value": 9000.0,
        "unit": "1/s",
        "baseline": "SELECT FOR UPDATE",
        "baseline_value": 150.0,
    }
    show(
        {
            "bench": "wallet",
            "machine": "2 cores",
            "seconds": 12.0,
            "figures": [figure | {"ratio": 60.0, "required": 40, "met": True}],
        }
    )
    said = capsys.readouterr().out
    assert "60.00" in said
    assert "✓" in said
