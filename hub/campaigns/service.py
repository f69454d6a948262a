"""Use cases of campaigns. Each takes `db` and never commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.campaigns import store, store_progress
from hub.campaigns.campaign import BY_HAND, COUNTED, UNFUNDED, next_status
from hub.campaigns.content import ContentTemplate
from hub.compliance.policy import steps as default_steps
from hub.conditions.sql import CompiledCondition
from hub.contacts.segments import store as segments_store
from hub.contacts.segments.service import condition_sql
from hub.conversations.views import instant
from hub.directory import Directory
from hub.errors import Invalid, NotFound
from hub.failover.plan import Step
from hub.ids import decode_id, encode_id, new_id
from hub.money import format_micros
from hub.templates.render import TemplateInvalid, compile_template


@dataclass(frozen=True, slots=True)
class Draft:
    """What a campaign is made of: for a tag, a segment or, without both, everybody.

    `template` or `content`, never both. `steps` are its channels, best first; None: by the tenant's policy.
    """

    name: str
    template: str = ""
    content: Mapping[str, Any] | None = None
    steps: Sequence[Step] | None = None
    tag: str | None = None
    segment_id: UUID | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    flow_id: UUID | None = None
    validity_s: int | None = None


async def create(
    db: AsyncConnection, directory: Directory, draft: Draft, *, created_by: str, now: datetime
) -> UUID:
    """A new draft. Raises Invalid for a template that does not compile, an unknown channel or segment, or an unfit flow."""
    _check_content(draft)
    steps = default_steps(directory.policy, directory.channels) if draft.steps is None else draft.steps
    if not steps:
        raise Invalid("you have no channel that could carry a message", "/channels")
    if any(step.channel_id not in directory.channels for step in steps):
        raise Invalid("there is no such channel", "/channel_id" if len(steps) == 1 else "/channels")
    _check_flow(directory, draft.flow_id)
    campaign_id = new_id()
    row = {
        "tenant_id": directory.tenant_id,
        "id": campaign_id,
        "name": draft.name,
        "status": "draft",
        "audience": await _audience(db, directory.tenant_id, draft.tag, draft.segment_id),
        "template": draft.template,
        "content": draft.content,
        "variables": dict(draft.variables),
        "channel_id": steps[0].channel_id,
        "steps": [step.model_dump(mode="json") for step in steps] if len(steps) > 1 else None,
        "validity_s": draft.validity_s,
        "flow_id": draft.flow_id,
        "recipients": 0,
        "created_by": created_by,
        "created_at": now,
    }
    await store.insert(db, row)
    return campaign_id


def _check_content(draft: Draft) -> None:
    if draft.content is not None:
        ContentTemplate(draft.content)
        return
    try:
        compile_template(draft.template)
    except TemplateInvalid as error:
        raise TemplateInvalid(error.detail, "/template", error.line) from None


def _check_flow(directory: Directory, flow_id: UUID | None) -> None:
    if flow_id is None:
        return
    flow = directory.routing.flows.get(flow_id)
    if flow is None:
        raise Invalid("there is no such flow", "/flow_id")
    if flow.opening is None:
        raise Invalid("the flow must begin by waiting for the reply to the campaign's message", "/flow_id")


async def _audience(
    db: AsyncConnection, tenant_id: UUID, tag: str | None, segment_id: UUID | None
) -> dict[str, Any]:
    if segment_id is None:
        return {"tag": tag} if tag else {"all": True}
    if not await segments_store.named(db, tenant_id, [segment_id]):
        raise Invalid("there is no such segment", "/audience/segment_id")
    return {"segment_id": encode_id("seg", segment_id)}


async def _who(db: AsyncConnection, row: Any) -> CompiledCondition:
    """The audience at this moment: a segment is asked at the launch, not when the draft was made."""
    match row.audience:
        case {"segment_id": str(public_id)}:
            return await condition_sql(db, row.tenant_id, decode_id("seg", public_id))
        case {"tag": str(tag)}:
            return store.tagged(tag)
        case _:
            return store.EVERYBODY


async def _locked(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID) -> Any:
    row = await store.get(db, tenant_id, campaign_id, lock=True)
    if row is None:
        raise NotFound("there is no such campaign")
    return row


async def launch(
    db: AsyncConnection, tenant_id: UUID, campaign_id: UUID, *, batch_size: int, now: datetime
) -> int:
    """Freeze the audience and let the campaign run. Returns the number of recipients. Raises Conflict, Invalid."""
    row = await _locked(db, tenant_id, campaign_id)
    status = next_status("launch", row.status)
    recipients = await store.freeze_audience(db, tenant_id, campaign_id, batch_size, await _who(db, row))
    if recipients == 0:
        raise Invalid("nobody is in the audience", "/audience")
    await store.set_status(
        db, tenant_id, campaign_id, status=status, reason=None, recipients=recipients, launched_at=now
    )
    return recipients


async def pause(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID, reason: str = BY_HAND) -> None:
    """Stop at the recipient: nothing that is not with the provider yet goes out."""
    row = await _locked(db, tenant_id, campaign_id)
    await store.set_status(db, tenant_id, campaign_id, status=next_status("pause", row.status), reason=reason)
    if reason != UNFUNDED:  # what is in the outbox is paid for
        await store.postpone(db, tenant_id, campaign_id)


async def resume(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID) -> None:
    """Go on at the recipient where the campaign stopped."""
    row = await _locked(db, tenant_id, campaign_id)
    await store.set_status(db, tenant_id, campaign_id, status=next_status("resume", row.status), reason=None)
    await store.release(db, tenant_id, campaign_id)


async def cancel(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID, now: datetime) -> None:
    """End for good: what is not with the provider yet is refused and its money released."""
    row = await _locked(db, tenant_id, campaign_id)
    status = next_status("cancel", row.status)
    await store.set_status(
        db, tenant_id, campaign_id, status=status, reason="canceled by hand", finished_at=now
    )
    await store.cancel(db, tenant_id, campaign_id)


async def view(db: AsyncConnection, row: Any, directory: Directory, now: datetime) -> dict[str, Any]:
    """A campaign with its progress; `pending` and the counts add up to `recipients`."""
    found, captured = await store_progress.counts(db, row.tenant_id, row.id)
    answered, opted_out = await store_progress.answers(db, row.tenant_id, row.id, row.launched_at)
    return {
        "id": encode_id("cmp", row.id),
        "name": row.name,
        "status": row.status,
        "reason": row.reason,
        "audience": row.audience,
        "template": row.template,
        "content": row.content,
        "channel_id": encode_id("chn", row.channel_id),
        "channels": [
            {"channel_id": encode_id("chn", UUID(str(step["channel_id"]))), "timeout_s": step["timeout_s"]}
            for step in row.steps or ()
        ]
        or [{"channel_id": encode_id("chn", row.channel_id), "timeout_s": None}],
        "validity_s": row.validity_s,
        "waiting": await store_progress.waiting(db, row.tenant_id, row.id, now)
        if row.status == "running"
        else 0,
        "flow_id": encode_id("flw", row.flow_id) if row.flow_id else None,
        "recipients": row.recipients,
        "pending": row.recipients - sum(found.values()),
        "counts": {status: found.get(status, 0) for status in COUNTED},
        "answered": answered,
        "opted_out": opted_out,
        "spent": format_micros(captured),
        "currency": directory.currency,
        "created_at": instant(row.created_at),
        "launched_at": instant(row.launched_at),
        "finished_at": instant(row.finished_at),
    }
