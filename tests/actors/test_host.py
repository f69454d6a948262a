"""Rendezvous hashing: every key has one host, and a new host takes only its share."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest

from actors.host import host_names, owner

KEYS = [UUID(int=n * 7919 + 1).bytes for n in range(4000)]


def test_names() -> None:
    assert host_names("wallet", 3) == ["wallet-0", "wallet-1", "wallet-2"]


def test_the_order_of_the_hosts_does_not_matter() -> None:
    names = host_names("conversation", 5)
    assert [owner(key, names) for key in KEYS[:200]] == [owner(key, names[::-1]) for key in KEYS[:200]]


@pytest.mark.parametrize("count", [2, 3, 8])
def test_keys_are_spread(count: int) -> None:
    shares = Counter(owner(key, host_names("c", count)) for key in KEYS)
    assert len(shares) == count
    assert all(0.7 < share * count / len(KEYS) < 1.3 for share in shares.values())


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_new_host_moves_only_its_share(count: int) -> None:
    before, after = host_names("c", count), host_names("c", count + 1)
    moved = [(owner(key, before), owner(key, after)) for key in KEYS]
    changed = [then for now, then in moved if now != then]
    assert set(changed) == {after[-1]}, "nothing moves between the old hosts"
    assert abs(len(changed) - len(KEYS) / (count + 1)) < len(KEYS) * 0.05


def test_no_host_is_an_error() -> None:
    with pytest.raises(ValueError):
        owner(b"key", [])
