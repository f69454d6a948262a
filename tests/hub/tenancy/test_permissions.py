import pytest

from hub.tenancy.permissions import PERMISSIONS, ROLES, SCOPES, permissions_of_roles, permissions_of_scopes

NEVER_FOR_KEYS = {
    "users:read",
    "keys:manage",
    "tenants:manage",
    "wallet:top_up",
    "platform:read",
    "intents:publish",
}

# (permission, the roles that have it): the table of the reference, as far as the product reaches.
MATRIX = [
    ("platform:read", {"super_admin"}),
    ("tenants:manage", {"super_admin", "org_admin"}),
    ("wallet:top_up", {"org_admin", "billing_admin"}),
    ("keys:manage", {"org_admin", "sub_org_admin"}),
    ("inbox:write", {"support_agent", "supervisor"}),
    ("queues:write", {"org_admin", "sub_org_admin", "supervisor"}),
    ("reports:read", {"org_admin", "sub_org_admin", "supervisor"}),
    ("inbox:read", {"org_admin", "sub_org_admin", "support_agent", "supervisor"}),
    ("campaigns:start", {"org_admin", "sub_org_admin", "campaign_manager"}),
    ("contacts:write", {"org_admin", "sub_org_admin", "campaign_manager"}),
    ("intents:publish", {"org_admin", "sub_org_admin", "data_scientist"}),
]


@pytest.mark.parametrize(("permission", "roles"), MATRIX, ids=[permission for permission, _ in MATRIX])
def test_a_permission_belongs_to_exactly_these_roles(permission: str, roles: set[str]) -> None:
    assert {role for role, held in ROLES.items() if permission in held} == roles


def test_personal_data_is_closed_to_roles_that_may_not_see_it_plainly() -> None:
    for role in ("super_admin", "data_scientist", "billing_admin", "analyst"):
        assert not ROLES[role] & {"contacts:read", "inbox:read"}


def test_roles_add_up_and_unknown_ones_add_nothing() -> None:
    assert permissions_of_roles(["analyst", "billing_admin"]) == ROLES["analyst"] | ROLES["billing_admin"]
    assert permissions_of_roles(["root", ""]) == frozenset()
    assert permissions_of_roles([]) == frozenset()


def test_scopes_give_only_known_permissions_and_never_the_dangerous_ones() -> None:
    granted = permissions_of_scopes(SCOPES)
    assert granted <= PERMISSIONS
    assert not granted & NEVER_FOR_KEYS
    assert permissions_of_scopes(["users:read", "*"]) == frozenset()
