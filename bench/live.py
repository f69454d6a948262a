"""Memory of a live, idle conversation in a ConversationHost, beside the cost of one raw Ray actor.

The conversations are rows in PostgreSQL; a real host of a real Ray cluster is asked to activate them through the same
call that the product uses. Memory is the host's unique set size (what the machine would get back if it ended).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import Any
from uuid import UUID

import psutil  # type: ignore[import-untyped]
import psycopg
import ray
from psycopg.types.json import Jsonb

from actors import runtime
from bench.common import figure, local_hub, note, talk
from cli.local.stack import LocalStack
from hub.errors import Unavailable
from hub.flows.session import Session
from hub.ids import new_id
from hub.settings import Settings
from models.db import SCHEMA

CALL = 5_000
BYTES_AT_MOST = 4_096
RAW_ACTORS = 3
WARM = 2_000  # opens the host's connections and fills its caches before the first look at its memory


@dataclass(frozen=True, slots=True)
class Sizes:
    conversations: int


FULL = Sizes(200_000)
QUICK = Sizes(20_000)


def measure_all(quick: bool) -> list[dict[str, Any]]:
    with local_hub(with_gateway=False, with_carrier=False) as (stack, settings):
        return measure(stack, settings, QUICK if quick else FULL)


def measure(stack: LocalStack, settings: Settings, sizes: Sizes) -> list[dict[str, Any]]:
    """The two figures, on a hub whose first conversation host has nothing else to do."""
    count = sizes.conversations
    plan = {"ray_pid": stack.pids()["ray"], "conversations": count}
    # In a process of its own: Ray reads the cluster's token once, when it is first imported.
    found = asyncio.run(talk("bench.live", plan, stack.env))
    per_conversation, rate = found["grown_bytes"] / count, count / found["seconds"]
    return [
        figure(
            "live_bytes",
            per_conversation,
            "bytes",
            "one raw Ray actor",
            found["actor_bytes"],
            value_at_most=BYTES_AT_MOST,
        ),
        figure("live_activations", rate, "conversations/s"),
    ]


def _inside(plan: dict[str, Any]) -> dict[str, Any]:
    """The part that speaks to Ray."""
    count, settings = plan["conversations"], Settings()
    note(f"writing {count} conversations")
    tenant_id, contact_ids = _write(settings.database_url, WARM + count)
    runtime.connect(settings)
    try:
        actor_bytes = _raw_actor_bytes()
        note(f"activating {count} conversations")
        keys = [(tenant_id, contact_id) for contact_id in contact_ids]
        grown, seconds = asyncio.run(_activate(plan["ray_pid"], settings, keys))
    finally:
        runtime.shutdown()
    return {"grown_bytes": grown, "seconds": seconds, "actor_bytes": actor_bytes}


_CONTACTS = (
    "INSERT INTO contacts (tenant_id, id, name) SELECT %(tenant)s, id, 'Contact ' || place "
    "FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS u(id, place)"
)
# Every second one waits in a flow, the others are open in a queue with an intent: as in a running hub.
_CONVERSATIONS = """
    INSERT INTO conversations (tenant_id, contact_id, version, status, queue_id, session, channel_id, address, last_text,
        last_direction, last_inbound_at, unread, intent, confidence, reason, opened_at)
    SELECT %(tenant)s, id, 3, CASE WHEN open THEN 'open' ELSE 'idle' END, CASE WHEN open THEN %(queue)s::uuid END,
        CASE WHEN open THEN NULL ELSE %(session)s::jsonb END, %(channel)s, '+1' || 2000000000 + place,
        'Where is my order? The number is ' || place, 'in', now(), CASE WHEN open THEN 1 ELSE 0 END,
        CASE WHEN open THEN 'order_status' END, CASE WHEN open THEN 0.91 END,
        CASE WHEN open THEN 'intent order_status 0.91 ≥ 0.50' ELSE '' END, CASE WHEN open THEN now() END
    FROM (SELECT id, place, place %% 2 = 0 AS open FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS u(id, place)) AS w
"""


def _write(database_url: str, count: int) -> tuple[UUID, list[UUID]]:
    tenant_id, contact_ids = new_id(), [new_id() for _ in range(count)]
    session = Session(new_id().hex, "answer", {"code": "A123"}, new_id().hex).to_json()
    with psycopg.connect(database_url, autocommit=True) as db:
        db.execute(f"SET search_path = {SCHEMA}")
        db.execute(
            "INSERT INTO tenants (id, kind, name, slug, depth) VALUES (%s, 'organization', 'Bench', %s, 0)",
            (tenant_id, f"bench-{tenant_id}"),
        )
        db.execute(
            "INSERT INTO tenant_closure (ancestor_id, descendant_id, depth) VALUES (%s, %s, 0)",
            (tenant_id,) * 2,
        )
        values = {"tenant": tenant_id, "queue": new_id(), "channel": new_id(), "session": Jsonb(session)}
        for first in range(0, count, 10 * CALL):
            part = {**values, "ids": contact_ids[first : first + 10 * CALL]}
            db.execute(_CONTACTS, part)
            db.execute(_CONVERSATIONS, part)
        db.execute("ANALYZE contacts, conversations, consents")
    return tenant_id, contact_ids


def _host(ray_pid: int, name: str) -> psutil.Process:
    """The worker process of this cluster whose actor is `name`. Raises Unavailable."""
    for child in psutil.Process(ray_pid).children(recursive=True):
        try:
            if child.cmdline()[:1] == [f"ray::{name}"]:
                return child
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    raise Unavailable(f"there is no process of {name}")


def _raw_actor_bytes() -> float:
    """Median unique memory of trivial actors, as Ray makes them."""

    class Trivial:
        def pid(self) -> int:
            return os.getpid()

    made: Any = ray.remote(Trivial)
    actors = [made.options(num_cpus=0).remote() for _ in range(RAW_ACTORS)]
    pids: list[int] = ray.get([actor.pid.remote() for actor in actors], timeout=runtime.START_TIMEOUT_S)
    sizes = [psutil.Process(pid).memory_full_info().uss for pid in pids]
    for actor in actors:
        ray.kill(actor)
    return float(median(sizes))


async def _activate(ray_pid: int, settings: Settings, keys: list[tuple[UUID, UUID]]) -> tuple[int, float]:
    """(bytes by which the host grew, seconds it took). Raises Unavailable when some are not live."""
    peer = runtime.peers("conversation", settings)["conversation-0"]
    before_live = (await peer.call("stats"))["live"]
    await peer.call("activate", keys[:WARM])
    host = _host(ray_pid, "ConversationHost")
    before = int(host.memory_full_info().uss)
    began = time.perf_counter()
    live = 0
    for first in range(WARM, len(keys), CALL):
        live = await peer.call("activate", keys[first : first + CALL])
    seconds = time.perf_counter() - began
    if live != before_live + len(keys):
        raise Unavailable(f"{live - before_live} of {len(keys)} conversations are live")
    return int(host.memory_full_info().uss) - before, seconds


if __name__ == "__main__":
    print(json.dumps(_inside(json.loads(sys.stdin.buffer.read()))))
