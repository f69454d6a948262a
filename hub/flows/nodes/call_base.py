"""What nodes of a call have in common: where no call is on, they have one placed and wait until it is answered."""

from __future__ import annotations

from typing import ClassVar

from hub.flows.effects import PlaceCall
from hub.flows.inputs import Call
from hub.flows.nodes.base import End, Go, Next, Node, RunContext, Stay, Wait

PLACING = "placing"
NOT_REACHED = ("busy", "no_answer", "failed")


class VoiceNode(Node):
    """A node that works in a call with the contact.

    Somebody who is not reached leaves by `hung_up` where the node has that port; elsewhere the session ends with the
    reason as its outcome.
    """

    group: ClassVar[str] = "Voice"

    def run(self, context: RunContext) -> Next:
        if context.waiting is not None and context.waiting.get(PLACING):
            return self._placed(context)
        if context.waiting is None and not context.on_call:
            context.effects.append(self.placed(context.token))
            return Wait("call", None, {PLACING: True})
        return self.in_call(context)

    def _placed(self, context: RunContext) -> Next:
        match context.given:
            case Call(happened="answered", value=by):
                context.on_call, context.waiting = True, None
                return self.answered(context, by)
            case Call(happened="busy" | "no_answer" | "failed" | "hung_up" as how):
                context.note(result=how)
                return self.not_reached("failed" if how == "hung_up" else how)
            case _:
                assert context.waiting is not None, "it waits for the call"
                return Stay(context.waiting)

    def placed(self, token: int) -> PlaceCall:
        """The call that it needs."""
        return PlaceCall(token)

    def answered(self, context: RunContext, by: str) -> Next:
        """Somebody answered: a `human`, a `machine`, a `fax`, or nobody looked."""
        return self.in_call(context)

    def not_reached(self, why: str) -> Next:
        return Go("hung_up") if "hung_up" in self.out_ports() else End(why)

    def in_call(self, context: RunContext) -> Next:
        """`run` while the call is on."""
        raise NotImplementedError
