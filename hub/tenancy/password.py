"""Passwords: Argon2id with m = 19 MiB, t = 2, p = 1 (OWASP), hashed on a small pool of threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from hub.errors import Invalid

MEMORY_KIB = 19 * 1024
TIME_COST = 2
PARALLELISM = 1
CHARS_MIN = 10
CHARS_MAX = 256

_hasher = PasswordHash((Argon2Hasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM),))
# Two at a time: each takes 19 MiB, and sign-ins must not starve the event loop of its cores.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
# A hash with the same cost for users that do not exist, so that both answers take the same work.
_NOBODY = _hasher.hash("nobody has this password")


async def hash_password(password: str) -> str:
    """The hash to store. Raises Invalid when the password is shorter than 10 or longer than 256 characters."""
    if not CHARS_MIN <= len(password) <= CHARS_MAX:
        raise Invalid(f"a password has {CHARS_MIN} to {CHARS_MAX} characters", "/password")
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify_password(password: str, stored: str | None) -> bool:
    """True when `password` fits `stored`. Does the same work when there is no such user (`stored` is None)."""
    loop = asyncio.get_running_loop()
    fits = await loop.run_in_executor(_threads, _verify, password[: CHARS_MAX + 1], stored or _NOBODY)
    return fits and stored is not None


def _verify(password: str, stored: str) -> bool:
    try:
        return _hasher.verify(password, stored)
    except UnknownHashError:  # a user who has no usable password, such as one created without
        return False
