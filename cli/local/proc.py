"""Processes and who they are: start, recognise again after a restart of ours, end.

A pid alone proves nothing, for the system gives it to the next process. We keep the moment of birth beside
it, and
signal a process only when both agree.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.02
HAS_PROC = Path("/proc/self/stat").exists()  # Linux; elsewhere `ps` tells the same


@dataclass(frozen=True, slots=True)
class Account:
    """The account that the embedded servers run under when we are root: PostgreSQL refuses to run as root."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """The account to drop to, or None when we are an ordinary user and stay ourselves.

    `nobody` is on every mainstream system, and initdb wants an account with an entry, so a bare uid is not
    enough.
    """
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def spawn(
    argv: Sequence[str | Path],
    *,
    log: Path,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: int = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own, so that Ctrl-C reaches us alone and we stop things in order."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            [str(part) for part in argv],
            stdin=stdin,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def run_quietly(
    argv: Sequence[str | Path], *, account: Account | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `argv` to its end as `account`; output as text.

    Raises OSError when it cannot be executed at all.
    """
    return subprocess.run(
        [str(part) for part in argv],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=dict(env) if env is not None else None,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def can_run(binary: Path, account: Account | None) -> bool:
    """Whether `account` can execute `binary --version`: it exists, fits this machine, and no folder bars the
    way.
    """
    try:
        return run_quietly([binary, "--version"], account=account).returncode == 0
    except OSError:
        return False


def can_enter(folder: Path, account: Account | None) -> bool:
    """Whether `account` can walk into `folder` (a home of mode 0700 above it bars the way)."""
    if account is None:
        return os.access(folder, os.X_OK)
    shell = shutil.which("sh") or "/bin/sh"
    return run_quietly([shell, "-c", 'cd -- "$0"', folder], account=account).returncode == 0


def birth(pid: int) -> str | None:
    """A text that no other process of this machine shares with `pid`; None when it is gone or a zombie.

    A killed child stays a zombie until its parent asks for it, and kill(pid, 0) calls it alive.
    """
    if HAS_PROC:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        state, *rest = stat.rpartition(")")[2].split()
        if state in "ZX":
            return None
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}:{rest[18]}"
    ps = run_quietly(["ps", "-o", "state=,lstart=", "-p", str(pid)])
    state, _, started = ps.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()


def command_of(pid: int) -> str:
    """The command line of `pid`, or '' when it cannot be read."""
    if not HAS_PROC:
        return run_quietly(["ps", "-o", "command=", "-p", str(pid)]).stdout
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def wait_until(ready: Callable[[], bool], timeout_s: float) -> bool:
    """Ask `ready` every 20 ms. Returns whether it came true in time."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def end(
    pid: int, *, signals: Sequence[tuple[signal.Signals, float]], proc: subprocess.Popen[bytes] | None = None
) -> None:
    """Send each signal in turn and give it its seconds, until `pid` is gone.

    `proc`: the same process when it is our child.
    """
    born = birth(pid)
    for number, patience_s in signals:
        if born is None or birth(pid) != born:
            break
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            break
        if wait_until(lambda: (proc.poll() is not None) if proc else birth(pid) != born, patience_s):
            break
    if proc is not None:
        proc.poll()


@dataclass(frozen=True, slots=True)
class PidFile:
    """Remembers one process of ours across our own death."""

    path: Path

    def write(self, pid: int) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"pid": pid, "birth": birth(pid)}))

    def alive(self) -> int | None:
        """The pid, if that very process still lives."""
        try:
            kept = json.loads(self.path.read_text())
            pid, born = int(kept["pid"]), kept["birth"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return pid if born is not None and birth(pid) == born else None

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)
