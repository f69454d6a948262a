"""Saved views and the audit log in and out."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.common import In, Instant, Out, Page, ViewId
from api.schemas.timeline import Who

Area = Literal["contacts", "segments", "imports"]
_CONFIG: JsonDict = {"filter": {"tag": "vip"}, "sort": "name", "columns": ["name", "phone", "city"]}


class NewView(In):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"area": "contacts", "name": "Our VIPs", "shared": True, "config": _CONFIG}]
        }
    )

    area: Area = "contacts"
    name: str
    shared: bool = Field(False, description="Everybody of the tenant sees it; needs contacts:write.")
    config: dict[str, Any] = Field(description="Filters, columns and order, as the screen wants them.")


class PatchView(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "VIPs"}]})

    name: str | None = None
    shared: bool | None = None
    config: dict[str, Any] | None = None


class View(Out):
    id: ViewId
    area: Area
    name: str
    shared: bool
    mine: bool
    config: dict[str, Any]
    created_at: Instant
    updated_at: Instant


class ViewPage(Page[View]):
    pass


class AuditRow(Out):
    seq: int = Field(
        description="Its number in the tenant's chain, from 1; `starting_after` of the next page."
    )
    at: Instant
    actor: Who
    action: str
    target: str
    ip: str
    request_id: str
    data: dict[str, Any]
    hash: str = Field(description="SHA-256 over the hash before and this row, hexadecimal.")


class AuditPage(Page[AuditRow]):
    pass


class AuditVerdict(Out):
    """The chain computed again."""

    intact: bool
    rows: int = Field(description="How many rows fit, from the first.")
    broken_seq: int | None = Field(description="The first row that does not fit.")
    head: str = Field(
        description="Hash of the last row that fits. Keep it elsewhere to notice rows cut from the end."
    )
