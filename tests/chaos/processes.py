"""Finding and killing processes of one stack, and of nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def _title(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def workers(ray_pid: int, name: str) -> list[int]:
    """Ray workers called `ray::NAME…` that descend from `ray_pid`."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    parents = {pid: _parent(pid) for pid in pids}

    def ours(pid: int) -> bool:
        while pid > 1:
            if pid == ray_pid:
                return True
            pid = parents.get(pid, 0)
        return False

    return [pid for pid in pids if _title(pid).startswith(f"ray::{name}") and ours(pid)]


async def kill_worker(ray_pid: int, name: str, patience_s: float = 60.0) -> int:
    """kill -9 of the first such worker, waiting until there is one. Returns its pid. Raises TimeoutError."""
    async with asyncio.timeout(patience_s):
        while True:
            for pid in workers(ray_pid, name):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    return pid
            await asyncio.sleep(0.01)
