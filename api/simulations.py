"""Simulations between two calls: in Redis, an hour after the last step, for the tenant that plays them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Request
from redis.exceptions import RedisError

from hub.errors import NotFound, Unavailable
from hub.flows.definition import Flow, read
from hub.flows.simulation_json import from_json, to_json
from hub.flows.simulator import Simulation

KEPT_S = 3_600
FLOWS_KEPT = 50

_flows: OrderedDict[bytes, Flow] = OrderedDict()


def _redis(request: Request) -> Any:
    return request.app.state.redis


Kept = Annotated[Any, Depends(_redis)]


@dataclass(frozen=True, slots=True)
class Played:
    """A simulation and the flow that it plays, whose document is kept beside it."""

    flow: Flow
    written: bytes
    simulation: Simulation


def flow_of(written: bytes) -> Flow:
    """The flow of a document in JSON; the last fifty are remembered. Raises FlowInvalid."""
    key = blake2b(written, digest_size=16).digest()
    found = _flows.get(key)
    if found is None:
        found = _flows[key] = read(orjson.loads(written))
        while len(_flows) > FLOWS_KEPT:
            _flows.popitem(last=False)
    return found


def played(document: Mapping[str, Any], simulation: Simulation) -> Played:
    """Raises FlowInvalid."""
    written = orjson.dumps(document)
    return Played(flow_of(written), written, simulation)


def _name(tenant_id: UUID, simulation_id: UUID, part: str) -> str:
    return f"t:{tenant_id}:sim:{simulation_id}:{part}"


async def load(redis: Any, tenant_id: UUID, simulation_id: UUID) -> Played:
    """Raises NotFound, also for one that has been forgotten, and Unavailable."""
    names = [_name(tenant_id, simulation_id, part) for part in ("flow", "state")]
    try:
        written, state = await redis.mget(names)
    except (RedisError, OSError) as error:
        raise Unavailable("the simulations cannot be reached") from error
    if written is None or state is None:
        raise NotFound("there is no such simulation; one is kept for an hour")
    return Played(flow_of(written), written, from_json(orjson.loads(state)))


async def keep(redis: Any, tenant_id: UUID, simulation_id: UUID, what: Played) -> None:
    """Raises Unavailable."""
    state = orjson.dumps(to_json(what.simulation))
    try:
        async with redis.pipeline(transaction=False) as pipe:
            pipe.set(_name(tenant_id, simulation_id, "flow"), what.written, ex=KEPT_S)
            pipe.set(_name(tenant_id, simulation_id, "state"), state, ex=KEPT_S)
            await pipe.execute()
    except (RedisError, OSError) as error:
        raise Unavailable("the simulations cannot be reached") from error
