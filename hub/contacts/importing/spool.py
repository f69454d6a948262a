"""A file of an import between the database, where it lies in pieces, and a temporary file, where it can be read."""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.contacts.importing import store
from hub.contacts.importing.limits import CHUNK_BYTES, FILE_BYTES_MAX, FileRefused
from models.db import Scope, transaction


@dataclass(eq=False)
@dataclass(eq=False)
class TooLarge(FileRefused):
    """The file is larger than an import may be."""

    code: ClassVar[str] = "file-too-large"


@dataclass(slots=True)
class Spool:
    """Bytes as they arrive, on disk; whether all of them are UTF-8 is seen on the way."""

    file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    size: int = 0
    digest: str = ""
    all_utf8: bool = True
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)
    _utf8: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def add(self, data: bytes) -> None:
        """Raises TooLarge above 200 MiB."""
        self.size += len(data)
        if self.size > FILE_BYTES_MAX:
            raise TooLarge(f"a file has at most {FILE_BYTES_MAX // 2**20} MiB", "/", "size")
        self._hash.update(data)
        self._try_utf8(data, final=False)
        self.file.write(data)

    def seal(self) -> None:
        """After the last byte."""
        self._try_utf8(b"", final=True)
        self.digest = self._hash.hexdigest()
        self.file.flush()

    def _try_utf8(self, data: bytes, *, final: bool) -> None:
        if self.all_utf8:
            try:
                self._utf8.decode(data, final)
            except UnicodeDecodeError:
                self.all_utf8 = False

    def close(self) -> None:
        self.file.close()

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


async def keep(db: AsyncConnection, tenant_id: UUID, import_id: UUID, file: IO[bytes]) -> None:
    """Write a whole file as pieces of 1 MiB."""
    file.seek(0)
    number = 0
    while data := await asyncio.to_thread(file.read, CHUNK_BYTES):
        await store.add_chunk(db, tenant_id, import_id, number, data)
        number += 1


@asynccontextmanager
async def opened(
    engine: AsyncEngine, tenant_id: UUID, import_id: UUID, chunks_max: int | None = None
) -> AsyncIterator[IO[bytes]]:
    """The file again, or its first pieces, as a temporary file. A short transaction a piece, none in between."""
    with tempfile.TemporaryFile() as file:
        number = 0
        while chunks_max is None or number < chunks_max:
            async with transaction(engine, Scope.of(tenant_id)) as db:
                data = await store.chunk(db, tenant_id, import_id, number)
            if data is None:
                break
            await asyncio.to_thread(file.write, data)
            number += 1
        if number == 0:
            raise FileRefused("the file is not kept any more: upload it again", "/", "gone")
        file.seek(0)
        yield file
