"""What a tenant's pages look like: its own brand, or that of the nearest tenant above it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.tenancy import store

DEFAULT_COLOR = "#1d5f8a"


@dataclass(frozen=True, slots=True)
class BrandView:
    """A brand with every gap filled. `logo_url` is a data URL of a PNG."""

    name: str
    product_name: str
    primary_color: str
    logo_text: str | None
    logo_url: str | None


async def brand_of(db: AsyncConnection, tenant_id: UUID) -> BrandView:
    """The brand a tenant wears. Needs no scope: brands are public."""
    name, brand = await store.brand(db, tenant_id)
    product = brand.get("product_name") or name or "Hub"
    return BrandView(
        name=name or product,
        product_name=product,
        primary_color=brand.get("primary_color", DEFAULT_COLOR),
        logo_text=brand.get("logo_text"),
        logo_url=brand.get("logo_data_url"),
    )
