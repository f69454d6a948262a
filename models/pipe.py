"""Transactions on raw psycopg connections, for the hot paths: as few round trips as their answers need.

SQLAlchemy makes one round trip a statement and one for the commit, each through a greenlet. Here statements queue up
until somebody needs an answer, and the commit travels with the last of them; `write` needs one round trip altogether.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import namedtuple_row
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.engine import URL

from models.db import (
    BIND,
    SESSION_OPTIONS,
    Insert,
    Scope,
    array,
    encode_rows,
    insert_source,
    is_lost,
    translated,
)

_DIALECT: Any = PGDialectAsync_psycopg()  # type: ignore[no-untyped-call]


class Pool:
    """At most `size` connections, opened when needed. A lost one takes the idle ones with it: they are lost, too."""

    def __init__(self, url: URL, *, size: int, application_name: str) -> None:
        self._conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._name = application_name
        self._slots = asyncio.Semaphore(size)
        self._idle: list[psycopg.AsyncConnection[Any]] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A connection without a transaction. Errors of the driver are raised as SQLAlchemy's."""
        async with self._slots:
            try:
                driver = self._idle.pop() if self._idle else await self._connect()
                try:
                    yield driver
                except Exception as error:  # of the database, or of whoever makes up their mind not to commit
                    await self._recover(driver, error)
                    raise
                except BaseException:  # cancelled at a place where nobody knows what the server still does
                    await driver.close()
                    raise
                self._idle.append(driver)
            except psycopg.Error as error:
                raise translated(error) from None

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(
            self._conninfo,
            autocommit=True,
            prepare_threshold=3,
            options=SESSION_OPTIONS,
            application_name=self._name,
        )

    async def _recover(self, driver: psycopg.AsyncConnection[Any], error: Exception) -> None:
        if driver.closed or is_lost(error):
            await driver.close()
            await self.close()
            return
        try:
            if driver.info.transaction_status is not TransactionStatus.IDLE:
                await driver.rollback()
            self._idle.append(driver)
        except psycopg.Error:
            await driver.close()

    async def close(self) -> None:
        """Close the idle connections."""
        idle, self._idle = self._idle, []
        for driver in idle:
            await driver.close()


@lru_cache(maxsize=512)
def _native(statement: TextClause) -> str:
    """The statement with psycopg's placeholders."""
    return str(statement.compile(dialect=_DIALECT))


class Pipe:
    """One transaction: `put` queues a statement, `fetch` sends all that is queued and brings the rows of the last."""

    def __init__(self, driver: psycopg.AsyncConnection[Any]) -> None:
        self._driver = driver

    async def put(self, statement: TextClause | str, values: Mapping[str, Any]) -> None:
        """Run it before whatever comes next; its error is raised by the next `fetch` or at the end."""
        query = statement if isinstance(statement, str) else _native(statement)
        await self._driver.execute(query, values)

    async def fetch(self, statement: TextClause | str, values: Mapping[str, Any]) -> list[Any]:
        """Run it now; its rows as named tuples."""
        return await self.answer(await self.ask(statement, values))

    async def ask(self, statement: TextClause | str, values: Mapping[str, Any]) -> psycopg.AsyncCursor[Any]:
        """Queue it; `answer` brings its rows, also after the commit."""
        cursor = self._driver.cursor(row_factory=namedtuple_row)
        await cursor.execute(statement if isinstance(statement, str) else _native(statement), values)
        return cursor

    @staticmethod
    async def answer(cursor: psycopg.AsyncCursor[Any]) -> list[Any]:
        """The rows of a statement that was asked, none when it has none."""
        try:
            return await cursor.fetchall()
        except psycopg.ProgrammingError as error:
            if error.sqlstate is None:
                return []  # the driver's own word for: this statement has no rows
            raise

    async def insert(self, insert: Insert) -> list[Any]:
        """Insert now; the rows of its RETURNING. Without one it only queues."""
        if not insert.rows:
            return []
        values = {"rows": encode_rows(insert.rows)}
        cursor = await self.ask(insert_source(insert, "%(rows)s"), values)
        return await self.answer(cursor) if "RETURNING" in insert.suffix else []

    async def insert_all(self, inserts: Sequence[Insert]) -> list[list[Any]]:
        """Insert now, in one round trip; the rows of each RETURNING (empty without one)."""
        asked = [
            await self.ask(insert_source(each, "%(rows)s"), {"rows": encode_rows(each.rows)})
            if each.rows
            else None
            for each in inserts
        ]
        return [
            await self.answer(cursor) if cursor is not None and "RETURNING" in each.suffix else []
            for each, cursor in zip(inserts, asked, strict=True)
        ]


@asynccontextmanager
async def pipeline(pool: Pool, scope: Scope) -> AsyncIterator[Pipe]:
    """`transaction` on a raw connection: the beginning leaves with the first statement, the commit with the last."""
    async with pool.connection() as driver, driver.pipeline():
        await driver.execute("BEGIN")
        await driver.execute(BIND, (array(scope.read), array(scope.write)))
        yield Pipe(driver)
        await driver.execute("COMMIT")


async def read(pool: Pool, scope: Scope, statement: TextClause, values: Mapping[str, Any]) -> list[Any]:
    """The rows of one statement, in a transaction of its own and one round trip."""
    async with pipeline(pool, scope) as db:
        cursor = await db.ask(statement, values)
    return await db.answer(cursor)


_SCOPE = "SELECT set_config('hub.read_tenants', %s, true), set_config('hub.write_tenants', %s, true)"


@lru_cache(maxsize=512)
def _write_statement(parts: tuple[str, ...], exact: tuple[int, ...]) -> str:
    named = ", ".join(f"i{place} AS ({part})" for place, part in enumerate(parts))
    checks = ", ".join(f"1 / ((SELECT count(*) FROM i{place}) = %s)::int" for place in exact) or "1"
    return f"WITH b AS MATERIALIZED ({_SCOPE}), {named} SELECT {checks}"


async def write(pool: Pool, scope: Scope, inserts: Sequence[Insert]) -> bool:
    """All inserts and the commit in one statement. False: an `exact` insert did not take all its rows; nothing is written.

    Every insert reads its rows beside the scope's, so that none can be checked by row-level security before the scope
    is bound. A count that is not right divides by zero, which ends the statement and with it the transaction.
    """
    wanted = [each for each in inserts if each.rows]
    values: list[Any] = [array(scope.read), array(scope.write)]
    values += [encode_rows(each.rows) for each in wanted]
    exact = tuple(place for place, each in enumerate(wanted) if each.exact)
    values += [len(wanted[place].rows) for place in exact]
    parts = tuple(insert_source(each, "%s", "b, ") for each in wanted)
    async with pool.connection() as driver:
        try:
            await driver.execute(_write_statement(parts, exact), values)
        except psycopg.errors.DivisionByZero:
            return False
    return True
