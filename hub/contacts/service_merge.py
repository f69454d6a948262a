"""Use cases of merges: preview, merge, undo. One transaction each; the conversation hosts notice by the version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import merge as rules
from hub.contacts import store, store_attributes, store_merge
from hub.contacts.addresses import ADDRESSES_MAX
from hub.contacts.changes import FIELDS, State
from hub.contacts.contact import TAGS_MAX
from hub.contacts.merge import Field, Person, Plan, Side, pack, unpack
from hub.contacts.service_changes import values_of
from hub.contacts.service_common import activity, missing
from hub.errors import Conflict, Invalid, NotFound
from hub.ids import encode_id, new_id
from models.db import encode_rows


@dataclass(eq=False)
class CannotUndo(Conflict):
    """This merge cannot be undone."""

    code: ClassVar[str] = "cannot-undo"


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge as shown: its fields, how much moves, and its id when it was carried out."""

    fields: list[Field]
    moves: dict[str, int]
    merge_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Pair:
    """Both contacts, held, with all that the decision needs."""

    winner: Person
    loser: Person
    rows: Mapping[UUID, Row[Any]]
    addresses: Mapping[UUID, Sequence[Row[Any]]]
    conversations: Mapping[UUID, dict[str, Any]]


async def merge(
    db: AsyncConnection,
    tenant_id: UUID,
    winner_id: UUID,
    loser_id: UUID,
    choices: Mapping[str, Side],
    *,
    dry_run: bool,
    actor: str,
) -> Merged:
    """Make one contact of two: everything of the loser moves to the winner. With `dry_run` only say what would.

    Raises NotFound (ContactMerged, ContactErased), or Invalid: the same contact twice, an unknown choice, too much of
    something.
    """
    if winner_id == loser_id:
        raise Invalid("a contact cannot be merged with itself", "/loser_id")
    pair = await _hold(db, tenant_id, winner_id, loser_id)
    definitions = await store_attributes.definitions(db, tenant_id)
    plan = rules.plan(pair.winner, pair.loser, choices, definitions)
    if sum(len(rows) for rows in pair.addresses.values()) > ADDRESSES_MAX:
        raise Invalid(f"together they have more than {ADDRESSES_MAX} addresses", "/loser_id")
    if len(plan.tags) > TAGS_MAX:
        raise Invalid(f"together they have more than {TAGS_MAX} tags", "/loser_id")
    moves = await _counted(db, tenant_id, pair)
    if dry_run:
        return Merged(plan.fields, moves, None)
    merge_id = new_id()
    moved = await _move(db, tenant_id, pair)
    version = await _write_winner(db, tenant_id, pair, plan, definitions)
    await store_merge.insert_merge(
        db,
        {
            "tenant_id": tenant_id,
            "id": merge_id,
            "winner_id": winner_id,
            "loser_id": loser_id,
            "snapshot": _snapshot(pair, plan, moved, version),
            "merged_by": actor,
            "merged_at": datetime.now(UTC),
        },
    )
    data = {
        "merge_id": encode_id("mrg", merge_id),
        "loser_id": encode_id("con", loser_id),
        "loser_name": pair.loser.name,
    }
    await store.insert_activities(db, [activity(tenant_id, winner_id, "merge", actor, data)])
    return Merged(plan.fields, moves, merge_id)


async def _hold(db: AsyncConnection, tenant_id: UUID, winner_id: UUID, loser_id: UUID) -> _Pair:
    """Hold conversations before contacts, as the hosts do, and look again: one may have come in between."""
    ids = [winner_id, loser_id]
    await store_merge.lock_conversations(db, tenant_id, ids)
    rows = await store_merge.lock_contacts(db, tenant_id, ids)
    for identifier in ids:
        if identifier not in rows:
            raise await missing(db, [tenant_id], identifier)
    return _Pair(
        _person(rows[winner_id]),
        _person(rows[loser_id]),
        rows,
        {identifier: await store.addresses_of(db, tenant_id, identifier) for identifier in ids},
        await store_merge.lock_conversations(db, tenant_id, ids),
    )


def _person(row: Row[Any]) -> Person:
    consents = {(one["channel_kind"], one["purpose"]): one for one in row.consents}
    return Person(
        row.id,
        row.name,
        row.language,
        row.time_zone,
        row.attributes,
        frozenset(row.tags),
        consents,
        row.version,
    )


async def _counted(db: AsyncConnection, tenant_id: UUID, pair: _Pair) -> dict[str, int]:
    loser = pair.loser
    counted = await store_merge.counts(db, tenant_id, loser.id)
    return {
        "addresses": len(pair.addresses[loser.id]),
        "tags": len(loser.tags - pair.winner.tags),
        "consents": len(loser.consents),
        **counted._mapping,
        "conversations": int(loser.id in pair.conversations),
    }


