"""API keys: `mk_live_`, 43 random characters, 6 of checksum. Only the SHA-256 of a key is ever stored."""

from __future__ import annotations

import hashlib
import secrets
import zlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIX = "mk_live_"
RANDOM_CHARS = 43  # 62⁴³ > 2²⁵⁶
CHECKSUM_CHARS = 6  # 62⁶ > 2³²
KEY_CHARS = len(PREFIX) + RANDOM_CHARS + CHECKSUM_CHARS


def checksum(head: str) -> str:
    """CRC-32 of everything before it, in base 62, padded with 0 on the left.

    >>> checksum("mk_live_0123456789abcdefghijABCDEFGHIJklmnopqrstuvw")
    '45sGuX'
    """
    number = zlib.crc32(head.encode("ascii"))
    letters = []
    for _ in range(CHECKSUM_CHARS):
        number, digit = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[digit])
    return "".join(reversed(letters))


def new_key() -> str:
    """A fresh key with 256 bits from the system's generator. Shown to its owner once."""
    head = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARS))
    return head + checksum(head)


def is_well_formed(key: str) -> bool:
    """True when prefix, length, alphabet and checksum fit: a typo is answered without the database."""
    if len(key) != KEY_CHARS or not key.startswith(PREFIX) or not key.isascii():
        return False
    head, tail = key[:-CHECKSUM_CHARS], key[-CHECKSUM_CHARS:]
    return checksum(head) == tail and all(letter in ALPHABET for letter in head[len(PREFIX) :])


def hash_secret(secret: str) -> bytes:
    """SHA-256 of a key or a session token: they carry 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).digest()
