"""Playing a flow: begin, step, step back. A simulation sends nothing and changes nobody."""

from __future__ import annotations

from dataclasses import replace
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
from api.simulation_costs import Costs
from api.simulations import Kept, Played
from hub.contacts import service as contacts
from hub.contacts.segments import loading
from hub.errors import Invalid
from hub.flows import samples, service
from hub.flows.made_contacts import longest, missing
from hub.flows.sim_contact import SimContact
from hub.flows.simulation_json import frame_json
from hub.flows.simulator import Simulation, act, back, values_of
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
    own = body.flow_id.hex if body.flow_id else "draft"
    now = (body.now or datetime.now(UTC)).astimezone(UTC)
    contact = await _contact(db, caller, body)
    sample = body.contact_id is not None
    begun = Simulation(own, body.seed, now, contact, sample=sample, channel=body.channel.value)
    played, simulation_id = simulations.played(document, begun), new_id()
    if sample:
        segments = await samples.segments(db, caller.tenant_id, contact.id, played.flow, now)
        begun = replace(begun, contact=contact.model_copy(update={"segments": segments}))
        played = replace(played, simulation=begun)
    await simulations.keep(redis, caller.tenant_id, simulation_id, played)
    return await _shown(simulation_id, begun, db, caller)


@router.get("/{simulation_id}", operation_id="get_simulation")
async def get_simulation(
    simulation_id: SimulationId, db: Db, caller: Reader, redis: Kept
) -> schemas.Simulation:
    """Where a simulation stands."""
    played = await simulations.load(redis, caller.tenant_id, simulation_id)
    return await _shown(simulation_id, played.simulation, db, caller)


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
    return await _shown(simulation_id, following, db, caller)


@router.post("/{simulation_id}/back", operation_id="step_simulation_back")
async def step_back(simulation_id: SimulationId, db: Db, caller: Reader, redis: Kept) -> schemas.Simulation:
    """Undo the last step: everything is as it was before. 409 at the beginning."""
    played = await simulations.load(redis, caller.tenant_id, simulation_id)
    before = back(played.simulation)
    await simulations.keep(
        redis, caller.tenant_id, simulation_id, Played(played.flow, played.written, before)
    )
    return await _shown(simulation_id, before, db, caller)


async def _shown(
    simulation_id: UUID, simulation: Simulation, db: AsyncConnection, caller: Caller
) -> schemas.Simulation:
    return schemas.Simulation(
        id=simulation_id,
        seed=simulation.seed,
        channel=simulation.channel,
        contact=simulation.contact.model_dump(mode="json"),
        now=simulation.at,
        length=len(simulation.frames),
        last=await _last(simulation, Costs(db, caller.tenant_id)) if simulation.frames else None,
    )


async def _last(simulation: Simulation, costs: Costs) -> schemas.SimulationFrame:
    frame = simulation.frames[-1]
    found = frame_json(frame)
    found["inside"] = [UUID(flow_id) if flow_id else None for flow_id in frame.inside]
    found["values"] = values_of(frame)
    found["costs"] = [
        schemas.SimulationCost(
            effect=cost.place,
            channel=cost.channel,
            text=cost.text,
            parts=cost.parts,
            price=cost.micros,
            currency=cost.currency,
            refused=cost.refused,
        )
        for cost in await costs.of(simulation)
    ]
    return schemas.SimulationFrame(**found)


async def _contact(db: AsyncConnection, caller: Caller, body: schemas.NewSimulation) -> SimContact:
    if body.contact_id is not None:
        caller.require("contacts:read")
        return await _sample(db, caller, body.contact_id)
    match body.made:
        case "longest":
            return longest((await loading.fields(db, caller.tenant_id)).fields.values())
        case "missing":
            return missing()
        case _:
            return body.contact or SimContact()


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
