"""A simulation as JSON, to be kept for a while between two calls of the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.flows.session import Session
from hub.flows.simulator import Frame, SimContact, Simulation


def to_json(simulation: Simulation) -> dict[str, Any]:
    return {
        "flow_id": simulation.flow_id,
        "seed": simulation.seed,
        "now": simulation.now.isoformat(),
        "contact": simulation.contact.model_dump(mode="json"),
        "frames": [frame_json(frame) for frame in simulation.frames],
    }


def frame_json(frame: Frame) -> dict[str, Any]:
    return {
        "action": frame.action,
        "now": frame.now.isoformat(),
        "session": None if frame.session is None else frame.session.to_json(),
        "contact": frame.contact.model_dump(mode="json"),
        "status": frame.status,
        "reason": frame.reason,
        "outcome": frame.outcome,
        "steps": [list(step) for step in frame.steps],
        "effects": list(frame.effects),
        "why": list(frame.why),
    }


def from_json(value: Mapping[str, Any]) -> Simulation:
    frames = tuple(
        Frame(
            **{
                **frame,
                "now": datetime.fromisoformat(frame["now"]),
                "session": Session.from_json(frame["session"]),
                "contact": SimContact.model_validate(frame["contact"]),
                "steps": tuple((node, port) for node, port in frame["steps"]),
                "effects": tuple(frame["effects"]),
                "why": tuple(frame["why"]),
            }
        )
        for frame in value["frames"]
    )
    contact = SimContact.model_validate(value["contact"])
    return Simulation(value["flow_id"], value["seed"], datetime.fromisoformat(value["now"]), contact, frames)
