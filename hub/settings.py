"""The one settings object: environment variables (prefix HUB_), then the running hub's var/hub.json."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

STATE_FILE = "hub.json"


class _StateFileSource(PydanticBaseSettingsSource):
    """Values a running `hub up` wrote below var/: lets other commands find its servers."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        path = Path(os.environ.get("HUB_VAR_DIR", "var")) / STATE_FILE
        try:
            state = json.loads(path.read_text())
        except (OSError, ValueError):
            return {}
        return {name: value for name, value in state.items() if name in Settings.model_fields}


class Settings(BaseSettings):
    """Units stand at the end of the names; a URL left empty means: start an embedded server."""

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="ignore", populate_by_name=True)

    database_url: str = ""
    redis_url: str = ""
    ray_address: str = Field(
        "", validation_alias=AliasChoices("RAY_ADDRESS", "HUB_RAY_ADDRESS", "ray_address")
    )
    secret_key: SecretStr = SecretStr("")
    var_dir: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = 8000
    carrier_port: int = 8100
    carrier_smpp_port: int = 2775
    postgres_port: int = 5442
    valkey_port: int = 6392
    public_url: str = "http://127.0.0.1:8000"
    carrier_url: str = "http://127.0.0.1:8100"
    provider_hosts: str = (
        ""  # host:port, comma separated: where accounts may point beside their providers' own hosts
    )
    webhook_hosts: str = (
        ""  # host:port, comma separated: where webhooks may go inside the house, also by http
    )
    cookie_secure: bool = False
    sip_listen: str = ""  # host:port of the SIP stack; empty: no calls over trunks
    ray_namespace: str = "parley"
    ray_object_store_bytes: int = 100_000_000

    conversation_hosts: int = 1
    wallet_hosts: int = 1
    campaign_hosts: int = 1
    router_hosts: int = 1
    senders: int = 1
    bind_hosts: int = 1  # processes that keep SMPP binds
    classifiers: int = 1
    host_batch_max: int = 500
    mailbox_delay_ms: float = 1.5
    report_delay_ms: float = 50.0
    record_delay_ms: float = 50.0
    conversation_idle_s: float = 900.0
    conversations_live_max: int = 250_000
    send_batch: int = 500
    send_batches_in_flight: int = 2
    sender_in_flight: int = 64
    sender_timeout_s: float = 15.0
    unknown_grace_s: float = 20.0
    database_pool: int = 8
    rate_user_per_min: int = 600
    rate_key_per_min: int = 6000
    confidence_floor: float = 0.35

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _StateFileSource(settings_cls)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
