"""`hub migrate`: bring the database to the newest schema."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import console
from cli.errors import CliError


def migrate(
    database_url: Annotated[
        str, typer.Option(help="Database to migrate. Default: HUB_DATABASE_URL, or the running hub's.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring the database to the newest revision. Safe to run twice, and from several machines at once."""
    from hub.settings import get_settings
    from models.migrate import upgrade

    settings = get_settings()
    url = database_url or settings.database_url
    if not url:
        raise CliError(
            "no database: set HUB_DATABASE_URL, or start a hub here with: hub up (it migrates by itself)"
        )
    secret = settings.secret_key.get_secret_value()
    if not secret:
        raise CliError("HUB_SECRET_KEY is not set: the application's database password is made from it")
    revision = upgrade(url, secret)
    if as_json:
        console.print_json({"revision": revision})
    else:
        console.out.print(f"The database is at revision {revision}.")
