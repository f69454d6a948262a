"""What simulated messages would cost: the tenant's rates and channels, read once in half a minute."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.billing.pricing import RateTable
from hub.billing.store import load_rates
from hub.channels.base import ChannelKind
from hub.flows import store
from hub.flows.shown_costs import PRICED, ShownCost, costs_of
from hub.flows.simulator import Simulation

KEPT_S = 30.0
TENANTS_KEPT = 200


class _Kept(NamedTuple):
    read_at: float
    rates: RateTable
    kinds: Mapping[UUID, ChannelKind]


_kept: OrderedDict[UUID, _Kept] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Costs:
    """Prices the last step of a simulation for one tenant."""

    db: AsyncConnection
    tenant_id: UUID

    async def of(self, simulation: Simulation) -> list[ShownCost]:
        """Of the messages and calls of the last frame."""
        frame = simulation.frames[-1]
        if not any(effect["type"] in PRICED for effect in frame.effects):
            return []
        known = await self._known()
        return costs_of(
            frame.effects,
            talks_by=ChannelKind(simulation.channel),
            phone=frame.contact.phone,
            kinds=known.kinds,
            rates=known.rates,
            today=frame.now.date(),
        )

    async def _known(self) -> _Kept:
        found = _kept.get(self.tenant_id)
        if found is None or time.monotonic() - found.read_at > KEPT_S:
            rates = await load_rates(self.db, self.tenant_id)
            channels = await store.channel_names(self.db, self.tenant_id)
            kinds = {row.id: ChannelKind(row.kind) for row in channels}
            found = _kept[self.tenant_id] = _Kept(time.monotonic(), rates, kinds)
            while len(_kept) > TENANTS_KEPT:
                _kept.popitem(last=False)
        return found
