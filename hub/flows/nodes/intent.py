"""Node: Branch on the intent of the last reply."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from hub.flows.nodes.base import Go, Next, Node, RunContext
from hub.flows.ports import Port
from hub.flows.values import Label, editor

OTHER = "other"


class IntentCase(BaseModel):
    """An intent's label, which is the port, and how sure the model must be; None: as sure as the node says."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    intent: Annotated[Label, editor("intent")]
    threshold: float | None = Field(None, ge=0, le=1)


class Intent(Node):
    """Leave by the intent that the tenant's live model saw in the last reply. Ports: one an intent, and other.

    Example: {"intents": [{"intent": "order_status"}], "threshold": 0.8}.
    """

    type: ClassVar[str] = "intent"
    title: ClassVar[str] = "Branch on intent"
    group: ClassVar[str] = "Logic"
    ports: ClassVar[tuple[Port, ...]] = (Port(each="intents", key="intent"), Port(OTHER))

    intents: tuple[IntentCase, ...] = Field(min_length=1, max_length=40)
    threshold: float = Field(0.5, ge=0, le=1)

    def model_post_init(self, context: Any) -> None:
        names = [case.intent for case in self.intents]
        if len(set(names)) < len(names) or OTHER in names:
            raise ValueError("intents: each stands once, and none is called other")

    def summary(self) -> str:
        return ", ".join(case.intent for case in self.intents)

    def run(self, context: RunContext) -> Next:
        intent, confidence = context.heard.get("intent"), float(context.heard.get("confidence") or 0)
        case = next((case for case in self.intents if case.intent == intent), None)
        needed = self.threshold if case is None or case.threshold is None else case.threshold
        port = case.intent if case is not None and confidence >= needed else OTHER
        context.note(intent=intent, confidence=confidence, threshold=needed, result=port)
        return Go(port)
