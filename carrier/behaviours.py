"""What happens to a message on its way to a handset: one default and rules, the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from typing import Any

from carrier.voice_behaviour import CallBehaviour

ANSWERS = ("accept", "refuse", "throttle", "error", "late", "hang", "drop")
RECEIPTS = ("delivered", "read", "sent", "undelivered", "failed", "none")
REPLY_MODES = ("all", "step")
RULES_MAX = 10_000
DELAY_S_MAX = 86_400.0
_MATCH_KEYS = {"number", "suffix", "share", "channel", "sender"}


@dataclass(slots=True, frozen=True)
class Behaviour:
    """How the network and one handset behave. Delays are seconds.

    `answer`: accept · refuse (error `code`) · throttle (429) · error (5xx, not taken) · late (taken, answered
    after `answer_delay_s`) · hang (taken, never answered) · drop (taken, connection cut). With `times` > 0
    all but accept hold for the first `times` tries of that handset only, then its messages are accepted.
    `receipts`: the last state reached; `none` keeps the receipts back (the message still arrives).
    `receipt_code` names the error of undelivered and failed. `sent_after_s` counts from the acceptance, the
    final state comes `delivered_after_s` after it, read `read_after_s` after that; `jitter_s` adds up to that
    much, fixed by seed and number. `duplicate` sends each receipt that many times more; `reorder` sends the
    last receipt before the earlier ones.
    `replies` are the texts the person writes back: `all` of them after the first message that arrives (up to
    `reply_times` times), or one `step` for each message. `opts_out` texts STOP instead.
    `capable` False: the handset has no RCS (404), or is not on WhatsApp (131026 in a receipt). `features` are what
    its RCS can show; empty means everything.
    """

    answer: str = "accept"
    code: int | None = None
    http_status: int | None = None
    answer_delay_s: float = 0.0
    times: int = 0
    retry_after_s: int | None = None
    receipts: str = "delivered"
    receipt_code: int | None = None
    sent_after_s: float = 0.02
    delivered_after_s: float = 0.15
    read_after_s: float = 1.0
    jitter_s: float = 0.0
    duplicate: int = 0
    reorder: bool = False
    replies: tuple[str, ...] = ()
    reply_mode: str = "all"
    reply_times: int = 1
    reply_after_s: float = 0.5
    reply_gap_s: float = 1.0
    opts_out: bool = False
    capable: bool = True
    features: tuple[str, ...] = ()
    call: CallBehaviour = field(default_factory=CallBehaviour)
    plan: tuple[tuple[str, float], ...] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plan", self._plan())

    def _plan(self) -> tuple[tuple[str, float], ...]:
        """The states after acceptance, each with its delay after the one before."""
        sent = ("sent", self.sent_after_s)
        match self.receipts:
            case "sent":
                return (sent,)
            case "failed":
                return (("failed", self.sent_after_s + self.delivered_after_s),)
            case "undelivered":
                return (sent, ("undelivered", self.delivered_after_s))
            case "read":
                return (sent, ("delivered", self.delivered_after_s), ("read", self.read_after_s))
        return (sent, ("delivered", self.delivered_after_s))


@dataclass(slots=True, frozen=True)
class Rule:
    """A behaviour for some handsets. Empty conditions match everybody; all given ones must hold."""

    behaviour: Behaviour
    number: str = ""
    suffix: str = ""
    channel: str = ""
    sender: str = ""
    share_from: float = 0.0
    share_to: float = 1.0

    def matches(self, handset: str, channel: str, sender: str, share: float) -> bool:
        """True when every condition of the rule holds."""
        return (
            (not self.number or self.number == handset)
            and (not self.suffix or handset.endswith(self.suffix))
            and (not self.channel or self.channel == channel)
            and (not self.sender or self.sender == sender)
            and self.share_from <= share < self.share_to
        )


class Behaviours:
    """The rules in force: those for one exact number first, then the others in their order, then the default.

    Rules with `share` take consecutive slices of [0, 1), so shares 0.3, 0.1, 0.05 make 45 % of the numbers
    special and no number is in two of them. Where a number stands depends on the seed and the number alone.
    """

    def __init__(self) -> None:
        self.put({})

    def put(self, data: Any) -> None:
        """Replace all rules: {"seed": 1, "default": {…}, "rules": [{"match": {…}, "behaviour": {…}}]}.

        Raises ValueError, and then nothing is changed.
        """
        if not isinstance(data, Mapping):
            raise ValueError("a JSON object is needed")
        unknown = sorted(set(data) - {"seed", "default", "rules"})
        if unknown:
            raise ValueError(f"unknown: {', '.join(map(str, unknown))}")
        rules = data.get("rules", [])
        if not isinstance(rules, list) or len(rules) > RULES_MAX:
            raise ValueError(f"rules: a list of at most {RULES_MAX} is needed")
        default = _behaviour(data.get("default", {}), "default")
        exact, general = _rules(rules)
        self.default = default
        self._exact = exact
        self._general = general
        self.seed = str(data.get("seed", 0))
        self.source: dict[str, Any] = dict(data)

    def share(self, handset: str) -> float:
        """Where a number stands in [0, 1): fixed by the seed."""
        digest = blake2b(f"{self.seed}:{handset}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def find(self, handset: str, channel: str, sender: str) -> Behaviour:
        """The behaviour for a message from `sender` to `handset`."""
        for rule in self._exact.get(handset, ()):
            if rule.matches(handset, channel, sender, rule.share_from):
                return rule.behaviour
        if self._general:
            share = self.share(handset)
            for rule in self._general:
                if rule.matches(handset, channel, sender, share):
                    return rule.behaviour
        return self.default

    def jitter(self, behaviour: Behaviour, handset: str) -> float:
        """The extra delay of this number, in seconds."""
        return behaviour.jitter_s * self.share("jitter:" + handset) if behaviour.jitter_s else 0.0


def _rules(data: list[Any]) -> tuple[dict[str, list[Rule]], list[Rule]]:
    exact: dict[str, list[Rule]] = {}
    general: list[Rule] = []
    start = 0.0
    for i, item in enumerate(data):
        where = f"rules[{i}]"
        if not isinstance(item, Mapping) or set(item) - {"match", "behaviour", "label"}:
            raise ValueError(f'{where}: an object with "match" and "behaviour" is needed')
        match = item.get("match", {})
        if not isinstance(match, Mapping) or set(match) - _MATCH_KEYS:
            raise ValueError(
                f"{where}.match: an object with some of {', '.join(sorted(_MATCH_KEYS))} is needed"
            )
        behaviour = _behaviour(item.get("behaviour", {}), f"{where}.behaviour")
        end = 1.0
        share = match.get("share")
        if share is not None:
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
                raise ValueError(f"{where}.match.share: between 0 and 1")
            end = start + share
            if end > 1.0 + 1e-9:
                raise ValueError(f"{where}.match.share: the shares come to more than 1")
        texts = {key: str(match.get(key, "")) for key in ("number", "suffix", "channel", "sender")}
        slice_from, slice_to = (start, end) if share is not None else (0.0, 1.0)
        rule = Rule(behaviour, **texts, share_from=slice_from, share_to=slice_to)
        if share is not None:
            start = end
        if rule.number and share is None:
            exact.setdefault(rule.number, []).append(rule)
        else:
            general.append(rule)
    return exact, general


def _behaviour(data: Any, where: str) -> Behaviour:
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: a JSON object is needed")
    known = {f.name for f in fields(Behaviour) if f.init}
    unknown = sorted(set(data) - known)
    if unknown:
        raise ValueError(f"{where}: unknown {', '.join(map(str, unknown))}")
    values = {name: _value(name, value, f"{where}.{name}") for name, value in data.items()}
    behaviour = Behaviour(**values)
    for name, allowed in (("answer", ANSWERS), ("receipts", RECEIPTS), ("reply_mode", REPLY_MODES)):
        if getattr(behaviour, name) not in allowed:
            raise ValueError(f"{where}.{name}: one of {', '.join(allowed)}")
    return behaviour


def _value(name: str, value: Any, where: str) -> Any:
    match name:
        case "call":
            return CallBehaviour.parse(value, where)
        case "answer" | "receipts" | "reply_mode":
            good = isinstance(value, str)
        case "replies" | "features":
            good = isinstance(value, list) and len(value) <= 100 and all(isinstance(v, str) for v in value)
            value = tuple(value) if good else ()
        case "reorder" | "opts_out" | "capable":
            good = isinstance(value, bool)
        case "code" | "receipt_code" | "http_status" | "retry_after_s":
            good = value is None or (type(value) is int and 0 <= value <= 10_000_000)
            good = good and (name != "http_status" or value is None or 400 <= value <= 599)
        case "times" | "duplicate" | "reply_times":
            good = type(value) is int and 0 <= value <= 1000
        case _:
            good = type(value) in (int, float) and 0 <= value <= DELAY_S_MAX
    if not good:
        raise ValueError(f"{where}: not a usable value")
    return value
