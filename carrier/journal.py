"""What the carrier saw: the log of messages and its sums, for people and for tests that prove nothing was lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from carrier.network import Network
from carrier.store import INBOUND, Message, entry, rfc3339
from carrier.wire import first

PAGE_MAX = 10_000
FILTERS = ("to", "from", "handset", "number", "account", "channel", "direction", "state", "body", "key")


def messages(network: Network, query: dict[str, list[str]]) -> dict[str, Any]:
    """The answer of GET /carrier/messages: {"messages", "count", "has_more"}, newest first.

    Filters: sid, repeated=1 (bodies accepted more than once for a handset) and those of FILTERS, all exact.
    `before` and `after` are seqs, `limit` is 1 to 10,000 (100), order=asc shows the oldest first.
    Raises ValueError for a number that is none.
    """
    wanted = {name: first(query, name) for name in FILTERS if name in query}
    try:
        limit = min(max(int(first(query, "limit") or 100), 1), PAGE_MAX)
        before, after = int(first(query, "before") or 0), int(first(query, "after") or 0)
    except ValueError as error:
        raise ValueError("limit, before, after: whole numbers") from error
    repeated = first(query, "repeated") in ("1", "true")
    source: Iterable[Message] = _candidates(network, query)
    if first(query, "order") == "asc":
        source = reversed(list(source))

    def matching() -> Iterator[dict[str, Any]]:
        for message in source:
            if (before and message.seq >= before) or message.seq <= after:
                continue
            times = network.store.times_seen(message)
            if (times > 1 or not repeated) and (not wanted or _matches(message, wanted)):
                yield entry(message, times)

    found = list(islice(matching(), limit + 1))
    page = found[:limit]
    return {"messages": page, "count": len(page), "has_more": len(found) > limit}


def summary(network: Network) -> dict[str, Any]:
    """The answer of GET /carrier/summary: counts since the start or the last reset, over all messages ever taken.

    `duplicates` = accepted − distinct (handset, body). `settled` is True when nothing is planned or under way.
    """
    store, tally = network.store, network.delivery.tally
    by_state = {
        direction: {state: count for state, count in counts.items() if count}
        for direction, counts in store.states.items()
    }
    return {
        "accepted": store.accepted,
        "inbound": store.inbound,
        "by_state": by_state,
        "distinct": store.distinct,
        "distinct_complete": store.distinct_complete,
        "duplicates": store.accepted - store.distinct if store.distinct_complete else None,
        "refused": dict(store.refusals),
        "opted_out": len(network.opted_out),
        "kept": len(store.messages),
        "evicted": store.evicted,
        "planned": len(network.schedule),
        "settled": network.settled,
        "webhooks": {
            "delivered": tally.delivered,
            "open": network.delivery.open + len(network.batcher),
            "tries": tally.tries,
            "retries": tally.retries,
            "refused": tally.refused,
            "lost": tally.lost,
            "answers": dict(tally.statuses),
            "last_lost": [item | {"at": rfc3339(item["at"])} for item in network.delivery.lost],
        },
    }


def _candidates(network: Network, query: dict[str, list[str]]) -> Iterator[Message]:
    """The messages to look through: one, those of a handset, or all."""
    store, owned = network.store, network.directory.by_address
    if "sid" in query:
        message = store.messages.get(first(query, "sid"))
        return iter([message] if message else [])
    handset, to = first(query, "handset"), first(query, "to")
    if not handset and to and not any((channel, to) in owned for channel in ("sms", "whatsapp", "rcs")):
        handset = to
    return store.handset_messages(handset) if handset else store.newest()


def _matches(message: Message, wanted: dict[str, str]) -> bool:
    inbound = message.direction == INBOUND
    values = {
        "to": message.number.address if inbound else message.handset,
        "from": message.handset if inbound else message.number.address,
        "handset": message.handset,
        "number": message.number.address,
        "account": message.account.id,
        "channel": message.channel,
        "direction": message.direction,
        "state": message.state,
        "body": message.body,
        "key": message.key,
    }
    return all(values[name] == value for name, value in wanted.items())
