"""`hub up` as people run it: under make, with its own Ray, ended by a Ctrl-C that reaches the whole
foreground group.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from cli.local.paths import Layout
from cli.local.proc import birth, command_of, wait_until

MAKEFILE = "run:\n\t@exec {python} -m cli.main up --no-demo --port 0 --carrier-port 0 --var {var}\n"
START_S_MAX = 180.0


def _hears_ctrl_c() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so does all that it starts: the tests' run may be such a one."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def mentioning(path: Path) -> list[str]:
    """Command lines of living processes that name `path`."""
    pids = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and int(entry.name) != os.getpid()
    ]
    return [command for pid in pids if birth(pid) is not None and str(path) in (command := command_of(pid))]


def children_of(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in found.stdout.split()]


@pytest.mark.timeout(600)
def test_a_whole_hub_heals_and_ends_without_a_trace(layout: Layout) -> None:
    env = os.environ | {"HUB_POSTGRES_PORT": "0", "HUB_VALKEY_PORT": "0"}
    for name in ("HUB_DATABASE_URL", "HUB_REDIS_URL", "RAY_ADDRESS", "HUB_VAR_DIR"):
        env.pop(name, None)
    makefile = layout.var / "Makefile"
    makefile.write_text(MAKEFILE.format(python=sys.executable, var=layout.var))
    log = layout.var / "up.log"
    with log.open("wb") as out:
        make = subprocess.Popen(
            ["make", "-f", str(makefile), "run"],
            stdout=out,
            stderr=out,
            env=env,
            start_new_session=True,
            cwd=Path(__file__).parents[2],
            preexec_fn=_hears_ctrl_c,
        )
    try:
        assert wait_until(lambda: b"Ctrl-C stops" in log.read_bytes() or make.poll() is not None, START_S_MAX)
        assert make.poll() is None, log.read_text()
        state = json.loads(layout.hub_json.read_text())
        health = f"{state['public_url']}/healthz"
        with urllib.request.urlopen(health, timeout=60) as answer:
            assert answer.status == 200
        gateway = json.loads((layout.run / "gateway.json").read_text())["pid"]
        os.kill(gateway, signal.SIGKILL)
        with urllib.request.urlopen(
            health, timeout=120
        ) as answer:  # waits in the socket's queue; refused never
            assert answer.status == 200
        assert json.loads((layout.run / "gateway.json").read_text())["pid"] != gateway
    finally:
        hub = children_of(make.pid)
        for _ in range(20):  # the terminal signals make and hub; impatient people press again
            if make.poll() is None:
                os.killpg(make.pid, signal.SIGINT)
        make.wait(120)
    assert wait_until(lambda: all(birth(pid) is None for pid in hub), 120.0)
    assert "Stopped." in log.read_text()
    assert wait_until(lambda: mentioning(layout.var) == [], 60.0), mentioning(layout.var)
    assert not layout.hub_json.exists()
    assert sorted(path.name for path in layout.run.glob("*.json")) == []