async def _move(db: AsyncConnection, tenant_id: UUID, pair: _Pair) -> dict[str, Any]:
    """Move what hangs on the loser, then its row goes; returns what went where, for an undo."""
    winner, loser = pair.winner.id, pair.loser.id
    moved: dict[str, Any] = {
        table: pack(await store_merge.move(db, table, tenant_id, loser, winner))
        for table in store_merge.HISTORY
    }
    joined, every = await store_merge.move_segments(db, tenant_id, loser, winner)
    moved["joined"], moved["segments"] = pack(joined), pack(every)
    moved["campaigns"] = pack(await store_merge.move_recipients(db, tenant_id, loser, winner))
    await store_merge.move_triggers(db, tenant_id, loser, winner)
    first = 1 + max((row.position for row in pair.addresses[winner]), default=-1)
    await store_merge.move_addresses(db, tenant_id, loser, winner, first)
    await store_merge.delete_contact(db, tenant_id, loser)
    return moved


async def _write_winner(
    db: AsyncConnection, tenant_id: UUID, pair: _Pair, plan: Plan, definitions: Any
) -> int:
    """The winner's fields, tags, consents, index and conversation; returns the conversation's version, or 0."""
    winner = pair.winner.id
    await store.set_contacts(db, tenant_id, [{"id": winner, **plan.values, "attributes": plan.attributes}])
    await _set_tags(db, tenant_id, winner, plan.tags - pair.winner.tags)
    await store.set_consents(db, [{**one, "contact_id": winner} for one in plan.consents.values()])
    await _index(db, tenant_id, winner, plan.attributes, definitions)
    state = rules.conversation(pair.conversations.get(winner), pair.conversations.get(pair.loser.id), winner)
    if state is None:
        return 0
    await store_merge.put_conversation(db, state)
    await store.wake_conversations(db, tenant_id, [winner])
    return int(state["version"]) + 1


async def _set_tags(db: AsyncConnection, tenant_id: UUID, contact_id: UUID, tags: Any) -> None:
    rows = [{"tenant_id": tenant_id, "tag": tag, "contact_id": contact_id} for tag in tags]
    await store.insert_tags(db, rows)


async def _index(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, attributes: Mapping[str, Any], definitions: Any
) -> None:
    indexed = [definition.id for definition in definitions.values() if definition.indexed]
    await store.delete_values(db, tenant_id, [contact_id], indexed)
    state = State(contact_id, "", "", "", attributes, frozenset())
    await store.insert_values(db, values_of(tenant_id, [state], definitions))


def _snapshot(pair: _Pair, plan: Plan, moved: Mapping[str, Any], version: int) -> dict[str, Any]:
    """All that an undo needs. It is personal data: an erasure empties it."""
    sides = {
        side: {
            **{name: getattr(person, name) for name in FIELDS},
            "attributes": dict(person.attributes),
            "tags": sorted(person.tags),
            "consents": list(person.consents.values()),
            "version": person.version,
            "conversation": pair.conversations.get(person.id),
        }
        for side, person in (("winner", pair.winner), ("loser", pair.loser))
    }
    row = pair.rows[pair.loser.id]
    sides["loser"] |= {"created_at": row.created_at, "import_id": row.import_id}
    sides["loser"]["addresses"] = [dict(one._mapping) for one in pair.addresses[pair.loser.id]]
    result = {**plan.values, "attributes": plan.attributes, "consents": list(plan.consents.values())}
    return {**sides, "result": result, "moved": dict(moved), "conversation_version": version}


async def undo(db: AsyncConnection, tenant_id: UUID, merge_id: UUID, actor: str) -> tuple[UUID, UUID]:
    """Put both contacts back as they were; what came since stays with the winner. Returns (winner, loser).

    Raises NotFound, or CannotUndo, which says why: undone before, one of them is gone, an address has a new owner.
    """
    row = await store_merge.merge(db, tenant_id, merge_id)
    if row is None:
        raise NotFound("there is no such merge")
    if row.undone_at is not None:
        raise CannotUndo("it was undone before")
    if not row.snapshot:
        raise CannotUndo("the contact was erased since, and with it what an undo needs")
    winner, loser = row.winner_id, row.loser_id
    await store_merge.lock_conversations(db, tenant_id, [winner])
    held = await store_merge.lock_contacts(db, tenant_id, [winner, loser])
    if winner not in held:
        raise CannotUndo("the contact that was kept is gone: undo its own merge first")
    if loser in held:
        raise CannotUndo("the other contact is there already")
    before = row.snapshot["loser"]
    owners = await store_merge.owners(db, tenant_id, before["addresses"])
    for (_, address), owner in owners.items():
        if owner != winner:
            raise CannotUndo(f"{address} belongs to another contact now")
    definitions = await store_attributes.definitions(db, tenant_id)
    await _restore_loser(db, tenant_id, row, definitions)
    await _restore_winner(db, tenant_id, row, _person(held[winner]), definitions)
    await store_merge.mark_undone(db, tenant_id, merge_id)
    data = {"merge_id": encode_id("mrg", merge_id)}
    await store.insert_activities(
        db,
        [
            activity(tenant_id, contact_id, "unmerge", actor, {**data, "other_id": encode_id("con", other)})
            for contact_id, other in ((winner, loser), (loser, winner))
        ],
    )
    return winner, loser


