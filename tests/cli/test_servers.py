"""The embedded PostgreSQL and Valkey are real: they are started, killed, found again and stopped here."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from cli.errors import LaunchError
from cli.local import binaries, paths
from cli.local.paths import Layout
from cli.local.ports import free_port
from cli.local.postgres import PostgresServer
from cli.local.proc import PidFile, birth, can_run, server_account
from cli.local.valkey import ValkeyServer

PASSWORD = "päss word/1'"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops its rights")


@pytest.fixture(scope="module")
def postgres_of_file(home: Layout) -> Iterator[PostgresServer]:
    server = PostgresServer(home.postgres, free_port(), PASSWORD, home.log("postgres"), server_account())
    yield server
    server.stop()


@pytest.fixture
def postgres(postgres_of_file: PostgresServer) -> PostgresServer:
    """Running at the start of each test, whatever the test before did to it."""
    postgres_of_file.start()
    return postgres_of_file


@pytest.fixture(scope="module")
def valkey_of_file(home: Layout) -> Iterator[ValkeyServer]:
    pid_file = PidFile(home.run / "valkey.json")
    server = ValkeyServer(home.valkey, free_port(), "secret", home.log("valkey"), pid_file, server_account())
    yield server
    server.stop()


@pytest.fixture
def valkey(valkey_of_file: ValkeyServer) -> ValkeyServer:
    """Running at the start of each test, whatever the test before did to it."""
    valkey_of_file.start()
    return valkey_of_file


def test_postgres_is_set_up_as_the_rules_say(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.url) as db:
        shown = {
            name: db.execute(f"SHOW {name}").fetchone()
            for name in ("listen_addresses", "jit", "synchronous_commit", "fsync")
        }
        collation = db.execute(
            "SELECT datlocprovider::text FROM pg_database WHERE datname = 'hub'"
        ).fetchone()
        order = db.execute("SELECT 'a' > 'B', lower('ÁÉ')").fetchone()
    assert shown == {
        "listen_addresses": ("127.0.0.1",),
        "jit": ("off",),
        "synchronous_commit": ("on",),
        "fsync": ("on",),
    }
    assert collation == ("b" if postgres.binaries and postgres.binaries.major >= 17 else "c",)
    assert order == (True, "áé")


def test_postgres_refuses_a_wrong_password(postgres: PostgresServer) -> None:
    wrong = PostgresServer(postgres.folder, postgres.port, "wrong", postgres.log)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong.url)
    with pytest.raises(LaunchError, match="refuses our password"):
        wrong.start()
    assert postgres.running()


def test_a_second_start_takes_the_running_server_over(postgres: PostgresServer) -> None:
    second = PostgresServer(postgres.folder, 1, PASSWORD, postgres.log, postgres.account)
    second.start()
    assert (second.port, second.pid()) == (postgres.port, postgres.pid())


def test_postgres_keeps_every_committed_row_through_a_kill(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as db:
        db.execute("CREATE TABLE rows AS SELECT generate_series(1, 50000) AS n")
    pid = postgres.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while birth(pid) is not None:
        pass
    assert not postgres.running()
    postgres.start()
    with psycopg.connect(postgres.url) as db:
        assert db.execute("SELECT count(*) FROM rows").fetchone() == (50000,)


def test_a_stopped_server_is_gone_and_starts_again(postgres: PostgresServer) -> None:
    pid = postgres.pid()
    assert pid is not None
    postgres.stop()
    assert birth(pid) is None
    assert not postgres.alive()
    postgres.start()
    assert postgres.running()


def test_a_stale_pid_file_of_a_stranger_does_not_hinder(postgres: PostgresServer) -> None:
    postgres.stop()
    (postgres.data / "postmaster.pid").write_text(
        f"{os.getpid()}\n{postgres.data}\n0\n{postgres.port}\n\n\n\nready   \n"
    )
    assert postgres.pid() is None
    postgres.start()
    assert postgres.running()


def test_data_of_another_major_version_are_refused_in_one_line(postgres: PostgresServer) -> None:
    postgres.stop()
    kept = (postgres.data / "PG_VERSION").read_text()
    (postgres.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(LaunchError, match="belongs to PostgreSQL 12"):
        postgres.start()
    (postgres.data / "PG_VERSION").write_text(kept)


@as_root
def test_root_s_servers_run_as_nobody(postgres: PostgresServer, valkey: ValkeyServer) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    for pid in (postgres.pid(), valkey.pid()):
        assert Path(f"/proc/{pid}").stat().st_uid == nobody
    assert postgres.data.stat().st_mode & 0o077 == 0


@as_root
def test_binaries_behind_a_private_folder_are_copied_beside_the_data(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, source, package = next(found for found in binaries.postgres_candidates() if found[2] is not None)
    assert package is not None
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    shutil.copytree(package, private / package.name)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, private / libraries.name)
    moved = private / package.name
    monkeypatch.setattr(
        binaries, "postgres_candidates", lambda: [(moved / folder.relative_to(package), source, moved)]
    )
    found = binaries.find_postgres(server_account(), layout.postgres)
    assert found.folder.is_relative_to(layout.postgres)
    server = PostgresServer(
        layout.postgres, free_port(), PASSWORD, layout.log("postgres"), server_account(), found
    )
    server.start()
    server.stop()
    assert binaries.find_postgres(server_account(), layout.postgres) == found


@as_root
def test_data_behind_a_private_folder_move_to_a_public_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = paths.temporary_var()
    monkeypatch.setattr(paths, "PUBLIC", public)
    private = tmp_path / "home"
    private.mkdir(mode=0o700)
    layout = paths.prepare(private / "var", server_account())
    assert layout.servers.parent == public
    assert layout.logs.is_relative_to(private)
    shutil.rmtree(public)


@pytest.mark.skipif(
    not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")), reason="no PostgreSQL of the system here"
)
def test_the_system_s_own_postgres_is_the_fallback(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_package_folder", lambda name: None)
    monkeypatch.delenv("PARLEY_PG_BIN", raising=False)
    server = PostgresServer(layout.postgres, free_port(), PASSWORD, layout.log("postgres"), server_account())
    server.start()
    try:
        assert server.binaries is not None
        assert server.binaries.source == "system"
        with psycopg.connect(server.url) as db:
            assert db.execute("SELECT lower('ÁÉ'), 'a' > 'B'").fetchone() == ("áé", True)
    finally:
        server.stop()


def test_an_explicit_folder_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PG_BIN", "/somewhere/bin")
    monkeypatch.setenv("PARLEY_VALKEY_BIN", "/somewhere/valkey-server")
    assert binaries.postgres_candidates()[0] == (Path("/somewhere/bin"), "PARLEY_PG_BIN", None)
    assert binaries.valkey_candidates()[0] == (Path("/somewhere/valkey-server"), "PARLEY_VALKEY_BIN", None)


def test_no_binaries_is_one_line_with_the_remedy(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "postgres_candidates", list)
    monkeypatch.setattr(binaries, "valkey_candidates", list)
    with pytest.raises(LaunchError, match="PARLEY_PG_BIN"):
        binaries.find_postgres(None, layout.postgres)
    with pytest.raises(LaunchError, match="PARLEY_VALKEY_BIN"):
        binaries.find_valkey(None, layout.valkey)


def test_valkey_asks_for_the_password_and_never_evicts(valkey: ValkeyServer) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert client.config_get("appendfsync")["appendfsync"] == "everysec"
    with redis.Redis(port=valkey.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_valkey_keeps_its_keys_through_a_kill_and_is_found_again(valkey: ValkeyServer) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.set("kept", "yes")
        client.config_set("appendfsync", "always")
        client.set("kept too", "yes")
    pid = valkey.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while birth(pid) is not None:
        pass
    assert not valkey.running()
    valkey.start()
    second = ValkeyServer(valkey.folder, 1, valkey.password, valkey.log, valkey.pid_file, valkey.account)
    second.start()
    assert (second.port, second.pid()) == (valkey.port, valkey.pid())
    with redis.Redis.from_url(valkey.url) as client:
        assert client.mget("kept", "kept too") == [b"yes", b"yes"]


def test_the_passwords_are_on_no_command_line(postgres: PostgresServer, valkey: ValkeyServer) -> None:
    for pid, secret in ((postgres.pid(), PASSWORD), (valkey.pid(), valkey.password)):
        assert secret.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()


ORDINARY = """
    import sys
    from pathlib import Path
    from cli.local.paths import prepare
    from cli.local.ports import free_port
    from cli.local.postgres import PostgresServer
    from cli.local.proc import PidFile, server_account
    from cli.local.valkey import ValkeyServer

    layout = prepare(Path(sys.argv[1]), server_account())
    one = PostgresServer(layout.postgres, free_port(), "secret", layout.log("postgres"), server_account())
    pid_file = PidFile(layout.run / "v")
    two = ValkeyServer(layout.valkey, free_port(), "secret", layout.log("valkey"), pid_file, server_account())
    for server in (one, two):
        server.start()
    print(one.running(), two.running(), oct(layout.var.stat().st_mode & 0o777))
    for server in (one, two):
        server.stop()
    print(one.alive(), two.alive())
"""


def _python_for_all() -> str:
    """Our Python, or one of the same version that everybody may run when ours lies in root's private home."""
    same = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin:/usr/local/bin")
    for python in filter(None, (sys.executable, same)):
        if can_run(Path(python), server_account()):
            return python
    pytest.skip("this Python lies in a private home, and the system has none of its version")


@as_root
def test_an_ordinary_user_needs_no_rights_of_root(layout: Layout) -> None:
    account = server_account()
    python = _python_for_all()
    packages = os.pathsep.join(
        [str(Path(__file__).parents[2]), *(path for path in sys.path if path.endswith("site-packages"))]
    )
    done = subprocess.run(
        [python, "-W", "error", "-c", textwrap.dedent(ORDINARY), str(layout.postgres / "var")],
        user="nobody",
        group=account.gid if account else None,
        extra_groups=[],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split("\n")[:2], done.returncode) == (["True True 0o700", "False False"], 0), (
        done.stderr
    )
