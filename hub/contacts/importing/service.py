"""Use cases of imports that people start: upload, decide, check, run, cancel, undo, mend. The work itself: work.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import store_attributes
from hub.contacts.importing import mapping, spool, store
from hub.contacts.importing.limits import FIELD_CHARS_MAX, FIXES_MAX, NAME_CHARS_MAX, WrongState
from hub.contacts.importing.mapping import Known
from hub.contacts.importing.options import ImportOptions, Mapped, check_options, identity
from hub.contacts.importing.source import Choices, FileInfo, inspect
from hub.conversations.views import instant
from hub.errors import Invalid, NotFound
from hub.ids import encode_id, new_id

NO_TOTALS = {"created": 0, "updated": 0, "unchanged": 0, "skipped": 0, "errors": 0}
_BUSY = frozenset({"checking", "running", "undoing"})
_MAY_DECIDE = frozenset({"uploaded", "checked", "failed"})
_MAY_UNDO = frozenset({"completed", "canceled", "failed"})


async def upload(
    db: AsyncConnection,
    tenant_id: UUID,
    *,
    name: str,
    file: IO[bytes],
    size: int,
    info: FileInfo,
    default_country: str,
    created_by: str,
) -> UUID:
    """Keep a file that has been looked at, with the mapping last used for its header or else a guess."""
    import_id = new_id()
    row = {
        "tenant_id": tenant_id,
        "id": import_id,
        "name": _clean_name(name),
        "size_bytes": size,
        "file": info.kept(),
        "options": (await _first_options(db, tenant_id, info, default_country)).model_dump(),
        "totals": NO_TOTALS,
        "created_by": created_by,
    }
    await store.create(db, row)
    await spool.keep(db, tenant_id, import_id, file)
    return import_id


def _clean_name(name: str) -> str:
    """The last part of a path, without what no name has."""
    last = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(letter for letter in last if letter.isprintable()).strip()
    return clean[:NAME_CHARS_MAX] or "contacts"


async def _first_options(
    db: AsyncConnection, tenant_id: UUID, info: FileInfo, default_country: str
) -> ImportOptions:
    known = await store_attributes.definitions(db, tenant_id)
    remembered = await store.recall(db, tenant_id, mapping.fingerprint(info.header))
    if remembered is not None:
        old = ImportOptions.model_validate(remembered)
        entries = mapping.recall(info.header, {entry.column: entry for entry in old.mapping})
        usable = [_usable(entry, known) for entry in entries]
        # What a column is stays the same from file to file; a tag or a consent is said of one file's people.
        return old.model_copy(update={"mapping": usable, "consent": None, "tags": []})
    guessed = mapping.guess(info.header, info.preview, [Known(one.key, one.label) for one in known.values()])
    return ImportOptions(mapping=guessed, default_country=default_country)


def _usable(entry: Mapped, known: Mapping[str, Any]) -> Mapped:
    """A remembered entry whose attribute has been deleted since creates it again only when it created it then."""
    key = entry.target.removeprefix("attribute.") if entry.target.startswith("attribute.") else None
    if key is None or key in known:
        return entry.model_copy(update={"create": None})
    return entry if entry.create is not None else Mapped(column=entry.column, target="")


async def held(db: AsyncConnection, tenant_id: UUID, import_id: UUID) -> Row[Any]:
    """The import, locked. Raises NotFound."""
    row = await store.get(db, tenant_id, import_id, lock=True)
    if row is None:
        raise NotFound("there is no such import")
    return row


async def get(db: AsyncConnection, tenant_id: UUID, import_id: UUID) -> Row[Any]:
    """The import. Raises NotFound."""
    row = await store.get(db, tenant_id, import_id)
    if row is None:
        raise NotFound("there is no such import")
    return row


def _must_be(row: Row[Any], states: frozenset[str], what: str) -> None:
    if row.state not in states:
        raise WrongState(f"an import that is {row.state} cannot be {what}", row.state)


def must_be_changeable(row: Row[Any]) -> None:
    """Raises WrongState once contacts have been written."""
    _must_be(row, _MAY_DECIDE, "changed")
    if row.state == "failed" and row.rows_done and (row.checkpoint or {}).get("ranges"):
        raise WrongState("this import has written contacts: undo it first", row.state)


async def decide(
    db: AsyncConnection,
    tenant_id: UUID,
    import_id: UUID,
    options: ImportOptions,
    info: FileInfo | None = None,
) -> None:
    """Change the options, and with `info` how the file is read. What a dry run found is forgotten.

    Raises Invalid naming the place, WrongState, NotFound.
    """
    row = await held(db, tenant_id, import_id)
    must_be_changeable(row)
    known = await store_attributes.definitions(db, tenant_id)
    info = info or FileInfo.of(row.file)
    check_options(options, info.header, known.keys())
    await store.set_import(
        db,
        tenant_id,
        import_id,
        options=options.model_dump(),
        file=info.kept(),
        state="uploaded",
        totals=NO_TOTALS,
        rows_done=0,
        error=None,
    )
    await store.clear_errors(db, tenant_id, import_id)


def reread(file: IO[bytes], row: Row[Any], choices: Choices) -> FileInfo:
    """What the file is when it is read as somebody says. Raises FileRefused."""
    return inspect(file, row.size_bytes, row.name, bool(row.file.get("all_utf8")), choices)


async def remap(
    db: AsyncConnection, tenant_id: UUID, info: FileInfo, options: ImportOptions
) -> ImportOptions:
    """The options for a file that is read in another way: a mapping for its new columns."""
    fresh = await _first_options(db, tenant_id, info, options.default_country)
    return options.model_copy(update={"mapping": fresh.mapping})


async def check(db: AsyncConnection, tenant_id: UUID, import_id: UUID, now: datetime) -> None:
    """Begin a dry run: nothing of contacts is written. Raises WrongState, Invalid, NotFound."""
    row = await held(db, tenant_id, import_id)
    must_be_changeable(row)
    await _ready(db, row)
    await store.clear_errors(db, tenant_id, import_id)
    await _begin(db, row, "checking", now)


async def run(db: AsyncConnection, tenant_id: UUID, import_id: UUID, now: datetime) -> None:
    """Begin to write contacts. Raises WrongState, Invalid, NotFound."""
    row = await held(db, tenant_id, import_id)
    must_be_changeable(row)
    await _ready(db, row)
    await store.clear_errors(db, tenant_id, import_id)
    await _begin(db, row, "running", now, created_before=row.checkpoint)


async def _ready(db: AsyncConnection, row: Row[Any]) -> None:
    """Raises Invalid when the options do not fit (any more), and remembers them for the next such file."""
    options = ImportOptions.model_validate(row.options)
    info = FileInfo.of(row.file)
    known = await store_attributes.definitions(db, row.tenant_id)
    check_options(options, info.header, known.keys())
    identity(options)
    await store.remember(db, row.tenant_id, mapping.fingerprint(info.header), options.model_dump())


async def _begin(db: AsyncConnection, row: Row[Any], state: str, now: datetime, **_: Any) -> None:
    await store.set_import(
        db,
        row.tenant_id,
        row.id,
        state=state,
        totals=NO_TOTALS,
        rows_done=0,
        rows_total=None if state == "checking" else row.rows_total,
        checkpoint=None,
        cancel_asked=0,
        error=None,
        started_at=now,
        finished_at=None,
    )


async def cancel(db: AsyncConnection, tenant_id: UUID, import_id: UUID) -> None:
    """Stop after the block that is being written. An undo is not stopped half way."""
    row = await held(db, tenant_id, import_id)
    _must_be(row, frozenset({"checking", "running"}), "canceled")
    await store.set_import(db, tenant_id, import_id, cancel_asked=1)


async def undo(db: AsyncConnection, tenant_id: UUID, import_id: UUID, now: datetime) -> None:
    """Begin to take back what the import wrote. Raises WrongState, NotFound."""
    row = await held(db, tenant_id, import_id)
    _must_be(row, _MAY_UNDO, "undone")
    if not (row.checkpoint or {}).get("ranges"):
        raise WrongState("this import has written nothing", row.state)
    checkpoint = {
        **row.checkpoint,
        "undo": {"after": None, "phase": "created"},
        "ended": instant(row.finished_at),
    }
    await store.set_import(
        db,
        tenant_id,
        import_id,
        state="undoing",
        checkpoint=checkpoint,
        rows_done=0,
        rows_total=row.totals.get("created", 0) + row.totals.get("updated", 0),
        cancel_asked=0,
        error=None,
        finished_at=None,
    )


async def remove(db: AsyncConnection, tenant_id: UUID, import_id: UUID) -> None:
    """Forget the import and its file; contacts stay, and cannot be taken back any more."""
    row = await held(db, tenant_id, import_id)
    if row.state in _BUSY:
        raise WrongState(f"an import that is {row.state} cannot be deleted: cancel it first", row.state)
    await store.remove(db, tenant_id, import_id)


async def mend(
    db: AsyncConnection, tenant_id: UUID, import_id: UUID, row_number: int, cells: Mapping[str, str]
) -> None:
    """Replace cells of a row; they win over the file. Raises Invalid naming the column, WrongState, NotFound."""
    row = await held(db, tenant_id, import_id)
    must_be_changeable(row)
    header = set(row.file["header"])
    for name, value in cells.items():
        if name not in header:
            raise Invalid(f"the file has no column {name[:60]!r}", "/cells")
        if len(value) > FIELD_CHARS_MAX:
            raise Invalid(f"a cell has at most {FIELD_CHARS_MAX:,} characters", f"/cells/{name}")
    if row_number < 1 or row_number > 100_000_000:
        raise NotFound("the file has no such row")
    if await store.fix_count(db, tenant_id, import_id) >= FIXES_MAX:
        raise Invalid(
            f"at most {FIXES_MAX:,} rows can be mended here: mend the file and upload it again", "/cells"
        )
    await store.fix(db, tenant_id, import_id, row_number, cells)


def view(row: Row[Any]) -> dict[str, Any]:
    """An import as the API and the live events show it."""
    file = {name: value for name, value in row.file.items() if name not in ("all_utf8", "skip")}
    seconds = _seconds(row)
    rate = round(row.rows_done / seconds, 1) if seconds > 0 and row.rows_done else 0.0
    total = row.rows_total if row.rows_total is not None else row.file.get("rows_estimate")
    left = max((total or 0) - row.rows_done, 0)
    return {
        "id": encode_id("imp", row.id),
        "name": row.name,
        "state": row.state,
        "size_bytes": row.size_bytes,
        "file": file,
        "options": row.options,
        "totals": {**NO_TOTALS, **{key: row.totals.get(key, 0) for key in NO_TOTALS}},
        "undo": row.totals.get("undo"),
        "rows_done": row.rows_done,
        "rows_total": row.rows_total,
        "rows_per_s": rate,
        "seconds_left": round(left / rate, 1) if row.state in _BUSY and rate else None,
        "error": row.error,
        "created_by": row.created_by,
        "created_at": instant(row.created_at),
        "started_at": instant(row.started_at),
        "finished_at": instant(row.finished_at),
    }


def _seconds(row: Row[Any]) -> float:
    if row.started_at is None:
        return 0.0
    seconds = (row.checkpoint or {}).get("seconds")
    if seconds:
        return float(seconds)
    ended: datetime = row.finished_at or datetime.now(row.started_at.tzinfo)
    return float((ended - row.started_at).total_seconds())


def cells_by_name(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return dict(zip(header, cells, strict=False))
