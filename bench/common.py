"""What the benchmarks share: figures, the machine in words, a hub of their own, peers as processes."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg import sql

from cli.local.ports import HOST, free_port
from cli.local.stack import LocalStack
from hub.errors import Unavailable
from hub.settings import Settings, get_settings

ROOT = Path(__file__).parents[1]
STOP_S = 10.0
START_S = 60.0


class Machine:
    """The machine and how busy it was: ratios hold within a run, absolute values only on a quiet machine."""

    def __init__(self) -> None:
        self._load = os.getloadavg()[0]

    def words(self) -> str:
        memory_gib = psutil.virtual_memory().total / 2**30
        load = f"load average {self._load:.1f} before, {os.getloadavg()[0]:.1f} after"
        return f"{_processor()}, {os.cpu_count()} cores, {memory_gib:.0f} GiB, {platform.platform(terse=True)}, {load}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def figure(
    name: str,
    value: float,
    unit: str,
    baseline: str | None = None,
    baseline_value: float | None = None,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    value_at_most: float | None = None,
) -> dict[str, Any]:
    """One figure of the output. `at_least` and `at_most` bound the ratio, `value_at_most` the value itself."""
    ratio = value / baseline_value if baseline_value else None
    required, met = None, True
    if at_least is not None:
        required, met = f">= {at_least:g}", ratio is not None and ratio >= at_least
    elif at_most is not None:
        required, met = f"<= {at_most:g}", ratio is not None and ratio <= at_most
    elif value_at_most is not None:
        required, met = f"<= {value_at_most:g} {unit}", value <= value_at_most
    return {
        "name": name,
        "value": _rounded(value),
        "unit": unit,
        "baseline": baseline,
        "baseline_value": None if baseline_value is None else _rounded(baseline_value),
        "ratio": None if ratio is None else float(f"{ratio:.3g}"),
        "required": required,
        "met": met,
    }


def _rounded(value: float) -> float:
    return round(value, 1) if abs(value) >= 100 else round(value, 3)


def note(words: str) -> None:
    """Progress, on standard error."""
    print(f"· {time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


@contextmanager
def local_hub(**options: Any) -> Iterator[tuple[LocalStack, Settings]]:
    """A hub for this benchmark alone and the settings of its clients; `options` are LocalStack's."""
    note("starting a hub for this run")
    with LocalStack(**options) as stack:
        before = dict(os.environ)
        os.environ.update(stack.env)
        get_settings.cache_clear()
        try:
            yield stack, get_settings()
        finally:
            os.environ.clear()
            os.environ.update(before)
            get_settings.cache_clear()


@contextmanager
def process(
    name: str, arguments: Sequence[str], log: Path, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """`python ARGUMENTS` as long as the block lives; its words go to `log`. Stopped with its children."""
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield child
        if child.poll() is not None:
            raise Unavailable(f"the {name} ended by itself: {_tail(log)}")
    finally:
        _stop(child.pid)
        child.wait()


def run_once(arguments: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
    """`python ARGUMENTS` to its end. Raises Unavailable when it failed."""
    with log.open("ab") as output:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode != 0:
        raise Unavailable(f"a step of the preparation failed: {_tail(log)}")


def _stop(pid: int) -> None:
    """Ask the process to end, then end it and what it left."""
    try:
        whole = psutil.Process(pid)
        family = [whole, *whole.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    family[0].terminate()
    _, left = psutil.wait_procs(family, timeout=STOP_S)
    for each in left:
        each.kill()


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1] if lines else "no words"


@contextmanager
def web_server(app: str, log: Path, env: Mapping[str, str]) -> Iterator[int]:
    """uvicorn with an ASGI application on a free port, which is yielded once it listens."""
    port = free_port()
    server = [
        "-m",
        "uvicorn",
        app,
        "--host",
        HOST,
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    speed = ["--http", "httptools", "--loop", "uvloop", "--backlog", "2048"]
    with process(app, [*server, *speed], log, env) as child:
        deadline = time.monotonic() + START_S
        while not listens(port):
            if child.poll() is not None or time.monotonic() > deadline:
                raise Unavailable(f"{app} did not start: {_tail(log)}")
            time.sleep(0.1)
        yield port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


@contextmanager
def database(stack: LocalStack, name: str) -> Iterator[str]:
    """A database for a peer on the hub's own PostgreSQL server; yields its URL."""
    with psycopg.connect(stack.database_url, autocommit=True) as db:
        db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        base, _, _ = stack.database_url.rpartition("/")
        try:
            yield f"{base}/{name}"
        finally:
            db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def analyze(*urls: str) -> None:
    """Let the planner know the tables, as autovacuum does within a minute: no side is measured on empty statistics."""
    for url in urls:
        with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1), autocommit=True) as db:
            db.execute("ANALYZE")


def broker_url(stack: LocalStack, number: int) -> str:
    """The hub's own Valkey, another of its databases."""
    address, slash, last = stack.redis_url.rpartition("/")
    return f"{address}/{number}" if slash and last.isdigit() else f"{stack.redis_url.rstrip('/')}/{number}"


async def generate(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Run the load generator (bench/load.py) in a process of its own; returns what it saw."""
    return await talk("bench.load", plan)


async def talk(module: str, plan: Mapping[str, Any], env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run `python -m MODULE` with a JSON plan on standard input; returns the JSON of its last line."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        output, _ = await child.communicate(json.dumps(plan).encode())
    except BaseException:
        if child.returncode is None:
            child.kill()
            await child.wait()
        raise
    if child.returncode != 0:
        raise Unavailable(f"{module} ended with {child.returncode}")
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    return result


def quantile(values: Sequence[float], share: float) -> float:
    """The `share` quantile, nearest rank. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
