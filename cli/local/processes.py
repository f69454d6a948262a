"""A small supervisor: starts children, waits until they are healthy, starts a dead one again, stops all in
order.
"""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

from cli.errors import LaunchError
from cli.local.proc import PidFile, end, spawn

WATCH_S = 0.1
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 15.0
STEADY_S = 20.0  # a life this long forgives earlier deaths
Report = Callable[[str], None]


class Unit(Protocol):
    """Something that the supervisor keeps alive."""

    name: str

    def start(self) -> None: ...
    def alive(self) -> bool: ...
    def stop(self) -> None: ...


@dataclass(slots=True)
class ServerUnit:
    """PostgreSQL or Valkey as a unit: their own `start` already waits until they answer."""

    name: str
    start: Callable[[], None]
    alive: Callable[[], bool]
    stop: Callable[[], None]


@dataclass(slots=True)
class ChildUnit:
    """A program of ours with a log file of its own.

    `environment` is asked anew at each start, for addresses may have moved.
    """

    name: str
    argv: Sequence[str]
    log: Path
    pid_file: PidFile
    environment: Callable[[], Mapping[str, str]]
    health_url: str = ""
    ready_s_max: float = 90.0
    stop_s_max: float = 15.0
    pass_fds: Sequence[int] = ()
    stdin: int = subprocess.DEVNULL
    proc: subprocess.Popen[bytes] | None = None

    def clear_leftover(self) -> None:
        """End the child of a supervisor that was killed. The pid file proves that the process is ours."""
        if (pid := self.pid_file.alive()) is not None:
            end(pid, signals=((signal.SIGTERM, self.stop_s_max), (signal.SIGKILL, 5.0)))
        self.pid_file.clear()

    def start(self) -> None:
        self.proc = spawn(
            self.argv, log=self.log, env=self.environment(), pass_fds=self.pass_fds, stdin=self.stdin
        )
        self.pid_file.write(self.proc.pid)

    def alive(self) -> bool:
        return self.proc is not None and self.proc.poll() is None

    def fate(self) -> str:
        """How it ended, in words."""
        code = self.proc.poll() if self.proc else None
        if code is None:
            return "gone"
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"

    def stop(self) -> None:
        if self.proc is None:
            return
        if self.proc.stdin is not None:
            self.proc.stdin.close()
        if self.proc.poll() is None:
            end(
                self.proc.pid,
                signals=((signal.SIGTERM, self.stop_s_max), (signal.SIGKILL, 5.0)),
                proc=self.proc,
            )
        self.proc.wait()
        self.pid_file.clear()

    def healthy(self) -> bool:
        """Its health address answers 200. Without an address: it lives."""
        return self.alive() and (not self.health_url or answers_ok(self.health_url))

    def wait_ready(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Until it is healthy. Raises LaunchError when it ends before, or takes too long."""
        deadline = time.monotonic() + self.ready_s_max
        while not self.healthy():
            if cancelled():
                raise LaunchError("stopped")
            if not self.alive():
                raise LaunchError(f"{self.name} {self.fate()}: {self.last_words()} (see {self.log})")
            if time.monotonic() > deadline:
                raise LaunchError(f"{self.name} is not ready after {self.ready_s_max:.0f} s (see {self.log})")
            time.sleep(0.05)

    def last_words(self) -> str:
        """The last line of its log that says something."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-50:]
        except OSError:
            return "no output"
        return next((line.strip() for line in reversed(lines) if line.strip()), "no output")


@dataclass(slots=True)
class RayUnit(ChildUnit):
    """The process that holds the local Ray.

    It tells its address in `state_file`, and makes the hosts when told `hosts`.

    Its standard input stays open to us: when we are killed it reads the end of it and shuts Ray down by
    itself.
    """

    state_file: Path = Path()
    wants_hosts: bool = False
    stdin: int = subprocess.PIPE

    def start(self) -> None:
        self.state_file.unlink(missing_ok=True)
        ChildUnit.start(self)
        if self.wants_hosts:
            self.make_hosts()

    def make_hosts(self) -> None:
        """Ask for the named hosts: the database must be migrated by now."""
        self.wants_hosts = True
        pipe: IO[bytes] | None = self.proc.stdin if self.proc else None
        if pipe is not None:
            try:
                pipe.write(b"hosts\n")
                pipe.flush()
            except BrokenPipeError:
                return  # it died just now: the supervisor starts it again, and `start` asks once more

    def told(self) -> tuple[str, bool]:
        """(address or '', whether the hosts stand)."""
        try:
            said = json.loads(self.state_file.read_text())
            return str(said["address"]), bool(said["hosts"])
        except (OSError, ValueError, KeyError):
            return "", False

    def healthy(self) -> bool:
        address, hosts = self.told()
        return self.alive() and bool(address) and (hosts or not self.wants_hosts)


def answers_ok(url: str, timeout_s: float = 2.0) -> bool:
    """Whether a GET of `url` is answered with 200."""
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        line.request("GET", parts.path or "/")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


@dataclass(slots=True)
class _Watched:
    unit: Unit
    started: float
    wait_s: float = 0.0
    due: float | None = None


@dataclass(slots=True)
class Supervisor:
    """Keeps its units alive from a thread of its own. Units stop in the reverse order of `watch`."""

    report: Report
    after_restart: Report = lambda name: None
    each_round: list[Callable[[], None]] = field(default_factory=list)
    _watched: list[_Watched] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def watch(self, unit: Unit) -> None:
        """From now on `unit` is started again when it dies, and stopped by `stop`."""
        with self._lock:
            self._watched.append(_Watched(unit, time.monotonic()))

    def begin(self) -> None:
        """Start watching. Before this call a death is left to whoever waits for the unit."""
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._thread.start()

    def restart(self, unit: Unit) -> None:
        """Stop and start one unit on purpose."""
        with self._lock:
            if not self._stopping.is_set():
                unit.stop()
                unit.start()

    def stop(self) -> None:
        """Stop everything, last started first.

        Goes on when one unit refuses, and reports it. Safe to call twice.
        """
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            while self._watched:
                unit = self._watched.pop().unit
                try:
                    unit.stop()
                except (OSError, LaunchError, subprocess.SubprocessError) as fault:
                    self.report(f"{unit.name} could not be stopped: {fault}")

    def _run(self) -> None:
        while not self._stopping.wait(WATCH_S):
            with self._lock:
                for watched in self._watched:
                    if not self._stopping.is_set():
                        self._look(watched, time.monotonic())
                for task in self.each_round:
                    task()

    def _look(self, watched: _Watched, now: float) -> None:
        """The first death is healed at once; one that keeps dying waits longer each time."""
        unit = watched.unit
        if watched.due is None:
            if unit.alive():
                return
            watched.wait_s = 0.0 if now - watched.started > STEADY_S else watched.wait_s
            watched.due = now + watched.wait_s
            fate = unit.fate() if isinstance(unit, ChildUnit) else "gone"
            when = "at once" if watched.wait_s == 0 else f"in {watched.wait_s:g} s"
            self.report(f"{unit.name} {fate}: starting it again {when}")
        if now < watched.due:
            return
        watched.due = None
        watched.started = now
        watched.wait_s = min(BACKOFF_MAX_S, max(BACKOFF_FIRST_S, watched.wait_s * 2))
        try:
            unit.start()
        except (OSError, LaunchError) as fault:
            self.report(f"{unit.name} does not start: {fault}")
        else:
            self.after_restart(unit.name)
