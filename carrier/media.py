"""Files that tenants and handsets gave to the carrier, in memory: what a provider's media endpoints hold."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field

URL_LIFE_S = 300.0
_SIGNS: tuple[tuple[bytes, int, str], ...] = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"ftyp3g", 4, "video/3gpp"),
    (b"ftyp", 4, "video/mp4"),
    (b"\x1a\x45\xdf\xa3", 0, "video/webm"),
    (b"%PDF-", 0, "application/pdf"),
    (b"OggS", 0, "audio/ogg"),
    (b"ID3", 0, "audio/mpeg"),
    (b"#!AMR", 0, "audio/amr"),
)
# WhatsApp's limits by type: bytes.
WHATSAPP_BYTES_MAX = {
    "image/jpeg": 5_000_000,
    "image/png": 5_000_000,
    "video/mp4": 16_000_000,
    "video/3gpp": 16_000_000,
    "image/webp": 500_000,
}
AUDIO_BYTES_MAX, DOCUMENT_BYTES_MAX = 16_000_000, 100_000_000


@dataclass(slots=True, eq=False)
class File:
    """One file. `account` is the id of the account that may read it; `key` opens its short-lived address."""

    id: str
    account: str
    mime_type: str
    data: bytes
    name: str = ""
    key: str = ""
    key_until: float = 0.0
    sha256: str = field(default="")

    def __post_init__(self) -> None:
        self.sha256 = hashlib.sha256(self.data).hexdigest()


class MediaStore:
    """The newest files up to `bytes_max` in all; the oldest leave."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._files: OrderedDict[str, File] = OrderedDict()
        self._bytes = 0

    def add(self, account: str, mime_type: str, data: bytes, name: str = "") -> File:
        """Keep a file under a new id of digits."""
        file = File(str(secrets.randbelow(9 * 10**15) + 10**15), account, mime_type, data, name)
        self._files[file.id] = file
        self._bytes += len(data)
        while self._bytes > self._bytes_max and len(self._files) > 1:
            self.delete(next(iter(self._files)))
        return file

    def get(self, file_id: str) -> File | None:
        return self._files.get(file_id)

    def delete(self, file_id: str) -> bool:
        file = self._files.pop(file_id, None)
        if file is None:
            return False
        self._bytes -= len(file.data)
        return True

    def open(self, file: File) -> str:
        """A fresh key for the address of a file; the one before is no longer good."""
        file.key, file.key_until = secrets.token_urlsafe(12), time.time() + URL_LIFE_S
        return file.key


def sniffed(data: bytes) -> str:
    """What the first bytes say the file is, or an empty text."""
    for sign, at, mime_type in _SIGNS:
        if data[at : at + len(sign)] == sign:
            return mime_type
    return ""


def multipart(content_type: str, body: bytes) -> dict[str, tuple[str, str, bytes]]:
    """The parts of a multipart/form-data body by name: (file name, content type, data). Raises ValueError."""
    head, _, parameters = content_type.partition(";")
    if head.strip().lower() != "multipart/form-data":
        raise ValueError("multipart/form-data is needed")
    boundary = ""
    for item in parameters.split(";"):
        name, _, value = item.strip().partition("=")
        if name.lower() == "boundary":
            boundary = value.strip('"')
    if not boundary:
        raise ValueError("the boundary is missing")
    parts: dict[str, tuple[str, str, bytes]] = {}
    for block in body.split(b"--" + boundary.encode())[1:-1]:
        top, found, data = block.partition(b"\r\n\r\n")
        if not found or not data.endswith(b"\r\n"):
            raise ValueError("a part is not whole")
        headers = _headers(top)
        disposition = headers.get("content-disposition", "")
        fields = {
            key.strip().lower(): value.strip('"')
            for key, _, value in (item.partition("=") for item in disposition.split(";")[1:])
        }
        part = (fields.get("filename", ""), headers.get("content-type", ""), data[:-2])
        parts[fields.get("name", "")] = part
    return parts


def _headers(block: bytes) -> dict[str, str]:
    found = {}
    for line in block.strip().split(b"\r\n"):
        name, _, value = line.decode("utf-8", "replace").partition(":")
        found[name.strip().lower()] = value.strip()
    return found
