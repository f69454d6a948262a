"""The shared texts of a workbook, written to disk while they are inflated and looked up by number."""

from __future__ import annotations

import mmap
import tempfile
from array import array
from collections.abc import Iterable
from types import TracebackType
from typing import IO, Any

KEPT = 20_000  # texts that were asked for lately,
KEPT_CHARS_MAX = 200  # unless they are long


class SharedTexts:
    """8 bytes of memory a text. A number beyond the last is an empty text."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._ends = array("Q", [0])
        self._map: mmap.mmap | None = None
        self._kept: dict[int, str] = {}

    def add(self, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))

    def seal(self) -> None:
        """After the last `add`, before the first `get`."""
        self._file.flush()
        if self._ends[-1]:
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def get(self, number: int) -> str:
        known = self._kept.get(number)
        if known is not None:
            return known
        if self._map is None or not 0 <= number < len(self._ends) - 1:
            return ""
        data = self._map[self._ends[number] : self._ends[number + 1]]
        text = data.decode("utf-8", "surrogatepass")
        if len(text) <= KEPT_CHARS_MAX:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[number] = text
        return text

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
        self._file.close()

    def __enter__(self) -> SharedTexts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class TextReader:
    """Handlers for the parser of `sharedStrings.xml`: each `si` is one text, of one or many runs."""

    def __init__(self, texts: SharedTexts, chars_max: int) -> None:
        self._texts = texts
        self._chars_max = chars_max
        self._parts: list[str] = []
        self._size = 0
        self._reading = False
        self._phonetic = False

    def listen(self, made: Any) -> None:
        made.StartElementHandler = self._start
        made.EndElementHandler = self._end
        made.CharacterDataHandler = self._text

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "si":
            self._parts, self._size = [], 0
        elif name == "rPh":
            self._phonetic = True
        elif name == "t":
            self._reading = not self._phonetic

    def _text(self, data: str) -> None:
        if self._reading and self._size <= self._chars_max:  # one too long is told where a cell shows it
            self._parts.append(data)
            self._size += len(data)

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "t":
            self._reading = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            self._texts.add("".join(self._parts))


def read_all(texts: SharedTexts, made: Any, feed: Any, pieces: Iterable[bytes], chars_max: int) -> None:
    """Feed every piece to the parser and keep the texts."""
    TextReader(texts, chars_max).listen(made)
    for piece in pieces:
        feed(made, piece)
    feed(made, b"", True)
    texts.seal()
