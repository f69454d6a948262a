"""Encoding a whole data set: near lengths together, several threads, and resumable from disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hub.intents.encoder import DIMENSIONS, Encoder, Floats, canonical

Progress = Callable[[str, int, int], None]

CHUNK_TEXTS = 256
_RECORD = np.dtype([("key", "V32"), ("vector", "<f4", (DIMENSIONS,))])


def silent(step: str, done: int, total: int) -> None:
    """A progress callback that shows nothing."""


class VectorStore:
    """Vectors of texts in one append-only file, so that an interrupted encoding goes on where it stopped.

    Records of 32 bytes SHA-256 of the canonical text and 384 float32. A last record that was cut off is dropped.
    """

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{encoder.id}-{encoder.sha256[:16]}.vectors"
        self._vectors: dict[bytes, Floats] = {}
        if self._path.exists():
            whole = self._path.stat().st_size // _RECORD.itemsize
            with self._path.open("r+b") as file:
                file.truncate(whole * _RECORD.itemsize)
            records = np.fromfile(self._path, _RECORD)
            self._vectors = {
                bytes(key): vector for key, vector in zip(records["key"], records["vector"], strict=True)
            }

    def get(self, text: str) -> Floats | None:
        """The vector of a canonical text, or None."""
        return self._vectors.get(_key(text))

    def add(self, texts: Sequence[str], vectors: Floats) -> None:
        """Append the vectors of canonical texts."""
        records: npt.NDArray[np.void] = np.zeros(len(texts), _RECORD)
        records["key"] = np.frombuffer(b"".join(map(_key, texts)), "V32")
        records["vector"] = vectors
        with self._path.open("ab") as file:
            file.write(records.tobytes())


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    ordered = sorted(texts, key=len)
    for start in range(0, len(ordered), CHUNK_TEXTS):
        yield ordered[start : start + CHUNK_TEXTS]


def embed(
    encoder: Encoder,
    texts: Sequence[str],
    *,
    folder: Path | None = None,
    threads: int = 2,
    progress: Progress = silent,
    step: str = "encode",
) -> Floats:
    """Vectors of `texts`, float32 (n, 384). Equal texts are encoded once; with `folder`, what is there is reused."""
    if not texts:
        return np.zeros((0, DIMENSIONS), np.float32)
    cleaned = [canonical(text) for text in texts]
    store = VectorStore(folder, encoder) if folder is not None else None
    known: dict[str, Floats] = {}
    for text in set(cleaned):
        vector = store.get(text) if store is not None else None
        if vector is not None:
            known[text] = vector
    total = len(set(cleaned))
    progress(step, len(known), total)
    missing = sorted(set(cleaned) - known.keys())
    with ThreadPoolExecutor(threads, thread_name_prefix="embed") as pool:
        running = {pool.submit(encoder.encode, chunk): chunk for chunk in _chunks(missing)}
        try:
            for done in as_completed(running):
                vectors = done.result()
                known.update(zip(running[done], vectors, strict=True))
                if store is not None:
                    store.add(running[done], vectors)
                progress(step, len(known), total)
        finally:
            pool.shutdown(cancel_futures=True)
    return np.stack([known[text] for text in cleaned])
