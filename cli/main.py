"""`hub`: the command line. Each command lives in a small file of its own below cli/commands/."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from cli import console
from cli.commands import audit, bench, demo, doctor, importing, migrate, train, up
from cli.errors import CliError
from cli.local.state import read_state

app = typer.Typer(
    name="hub",
    help="Parley: two-way campaigns over SMS, voice, WhatsApp and RCS.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)

app.command("up")(up.up)
app.command("migrate")(migrate.migrate)
app.command("doctor")(doctor.doctor)
app.command("audit")(audit.audit)
app.command("train")(train.train)
app.command("import")(importing.import_file)
app.command("bench")(bench.bench)

app.add_typer(demo.app, name="demo")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"parley-hub {version('parley-hub')}")
        raise typer.Exit


@app.callback()
def root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Parley: two-way campaigns over SMS, voice, WhatsApp and RCS."""
    _trust_running_hub()


def _trust_running_hub() -> None:
    """Take the token of this folder's local Ray from hub.json, before anything imports Ray, which reads it
    once.
    """
    running = read_state(Path(os.environ.get("HUB_VAR_DIR", "var")) / "hub.json")
    if running is not None and running.ray_auth_token and not os.environ.get("RAY_ADDRESS"):
        os.environ.update({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": running.ray_auth_token})


def explain(error: Exception) -> str | None:
    """One line for an error that a person can do something about; None for a bug of ours, which keeps its
    traceback.
    """
    from hub.errors import HubError

    if isinstance(error, CliError | HubError):
        return str(error)
    if isinstance(error, ConnectionError):
        return f"cannot connect: {error}. Is the hub running? Start it with: hub up"
    if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
        return f"{error.strerror}: {error.filename}"
    kind = f"{type(error).__module__}.{type(error).__name__}"
    original = getattr(error, "orig", None)
    if kind.startswith("sqlalchemy.") and isinstance(original, Exception):
        error = original
        kind = f"{type(error).__module__}.{type(error).__name__}"
    if kind.startswith("psycopg.") and type(error).__name__ == "OperationalError":
        return f"the database does not answer: {error}. Is the hub running? Start it with: hub up"
    if kind.startswith("redis.") and type(error).__name__ in (
        "ConnectionError",
        "TimeoutError",
        "AuthenticationError",
    ):
        return f"Redis does not answer: {error}. Is the hub running? Start it with: hub up"
    if kind.startswith("httpx2.") and type(error).__name__ in (
        "ConnectError",
        "ConnectTimeout",
        "ReadError",
        "ReadTimeout",
    ):
        return f"no answer: {str(error) or type(error).__name__}. Is the hub running? Start it with: hub up"
    return None


def main() -> None:
    """The entry point `hub`.

    Exit code 0: done; 1: it could not be done, or a check failed; 2: wrong usage; 130: interrupted.
    """
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        said = explain(error)
        if said is None:
            raise
        console.fault(said)
        sys.exit(1)


if __name__ == "__main__":
    main()
