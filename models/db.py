"""Engines, the tenant scope of a transaction, and `transaction()`: the only commit in the product but for `models.pipe`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, cast
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Table, TextClause
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

SCHEMA = "app"
APP_ROLE = "hub_app"
OWNER_ROLE = "hub_owner"
RETRYABLE = frozenset({"40001", "40P01"})
RETRIES_MAX = 5
SESSION_OPTIONS = f"-csearch_path={SCHEMA} -cidle_in_transaction_session_timeout=60s -clock_timeout=20s"


@dataclass(frozen=True, slots=True)
class Scope:
    """The tenants a transaction may read and may write. Row-level security enforces both."""

    read: frozenset[UUID]
    write: frozenset[UUID]

    @classmethod
    def of(cls, *tenants: UUID) -> Scope:
        """Read and write exactly these tenants: what a host sets for its batch."""
        both = frozenset(tenants)
        return cls(both, both)

    @classmethod
    def nothing(cls) -> Scope:
        """No tenant yet (sign-in, webhooks): only the lookup functions answer."""
        return cls(frozenset(), frozenset())


def app_password(secret_key: str) -> str:
    """The application role's password, derived from the hub's secret so that it is stored nowhere else."""
    return hmac.new(secret_key.encode(), b"parley application database role", hashlib.sha256).hexdigest()


def app_url(database_url: str, secret_key: str) -> URL:
    """The URL of the application role, which can neither bypass nor switch off row-level security."""
    return admin_url(database_url).set(username=APP_ROLE, password=app_password(secret_key))


def admin_url(database_url: str) -> URL:
    return make_url(database_url).set(drivername="postgresql+psycopg")


def make_engine(url: URL, *, pool: int, application_name: str = "parley") -> AsyncEngine:
    """An engine whose pool holds at most `pool` connections, all looking into the hub's schema."""
    return create_async_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=30,
        hide_parameters=True,  # errors are logged; numbers and texts of people must not be
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "options": SESSION_OPTIONS,
            "application_name": application_name,
            "prepare_threshold": 3,
        },
    )


def array(tenants: Iterable[UUID]) -> str:
    return "{" + ",".join(str(tenant) for tenant in tenants) + "}"


BIND = "SELECT set_config('hub.read_tenants', %s, true), set_config('hub.write_tenants', %s, true)"


async def _driver(db: AsyncConnection) -> psycopg.AsyncConnection[Any]:
    """The psycopg connection under a SQLAlchemy one: pipelines have no other door."""
    driver: Any = (await db.get_raw_connection()).driver_connection
    return cast("psycopg.AsyncConnection[Any]", driver)


async def bind(db: AsyncConnection, scope: Scope) -> None:
    """Set the scope for the rest of this transaction. BEGIN and this go out together: one round trip, not two."""
    if not db.in_transaction():
        await db.begin()
    driver = await _driver(db)
    try:
        async with driver.pipeline():
            await driver.execute(BIND, (array(scope.read), array(scope.write)))
    except psycopg.Error as error:
        raise translated(error) from None


def translated(error: psycopg.Error) -> DBAPIError:
    """A driver's error as SQLAlchemy raises it, so that callers know one family."""
    kinds = (
        (psycopg.OperationalError, OperationalError),
        (psycopg.IntegrityError, IntegrityError),
        (psycopg.DataError, DataError),
        (psycopg.InterfaceError, InterfaceError),
        (psycopg.ProgrammingError, ProgrammingError),
    )
    kind = next((ours for theirs, ours in kinds if isinstance(error, theirs)), DBAPIError)
    return kind("pipeline", None, error, hide_parameters=True, connection_invalidated=is_lost(error))


