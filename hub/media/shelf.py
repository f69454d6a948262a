"""Where the files of the library lie: below var/media, a folder a tenant, each file named by its content."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from uuid import UUID

from hub.media.kinds import FILE_BYTES_MAX, HEAD_BYTES, sniff

CHUNK = 256 * 1024


class TooLarge(Exception):
    """The file is larger than its limit."""


class Draft:
    """A file as it arrives: counted, hashed and written aside; `keep` puts it on the shelf."""

    def __init__(self, folder: Path, bytes_max: int = FILE_BYTES_MAX) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._bytes_max = bytes_max
        self._hash = hashlib.sha256()
        self._file: IO[bytes] = tempfile.NamedTemporaryFile(dir=folder, delete=False)  # noqa: SIM115
        self.size = 0
        self.head = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        Path(self._file.name).unlink(missing_ok=True)

    def expect(self, size: int) -> None:
        """The sender says how much will come. Raises TooLarge before a byte of it is read."""
        if size > self._bytes_max:
            raise TooLarge(f"a file has at most {self._bytes_max} bytes")

    def add(self, data: bytes) -> None:
        """Raises TooLarge."""
        self.size += len(data)
        if self.size > self._bytes_max:
            raise TooLarge(f"a file has at most {self._bytes_max} bytes")
        if len(self.head) < HEAD_BYTES:
            self.head += data[: HEAD_BYTES - len(self.head)]
        self._hash.update(data)
        self._file.write(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def mime_type(self, filename: str = "") -> str:
        return sniff(self.head, filename)

    def keep(self, place: Path) -> None:
        """Move it to its place; the same content that is there already stays."""
        self._file.flush()
        os.fsync(self._file.fileno())
        place.parent.mkdir(parents=True, exist_ok=True)
        Path(self._file.name).replace(place)


class Shelf:
    """The folder of the library. On a cluster `var_dir` has to be one that every node sees."""

    def __init__(self, var_dir: Path) -> None:
        self._root = var_dir / "media"

    def draft(self, bytes_max: int = FILE_BYTES_MAX) -> Draft:
        return Draft(self._root / "arriving", bytes_max)

    def place(self, tenant_id: UUID, sha256: str) -> Path:
        """Where the file of this content lies for this tenant."""
        return self._root / str(tenant_id) / sha256[:2] / sha256

    async def keep(self, draft: Draft, tenant_id: UUID) -> None:
        """Put a draft on the shelf."""
        await asyncio.to_thread(draft.keep, self.place(tenant_id, draft.sha256))

    @contextmanager
    def opened(self, tenant_id: UUID, sha256: str) -> Iterator[IO[bytes]]:
        """The file, for reading. Raises FileNotFoundError."""
        with self.place(tenant_id, sha256).open("rb") as file:
            yield file

    def pieces(self, tenant_id: UUID, sha256: str) -> Iterator[bytes]:
        """The file in pieces. Raises FileNotFoundError at the first."""
        with self.opened(tenant_id, sha256) as file:
            while piece := file.read(CHUNK):
                yield piece
