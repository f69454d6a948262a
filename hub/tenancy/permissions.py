"""Who may do what, as data: role → permissions, API key scope → permissions.

A smaller table than the product will have at the end: it names what exists. Personal data is closed to roles that
may see it only masked or behind a break-glass step (super admin, data scientist, analyst) until those steps exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


ROLES: Mapping[str, frozenset[str]] = {
    "super_admin": _set(
        "tenants:manage users:read campaigns:read wallet:read intents:read channels:read queues:read platform:read"
    ),
    "org_admin": _set(
        "tenants:manage users:read audit:read contacts:read contacts:write contacts:import contacts:export contacts:erase events:write "
        "campaigns:read campaigns:write campaigns:start "
        "inbox:read queues:read queues:write routing:write channels:read channels:manage policy:write wallet:read wallet:top_up keys:manage "
        "intents:read intents:publish webhooks:manage inbox:manage reports:read"
    ),
    "sub_org_admin": _set(
        "users:read audit:read contacts:read contacts:write contacts:import contacts:export contacts:erase events:write "
        "campaigns:read campaigns:write campaigns:start inbox:read queues:read queues:write routing:write channels:read channels:manage policy:write "
        "wallet:read keys:manage intents:read intents:publish webhooks:manage inbox:manage reports:read"
    ),
    "campaign_manager": _set(
        "contacts:read contacts:write contacts:import events:write campaigns:read campaigns:write campaigns:start queues:read "
        "channels:read wallet:read intents:read"
    ),
    "support_agent": _set("inbox:read inbox:write contacts:read queues:read channels:read users:read"),
    "supervisor": _set(
        "inbox:read inbox:write contacts:read campaigns:read queues:read queues:write routing:write channels:read wallet:read users:read "
        "intents:read inbox:manage reports:read"
    ),
    "data_scientist": _set("intents:read intents:publish campaigns:read queues:read"),
    "billing_admin": _set("wallet:read wallet:top_up"),
    "analyst": _set("campaigns:read wallet:read queues:read channels:read intents:read"),
}

PERMISSIONS: frozenset[str] = frozenset().union(*ROLES.values())

# What a key may be given. Never: users, keys, tenants of others, credit.
SCOPES: Mapping[str, frozenset[str]] = {
    "messages:send": frozenset({"inbox:write", "channels:read"}),
    "messages:read": frozenset({"inbox:read"}),
    "channels:manage": frozenset({"channels:read", "channels:manage"}),
    "contacts:read": frozenset({"contacts:read"}),
    "contacts:write": frozenset({"contacts:write"}),
    "contacts:import": frozenset({"contacts:import", "contacts:read"}),
    "contacts:export": frozenset({"contacts:export", "contacts:read"}),
    "events:write": frozenset({"events:write"}),
    "campaigns:read": frozenset({"campaigns:read", "channels:read"}),
    "campaigns:write": frozenset({"campaigns:write"}),
    "campaigns:start": frozenset({"campaigns:start"}),
    "inbox:read": frozenset({"inbox:read", "queues:read"}),
    "inbox:write": frozenset({"inbox:write"}),
    "routing:write": frozenset({"routing:write", "queues:read"}),
    "queues:write": frozenset({"queues:read", "queues:write"}),
    "policy:write": frozenset({"policy:write", "channels:read"}),
    "reports:read": frozenset({"reports:read", "queues:read", "channels:read"}),
    "wallet:read": frozenset({"wallet:read"}),
    "intents:read": frozenset({"intents:read"}),
    "webhooks:manage": frozenset({"webhooks:manage"}),
}


def permissions_of_roles(roles: Iterable[str]) -> frozenset[str]:
    """The union of what the roles allow; an unknown role allows nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def may_answer(roles: Iterable[str]) -> bool:
    """Whether somebody with these roles may answer conversations, and so be given one."""
    return "inbox:write" in permissions_of_roles(roles)


def permissions_of_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """The union of what the scopes allow; an unknown scope allows nothing."""
    return frozenset().union(*(SCOPES.get(scope, frozenset()) for scope in scopes))