async def _restore_loser(db: AsyncConnection, tenant_id: UUID, row: Row[Any], definitions: Any) -> None:
    winner, loser, snapshot = row.winner_id, row.loser_id, row.snapshot
    before, moved = snapshot["loser"], snapshot["moved"]
    contact = {
        "tenant_id": tenant_id,
        "id": loser,
        **{name: before[name] for name in FIELDS},
        "attributes": before["attributes"],
        "version": before["version"] + 1,
        "created_at": before["created_at"],
        "import_id": before["import_id"],
    }
    await store_merge.insert_contact(db, contact)
    await store_merge.give_back(db, tenant_id, loser, encode_rows(before["addresses"]))
    await _set_tags(db, tenant_id, loser, before["tags"])
    await _index(db, tenant_id, loser, before["attributes"], definitions)
    for table in store_merge.HISTORY:
        await store_merge.move_back(db, table, tenant_id, loser, winner, unpack(moved.get(table, "")))
    await store_merge.segments_back(
        db, tenant_id, loser, winner, unpack(moved["joined"]), unpack(moved["segments"])
    )
    await store_merge.recipients_back(db, tenant_id, loser, winner, unpack(moved["campaigns"]))
    # Who opted out since meant themselves, whoever of the two they are.
    since = [
        one
        for one in await store.consents_of(db, tenant_id, winner)
        if one.state == "opted_out" and one.changed_at > row.merged_at
    ]
    later = {(one.channel_kind, one.purpose): dict(one._mapping) for one in since}
    own = {(one["channel_kind"], one["purpose"]): one for one in before["consents"]} | later
    consents = [{**one, "tenant_id": tenant_id, "contact_id": loser} for one in own.values()]
    for one in consents:
        await store.set_consents(db, [one])
    if before["conversation"] is not None:
        # Beyond the version that a host may still hold in memory.
        conversation = {**before["conversation"], "version": before["conversation"]["version"] + 2}
        await store_merge.put_conversation(db, conversation)
        await store.wake_conversations(db, tenant_id, [loser])


async def _restore_winner(
    db: AsyncConnection, tenant_id: UUID, row: Row[Any], now: Person, definitions: Any
) -> None:
    winner, snapshot = row.winner_id, row.snapshot
    before, result = snapshot["winner"], snapshot["result"]
    fields = rules.restored(before, result, {name: getattr(now, name) for name in FIELDS}, FIELDS)
    keys = sorted({*now.attributes, *before["attributes"]})
    values = rules.restored(before["attributes"], result["attributes"], now.attributes, keys)
    attributes = {key: value for key, value in values.items() if value is not None}
    await store.set_contacts(db, tenant_id, [{"id": winner, **fields, "attributes": attributes}])
    await _index(db, tenant_id, winner, attributes, definitions)
    lent = set(snapshot["loser"]["tags"]) - set(before["tags"])
    await store.delete_tags(
        db, tenant_id, [{"tag": tag, "contact_id": winner} for tag in sorted(lent & now.tags)]
    )
    changed = {key: one for key, one in now.consents.items() if _instant(one["changed_at"]) > row.merged_at}
    kept = {(one["channel_kind"], one["purpose"]): one for one in before["consents"]} | changed
    await store_merge.delete_consents(db, tenant_id, winner)
    for one in kept.values():
        await store.set_consents(db, [{**one, "tenant_id": tenant_id, "contact_id": winner}])
    await _restore_conversation(db, tenant_id, winner, snapshot)


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value)


async def _restore_conversation(
    db: AsyncConnection, tenant_id: UUID, winner: UUID, snapshot: Mapping[str, Any]
) -> None:
    """The winner's conversation as it was, unless something happened in it since."""
    current = (await store_merge.lock_conversations(db, tenant_id, [winner])).get(winner)
    if current is None:
        return
    before = snapshot["winner"]["conversation"]
    if current["version"] == snapshot["conversation_version"]:
        quiet = {"status": "idle", "queue_id": None, "assignee_id": None, "session": None, "unread": 0}
        blank = {"last_text": "", "address": "", "intent": None, "confidence": None, "reason": ""}
        version = current["version"] + 1
        await store_merge.put_conversation(
            db, {**(before or {**current, **quiet, **blank}), "version": version}
        )
    await store.wake_conversations(db, tenant_id, [winner])
