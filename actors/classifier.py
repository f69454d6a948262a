"""ClassifierHost: one replica that reads intents; micro-batches what several hosts ask at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from actors.shell import Shell
from hub.intents.serving import ClassifierCore
from hub.intents.store import load_artifact
from hub.settings import Settings
from models.db import Scope, transaction

Answer = tuple[str | None, float]


class ClassifierHost(Shell):
    """Stateless but for caches: any replica gives the same answer, so a failed call may go to another."""

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self._owners: dict[str, UUID] = {}
        self.core = ClassifierCore(self._artifact)

    async def _artifact(self, version: str) -> bytes:
        tenant_id = self._owners[version]
        async with transaction(self.engine, Scope.of(tenant_id)) as db:
            return await load_artifact(db, tenant_id, UUID(version))

    async def classify(self, tenant_id: UUID, version_id: UUID, texts: Sequence[str]) -> list[Answer]:
        """(label or None, confidence) for each text by one model version of the tenant."""
        self._owners[version_id.hex] = tenant_id
        predictions = await self.core.classify(version_id.hex, texts)
        return [(prediction.label, prediction.confidence) for prediction in predictions]

    async def stats(self) -> dict[str, int]:
        """Counts since the start: texts, cache hits, answers by stage."""
        return asdict(self.core.counts)
