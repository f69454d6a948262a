"""The stack and its supervisor: order, taken ports, deaths, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from cli.errors import LaunchError, PortTaken
from cli.local.paths import Layout
from cli.local.ports import Ports, free_port, listen
from cli.local.proc import PidFile, birth, wait_until
from cli.local.processes import ChildUnit, Supervisor, answers_ok
from cli.local.stack import LocalStack
from cli.local.state import read_state

SERVERS_ONLY = {"with_gateway": False, "with_carrier": False, "with_ray": False, "migrate": False}
HTTP_CHILD = """
import http.server, socket, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(str(__import__("os").getpid()).encode())
    def log_message(self, *ignored): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=int(sys.argv[1]))
server.serve_forever()
"""


def soon(true: Callable[[], bool]) -> None:
    """Wait until it is true; the limit only keeps a broken test from hanging."""
    assert wait_until(true, 30.0)


def child(layout: Layout, name: str, code: str, *arguments: str, **more: object) -> ChildUnit:
    unit = ChildUnit(
        name,
        [sys.executable, "-c", code, *arguments],
        layout.log(name),
        PidFile(layout.run / f"{name}.json"),
        lambda: os.environ,
    )
    for field, value in more.items():
        setattr(unit, field, value)
    return unit


def test_a_stack_starts_tells_where_and_leaves_nothing() -> None:
    with LocalStack(**SERVERS_ONLY) as hub:
        var, pids = hub.layout.var, hub.pids()
        assert set(pids) == {"postgres", "valkey"}
        written = hub.layout.hub_json
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        assert stat.S_IMODE(hub.layout.secrets_json.stat().st_mode) == 0o600
        state = read_state(written)
        assert state is not None
        assert (state.database_url, state.redis_url, state.pid) == (
            hub.database_url,
            hub.redis_url,
            os.getpid(),
        )
        assert hub.env["HUB_DATABASE_URL"] == hub.database_url
    assert not var.exists()
    assert all(birth(pid) is None for pid in pids.values())


@pytest.mark.parametrize(
    ("which", "setting"),
    [
        ("gateway", "HUB_PORT"),
        ("carrier", "HUB_CARRIER_PORT"),
        ("postgres", "HUB_POSTGRES_PORT"),
        ("valkey", "HUB_VALKEY_PORT"),
    ],
)
def test_a_taken_port_is_one_clear_line_before_anything_starts(
    layout: Layout, which: str, setting: str
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        hub = LocalStack(layout.var, ports=Ports(**{which: port}))
        with pytest.raises(PortTaken) as caught:
            hub.start()
    assert str(port) in str(caught.value)
    assert setting in str(caught.value)
    assert "\n" not in str(caught.value)
    assert hub.pids() == {}
    assert not (layout.postgres / "data").exists()


def test_two_hubs_cannot_share_a_folder(layout: Layout) -> None:
    with LocalStack(layout.var, **SERVERS_ONLY) as hub:
        with pytest.raises(LaunchError, match="already runs"):
            LocalStack(layout.var, **SERVERS_ONLY).start()
        assert hub.layout.hub_json.exists()
        assert set(hub.pids()) == {"postgres", "valkey"}


def test_data_and_secrets_outlive_a_restart(layout: Layout) -> None:
    with LocalStack(layout.var, **SERVERS_ONLY) as hub:
        key = hub.secret_key
        with psycopg.connect(hub.database_url, autocommit=True) as db:
            db.execute("CREATE TABLE kept AS SELECT 7 AS n")
    with LocalStack(layout.var, **SERVERS_ONLY) as hub:
        assert hub.secret_key == key
        with psycopg.connect(hub.database_url) as db:
            assert db.execute("SELECT n FROM kept").fetchone() == (7,)


def test_killed_servers_come_back_by_themselves() -> None:
    said: list[str] = []
    with LocalStack(report=said.append, **SERVERS_ONLY) as hub:
        before = hub.pids()
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        soon(lambda: len(hub.pids()) == 2 and not set(hub.pids().values()) & set(before.values()))
        with psycopg.connect(hub.database_url) as db:
            assert db.execute("SELECT 1").fetchone() == (1,)
    assert len(said) == 2


KILLED_SUPERVISOR = """
import sys, time
from cli.local.stack import LocalStack
with LocalStack(sys.argv[1], with_gateway=False, with_carrier=False, with_ray=False, migrate=False) as hub:
    print("ready", flush=True)
    time.sleep(600)
