"""The tenant tree: platform → organization → sub-organization → sub-organization …, any depth."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.errors import Conflict, Invalid, NotFound
from hub.ids import encode_id, new_id
from hub.tenancy import store
from models.db import Scope, bind

DEPTH_MAX = 16
NAME_CHARS_MAX = 120
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
COLOR = re.compile(r"#[0-9a-fA-F]{6}")
CURRENCY = re.compile(r"[A-Z]{3}")
COUNTRY = re.compile(r"[A-Z]{2}")
LOGO_URL_CHARS_MAX = 90_000  # 64 kB of PNG in base 64
BRAND_FIELDS = frozenset({"product_name", "primary_color", "logo_text", "logo_data_url"})

# kind → the kinds its parent may have
PARENTS: Mapping[str, frozenset[str]] = {
    "platform": frozenset(),
    "organization": frozenset({"platform"}),
    "sub_organization": frozenset({"organization", "sub_organization"}),
}


@dataclass(eq=False)
class SlugTaken(Conflict):
    """This short name is in use."""

    code: ClassVar[str] = "slug-taken"


@dataclass(frozen=True, slots=True)
class NewTenant:
    """What a tenant is made of. `slug` empty: derived from the name and the id."""

    name: str
    kind: str
    slug: str = ""
    currency: str = "EUR"
    time_zone: str = "UTC"
    default_country: str = "US"
    brand: Mapping[str, str] = field(default_factory=dict)


def check_brand(brand: Mapping[str, str]) -> None:
    """Raise Invalid unless the brand has only known fields, a `#rrggbb` colour and a small PNG."""
    for name, value in brand.items():
        if name not in BRAND_FIELDS:
            raise Invalid("not a field of a brand", f"/brand/{name}")
        match name:
            case "primary_color" if not COLOR.fullmatch(value):
                raise Invalid("a colour is written #rrggbb", "/brand/primary_color")
            case "logo_data_url" if (
                not value.startswith("data:image/png;base64,") or len(value) > LOGO_URL_CHARS_MAX
            ):
                raise Invalid("a logo is a PNG of at most 64 kB as a data URL", "/brand/logo_data_url")
            case "product_name" | "logo_text" if not 0 < len(value) <= NAME_CHARS_MAX:
                raise Invalid(f"1 to {NAME_CHARS_MAX} characters", f"/brand/{name}")


def check_tenant(new: NewTenant) -> None:
    """Raise Invalid, naming the field, when a value of `new` is not acceptable."""
    if not 0 < len(new.name.strip()) <= NAME_CHARS_MAX:
        raise Invalid(f"a name has 1 to {NAME_CHARS_MAX} characters", "/name")
    if new.kind not in PARENTS:
        raise Invalid(f"a kind is one of {', '.join(PARENTS)}", "/kind")
    if new.slug and not SLUG.fullmatch(new.slug):
        raise Invalid("a short name has lower-case letters, digits and hyphens", "/slug")
    if not CURRENCY.fullmatch(new.currency):
        raise Invalid("a currency is three capital letters of ISO 4217", "/currency")
    if new.time_zone not in available_timezones():
        raise Invalid("not a time zone of the IANA list", "/time_zone")
    if not COUNTRY.fullmatch(new.default_country):
        raise Invalid("a country is two capital letters of ISO 3166", "/default_country")
    check_brand(new.brand)


def slug_of(name: str, tenant_id: UUID) -> str:
    """A short name from a name, ending in characters of the id, which make it unique."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    head = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].rstrip("-") or "tenant"
    return f"{head}-{encode_id('ten', tenant_id)[-6:]}"


async def create_tenant(
    db: AsyncConnection, scope: Scope, parent_id: UUID | None, new: NewTenant, tenant_id: UUID | None = None
) -> UUID:
    """Insert the tenant and its closure rows; returns its id and widens the transaction's scope to it.

    The parent must be in `scope.read`. Raises Invalid, NotFound (no such parent here), Conflict (slug taken).
    """
    check_tenant(new)
    depth = 0
    if parent_id is None:
        if new.kind != "platform":
            raise Invalid("only a platform has no parent", "/parent_id")
    else:
        parent = await store.tenant(db, parent_id)
        if parent is None:
            raise NotFound("there is no such parent tenant")
        if parent.kind not in PARENTS[new.kind]:
            raise Invalid(f"a {new.kind} cannot stand below a {parent.kind}", "/kind")
        depth = parent.depth + 1
        if depth > DEPTH_MAX:
            raise Invalid(f"a tree has at most {DEPTH_MAX} levels", "/parent_id")
    tenant_id = tenant_id or new_id()
    own = frozenset({tenant_id})
    await bind(db, Scope(read=scope.read | own, write=scope.write | own))
    slug = new.slug or slug_of(new.name, tenant_id)
    row: dict[str, Any] = {
        "id": tenant_id,
        "parent_id": parent_id,
        "kind": new.kind,
        "name": new.name.strip(),
        "slug": slug,
        "depth": depth,
        "currency": new.currency,
        "time_zone": new.time_zone,
        "default_country": new.default_country,
        "brand": dict(new.brand),
    }
    if not await store.insert_tenant(db, row):
        raise SlugTaken(f"the short name {slug} is taken")
    return tenant_id
