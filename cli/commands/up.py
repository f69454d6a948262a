"""`hub up`: start everything on this machine and keep it running until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import console
from cli.errors import LaunchError
from cli.local.ports import Ports
from cli.local.stack import LocalStack
from cli.local.state import read_state

SEED_S_MAX = 900.0
LOOK_EVERY_S = 0.2


def up(
    port: Annotated[
        int | None, typer.Option(help="Port of the gateway. Default: HUB_PORT or 8000; 0: any free one.")
    ] = None,
    carrier_port: Annotated[
        int | None,
        typer.Option(help="Port of the local carrier. Default: HUB_CARRIER_PORT or 8100; 0: any free one."),
    ] = None,
    var: Annotated[Path | None, typer.Option(help="Data folder. Default: HUB_VAR_DIR or ./var.")] = None,
    demo: Annotated[
        bool, typer.Option(help="Fill an empty hub with demo tenants, people, contacts and money.")
    ] = True,
    reload: Annotated[
        bool, typer.Option("--reload", help="Start the gateway again when a source file changes.")
    ] = False,
) -> None:
    """Start PostgreSQL, Valkey, Ray, the carrier and the gateway; stop all of them at Ctrl-C.

    HUB_DATABASE_URL, HUB_REDIS_URL and RAY_ADDRESS name your own servers; what is not named is started here.
    """
    run(stack_options(port, carrier_port, var) | {"reload": reload}, demo=demo)


def stack_options(port: int | None, carrier_port: int | None, var: Path | None) -> dict[str, Any]:
    """The options and the environment, as arguments of LocalStack.

    Raises LaunchError when this folder's hub already runs.
    """
    from hub.settings import Settings

    if var is not None:
        os.environ["HUB_VAR_DIR"] = str(var)
    folder = Path(os.environ.get("HUB_VAR_DIR", "var"))
    if (other := read_state(folder / "hub.json")) is not None:
        raise LaunchError(
            f"a hub already runs on {folder} at {other.public_url} (pid {other.pid}): "
            "stop it, or set HUB_VAR_DIR to another folder"
        )
    # Left by a hub that was killed: the settings must not take its servers for the user's own.
    (folder / "hub.json").unlink(missing_ok=True)
    settings = Settings()
    given = {
        name: os.environ[name]
        for name in ("HUB_SECRET_KEY", "HUB_PUBLIC_URL", "HUB_CARRIER_URL", "HUB_PROVIDER_HOSTS")
        if os.environ.get(name)
    }
    return {
        "var_dir": settings.var_dir,
        "ports": Ports(
            settings.port if port is None else port,
            settings.carrier_port if carrier_port is None else carrier_port,
            settings.postgres_port,
            settings.valkey_port,
            0 if carrier_port == 0 else settings.carrier_smpp_port,
        ),
        "database_url": settings.database_url,
        "redis_url": settings.redis_url,
        "ray_address": settings.ray_address,
        "host": settings.host,
        "extra_env": given,
    }


def run(options: Mapping[str, Any], *, demo: bool) -> None:
    """Start, print, wait for a signal, stop.

    A second Ctrl-C while stopping changes nothing: the order is kept.
    """
    # No threading.Event: its lock is held for moments in which a handler would wait for it for ever.
    ended = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal ended
        ended = True

    def is_over() -> bool:
        return ended

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    seeding = _Seeding() if demo else None

    def after_restart(name: str) -> None:
        """The carrier keeps its accounts in memory: a new one is told them again."""
        if name == "carrier" and seeding is not None:
            seeding.again(stack.env)

    stack = LocalStack(
        **options,
        after_restart=after_restart,
        after_migrate=seeding.begin if seeding else None,
        report=lambda line: console.err.print(f"[yellow]·[/yellow] {line}", soft_wrap=True),
        cancelled=is_over,
    )
    console.err.print("Starting PostgreSQL, Valkey, Ray, carrier and gateway …")
    try:
        stack.start()
        logins = seeding.finish(is_over) if seeding else []
        if not ended:
            _print(stack, logins)
        while not ended:
            time.sleep(LOOK_EVERY_S)
        console.err.print("Stopping …")
    except LaunchError:
        if not ended:
            raise
    finally:
        if seeding:
            seeding.abandon()
        stack.stop()
    console.err.print("Stopped.")


class _Seeding:
    """Fills the hub in a process of its own, so that the supervisor stays small, while Ray is still coming
    up.
    """

    def __init__(self) -> None:
        self.proc: subprocess.Popen[str] | None = None

    def begin(self, env: Mapping[str, str]) -> None:
        argv = [sys.executable, "-m", "cli.main", "demo", "seed", "--json"]
        self.proc = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | env,
            start_new_session=True,
        )

    def again(self, env: Mapping[str, str]) -> None:
        """Once more, in the background; nobody waits for the answer."""
        self.abandon()
        argv = [sys.executable, "-m", "cli.main", "demo", "seed", "--json"]
        quiet = subprocess.DEVNULL
        self.proc = subprocess.Popen(
            argv,
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            text=True,
            env=os.environ | env,
            start_new_session=True,
        )

    def finish(self, is_over: Callable[[], bool]) -> list[dict[str, Any]]:
        """The logins that it reports. Raises LaunchError when it failed."""
        proc = self.proc
        if proc is None or proc.stdout is None:
            return []
        said: list[str] = []
        reader = threading.Thread(
            target=lambda: said.append(proc.stdout.read() if proc.stdout else ""), daemon=True
        )
        reader.start()
        waited = 0.0
        while reader.is_alive() and not is_over() and waited < SEED_S_MAX:
            reader.join(LOOK_EVERY_S)
            waited += LOOK_EVERY_S
        if is_over():
            return []
        if reader.is_alive() or proc.wait() != 0:
            raise LaunchError(
                "the demo data could not be made (hub demo seed failed): hub up --no-demo starts without it"
            )
        try:
            return list(json.loads(said[0]).get("logins", []))
        except (ValueError, IndexError, AttributeError):
            raise LaunchError("the demo data could not be made: hub demo seed gave no answer") from None

    def abandon(self) -> None:
        """End it when the hub stops before it is done.

        It works in one transaction or continues at the next start.
        """
        if self.proc is not None and self.proc.poll() is None:
            self.proc.terminate()
            try:
                self.proc.wait(10.0)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
        if self.proc is not None and self.proc.stdout is not None:
            self.proc.stdout.close()


def _print(stack: LocalStack, logins: list[dict[str, Any]]) -> None:
    """Addresses and logins, once all of it answers."""
    console.out.print(f"\n[bold green]Parley runs[/bold green] ({stack.started_s:.1f} s)", soft_wrap=True)
    console.out.print(
        f"  Hub            [bold]{stack.public_url}[/bold]   (API: {stack.public_url}/docs)", soft_wrap=True
    )
    console.out.print(f"  Carrier phone  [bold]{stack.carrier_url}[/bold]", soft_wrap=True)
    console.out.print(f"  Data           {stack.layout.var}   (logs: {stack.layout.logs})", soft_wrap=True)
    if logins:
        table = Table(
            "Role",
            "E-mail",
            "Password",
            "Tenant",
            box=None,
            pad_edge=False,
            padding=(0, 2),
            title="Demo logins",
        )
        table.title_justify = "left"
        for one in logins:
            table.add_row(*(str(one.get(name, "")) for name in ("role", "email", "password", "tenant")))
        console.out.print(table)
    console.out.print("Ctrl-C stops everything.\n")
    sys.stdout.flush()
