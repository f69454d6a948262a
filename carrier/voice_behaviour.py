"""How one handset treats calls: the part of a behaviour that is about voice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

OUTCOMES = ("human", "machine", "fax", "busy", "no-answer", "failed", "manual")
VERBS = ("", "ringing", "say", "play", "gather", "record", "dial", "pause")
TEXTS_MAX = 100
SECONDS_MAX = 86_400


@dataclass(slots=True, frozen=True)
class CallBehaviour:
    """What becomes of a call. `outcome`: who or what picks up, or why nobody does; `manual` rings until a person at the
    phone page answers, which every handset does while its page is open.

    `rings_s` passes before that. `keys` are pressed and `says` spoken, one entry for each question in turn ("" keeps
    silent; a question that takes both gets the keys first); `confidence` is how well speech is understood.
    `hangs_up_at` names the verb at which the person goes. `records_s` is how long they speak after a beep. `talks_s`
    is added to the real time of the call, so that a long one need not be waited for. `repeats` sends each callback that
    many times more, `reorders` sends the callbacks of a call last first, `unsigned` with a wrong signature.
    `recording_host` puts another host into the address of recordings.
    """

    outcome: str = "human"
    rings_s: float = 0.02
    keys: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    confidence: float = 0.9
    hangs_up_at: str = ""
    records_s: int = 3
    talks_s: int = 0
    repeats: int = 0
    reorders: bool = False
    unsigned: bool = False
    recording_host: str = ""

    @classmethod
    def parse(cls, data: Any, where: str) -> CallBehaviour:
        """From JSON. Raises ValueError, naming the place."""
        if not isinstance(data, Mapping):
            raise ValueError(f"{where}: a JSON object is needed")
        unknown = sorted(set(data) - {f.name for f in fields(cls)})
        if unknown:
            raise ValueError(f"{where}: unknown {', '.join(map(str, unknown))}")
        made = cls(**{name: _value(name, value, f"{where}.{name}") for name, value in data.items()})
        if made.outcome not in OUTCOMES:
            raise ValueError(f"{where}.outcome: one of {', '.join(OUTCOMES)}")
        if made.hangs_up_at not in VERBS:
            raise ValueError(f"{where}.hangs_up_at: one of {', '.join(VERBS[1:])}")
        return made


def _value(name: str, value: Any, where: str) -> Any:
    match name:
        case "outcome" | "hangs_up_at" | "recording_host":
            good = isinstance(value, str)
        case "keys" | "says":
            good = isinstance(value, list) and len(value) <= TEXTS_MAX
            good = good and all(isinstance(item, str) and len(item) <= 500 for item in value)
            value = tuple(value) if good else ()
        case "reorders" | "unsigned":
            good = isinstance(value, bool)
        case "talks_s" | "records_s" | "repeats":
            good = type(value) is int and 0 <= value <= SECONDS_MAX
        case "confidence":
            good = type(value) in (int, float) and 0 <= value <= 1
        case _:
            good = type(value) in (int, float) and 0 <= value <= SECONDS_MAX
    if not good:
        raise ValueError(f"{where}: not a usable value")
    return value
