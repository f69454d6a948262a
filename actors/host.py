"""Which host has an entity: rendezvous hashing over the names of the hosts of its kind."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b


def owner(key: bytes, hosts: Sequence[str]) -> str:
    """The host whose hash with `key` is highest. Adding a host moves only its share of the keys.

    Raises ValueError when there is no host.
    """
    if len(hosts) == 1:
        return hosts[0]
    return max(hosts, key=lambda host: blake2b(key, digest_size=8, key=host.encode()).digest())


def host_names(kind: str, count: int) -> list[str]:
    """The names of the hosts of one kind: `conversation-0`, …."""
    return [f"{kind}-{number}" for number in range(count)]
