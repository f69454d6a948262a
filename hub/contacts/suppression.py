"""Addresses nobody may write to, kept as keyed hashes: they outlive an erasure without naming anybody. Pure."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from uuid import UUID

from hub.contacts.addresses import NUMBER_KINDS

REASON_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class AddressHasher:
    """HMAC-SHA-256 with a key per tenant, derived from the hub's secret. A number hashes the same under every kind."""

    secret_key: str = field(repr=False)
    _keys: dict[UUID, bytes] = field(default_factory=dict, repr=False, compare=False)

    def hash(self, tenant_id: UUID, kind: str, address: str) -> bytes:
        """32 bytes for a normal address."""
        key = self._keys.get(tenant_id)
        if key is None:
            purpose = b"parley suppression " + tenant_id.bytes
            key = self._keys[tenant_id] = hmac.new(self.secret_key.encode(), purpose, hashlib.sha256).digest()
        family = "number" if kind in NUMBER_KINDS else kind
        return hmac.new(key, f"{family}:{address}".encode(), hashlib.sha256).digest()

    def word(self, tenant_id: UUID, text: str) -> str:
        """A short keyed hash of any personal text, for logs that must not hold it."""
        return self.hash(tenant_id, "word", text)[:12].hex()
