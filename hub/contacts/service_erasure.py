"""Erasure of one person: everything of theirs in this database, in one transaction; what was counted stays counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import store, store_attributes, store_erasure, store_merge
from hub.contacts.addresses import NUMBER_KINDS
from hub.contacts.listing import literal
from hub.contacts.service_common import missing
from hub.contacts.store_erasure import Traces
from hub.contacts.suppression import AddressHasher
from hub.errors import Invalid
from hub.ids import encode_id
from hub.tenancy import audit_log

REASON_CHARS_MAX = 200
NAME_CHARS_MIN = 5  # shorter names are found in others' texts too
NATIONAL_DIGITS = 9  # of a number's end, as people write it without its country
ENDED = ("completed", "canceled", "failed", "undone")


@dataclass(frozen=True, slots=True)
class Erased:
    """The report of an erasure. It holds numbers only, nothing of the person."""

    contact_id: UUID
    erased_at: datetime
    report: dict[str, Any]


async def erase(
    db: AsyncConnection,
    tenant_id: UUID,
    contact_id: UUID,
    *,
    reason: str,
    hasher: AddressHasher,
    record: audit_log.Record,
) -> Erased:
    """Erase a contact. Message rows keep status and price, campaigns their counts, the suppression list a keyed hash.

    Raises NotFound (ContactMerged, ContactErased) or Invalid. Stored files of imports that made or changed the contact
    are dropped; how many other stored files were left unsearched stands in the report.
    """
    if len(reason) > REASON_CHARS_MAX:
        raise Invalid(f"a reason has at most {REASON_CHARS_MAX} characters", "/reason")
    await store_merge.lock_conversations(db, tenant_id, [contact_id])
    held = (await store_merge.lock_contacts(db, tenant_id, [contact_id])).get(contact_id)
    if held is None:
        raise await missing(db, [tenant_id], contact_id)
    await store_merge.lock_conversations(db, tenant_id, [contact_id])
    own = [(row.kind, row.address) for row in await store.addresses_of(db, tenant_id, contact_id)]
    traces = _traces(contact_id, held.name, own)
    kept = await store_erasure.recipients(db, tenant_id, contact_id)
    await store_erasure.cancel_sends(db, tenant_id, contact_id)
    dropped, left = await store_erasure.forget_files(db, tenant_id, contact_id, held.import_id, traces, ENDED)
    touched = await store_erasure.blank(db, tenant_id, contact_id, traces)
    consents = len(held.consents)
    await store_erasure.delete_contact(db, tenant_id, contact_id)
    await store_attributes.suppress(
        db,
        [
            {
                "tenant_id": tenant_id,
                "kind": kind,
                "address_hash": hasher.hash(tenant_id, kind, address),
                "address": "",
                "reason": "",
                "source": "erasure",
                "created_by": record.actor,
            }
            for kind, address in own
        ],
        forget_address=True,
    )
    report = {
        "erased": {
            "contact": 1,
            "addresses": len(own),
            "tags": len(held.tags),
            "consents": consents,
            **touched,
            "import_files": dropped,
        },
        "kept": {"message_rows": touched["messages"], "campaign_rows": kept, "suppression_hashes": len(own)},
        "import_files_not_searched": left,
    }
    row: dict[str, Any] = {
        "tenant_id": tenant_id,
        "contact_id": contact_id,
        "reason": reason.strip(),
        "report": report,
        "erased_by": record.actor,
        "erased_at": datetime.now(UTC),
    }
    await store_erasure.insert_erasure(db, row)
    await audit_log.append(db, tenant_id, record)
    return Erased(contact_id, row["erased_at"], report)


def _traces(contact_id: UUID, name: str, own: list[tuple[str, str]]) -> Traces:
    """What texts may hold of the person: their public id, addresses, and a name that is not too short."""
    addresses = [address for _, address in own]
    texts = [encode_id("con", contact_id), *addresses]
    if len(name) >= NAME_CHARS_MIN:
        texts.append(name)
    digits = [address[-NATIONAL_DIGITS:] for kind, address in own if kind in NUMBER_KINDS]
    return Traces(
        addresses,
        [f"%{literal(text)}%" for text in texts],
        [f"%{number}%" for number in sorted(set(digits)) if len(number) == NATIONAL_DIGITS],
    )
