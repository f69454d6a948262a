"""Playing a flow: begin, step, step back. A simulation sends nothing and changes nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection

from api import simulations
from api.deps import Db, require
from api.requests import HubRoute
from api.schemas import flows as schemas
from api.schemas.common import SimulationId
from api.simulations import Kept, Played
from hub.contacts import service as contacts
from hub.errors import Invalid
from hub.flows import service
from hub.flows.simulation_json import frame_json
from hub.flows.simulator import SimContact, Simulation, act, back
from hub.ids import new_id
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/flow-simulations", tags=["flows"], route_class=HubRoute)

Reader = Annotated[Caller, require("campaigns:read")]


@router.post("", status_code=201, operation_id="begin_simulation")
async def begin_simulation(
    body: schemas.NewSimulation, db: Db, caller: Reader, redis: Kept
) -> schemas.Simulation:
    """Make a simulation of a document, or of a flow's draft, kept for an hour after its last step. The first step is
    `{"do": "begin"}`. 422 names what is wrong with the document.
    """
    document: Any = body.document
    if body.flow_id is not None:
        row = await service.get(db, caller.tenant_id, body.flow_id)
        document = document or (await service.draft_of(db, row)).document
    if document is None:
        raise Invalid("give flow_id or document", "/document")
    contact = body.contact or SimContact()
    if body.contact_id is not None:
        caller.require("contacts:read")
        contact = await _sample(db, caller, body.contact_id)
    own = body.flow_id.hex if body.flow_id else "draft"
    now = (body.now or datetime.now(UTC)).astimezone(UTC)
    begun = Simulation(own, body.seed, now, contact, sample=body.contact_id is not None)
    played, simulation_id = simulations.played(document, begun), new_id()
    await simulations.keep(redis, caller.tenant_id, simulation_id, played)
    return _shown(simulation_id, begun)


@router.get("/{simulation_id}", operation_id="get_simulation")
async def get_simulation(simulation_id: SimulationId, caller: Reader, redis: Kept) -> schemas.Simulation:
    """Where a simulation stands."""
    played = await simulations.load(redis, caller.tenant_id, simulation_id)
    return _shown(simulation_id, played.simulation)


@router.post("/{simulation_id}/step", operation_id="step_simulation")
async def step_simulation(
    simulation_id: SimulationId, body: schemas.SimulationStep, db: Db, caller: Reader, redis: Kept
) -> schemas.Simulation:
    """Do something: begin, reply, press a key, let time pass, answer a webhook … 409 when the session does not wait for it."""
    played = await simulations.load(redis, caller.tenant_id, simulation_id)
    tenant = await service.tenant_of(db, caller.tenant_id, played.flow)
    following = act(
        played.simulation,
        played.flow,
        body.action,
        tenant,
        breakpoints=set(body.breakpoints),
        single=body.single,
    )
    await simulations.keep(
        redis, caller.tenant_id, simulation_id, Played(played.flow, played.written, following)
    )
    return _shown(simulation_id, following)


@router.post("/{simulation_id}/back", operation_id="step_simulation_back")
async def step_back(simulation_id: SimulationId, caller: Reader, redis: Kept) -> schemas.Simulation:
    """Undo the last step: everything is as it was before. 409 at the beginning."""
    played = await simulations.load(redis, caller.tenant_id, simulation_id)
    before = back(played.simulation)
    await simulations.keep(
        redis, caller.tenant_id, simulation_id, Played(played.flow, played.written, before)
    )
    return _shown(simulation_id, before)


def _shown(simulation_id: UUID, simulation: Simulation) -> schemas.Simulation:
    last = frame_json(simulation.frames[-1]) if simulation.frames else None
    return schemas.Simulation(
        id=simulation_id,
        seed=simulation.seed,
        now=simulation.at,
        length=len(simulation.frames),
        last=None if last is None else schemas.SimulationFrame(**last),
    )


async def _sample(db: AsyncConnection, caller: Caller, contact_id: UUID) -> SimContact:
    """A made contact with the values of a real one. Raises NotFound."""
    row, _ = await contacts.get(db, caller.readable, contact_id)
    phones = [address["address"] for address in row.addresses if address["kind"] == "phone"]
    return SimContact(
        id=row.id,
        name=row.name[:200],
        language=row.language or "",
        phone=phones[0] if phones else "",
        time_zone=row.time_zone or "",
        attributes=row.attributes,
        tags=tuple(row.tags),
    )
