"""`hub train`: make a version of an intent model from a file of examples."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli import console
from cli.errors import CliError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from training.train import TrainedVersion


def train(
    data: Annotated[
        Path, typer.Option(help="CSV with the columns text and label.", exists=True, dir_okay=False)
    ],
    validation: Annotated[
        Path | None,
        typer.Option(
            help="CSV to choose thresholds on; else parts of the data are held out.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    tenant: Annotated[
        str,
        typer.Option(help="Id (ten_…) or slug of the tenant to keep the version for, in the running hub."),
    ] = "",
    corrections: Annotated[
        bool, typer.Option("--corrections", help="Also train on what that tenant's agents corrected.")
    ] = False,
    publish: Annotated[bool, typer.Option("--publish", help="Make it that tenant's live version.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write model and report without a tenant. Default: var/models."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed and data give the same model.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train and evaluate; keep the version for a tenant of the running hub, or as files."""
    from training.train import train_file

    if publish and not tenant:
        raise CliError("--publish needs --tenant: only a tenant has a live version")
    if corrections and not tenant:
        raise CliError("--corrections needs --tenant: only a tenant's agents correct")
    corrected = asyncio.run(_corrected(tenant)) if corrections else []
    with _Bar(hidden=as_json) as bar:
        trained = train_file(data, validation=validation, corrected=corrected, seed=seed, progress=bar.step)
    kept = asyncio.run(_store(trained, tenant, publish)) if tenant else _write(trained, out)
    report = trained.report.model_dump(mode="json")
    if as_json:
        console.print_json({"version": kept, "report": report})
    else:
        _show(report, kept)


class _Bar:
    """A progress bar a step, from the callbacks (step, done, total) of the training."""

    def __init__(self, *, hidden: bool) -> None:
        columns = (
            TextColumn("{task.description:<16}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console.err, disable=hidden)
        self._tasks: dict[str, TaskID] = {}

    def step(self, name: str, done: int, total: int) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total)
        self._progress.update(self._tasks[name], completed=done, total=total)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._progress.stop()


def _write(trained: TrainedVersion, out: Path | None) -> dict[str, Any]:
    """The model and its report as two files named after the data they were made from."""
    from hub.settings import get_settings

    folder = out or get_settings().var_dir / "models"
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / f"intents-{trained.report.data_sha256[:12]}.model"
    model.write_bytes(trained.data)
    model.with_suffix(".json").write_text(trained.report.model_dump_json(indent=2))
    return {"model": str(model), "report": str(model.with_suffix(".json"))}


async def _corrected(tenant: str) -> list[tuple[str, str]]:
    """What the tenant's agents corrected, (text, intent). Raises CliError for an unknown tenant."""
    from cli.tenants import find_tenant
    from hub.intents import corrections
    from models.db import Scope, transaction

    engine = _engine()
    try:
        owner = await find_tenant(engine, tenant)
        async with transaction(engine, Scope.of(owner)) as db:
            return await corrections.rows(db, owner)
    finally:
        await engine.dispose()


def _engine() -> AsyncEngine:
    """Of the running hub. Raises CliError where none is found."""
    from hub.settings import get_settings
    from models.db import app_url, make_engine

    settings = get_settings()
    if not settings.database_url:
        raise CliError("no running hub found here: start it with hub up, or set HUB_DATABASE_URL")
    return make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=1)


async def _store(trained: TrainedVersion, tenant: str, publish: bool) -> dict[str, Any]:
    """A candidate version of the tenant, or its live one. Raises CliError for an unknown tenant."""
    from cli.tenants import find_tenant
    from hub.ids import encode_id, new_id
    from hub.intents import store
    from models.db import Scope, transaction

    report = trained.report
    version_id = new_id()
    row = {
        "id": version_id,
        "encoder_id": report.encoder_id,
        "encoder_sha256": report.encoder_sha256,
        "data_sha256": report.data_sha256,
        "labels": sorted(report.rows_per_label),
        "report": report.model_dump(mode="json"),
        "artifact": trained.data,
    }
    engine = _engine()
    try:
        owner = await find_tenant(engine, tenant)
        async with transaction(engine, Scope.of(owner)) as db:
            number = await store.insert(db, owner, row)
            if publish:
                await store.publish(db, owner, version_id)
    finally:
        await engine.dispose()
    status = "live" if publish else "candidate"
    return {
        "id": encode_id("int", version_id),
        "tenant_id": encode_id("ten", owner),
        "number": number,
        "status": status,
    }


def _show(report: dict[str, Any], kept: dict[str, Any]) -> None:
    judged = report["validation"]
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in (
        ("rows", f"{report['rows']} of {len(report['rows_per_label'])} intents"),
        ("judged on", f"{judged['rows']} {report['validated_on']}"),
        ("accuracy", f"{judged['accuracy']:.3f} (macro F1 {judged['macro_f1']:.3f})"),
        (
            "rejected",
            f"{judged['rejected_share']:.1%}; accuracy of the rest {judged['accuracy_of_kept']:.3f}",
        ),
        ("first stage", f"answers {judged['first_stage_share']:.1%} without the encoder"),
        ("calibration", f"expected error {judged['ece']:.3f}"),
        ("model", f"{report['model_bytes'] / 1e6:.1f} MB, trained in {report['timings']['total_s']:.0f} s"),
        ("kept as", ", ".join(f"{key} {value}" for key, value in kept.items())),
    ):
        table.add_row(name, value)
    console.out.print(table)
    for warning in report["warnings"]:
        console.out.print(f"[yellow]![/yellow] {console.plain(warning)}", soft_wrap=True)
