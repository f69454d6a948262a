"""`hub doctor`: is this machine fit, and is the hub well?"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer

from cli import console
from cli.checks import Check

MARKS = {
    "ok": "[green]✓[/green]",
    "warn": "[yellow]![/yellow]",
    "fail": "[red]✗[/red]",
    "skip": "[dim]-[/dim]",
}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Check the machine and the servers; say what to do about each fault.

    Exit code 1 when something is broken.
    """
    from cli.checks.machine import machine_checks
    from cli.checks.servers import server_checks
    from hub.settings import get_settings

    settings = get_settings()
    checks: list[Check] = []
    for found in (machine_checks, server_checks):
        for check in found(settings):
            checks.append(check)
            if not as_json:
                _show(check)
    counted = Counter(check.status for check in checks)
    if as_json:
        console.print_json({"ok": counted["fail"] == 0, "checks": [asdict(check) for check in checks]})
    else:
        console.out.print(
            f"{counted['ok']} good, {counted['warn']} to note, "
            f"{counted['fail']} broken, {counted['skip']} skipped"
        )
    if counted["fail"]:
        raise typer.Exit(1)


def _show(check: Check) -> None:
    remedy = f"  →  {check.remedy}" if check.remedy and check.status in ("warn", "fail") else ""
    console.out.print(
        f"{MARKS[check.status]} {check.name:<20} {console.plain(check.detail + remedy)}", soft_wrap=True
    )
