"""`hub audit`: do the books add up?"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import console
from cli.errors import CliError


async def _findings() -> list[dict[str, Any]]:
    """Run every check over all tenants, as the application's role, in one read-only snapshot."""
    from hub.billing.audit import audit as examine
    from hub.settings import get_settings
    from models.db import app_url, make_engine

    settings = get_settings()
    if not settings.database_url:
        raise CliError("no running hub found here: start it with hub up, or set HUB_DATABASE_URL")
    url = app_url(settings.database_url, settings.secret_key.get_secret_value())
    engine = make_engine(url, pool=1, application_name="parley audit")
    try:
        return [asdict(found) for found in await examine(engine)]
    finally:
        await engine.dispose()


def audit(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Check the ledger's invariants over all tenants. Exit code 1 when one is broken."""
    findings = asyncio.run(_findings())
    if as_json:
        console.print_json({"clean": not findings, "findings": findings})
    elif not findings:
        console.out.print("[green]✓[/green] The books add up.")
    else:
        table = Table(*findings[0], title=f"{len(findings)} findings", title_justify="left")
        for one in findings:
            table.add_row(*(str(value) for value in one.values()))
        console.out.print(table)
    if findings:
        raise typer.Exit(1)
