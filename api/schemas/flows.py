"""Flows in and out: the document is one JSON value, checked by hub/flows/definition.py, which names what is wrong."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from api.schemas.common import ContactId, FlowId, FlowTestId, In, Instant, Money, Out, Page, SimulationId
from api.schemas.conditions import ConditionField, ConditionFields
from hub.channels.base import ChannelKind
from hub.flows.kept_runs import FlowTest as KeptRun
from hub.flows.service import NAME_CHARS_MAX
from hub.flows.sim_contact import SimContact
from hub.flows.simulator import Action

Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]
Description = Annotated[str, Field(max_length=1_000)]
NodeName = Annotated[str, Field(min_length=1, max_length=100)]
Document = Annotated[
    dict[str, Any],
    Field(
        description="`{spec_version, nodes, edges, comments}`; the fields of `data` by type: `GET /v1/flow-nodes`.",
        examples=[
            {
                "spec_version": 2,
                "nodes": [
                    {"id": "start", "type": "start", "data": {"trigger": {"kind": "any"}}},
                    {"id": "hello", "type": "send", "data": {"content": {"type": "text", "text": "Hello"}}},
                ],
                "edges": [{"source": "start", "port": "next", "target": "hello"}],
            }
        ],
    ),
]


class NewFlow(In):
    """A flow with a draft; without a document: a start node alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Winback"}]})

    name: Name
    description: Description = ""
    document: Document | None = None


