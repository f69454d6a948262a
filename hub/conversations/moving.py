"""How a conversation opens, closes, and comes to a queue or a person. Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from hub.conversations.state import Conversation, Happened, Turn
from hub.ids import encode_id
from hub.routing.compiled import To
from hub.routing.table import RoutingTable


def open_(state: Conversation, at: datetime) -> None:
    state.status = "open"
    state.opened_at = at
    state.closed_at = None


def close(result: Turn, at: datetime, actor: str, wrap_up: str | None = None) -> None:
    result.state.status = "closed"
    result.state.closed_at = at
    result.state.unread = 0
    result.happened.append(Happened("closed", {"wrap_up": wrap_up} if wrap_up else {}, actor))


def settle(result: Turn, to: To, reason: str, at: datetime, table: RoutingTable) -> None:
    """Open it where a route leads, or close it when that is what the route says."""
    state = result.state
    if state.status != "open":
        open_(state, at)
        state.assignee_id = None
        state.unread = max(state.unread, 1)
    state.priority = to.priority
    state.reason = reason
    if to.closed:
        close(result, at, "system")
        return
    # A person's conversation has a queue too: it goes back there when the person is away.
    state.queue_id = to.queue_id or table.fallback_queue_id
    if to.user_id is not None and to.user_id not in table.unable:
        state.assignee_id = to.user_id
        log_owner(result, to.user_id, table.users.get(to.user_id, ""), "system")


def back_in_queue(result: Turn, why: str) -> None:
    """Whoever has it does not have it any more; its queue offers it to others."""
    result.state.assignee_id = None
    result.state.reason = f"back in the queue: {why}"
    log_owner(result, None, "", "system")


def log_owner(result: Turn, user_id: UUID | None, name: str, actor: str, note: str = "") -> None:
    data = {"assignee_id": encode_id("usr", user_id) if user_id else None, "name": name}
    result.happened.append(Happened("assigned", {**data, "note": note} if note else data, actor))
