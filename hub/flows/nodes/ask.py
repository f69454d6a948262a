"""Node: Ask something and wait for the reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.conditions.text import normalize
from hub.flows.answers import KINDS, read_answer
from hub.flows.contents import ContentDocument, templates_of, words_of
from hub.flows.inputs import Reply, TimeUp
from hub.flows.nodes.base import Go, Next, Node, RunContext, Stay, Wait
from hub.flows.nodes.send import SendStep, fill
from hub.flows.ports import Port
from hub.flows.values import Label, SavedAs, Span, only_when

OTHER, ANSWER, TIMEOUT = "other", "answer", "timeout"


class Choice(BaseModel):
    """One expected answer: its port, and the words that mean it. A button's id or title counts as its words."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Label
    words: tuple[Label, ...] = Field((), max_length=500)

    def fits(self, said: str) -> bool:
        return said == normalize(self.name) or any(said == normalize(word) for word in self.words)


class Ask(Node):
    """Ask, and wait for the reply. Ports: one a choice or `answer`; other; with `timeout` also timeout.

    A reply that is not understood is asked about again up to `retries` times, then it leaves by other.
    Writes: variables[save_as]: the choice's name, or the answer as its kind is written.
    Example: {"kind": "choice", "choices": [{"name": "yes", "words": ["y"]}, {"name": "no"}]}.
    """

    type: ClassVar[str] = "ask"
    title: ClassVar[str] = "Ask and wait"
    group: ClassVar[str] = "Messages"
    ports: ClassVar[tuple[Port, ...]] = (
        Port(ANSWER, each="choices"),
        Port(OTHER),
        Port(TIMEOUT, when=("timeout",)),
    )

    content: ContentDocument | None = None
    channels: tuple[SendStep, ...] = Field((), max_length=8)
    kind: Literal["choice", "text", "number", "date", "email", "phone"] = "text"
    choices: Annotated[tuple[Choice, ...], only_when("kind", "choice")] = Field((), max_length=20)
    min: Annotated[float | None, only_when("kind", "text", "number")] = Field(
        None, description="The least number, or the least characters of a text."
    )
    max: Annotated[float | None, only_when("kind", "text", "number")] = Field(
        None, description="The greatest number, or the most characters of a text."
    )
    country: Annotated[str, only_when("kind", "phone")] = Field(
        "", pattern=r"^([A-Z]{2})?$", description="Of phone numbers without a country."
    )
    retries: int = Field(0, ge=0, le=5)
    retry_content: ContentDocument | None = Field(None, description="None: the question is asked again.")
    timeout: Span | None = None
    save_as: SavedAs = ""

    def model_post_init(self, context: Any) -> None:
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError("choices: they belong to the kind choice, which has at least one")
        names = [choice.name for choice in self.choices]
        if len(set(names)) < len(names) or OTHER in names or (self.timeout and TIMEOUT in names):
            raise ValueError("choices: each has a name of its own, and none is called other or timeout")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min: it must not be above max")

    def writes(self) -> Mapping[str, str]:
        return {self.save_as: KINDS[self.kind]} if self.save_as else {}

    def writes_at(self, port: str) -> frozenset[str]:
        return frozenset() if port == TIMEOUT else frozenset(self.writes())

    def texts(self) -> Sequence[str]:
        return tuple(templates_of([self.content, self.retry_content]))

    def summary(self) -> str:
        return words_of(self.content) if self.content else ", ".join(choice.name for choice in self.choices)

    def expects(self, text: str) -> bool:
        """True when `text` is one of the expected answers, so that no classifier is needed."""
        return self.kind == "choice" and self._choice(text) is not None

    def _choice(self, text: str) -> str | None:
        said = normalize(text)
        return next((choice.name for choice in self.choices if choice.fits(said)), None)

    def stops(self) -> bool:
        return True

    def run(self, context: RunContext) -> Next:
        if context.waiting is None:
            if self.content is not None:
                context.effects.append(fill(context, self.content, self.channels))
            return Wait("reply", context.now + self.timeout.span if self.timeout else None)
        match context.given:
            case TimeUp():
                return Go(TIMEOUT)
            case Reply() as reply:
                return self._answered(context, reply)
            case _:
                return Stay(context.waiting)

    def _answered(self, context: RunContext, reply: Reply) -> Next:
        if self.kind == "choice":
            name = (self._choice(reply.choice) if reply.choice else None) or self._choice(reply.text)
            if name is not None:
                context.set(self.save_as, name)
                context.note(answer=name)
                return Go(name)
            wrong = "it is none of the choices"
        else:
            value, wrong = read_answer(reply.text, self.kind, self.min, self.max, self.country)
            if not wrong:
                context.set(self.save_as, value)
                context.note(answer=value)
                return Go(ANSWER)
        context.note(answer=None, why=wrong)
        assert context.waiting is not None, "a reply came to a question"
        tries = int(context.waiting.get("tries", 0))
        if tries < self.retries:
            again = self.retry_content or self.content
            if again is not None:
                context.effects.append(fill(context, again, self.channels))
            return Stay({"tries": tries + 1})
        context.set(self.save_as, reply.text)
        return Go(OTHER)
