"""The calls of WhatsApp's template management. Pure: requests out, answers in. Source: channel reference section 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from hub.channels.base import Account, ProviderRequest
from hub.channels.codes import Retry
from hub.channels.errors import SendRefused
from hub.channels.whatsapp_cloud import API_VERSION, WhatsAppSettings, json_headers

PAGE = 100


def _business(account: Account) -> str:
    """Raises SendRefused (stop) for an account that does not say which business account it is."""
    waba_id = WhatsAppSettings.model_validate(account.settings).waba_id
    if not waba_id:
        raise SendRefused("the account's settings lack waba_id", "settings", Retry.STOP)
    return f"{account.base_url}/{API_VERSION}/{waba_id}/message_templates"


def create(account: Account, row: Any) -> ProviderRequest:
    body = {
        "name": row.name,
        "language": row.language,
        "category": row.category.upper(),
        "parameter_format": row.parameter_format,
        "components": row.components,
    }
    return ProviderRequest(_business(account), json_headers(account), orjson.dumps(body))


def edit(account: Account, row: Any) -> ProviderRequest:
    body = {"category": row.category.upper(), "components": row.components}
    url = f"{account.base_url}/{API_VERSION}/{row.provider_template_id}"
    return ProviderRequest(url, json_headers(account), orjson.dumps(body))


def delete(account: Account, row: Any) -> ProviderRequest:
    query = {"name": row.name} | ({"hsm_id": row.provider_template_id} if row.provider_template_id else {})
    return ProviderRequest(f"{_business(account)}?{urlencode(query)}", json_headers(account), b"", "DELETE")


def page(account: Account, after: str) -> ProviderRequest:
    """One page of all templates of the business account."""
    query = {"limit": str(PAGE)} | ({"after": after} if after else {})
    return ProviderRequest(f"{_business(account)}?{urlencode(query)}", json_headers(account), b"", "GET")


def listed(answer: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """(rows, where the next page begins or an empty text). Raises KeyError, TypeError for another document."""
    rows = [
        {
            "provider_template_id": str(one["id"]),
            "name": str(one["name"]),
            "language": str(one["language"]),
            "category": str(one["category"]).lower(),
            "parameter_format": str(one.get("parameter_format", "POSITIONAL")),
            "components": list(one.get("components", [])),
            "status": str(one["status"]),
            "reason": None if one.get("rejected_reason", "NONE") == "NONE" else str(one["rejected_reason"]),
            "quality": str((one.get("quality_score") or {}).get("score", "UNKNOWN")),
        }
        for one in answer["data"]
    ]
    paging = answer.get("paging") or {}
    after = (paging.get("cursors") or {}).get("after", "") if paging.get("next") else ""
    return rows, str(after)
