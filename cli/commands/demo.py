"""`hub demo`: seed the demo tenants, replay real messages, run a whole campaign."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import console
from hub.settings import Settings, get_settings

app = typer.Typer(help="Demo data, and the main job run on real input.", no_args_is_help=True)
Start = Annotated[
    bool, typer.Option("--start", help="Bring up an own hub for this run, on own ports and data.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


def _report(line: str) -> None:
    console.err.print(f"[dim]· {console.plain(line)}[/dim]")


@contextmanager
def hub_of_run(start: bool) -> Iterator[Settings]:
    """The running hub's settings, or those of a hub that lives as long as the block."""
    if not start:
        yield get_settings()
        return
    from cli.local.stack import LocalStack

    _report("starting a hub for this run")
    with LocalStack(report=_report) as stack:
        before = dict(os.environ)
        os.environ.update(stack.env)
        get_settings.cache_clear()
        try:
            yield get_settings()
        finally:
            os.environ.clear()
            os.environ.update(before)
            get_settings.cache_clear()


def _show(figures: dict[str, Any], as_json: bool) -> None:
    if as_json:
        console.print_json(figures)
        return
    table = Table(show_header=False)
    for name, value in figures.items():
        table.add_row(
            name, ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        )
    console.out.print(table)


def _run(job: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(job)


def _follow(
    start: bool,
    as_json: bool,
    job: Callable[[Settings], Coroutine[Any, Any, dict[str, Any]]],
    adds_up: Callable[[dict[str, Any]], bool],
) -> None:
    """Run it on the running hub or on an own one, show its figures, and fail when they do not add up."""
    with hub_of_run(start) as settings:
        figures = _run(job(settings))
    _show(figures, as_json)
    if not adds_up(figures):
        raise typer.Exit(1)


@app.command()
def seed(as_json: AsJson = False) -> None:
    """Fill the hub with demo tenants, people, contacts, channels, money and a trained model. Safe to repeat."""
    from cli.demo.seed import seed as fill

    logins = _run(fill(get_settings()))
    if as_json:
        console.print_json({"logins": [asdict(login) for login in logins]})
        return
    table = Table("role", "e-mail", "password", "tenant")
    for login in logins:
        table.add_row(login.role, login.email, login.password, login.tenant)
    console.out.print(table)


@app.command()
def replay(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="CSV with text,label; train.csv lies beside it."),
    ],
    channel: Annotated[str, typer.Option(help="sms or whatsapp")] = "sms",
    start: Start = False,
    as_json: AsJson = False,
) -> None:
    """Send every text of FILE as a signed provider webhook and follow it to the agent's stream."""
    from cli.demo.replay import replay as run

    if channel not in ("sms", "whatsapp"):
        raise typer.BadParameter("sms or whatsapp", param_hint="--channel")
    _follow(
        start,
        as_json,
        lambda settings: run(settings, file, channel, _report),
        lambda figures: not figures["lost"] and not figures["duplicated"],
    )


@app.command()
def campaign(
    contacts: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="How many contacts to import and message.")
    ] = 10_000,
    start: Start = False,
    as_json: AsJson = False,
) -> None:
    """Import contacts and message them all; the carrier makes some answer, fail and opt out."""
    from cli.demo.campaign import adds_up
    from cli.demo.campaign import campaign as run

    _follow(start, as_json, lambda settings: run(settings, contacts, _report), adds_up)


@app.command()
def messages(
    contacts: Annotated[
        int, typer.Option(min=10, max=100_000, help="How many contacts to import and message.")
    ] = 1_000,
    start: Start = False,
    as_json: AsJson = False,
) -> None:
    """One message to contacts with mixed handsets; each must be reached by its best channel."""
    from cli.demo.messages import adds_up
    from cli.demo.messages import messages as run

    _follow(start, as_json, lambda settings: run(settings, contacts, _report), adds_up)
