"""Rows of people nobody may write to: they are left out, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts.importing.checking import Checked, without
from hub.contacts.importing.limits import RowError
from hub.contacts.suppression import AddressHasher

_HEADS = text(
    "SELECT string_agg(substring(address_hash FROM 1 FOR 8), ''::bytea) FROM suppressions WHERE tenant_id = :tenant_id".replace(
        "''::bytea", "CAST('' AS bytea)"
    )
)
DETAIL = "this address is on the suppression list: nobody may write to it"


class Suppressed:
    """The tenant's list as it is when the work begins, in 8 bytes an address; sending looks at the list itself."""

    def __init__(self, tenant_id: UUID, hasher: AddressHasher, heads: NDArray[np.uint64]) -> None:
        self._tenant_id = tenant_id
        self._hasher = hasher
        self._heads = heads

    @classmethod
    async def load(cls, db: AsyncConnection, tenant_id: UUID, hasher: AddressHasher) -> Suppressed:
        found = (await db.execute(_HEADS, {"tenant_id": tenant_id})).scalar()
        heads = np.sort(np.frombuffer(bytes(found or b""), dtype=">u8").astype(np.uint64))
        return cls(tenant_id, hasher, heads)

    def leave_out(self, checked: Checked, kinds: Sequence[str], places: Mapping[str, int]) -> int:
        """Take rows with a suppressed address out of the columns and name them. Returns how many."""
        if not len(self._heads) or not checked.numbers:
            return 0
        out: dict[int, RowError] = {}
        for kind in kinds:
            for nth, found in enumerate(self._are_listed(kind, checked.columns[kind])):
                if found and nth not in out:
                    address = checked.columns[kind][nth]
                    out[nth] = RowError(checked.numbers[nth], places[kind], "suppressed", address, DETAIL)
        if out:
            checked.numbers, checked.columns = without(set(out), checked.numbers, checked.columns)
            checked.errors.extend(out.values())
        return len(out)

    def _are_listed(self, kind: str, addresses: Sequence[str]) -> NDArray[np.bool_]:
        heads = [
            self._hasher.hash(self._tenant_id, kind, address)[:8] if address else b"\0" * 8
            for address in addresses
        ]
        keys = np.frombuffer(b"".join(heads), dtype=">u8").astype(np.uint64)
        spots = np.searchsorted(self._heads, keys)
        spots[spots == len(self._heads)] = 0
        listed: NDArray[np.bool_] = (self._heads[spots] == keys) & (keys != 0)
        return listed
