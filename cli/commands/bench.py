"""`hub bench NAME`: one benchmark, with its peers measured in the same run."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import console


def bench(
    name: Annotated[
        str,
        typer.Argument(
            help="inbound, latency, campaign, live, wallet, segment, import, smpp, assign, flow, screen."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller numbers: under a minute.")] = False,
    rules: Annotated[
        int, typer.Option(min=0, max=500, help="Routing rules of the tenant, for inbound and latency.")
    ] = 0,
    queues: Annotated[
        int, typer.Option(min=0, max=500, help="Queues of the tenant, for inbound and latency.")
    ] = 0,
) -> None:
    """Measure, beside a peer or a limit, on own ports and an own data folder.

    Exit code 1 when a required ratio is missed.
    """
    import asyncio

    import bench as benches

    outcome: Any = benches.run(name, quick, rules, queues)
    if inspect.iscoroutine(outcome):
        outcome = asyncio.run(outcome)
    result: dict[str, Any] = outcome
    if as_json:
        console.print_json(result)
    else:
        show(result)
    if not all(figure.get("met", True) for figure in result["figures"]):
        raise typer.Exit(1)


def show(result: dict[str, Any]) -> None:
    """A table of the figures: ours, the baseline, their ratio, what is required."""
    table = Table(title=f"{result['bench']} ({result['seconds']:.0f} s)", title_justify="left")
    for heading in ("figure", "ours", "unit", "baseline", "its value", "ratio", "required", "met"):
        table.add_column(heading, justify="right" if heading in ("ours", "its value", "ratio") else "left")
    for one in result["figures"]:
        table.add_row(
            one["name"],
            _number(one["value"]),
            one["unit"],
            one.get("baseline") or "",
            _number(one.get("baseline_value")),
            _number(one.get("ratio")),
            str(one.get("required") or ""),
            "✓" if one.get("met", True) else "✗",
        )
    console.out.print(table)
    console.out.print(f"machine: {result['machine']}", soft_wrap=True)


def _number(value: Any) -> str:
    return "" if value is None else f"{value:,.2f}" if isinstance(value, float) else str(value)
