"""The embedded Valkey: start, find again, stop.

Its data outlive a kill -9 up to the last second (append-only file).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from cli.errors import LaunchError
from cli.local.binaries import find_valkey
from cli.local.ports import HOST
from cli.local.proc import Account, PidFile, end, spawn, wait_until

START_S_MAX = 60.0
STOP_SIGNALS = ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0))

CONFIG = """\
bind {host}
port {port}
dir "{folder}"
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
logfile ""
"""


@dataclass(slots=True)
class ValkeyServer:
    """One Valkey with its data in `folder`, on 127.0.0.1:`port`, with a password.

    `start` takes over a running one.
    """

    folder: Path
    port: int
    password: str = field(repr=False)
    log: Path
    pid_file: PidFile
    account: Account | None = None
    version: tuple[int, ...] = ()
    _child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def pid(self) -> int | None:
        return self.pid_file.alive()

    def alive(self) -> bool:
        """Whether its process lives: the cheap question that a supervisor asks often."""
        if self._child is not None:
            return self._child.poll() is None
        return self.pid() is not None

    def running(self) -> bool:
        """Alive, and answers a PING with our password (not while it still loads its file)."""
        return self.alive() and self._answer(b"PING") == b"+PONG"

    def start(self) -> None:
        """Bring it up and wait until it answers. Raises LaunchError."""
        if self.pid() is not None:
            self._read_port()
            if wait_until(self.running, START_S_MAX):
                return
            raise LaunchError(f"Valkey (pid {self.pid()}) does not answer: see {self.log}")
        if self._child is not None:  # dead, but perhaps not buried: its other threads may still be ending
            self._child.wait()
        binary, self.version, _ = find_valkey(self.account, self.folder)
        config = self._write_config()
        child = spawn([binary, config], log=self.log, account=self.account, cwd=self.folder)
        self._child = child
        self.pid_file.write(child.pid)
        if (
            not wait_until(lambda: child.poll() is not None or self.running(), START_S_MAX)
            or child.poll() is not None
        ):
            self.stop()
            raise LaunchError(f"Valkey did not start: {_last_line(self.log)} (see {self.log})")

    def stop(self) -> None:
        """Writes what is pending to its file, then ends."""
        if (pid := self.pid()) is not None:
            end(pid, signals=STOP_SIGNALS, proc=self._child)
        if self._child is not None:
            self._child.wait()
            self._child = None
        self.pid_file.clear()

    @property
    def _config(self) -> Path:
        return self.folder / "valkey.conf"

    def _write_config(self) -> Path:
        """The password goes into a private file: everybody can read a command line."""
        text = CONFIG.format(host=HOST, port=self.port, folder=self.folder, password=self.password)
        descriptor = os.open(self._config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(text)
        if self.account:
            os.chown(self._config, self.account.uid, self.account.gid)
        return self._config

    def _read_port(self) -> None:
        """The port of the server that already runs: it may be another than the one now asked for."""
        try:
            words = [line.split() for line in self._config.read_text().splitlines()]
        except OSError:
            return
        self.port = next((int(w[1]) for w in words if w[:1] == ["port"]), self.port)

    def _answer(self, command: bytes) -> bytes:
        """One inline command after signing in; b'' when nobody answers.

        Keeps the client library out of start-up.
        """
        try:
            with socket.create_connection((HOST, self.port), timeout=2.0) as line:
                line.sendall(b"AUTH %s\r\n%s\r\n" % (self.password.encode(), command))
                reader = line.makefile("rb")
                signed_in = reader.readline().strip()
                if signed_in.startswith((b"-WRONGPASS", b"-ERR")):
                    raise LaunchError(
                        f"Valkey in {self.folder} refuses our password: "
                        "restore secrets.json, or stop that server"
                    )
                return reader.readline().strip()
        except OSError:
            return b""


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()[-20:] if line.strip()]
    return lines[-1] if lines else "no output"
