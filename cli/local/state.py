"""What a hub leaves in its folder: secrets that outlive it, and `hub.json`, which tells other commands where
it listens.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from cli.errors import LaunchError
from cli.local.proc import birth


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Write JSON that only the owner may read, in one step: a reader sees the old file or the new one."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        json.dump(content, out, indent=1)
        out.write("\n")
    fresh.replace(path)


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made once for a data folder. Losing them means losing the way into its database."""

    postgres: str
    valkey: str
    secret_key: str
    ray: str

    @classmethod
    def kept_in(cls, path: Path) -> Secrets:
        """Read `path`, or make it. Raises LaunchError when it cannot be understood."""
        if path.exists():
            try:
                return cls(**json.loads(path.read_text()))
            except (OSError, ValueError, TypeError):
                raise LaunchError(
                    f"{path} cannot be read: restore it, or move its folder away to begin anew"
                ) from None
        made = cls(
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(32),
            secrets.token_hex(32),
        )
        write_private(path, asdict(made))
        return made


@dataclass(slots=True)
class HubState:
    """A running hub, as written to hub.json (mode 0600).

    The names are those of the settings that they stand for.
    """

    pid: int
    birth: str
    database_url: str
    redis_url: str
    ray_address: str
    ray_auth_token: str
    public_url: str
    carrier_url: str
    secret_key: str
    port: int
    carrier_port: int
    carrier_smpp_port: int

    def save(self, path: Path) -> None:
        write_private(path, asdict(self))

    def lives(self) -> bool:
        """Whether the supervisor that wrote this is still there."""
        return birth(self.pid) == self.birth


def read_state(path: Path) -> HubState | None:
    """The hub that wrote `path`, if it still runs."""
    try:
        kept = json.loads(path.read_text())
        state = HubState(**{f.name: kept[f.name] for f in fields(HubState)})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return state if state.lives() else None


@contextmanager
def folder_lock(var: Path, hub_json: Path) -> Iterator[None]:
    """One hub a folder.

    The system lets go of the lock when its holder dies, however it dies. Raises LaunchError.
    """
    path = var / "run" / "lock"
    with path.open("a") as holder:
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = read_state(hub_json)
            where = f" at {other.public_url} (pid {other.pid})" if other else ""
            raise LaunchError(
                f"a hub already runs on {var}{where}: stop it, or set HUB_VAR_DIR to another folder"
            ) from None
        yield
