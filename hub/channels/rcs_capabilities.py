"""What a number's handset can show by RCS, asked once a day: capability checks, kept in Redis.

A number that could not be reached is asked again after six hours, because people switch RCS on; one that could, after
a day. A wrong answer costs one refused send (404), which the next channel takes over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from uuid import uuid4

from redis.asyncio import Redis

from hub.channels.base import Account, Channel
from hub.channels.errors import SendRefused
from hub.channels.http import ProviderClient
from hub.channels.rcs_google import USERS_MAX, GoogleRcs, answered

REACHABLE_S = 24 * 3600
UNREACHABLE_S = 6 * 3600


class Capabilities:
    """One a process: asks the provider what Redis does not know."""

    def __init__(self, adapter: GoogleRcs, client: ProviderClient, redis: Redis) -> None:
        self._adapter = adapter
        self._client = client
        self._redis = redis

    async def of(self, account: Account, channel: Channel, number: str) -> frozenset[str]:
        """The features of one number; empty: RCS does not reach it. Raises SendRefused, SendOutcomeUnknown."""
        key = _key(channel, number)
        known = await self._redis.get(key)
        if known is not None and known != b"?":
            return _features(known)
        ready = await self._adapter.prepare(self._client, account)
        request = self._adapter.capabilities(ready, channel, number, str(uuid4()))
        status, body = await self._client.get(request)
        try:
            features = frozenset(str(one) for one in answered(status, body).get("features", []))
        except SendRefused as refused:
            if refused.provider_code not in ("NOT_FOUND", "404"):
                raise
            features = frozenset()
        await self._redis.set(key, " ".join(sorted(features)), ex=REACHABLE_S if features else UNREACHABLE_S)
        return features

    async def reachable(self, account: Account, channel: Channel, numbers: Sequence[str]) -> set[str]:
        """Those of `numbers` that RCS reaches, asked in batches. Raises SendRefused, SendOutcomeUnknown.

        A batch says who is reached, not what their handsets show: `of` still asks for that when it matters.
        """
        if not numbers:
            return set()
        known = await self._redis.mget([_key(channel, number) for number in numbers])
        pairs = list(zip(numbers, known, strict=True))
        found = {number for number, value in pairs if value}
        unknown = [number for number, value in pairs if value is None]
        for start in range(0, len(unknown), USERS_MAX):
            found |= await self._ask(account, channel, unknown[start : start + USERS_MAX])
        return found

    async def _ask(self, account: Account, channel: Channel, numbers: Sequence[str]) -> set[str]:
        ready = await self._adapter.prepare(self._client, account)
        status, body = await self._client.post(self._adapter.batch(ready, channel, numbers))
        reached = set(answered(status, body).get("reachableUsers", [])) & set(numbers)
        async with self._redis.pipeline(transaction=False) as pipe:
            for number in numbers:
                there = number in reached
                pipe.set(
                    _key(channel, number),
                    "?" if there else "",
                    ex=REACHABLE_S if there else UNREACHABLE_S,
                    nx=True,
                )
            await pipe.execute()
        return reached

    async def forget(self, channel: Channel, numbers: Iterable[str]) -> None:
        """A send told otherwise than what is kept."""
        keys = [_key(channel, number) for number in numbers]
        if keys:
            await self._redis.delete(*keys)


def _key(channel: Channel, number: str) -> str:
    """Numbers are no names of keys: what stands in Redis is their digest."""
    digest = blake2b(number.encode(), key=channel.id.bytes, digest_size=16).hexdigest()
    return f"t:{channel.tenant_id}:rcs:{digest}"


def _features(value: bytes | str) -> frozenset[str]:
    words = value.decode() if isinstance(value, bytes) else value
    return frozenset(words.split())
