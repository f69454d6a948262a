"""Documents of flows that people edited by hand, by API: a draft keeps them and says what is wrong, publishing refuses."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.api.test_flows import document, ok
from tests.api.whole_hub import problem


def without_wait() -> dict[str, Any]:
    """Two tags that lead to each other."""
    made = document()
    made["nodes"] += [{"id": name, "type": "tag", "data": {"tag": name}} for name in "ab"]
    made["edges"] += [
        {"source": "tag", "target": "a"},
        {"source": "a", "target": "b"},
        {"source": "b", "target": "a"},
    ]
    return made


def edited(**more: Any) -> dict[str, Any]:
    made = document()
    return made | {name: [*made[name], *added] for name, added in more.items()}


HAND_EDITED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an unknown node": (edited(nodes=[{"id": "x", "type": "teleport"}]), ["/nodes/4/type"]),
    "an edge to nowhere": (edited(edges=[{"source": "tag", "target": "gone"}]), ["/edges/3/target"]),
    "a wrong port": (
        edited(edges=[{"source": "ask", "port": "maybe", "target": "tag"}]),
        ["/edges/3/port"],
    ),
    "an id twice": (edited(nodes=[{"id": "hi", "type": "end"}]), ["/nodes/4/id"]),
}


@pytest.mark.parametrize("how", HAND_EDITED)
async def test_a_draft_keeps_what_is_wrong_and_publishing_names_it(world: Any, how: str) -> None:
    wrong, places = HAND_EDITED[how]
    async with await world.sign_in("north", "campaign_manager") as client:
        flow = await ok(await client.post("/v1/flows", json={"name": "By hand"}), 201)
        at = f"/v1/flows/{flow['id']}"
        saved = await client.put(f"{at}/draft", json={"document": wrong}, headers={"If-Match": "*"})
        assert [each["pointer"] for each in (await ok(saved))["faults"]] == places
        kept = await ok(await client.get(f"{at}/draft"))
        assert kept["document"] == wrong, "as it was written"
        refused = problem(await client.post(f"{at}/publish", json={}), 422, "flow-invalid")
        assert [each["pointer"] for each in refused["errors"]] == places
        assert (await ok(await client.get(at)))["version"] == 0
        begun = await client.post("/v1/flow-simulations", json={"document": wrong})
        problem(begun, 422, "flow-invalid")


async def test_a_loop_that_never_waits_is_not_published(world: Any) -> None:
    async with await world.sign_in("north", "campaign_manager") as client:
        body = {"name": "Round", "document": without_wait()}
        flow = await ok(await client.post("/v1/flows", json=body), 201)
        refused = (await client.post(f"/v1/flows/{flow['id']}/publish", json={})).json()
        assert ("loop-without-wait", "a") in [(each["code"], each["node"]) for each in refused["findings"]]


async def test_ten_megabytes_are_refused_before_they_are_read(world: Any) -> None:
    text = {"content": {"type": "text", "text": "x" * 3_000}}
    nodes = [{"id": f"n{nth}", "type": "send", "data": text} for nth in range(3_400)]
    body = orjson.dumps({"document": edited(nodes=nodes)})
    assert len(body) > 10_000_000
    headers = {"If-Match": "*", "Content-Type": "application/json"}
    async with await world.sign_in("north", "campaign_manager") as client:
        flow = await ok(await client.post("/v1/flows", json={"name": "Huge"}), 201)
        at = f"/v1/flows/{flow['id']}"
        for answer in (
            await client.put(f"{at}/draft", content=body, headers=headers),
            await client.post(f"{at}/inspect", content=body, headers=headers),
            await client.post("/v1/flow-simulations", content=body, headers=headers),
        ):
            assert answer.status_code == 413, answer.text
        [start] = (await ok(await client.get(f"{at}/draft")))["document"]["nodes"]
        assert start["id"] == "start", "the draft is as it was"