class PatchFlow(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Winback, autumn"}]})

    name: Name | None = None
    description: Description | None = None


class Flow(Out):
    id: FlowId
    name: str
    description: str
    version: int = Field(description="The published version; 0 before the first.")
    revision: int = Field(description="Of name and description.")
    created_at: Instant
    archived_at: Instant | None


class FlowPage(Page[Flow]):
    pass


class FlowFault(Out):
    pointer: str
    code: str
    detail: str
    node: str


class FlowFinding(Out):
    node: str
    severity: Literal["error", "warning"]
    code: str
    words: str
    field: str


class FlowTestResult(Out):
    id: FlowTestId
    name: str
    passed: bool
    differences: list[str]


class FlowLook(Out):
    """`faults`: the document cannot be read; `findings`: what is wrong or doubtful with it; `tests`: kept runs."""

    ready: bool
    faults: list[FlowFault]
    findings: list[FlowFinding]
    tests: list[FlowTestResult]


class FlowDraft(Out):
    document: dict[str, Any]
    version: int
    updated_by: str
    updated_at: Instant


class DraftIn(In):
    document: Document


class SavedDraft(Out):
    version: int
    updated_at: Instant
    faults: list[FlowFault] = Field(description="The draft is kept as it is; this is what is wrong with it.")


class InspectIn(In):
    """Without a document: the draft."""

    document: Document | None = None


class InFlightIn(In):
    """What becomes of those inside: they finish on the version they began with, go over into the new one, or leave.

    `mapping`: the new id of a node that has another one now; ids that stayed need none. Who stands at a node that the new
    version lacks is stuck there.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"do": "migrate", "mapping": {"ask": "ask_again"}}]}
    )

    do: Literal["finish", "migrate", "exit"] = "finish"
    mapping: dict[NodeName, NodeName] = Field(default_factory=dict, max_length=1_000)


class PublishIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Waits three days"}]})

    note: str = Field("", max_length=500)
    in_flight: InFlightIn = InFlightIn()


class Published(Out):
    version: int = Field(description="Of a dry run: that which it would have.")
    dry_run: bool
    look: FlowLook


class FlowVersion(Out):
    version: int
    note: str
    created_by: str
    created_at: Instant


class FlowVersions(Page[FlowVersion]):
    pass


class FlowVersionDocument(FlowVersion):
    document: dict[str, Any]


class RestoreFlowIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1}]})

    version: int = Field(ge=1)


class NewFlowTest(In):
    """A run to keep: that of a simulation, or one that is written out."""

    name: Name
    simulation_id: SimulationId | None = None
    run: KeptRun | None = None


class FlowTest(Out):
    id: FlowTestId
    name: str
    run: dict[str, Any]
    created_at: Instant


class FlowTests(Out):
    items: list[FlowTest]
    has_more: bool


class FlowPort(Out):
    """A way out called `name`, while every field of the data in `when` is set. With `each`: one for each item of that
    field, called as its `key` says, and `name`, if any, where there are no items.
    """

    name: str
    when: list[str]
    each: str
    key: str


class FlowNode(Out):
    """A node type: its schema makes the editor's form."""

    type: str
    title: str
    group: str
    description: str
    ports: list[FlowPort]
    data_schema: dict[str, Any]


class FlowNodes(Out):
    items: list[FlowNode]
    content_schema: dict[str, Any] = Field(description="Of every field whose `x-editor` is `content`.")
    has_more: bool = False


class FlowFields(ConditionFields):
    """`variables`: what a variable of each type can be asked; its name follows `variable.`."""

    variables: list[ConditionField]


class ImportFlows(In):
    """`parley`: what an export of ours gave; `textit`: an export of RapidPro or TextIt, spec 13 or 14."""

    format: Literal["parley", "textit"] = "parley"
    document: dict[str, Any]
    name: Name | None = Field(None, description="Of a single flow; else the name that it has.")


class FlowLoss(Out):
    node: str
    what: str


class ImportedFlow(Out):
    flow: Flow
    faults: list[FlowFault]
    report: list[FlowLoss] = Field(description="What could not be translated.")


class ImportedFlows(Out):
    items: list[ImportedFlow]
    has_more: bool = False


class ExportedFlow(Out):
    """Import it elsewhere with the format `parley`."""

    name: str
    description: str
    document: dict[str, Any]


class NewSimulation(In):
    """Play a document, or a flow's draft, for a made contact or with the values of a real one."""

    flow_id: FlowId | None = None
    document: Document | None = None
    contact: SimContact | None = None
    contact_id: ContactId | None = None
    made: Literal["longest", "missing"] | None = Field(
        None, description="A made contact: with a long value for every attribute, or with none at all."
    )
    channel: ChannelKind = Field(ChannelKind.SMS, description="By which the contact talks to us.")
    seed: int = Field(1, ge=0, le=2**31)
    now: Instant | None = None


class SimulationStep(In):
    """`breakpoints`: nodes before which the run stops; `single`: it stops before every node."""

    action: Action
    breakpoints: list[Annotated[str, Field(max_length=100)]] = Field(default_factory=list, max_length=200)
    single: bool = False


class SimulationCost(Out):
    """What a message would cost by the channel it goes first; `refused`: why there is no price."""

    effect: int = Field(description="Its place among the effects.")
    channel: str
    text: str = Field(description="As that channel would carry it.")
    parts: int
    price: Money
    currency: str
    refused: str


class SimulationFrame(Out):
    action: dict[str, Any]
    now: Instant
    status: str
    reason: str
    outcome: str
    steps: list[tuple[str, str]] = Field(description="(node, port) in order; no port where it stopped.")
    effects: list[dict[str, Any]]
    why: list[dict[str, Any]]
    asked: list[int] = Field(description="For each step, how many of the effects are its own.")
    inside: list[FlowId | None] = Field(
        description="For each step, the flow it is in; null: the one that is played."
    )
    costs: list[SimulationCost]
    values: dict[str, Any] = Field(
        description="What templates may read now: variables by name, `contact.…`, `reply.…`."
    )
    session: dict[str, Any] | None
    contact: dict[str, Any]


class Simulation(Out):
    id: SimulationId
    seed: int
    channel: str
    contact: dict[str, Any] = Field(description="Who it is played for, as it was at the beginning.")
    now: Instant
    length: int = Field(description="How many steps there are to go back.")
    last: SimulationFrame | None
