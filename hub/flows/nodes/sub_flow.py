"""Node: Go through another flow."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from hub.flows.nodes.base import Enter, Next, Node, RunContext
from hub.flows.values import editor, reference
from hub.ids import decode_id


class SubFlow(Node):
    """Go through another flow and come back. Ports: next. Both read and write the same variables.

    Example: {"flow_id": "flw_01kasw8qbefy09m6sc7n75yr3h"}.
    """

    type: ClassVar[str] = "sub_flow"
    title: ClassVar[str] = "Sub-flow"
    group: ClassVar[str] = "Flow"

    flow_id: Annotated[str, Field(min_length=1, max_length=40), reference("flw"), editor("flow")]

    def run(self, context: RunContext) -> Next:
        return Enter(decode_id("flw", self.flow_id).hex)
