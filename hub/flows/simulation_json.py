"""A simulation as JSON, to be kept for a while between two calls of the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.flows.session import Session
from hub.flows.sim_contact import SimContact
from hub.flows.simulator import Frame, Simulation


def to_json(simulation: Simulation) -> dict[str, Any]:
    return {
        "flow_id": simulation.flow_id,
        "seed": simulation.seed,
        "sample": simulation.sample,
        "channel": simulation.channel,
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
        "asked": list(frame.asked),
        "inside": list(frame.inside),
    }


def from_json(value: Mapping[str, Any]) -> Simulation:
    contact = SimContact.model_validate(value["contact"])
    written, person = value["contact"], contact
    frames = []
    for frame in value["frames"]:
        if frame["contact"] != written:  # most actions leave the contact as it was
            written, person = frame["contact"], SimContact.model_validate(frame["contact"])
        frames.append(_frame(frame, person))
    now = datetime.fromisoformat(value["now"])
    made = tuple(frames), value["sample"], value.get("channel", "sms")
    return Simulation(value["flow_id"], value["seed"], now, contact, *made)


def _frame(frame: Mapping[str, Any], contact: SimContact) -> Frame:
    return Frame(
        frame["action"],
        datetime.fromisoformat(frame["now"]),
        Session.from_json(frame["session"]),
        contact,
        frame["status"],
        frame["reason"],
        frame["outcome"],
        tuple((node, port) for node, port in frame["steps"]),
        tuple(frame["effects"]),
        tuple(frame["why"]),
        tuple(frame.get("asked", ())),
        tuple(frame.get("inside", ())),
    )
