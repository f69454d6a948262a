"""Who is asking, in which tenant, with what rights: the value every route and service decides by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import UUID

from hub.errors import Forbidden
from models.db import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """A person (`user_id`) or a program (`key_id`), acting in `tenant_id`, at home in `home_tenant_id`."""

    tenant_id: UUID
    home_tenant_id: UUID
    user_id: UUID | None
    key_id: UUID | None
    name: str
    roles: tuple[str, ...]
    permissions: frozenset[str]
    readable: frozenset[UUID]
    """The acting tenant and everything below it."""
    email: str = ""
    csrf_token: str = ""
    token_hash: bytes = b""
    """SHA-256 of the session token or of the key."""

    @property
    def scope(self) -> Scope:
        """Write the acting tenant, read its subtree: what every transaction for this caller is bound to."""
        return Scope(read=self.readable, write=frozenset({self.tenant_id}))

    @property
    def principal(self) -> str:
        """One word for the person or program: the key of idempotency records and rate limits."""
        return f"user:{self.user_id}" if self.user_id else f"key:{self.key_id}"

    def acting_in(self, tenant_id: UUID, readable: frozenset[UUID]) -> Caller:
        """The same caller in another tenant of their subtree."""
        return replace(self, tenant_id=tenant_id, readable=readable)

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise PermissionMissing unless the caller holds `permission`."""
        if permission not in self.permissions:
            raise PermissionMissing(f"this needs the permission {permission}", permission)


@dataclass(eq=False)
class PermissionMissing(Forbidden):
    """You may not do this."""

    code: ClassVar[str] = "permission-missing"
    permission: str = ""
