"""The embedded PostgreSQL: initialise, start, find again, stop. A real server; only its launcher is ours."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg

from cli.errors import LaunchError
from cli.local.binaries import Binaries, find_postgres
from cli.local.ports import HOST
from cli.local.proc import Account, birth, command_of, end, run_quietly, spawn, wait_until

USER = "hub"
DATABASE = "hub"
START_S_MAX = 180.0  # after a crash the server first replays its log
STOP_SIGNALS = (
    (signal.SIGINT, 60.0),
    (signal.SIGQUIT, 15.0),
    (signal.SIGKILL, 5.0),
)  # fast, immediate, last resort
ORPHANS_S_MAX = 15.0

# Tuned for one small machine that it shares with everything else. Nothing here gives up a committed row.
TUNING: dict[str, str] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a socket's path may have 107 bytes only, so clients use TCP
    "max_connections": "200",
    "autovacuum_naptime": "15s",
    "autovacuum_analyze_scale_factor": "0.02",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_compression": "pglz",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
}


@dataclass(slots=True)
class PostgresServer:
    """One PostgreSQL in `folder` (its `data/` is the cluster), on 127.0.0.1:`port`, with a scram password.

    `start` is safe to call when it already runs: the running one is taken over.
    """

    folder: Path
    port: int
    password: str = field(repr=False)
    log: Path
    account: Account | None = None
    binaries: Binaries | None = None
    _child: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{quote(self.password, safe='')}@{HOST}:{self.port}/{DATABASE}"

    def pid(self) -> int | None:
        """The postmaster of our data folder, when it lives (a zombie or a stranger with the same number does
        not count).
        """
        lines = self._pid_lines()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        return pid if birth(pid) is not None and "postgres" in command_of(pid) else None

    def running(self) -> bool:
        """Alive, says `ready`, and takes a connection with our password."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        return self.pid() is not None and self._ready() and self._answers()

    def alive(self) -> bool:
        """Whether its process lives: the cheap question that a supervisor asks often."""
        if self._child is not None:
            return self._child.poll() is None
        return self.pid() is not None

    def start(self) -> None:
        """Bring it up and wait until it answers. Raises LaunchError with the reason that PostgreSQL gave."""
        if (pid := self.pid()) is not None:
            self._adopt(pid)
        else:
            self.binaries = self.binaries or find_postgres(self.account, self.folder)
            if not (self.data / "PG_VERSION").exists():
                self._initialise(self.binaries)
            self._check_version(self.binaries)
            self._launch(self.binaries)
        self._ensure_database()

    def stop(self) -> None:
        """Fast shutdown: running statements end, everything committed is on disk."""
        if (pid := self.pid()) is not None:
            end(pid, signals=STOP_SIGNALS, proc=self._child)
        if self._child is not None:
            self._child.wait()
            self._child = None

    def _pid_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _ready(self) -> bool:
        lines = self._pid_lines()
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _answers(self) -> bool:
        try:
            with self._connect("postgres"):
                return True
        except psycopg.OperationalError as refusal:
            if "password authentication failed" in str(refusal):
                raise LaunchError(
                    f"PostgreSQL in {self.folder} refuses our password: restore secrets.json beside it, "
                    "or move the folder away to begin anew"
                ) from None
            return False

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=HOST,
            port=self.port,
            user=USER,
            password=self.password,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _adopt(self, pid: int) -> None:
        """Take over the server that already runs on our data: it may listen on another port than the one now
        asked for.
        """
        if not wait_until(lambda: self._ready() or birth(pid) is None, START_S_MAX):
            raise LaunchError(f"PostgreSQL (pid {pid}) does not become ready: see {self.log}")
        lines = self._pid_lines()
        if len(lines) < 8:
            return self.start()
        self.port = int(lines[3])
        if not wait_until(self.running, 10.0):
            raise LaunchError(f"PostgreSQL (pid {pid}) takes no connection: see {self.log}")

    def _initialise(self, binaries: Binaries) -> None:
        """Make the cluster beside its place and move it in when complete: a killed initdb leaves nothing half
        made.
        """
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        secret = self.folder / ".password"
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(self.password)
        if self.account:
            os.chown(secret, self.account.uid, self.account.gid)
        # The same order of text on every machine. The provider `builtin` exists since 17; before, libc's
        # C.UTF-8 is nearest.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
        if binaries.major < 17:
            locale = ["--locale=C.UTF-8"]
        argv: list[str | Path] = [binaries.folder / "initdb", "-D", fresh, "-U", USER, "-E", "UTF8", *locale]
        argv += ["-A", "scram-sha-256", f"--pwfile={secret}", "--no-instructions"]
        try:
            made = run_quietly(argv, account=self.account, env=_clean_environment())
        finally:
            secret.unlink(missing_ok=True)
        if made.returncode != 0:
            raise LaunchError(f"initdb failed: {_last_line(made.stderr or made.stdout)}")
        fresh.rename(self.data)

    def _check_version(self, binaries: Binaries) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != str(binaries.major):
            raise LaunchError(
                f"the data in {self.data} belongs to PostgreSQL {made_by}, "
                f"the one found here is {binaries.major}: "
                f"set PARLEY_PG_BIN to a PostgreSQL {made_by}, or move the folder away to begin anew"
            )

    def _launch(self, binaries: Binaries) -> None:
        """Start the postmaster.

        A killed one leaves a stale pid file and, for a moment, children that hold its memory.
        """
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        deadline = time.monotonic() + ORPHANS_S_MAX
        while (refusal := self._try_launch(binaries)) is not None:
            if "still in use" not in refusal or time.monotonic() > deadline:
                raise LaunchError(f"PostgreSQL did not start: {_last_line(refusal)} (see {self.log})")
            time.sleep(0.2)

    def _try_launch(self, binaries: Binaries) -> str | None:
        """None when it answers, else what it said before it ended."""
        settings = dict(TUNING, port=str(self.port))
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        written = self.log.stat().st_size if self.log.exists() else 0
        argv: list[str | Path] = [binaries.folder / "postgres", "-D", self.data, *options]
        child = spawn(argv, log=self.log, account=self.account, env=_clean_environment(), cwd=self.folder)
        self._child = child
        if not wait_until(lambda: child.poll() is not None or self._ready(), START_S_MAX):
            self.stop()
            raise LaunchError(f"PostgreSQL is not ready after {START_S_MAX:.0f} s: see {self.log}")
        if child.poll() is None and wait_until(self.running, 10.0):
            return None
        self.stop()
        return self.log.read_bytes()[written:].decode(errors="replace")

    def _ensure_database(self) -> None:
        with self._connect("postgres") as db:
            if db.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
                db.execute(f"CREATE DATABASE {DATABASE}")


def _clean_environment() -> dict[str, str]:
    """Without the caller's PG* and locale variables: they would steer the server, and messages must stay in
    English.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def _last_line(text: str) -> str:
    """The line that tells most: the first FATAL or error, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (telling or lines or ["no output"])[0 if telling else -1]
