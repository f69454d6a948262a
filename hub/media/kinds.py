"""What a file is, by its first bytes; which files a channel takes, and how large. Pure. Source: channel reference 4 and 5.

What a sender says about a file is not trusted: the kind is sniffed, and a file that is nothing we know is kept as a
document, never shown by a browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from hub.channels.base import ChannelKind
from hub.errors import Invalid

Kind = Literal["image", "video", "audio", "document", "sticker"]
FILE_BYTES_MAX = 100 * 1024 * 1024
HEAD_BYTES = 64
UNKNOWN = "application/octet-stream"

_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"#!AMR", "audio/amr"),
    (8, b"WAVE", "audio/wav"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
)
# Office files are zip files; the name tells which.
_OFFICE: Mapping[str, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_MB = 1024 * 1024
_DOCUMENTS = ("application/pdf", "text/plain", *_OFFICE.values())
# Bytes at most, by channel and type. A type that is missing is not taken.
LIMITS: Mapping[ChannelKind, Mapping[str, int]] = {
    ChannelKind.WHATSAPP: {
        "image/jpeg": 5 * _MB,
        "image/png": 5 * _MB,
        "video/mp4": 16 * _MB,
        "video/3gpp": 16 * _MB,
        "audio/aac": 16 * _MB,
        "audio/amr": 16 * _MB,
        "audio/mpeg": 16 * _MB,
        "audio/mp4": 16 * _MB,
        "audio/ogg": 16 * _MB,
        "image/webp": 500 * 1024,
        **dict.fromkeys(_DOCUMENTS, 100 * _MB),
    },
    ChannelKind.RCS: dict.fromkeys(
        ("image/jpeg", "image/png", "image/gif", "video/mp4", "video/mpeg", "video/webm", "application/pdf"),
        100 * _MB,
    ),
}


def sniff(head: bytes, filename: str = "") -> str:
    """The media type that the first HEAD_BYTES of a file show; UNKNOWN for what is nothing we know."""
    for at, sign, mime_type in _SIGNS:
        if head[at : at + len(sign)] == sign:
            if mime_type == "application/zip":
                return _OFFICE.get(filename.rpartition(".")[2].lower(), mime_type)
            return mime_type
    return "text/plain" if head and _is_text(head) else UNKNOWN


def _is_text(head: bytes) -> bool:
    """Printable words that are no markup: a browser must not find a page in them."""
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if (
            error.start < len(head) - 3
        ):  # a character that is cut in two at the end is none of the file's faults
            return False
        text = head[: error.start].decode()
    return "<" not in text and all(char.isprintable() or char in "\r\n\t" for char in text)


def kind_of(mime_type: str) -> Kind:
    """What a message calls such a file."""
    if mime_type == "image/webp":
        return "sticker"
    group = mime_type.partition("/")[0]
    match group:
        case "image" | "video" | "audio":
            return group
    return "document"


def check_channel(channel: ChannelKind, mime_type: str, size_bytes: int) -> None:
    """Raises Invalid when the channel does not take such a file."""
    limits = LIMITS.get(channel, {})
    if mime_type not in limits:
        raise Invalid(f"{channel.value} takes no {mime_type}", "/file")
    if size_bytes > limits[mime_type]:
        raise Invalid(f"{channel.value} takes {mime_type} of at most {limits[mime_type]} bytes", "/file")


def channels_of(mime_type: str, size_bytes: int) -> list[str]:
    """The channels that take such a file."""
    return [channel.value for channel, limits in LIMITS.items() if size_bytes <= limits.get(mime_type, -1)]
