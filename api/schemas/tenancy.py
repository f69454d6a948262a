"""Sessions, the caller, tenants, people and API keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.common import In, Instant, KeyId, Out, Page, TenantId, UserId


class SignIn(In):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "agent@north.acme.example", "password": "parley-demo"}]}
    )

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class ActIn(In):
    tenant_id: TenantId


class Brand(Out):
    """What a page looks like. `logo_url` is a data URL of a PNG."""

    name: str
    product_name: str
    primary_color: str
    logo_text: str | None
    logo_url: str | None


class User(Out):
    id: UserId
    email: str
    name: str
    roles: list[str]


class UserItem(User):
    status: str
    created_at: Instant


class UserPage(Page[UserItem]):
    pass


class KeyRef(Out):
    id: KeyId
    name: str


class Tenant(Out):
    id: TenantId
    parent_id: TenantId | None
    name: str
    slug: str
    kind: str
    status: str
    depth: int
    currency: str
    time_zone: str
    default_country: str


class TenantPage(Page[Tenant]):
    pass


class MyTenant(Out):
    id: TenantId
    name: str
    slug: str
    kind: str
    currency: str
    time_zone: str
    brand: Brand


class TenantNode(Out):
    id: TenantId
    parent_id: TenantId | None
    name: str
    kind: str
    depth: int


class Me(Out):
    """Who is asking, where they act, and what they may do there."""

    user: User | None
    key: KeyRef | None
    tenant: MyTenant
    home_tenant: MyTenant
    tenants: list[TenantNode]
    permissions: list[str]
    csrf_token: str


class NewTenant(In):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Acme West", "kind": "sub_organization", "currency": "EUR"}]}
    )

    name: str
    kind: str
    parent_id: TenantId | None = None
    slug: str = ""
    currency: str | None = None
    time_zone: str | None = None
    default_country: str | None = None
    brand: dict[str, str] = Field(default_factory=dict)


class NewKey(In):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "shop", "scopes": ["contacts:write", "campaigns:start"]}]}
    )

    name: str
    scopes: list[str]
    expires_at: Instant | None = None


class ApiKey(Out):
    id: KeyId
    name: str
    last4: str
    scopes: list[str]
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None


class ApiKeyPage(Page[ApiKey]):
    pass


class CreatedApiKey(ApiKey):
    key: str | None = Field(description="The whole key, shown this once; null when the answer is a replay.")