"""


def test_leftovers_of_a_killed_supervisor_are_taken_over(layout: Layout) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", KILLED_SUPERVISOR, str(layout.var)], stdout=subprocess.PIPE
    )
    assert first.stdout is not None
    with first.stdout:
        assert first.stdout.readline() == b"ready\n"
        first.kill()
        first.wait()
    assert read_state(layout.hub_json) is None
    stray = child(layout, "gateway", "import time; time.sleep(600)")
    stray.start()
    assert stray.proc is not None
    with LocalStack(layout.var, **SERVERS_ONLY) as hub:
        assert stray.proc.wait() == -signal.SIGTERM
        assert set(hub.pids()) == {"postgres", "valkey"}
        pids = hub.pids()
    assert all(birth(pid) is None for pid in pids.values())


def test_a_pid_that_now_belongs_to_a_stranger_is_left_alone(layout: Layout) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        path = layout.run / "gateway.json"
        path.write_text(json.dumps({"pid": stranger.pid, "birth": "another time"}))
        child(layout, "gateway", "").clear_leftover()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_killed_child_is_started_again_and_its_callers_wait_meanwhile(layout: Layout) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    with listen(0, "a test", "HUB_PORT") as sock:
        port = sock.getsockname()[1]
        url = f"http://127.0.0.1:{port}/"
        unit = child(
            layout, "gateway", HTTP_CHILD, str(sock.fileno()), pass_fds=(sock.fileno(),), health_url=url
        )
        supervisor.watch(unit)
        unit.start()
        try:
            unit.wait_ready()
            supervisor.begin()
            for _ in range(2):
                old = unit.proc
                assert old is not None
                old.kill()
                with urllib.request.urlopen(
                    url, timeout=30
                ) as answer:  # never refused: it waits in the socket's queue
                    assert int(answer.read()) != old.pid
        finally:
            supervisor.stop()
    assert not answers_ok(url)
    assert not unit.alive()
    assert [line for line in said if "killed by SIGKILL" in line] == said


def test_a_child_that_keeps_dying_is_started_less_and_less_often(layout: Layout) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    unit = child(layout, "carrier", "raise SystemExit(3)")
    supervisor.watch(unit)
    unit.start()
    supervisor.begin()
    soon(lambda: len(said) >= 3)
    supervisor.stop()
    assert said[0] == "carrier ended with code 3: starting it again at once"
    assert said[1] == "carrier ended with code 3: starting it again in 0.5 s"
    assert said[2] == "carrier ended with code 3: starting it again in 1 s"


def test_a_child_that_fails_at_start_is_reported_with_its_last_words(layout: Layout) -> None:
    unit = child(
        layout, "carrier", "import sys; sys.exit('no such account')", health_url="http://127.0.0.1:1/"
    )
    unit.start()
    with pytest.raises(LaunchError, match="carrier ended with code 1: no such account"):
        unit.wait_ready()
    unit.stop()


def test_units_stop_in_the_reverse_order_and_a_stubborn_one_is_killed(layout: Layout) -> None:
    ended: list[str] = []
    supervisor = Supervisor(ended.append)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    stubborn = f"{deaf}; print('deaf', flush=True); time.sleep(600)"

    class Noted(ChildUnit):
        def stop(self) -> None:
            super().stop()
            ended.append(self.name)

    for name in ("first", "second"):
        unit = Noted(
            name,
            [sys.executable, "-c", stubborn],
            layout.log(name),
            PidFile(layout.run / name),
            lambda: os.environ,
        )
        unit.stop_s_max = 0.2
        supervisor.watch(unit)
        unit.start()
        soon(lambda path=unit.log: b"deaf" in path.read_bytes())
    supervisor.begin()
    supervisor.stop()
    assert ended == ["second", "first"]


def test_a_failed_start_leaves_nothing(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_VALKEY_BIN", "/nowhere/valkey-server")
    monkeypatch.setattr("cli.local.binaries._package_folder", lambda name: _no_valkey(name))
    monkeypatch.setattr("cli.local.binaries.shutil.which", lambda name: None)
    hub = LocalStack(layout.var, **SERVERS_ONLY)
    with pytest.raises(LaunchError, match="no Valkey"):
        hub.start()
    assert hub.pids() == {}
    assert not layout.hub_json.exists()


def _no_valkey(name: str) -> Path | None:
    from importlib.util import find_spec

    spec = find_spec(name) if "postgres" in name else None
    return (
        Path(next(iter(spec.submodule_search_locations)))
        if spec and spec.submodule_search_locations
        else None
    )


def test_given_servers_are_used_and_not_stopped() -> None:
    with LocalStack(**SERVERS_ONLY) as theirs:
        with LocalStack(database_url=theirs.database_url, redis_url=theirs.redis_url, **SERVERS_ONLY) as ours:
            assert (ours.database_url, ours.redis_url, ours.pids()) == (
                theirs.database_url,
                theirs.redis_url,
                {},
            )
        assert set(theirs.pids()) == {"postgres", "valkey"}


def test_threads_of_the_supervisor_end() -> None:
    before = threading.active_count()
    with LocalStack(**SERVERS_ONLY):
        pass
    assert threading.active_count() == before


def test_ports_are_found_and_claimed() -> None:
    port = free_port()
    with listen(port, "a test", "HUB_PORT") as sock:
        assert sock.getsockname()[1] == port
        with pytest.raises(
            PortTaken, match=f"port {port} is taken, and a test needs it: set HUB_PORT to a free port"
        ):
            listen(port, "a test", "HUB_PORT")