def is_lost(error: BaseException) -> bool:
    """True when the connection is gone. A server that ends it may still say so (57P01 and its kin), if we read that before the
    end of the line; which of both we meet is chance. Class 08 is the standard's: connection exception.
    """
    state = error.sqlstate if isinstance(error, psycopg.OperationalError) else ""
    return state is None or state.startswith(("08", "57P0"))


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool. Who is cancelled gives it up: a pipeline cut off may leave an answer on its way, which the next
    statement on that connection would take for its own.
    """
    async with engine.connect() as db:
        try:
            yield db
        except Exception:
            raise
        except BaseException:
            await db.invalidate()
            raise


@asynccontextmanager
async def transaction(engine: AsyncEngine, scope: Scope) -> AsyncIterator[AsyncConnection]:
    """Begin, bind the tenants, hand out the connection; commit at the end or roll back on any error."""
    async with connected(engine) as db:
        await bind(db, scope)
        yield db
        await db.commit()


@asynccontextmanager
async def snapshot(engine: AsyncEngine, scope: Scope) -> AsyncIterator[AsyncConnection]:
    """A transaction that only reads, and in which all statements see the same moment."""
    async with connected(engine) as db:
        await db.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        await bind(db, scope)
        yield db


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE of a database error, or None."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return getattr(original, "sqlstate", None)


def is_retryable(error: BaseException) -> bool:
    """True for serialization failures and deadlocks: the whole turn runs again."""
    return sqlstate(error) in RETRYABLE


class Insert(NamedTuple):
    """Many rows of one table in one statement; every row has the same keys. `suffix`: ON CONFLICT … RETURNING ….

    `exact`: it is wrong when not every row is written (and answered by RETURNING).
    """

    table: Table
    rows: Sequence[Mapping[str, Any]]
    suffix: str = ""
    exact: bool = False


@lru_cache(maxsize=512)
def _insert_statement(table: Table, columns: tuple[str, ...], suffix: str, rows: str, beside: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {names} "
        f"FROM {beside}jsonb_populate_recordset(NULL::{table.name}, {rows}::jsonb) {suffix}"
    )


def insert_source(insert: Insert, rows: str, beside: str = "") -> str:
    """The statement of an insert: `rows` is the placeholder of its JSON text, `beside` what it also reads from."""
    return _insert_statement(insert.table, tuple(insert.rows[0]), insert.suffix, rows, beside)


async def insert_all(db: AsyncConnection, inserts: Sequence[Insert]) -> list[Sequence[Any]]:
    """Run inserts in one round trip, in their order. Returns the rows of each RETURNING (empty without one).

    One JSON parameter a statement instead of COPY (refused under row-level security) or thousands of bound values.
    """
    driver = await _driver(db)
    cursors: list[psycopg.AsyncCursor[Any] | None] = []
    try:
        async with driver.pipeline():
            for insert in inserts:
                if not insert.rows:
                    cursors.append(None)
                    continue
                cursor = driver.cursor(row_factory=namedtuple_row)
                await cursor.execute(insert_source(insert, "%(rows)s"), {"rows": encode_rows(insert.rows)})
                cursors.append(cursor)
        return [await c.fetchall() if c is not None and c.description else [] for c in cursors]
    except psycopg.Error as error:
        raise translated(error) from None


async def copy_in(db: AsyncConnection, statement: str, data: bytes) -> None:
    """Run `COPY … FROM STDIN` with rows that are text already: into a temporary table, which no policy guards."""
    driver = await _driver(db)
    try:
        async with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            await copy.write(data)
    except psycopg.Error as error:
        raise translated(error) from None


def encode_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as JSON text for `jsonb_populate_recordset`; NUL, which PostgreSQL cannot store, becomes U+FFFD."""
    encoded = orjson.dumps(rows, default=_encode)
    return encoded.replace(b"\\u0000", b"\xef\xbf\xbd").decode()


def _encode(value: Any) -> Any:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)  # Decimal keeps its digits as text


class Pipelined(Protocol):
    """A transaction in which statements queue until somebody needs an answer: `models.pipe`."""

    async def put(self, statement: TextClause | str, values: Mapping[str, Any]) -> None: ...
    async def fetch(self, statement: TextClause | str, values: Mapping[str, Any]) -> list[Any]: ...
    async def insert(self, insert: Insert) -> list[Any]: ...


Db = AsyncConnection | Pipelined
"""What the stores of the hot paths write through: a transaction of either kind."""


async def fetch(db: Db, statement: TextClause, values: Mapping[str, Any]) -> Sequence[Any]:
    """The statement's rows, none for one that has no rows."""
    if not isinstance(db, AsyncConnection):
        return await db.fetch(statement, values)
    result = await db.execute(statement, values)
    return result.all() if result.returns_rows else []


async def put(db: Db, statement: TextClause, values: Mapping[str, Any]) -> None:
    """Run a statement whose rows nobody needs; in a pipeline it leaves with the next that somebody waits for."""
    if isinstance(db, AsyncConnection):
        await db.execute(statement, values)
    else:
        await db.put(statement, values)


async def insert_rows(
    db: Db, table: Table, rows: Sequence[Mapping[str, Any]], suffix: str = ""
) -> Sequence[Any]:
    """`insert_all` for one table."""
    if not rows:
        return []
    insert = Insert(table, rows, suffix)
    return (await insert_all(db, [insert]))[0] if isinstance(db, AsyncConnection) else await db.insert(insert)


async def run_rows(db: Db, statement: TextClause, rows: Sequence[Mapping[str, Any]], **more: Any) -> None:
    """`put` a statement that reads `:rows` through jsonb_to_recordset."""
    await put(db, statement, {"rows": encode_rows(rows), **more})
