"""Where a local hub keeps its things. Everything lies below one folder, HUB_VAR_DIR."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cli.errors import LaunchError
from cli.local.proc import Account, can_enter

# Ray puts sockets at <folder>/session_<26 characters>_<pid>/sockets/plasma_store, and a socket's path may
# have 107 bytes.
RAY_FOLDER_BYTES_MAX = 38
LOG_BYTES_MAX = 16 * 1024 * 1024
PUBLIC = Path(
    "/var/lib/parley"
)  # where the servers of root keep data that lie behind a private folder otherwise


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one local hub.

    `servers` differs from `var` only when root's servers cannot reach `var`.
    """

    var: Path
    servers: Path

    @property
    def postgres(self) -> Path:
        return self.servers / "postgres"

    @property
    def valkey(self) -> Path:
        return self.servers / "valkey"

    @property
    def logs(self) -> Path:
        return self.var / "logs"

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def hub_json(self) -> Path:
        return self.var / "hub.json"

    @property
    def secrets_json(self) -> Path:
        return self.var / "secrets.json"

    @property
    def ray(self) -> Path:
        """Ray's own folder: below `var` when that is short enough for sockets, else a short public name."""
        below = self.var / "ray"
        if len(os.fsencode(below)) <= RAY_FOLDER_BYTES_MAX:
            return below
        return Path(tempfile.gettempdir()) / f"hub-ray-{os.getuid()}-{_digest(self.var)}"

    def log(self, name: str) -> Path:
        """The log file of `name`; one that has grown large is put aside first, so that logs cannot fill the
        disk.
        """
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
            path.replace(path.with_suffix(".log.1"))
        return path


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


def prepare(var: Path, account: Account | None) -> Layout:
    """Make the folders.

    As root the servers' data must be reachable by `account`: when `var` is not, a public folder is used.

    Raises LaunchError when a folder cannot be made.
    """
    var = var.absolute()
    mode = 0o711 if account else 0o700
    try:
        var.mkdir(mode=mode, parents=True, exist_ok=True)
        if account:
            var.chmod(var.stat().st_mode | 0o111)
        servers = var
        if not can_enter(var, account):
            servers = PUBLIC / _digest(var)
            servers.mkdir(mode=0o711, parents=True, exist_ok=True)
        layout = Layout(var, servers)
        for folder in (layout.logs, layout.run):
            folder.mkdir(mode=0o700, exist_ok=True)
        for folder in (layout.postgres, layout.valkey):
            folder.mkdir(mode=0o700, exist_ok=True)
            if account:
                os.chown(folder, account.uid, account.gid)
    except OSError as fault:
        raise LaunchError(
            f"cannot use {var} as data folder ({fault.strerror}): set HUB_VAR_DIR to a writable one"
        ) from None
    return layout


def temporary_var() -> Path:
    """A new short folder for a hub that is thrown away, open enough for servers that drop root's rights."""
    folder = Path(tempfile.gettempdir()) / f"hub-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o711)
    return folder


def discard(layout: Layout) -> None:
    """Remove a thrown-away hub's folders."""
    shutil.rmtree(layout.ray, ignore_errors=True)
    shutil.rmtree(layout.var, ignore_errors=True)
    if layout.servers != layout.var:
        shutil.rmtree(layout.servers, ignore_errors=True)
