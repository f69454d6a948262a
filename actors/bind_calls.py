"""The BindHosts as senders see them: whole batches there, and what their answers mean for each message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from actors.host import owner
from actors.runtime import Peer, peers
from hub.channels.base import Account, Channel
from hub.channels.codes import Retry
from hub.channels.delivery import Status
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.smpp_codes import NO_BIND, meaning_of
from hub.channels.smpp_session import Answer, Kind
from hub.channels.sms_smpp import SmppSettings, settings_of
from hub.channels.sms_smpp_receipts import same_id
from hub.errors import Unavailable
from hub.settings import Settings

_hosts: dict[str, dict[str, Peer]] = {}  # one set a process: they keep their connections


class Outgoing(NamedTuple):
    """One text on its way: `source` is the provider's name of our number."""

    message_id: UUID
    source: str
    to: str
    text: str


@dataclass(slots=True)
class Told:
    """What became of one message. `held_s`: it certainly did not leave, and this was no attempt.

    `parts` are the rows of its parts (message_parts), none for a message of one.
    """

    provider_message_id: str | None = None
    error: SendRefused | SendOutcomeUnknown | None = None
    held_s: float | None = None
    parts: list[dict[str, Any]] = field(default_factory=list)


def bind_host(settings: Settings, account_id: UUID) -> Peer:
    """The host that keeps this account's bind."""
    hosts = _hosts.setdefault(settings.ray_namespace, {})
    if not hosts:
        hosts.update(peers("bind", settings))
    return hosts[owner(account_id.bytes, list(hosts))]


async def submit_over_bind(
    settings: Settings, account: Account, owed: Sequence[tuple[Any, Channel]]
) -> list[Told]:
    """Hand a batch of owed messages to the account's bind; what became of each, in order. Never raises."""
    outgoing = [
        Outgoing(row.message_id, channel.provider_address, row.address, row.body) for row, channel in owed
    ]
    try:
        answers = await bind_host(settings, account.id).call("submit", account.id, outgoing)
    except Unavailable as error:  # the call may have arrived before its host was lost
        return [Told(error=SendOutcomeUnknown(str(error))) for _ in owed]
    smpp = settings_of(account)
    return [told_of(smpp, row, channel, found) for (row, channel), found in zip(owed, answers, strict=True)]


def told_of(smpp: SmppSettings, row: Any, channel: Channel, answers: Sequence[Answer]) -> Told:
    """What the answers of a message's parts make of it.

    One that left in part is not sent again: it is unknown while some part is, else refused with its parts on record.
    """
    kinds = {answer.kind for answer in answers}
    told = Told()
    if kinds == {Kind.ACCEPTED}:
        if len(answers) == 1:
            told.provider_message_id = _id_of(smpp, answers[0])
    elif Kind.UNKNOWN in kinds:
        told.error = SendOutcomeUnknown("the SMSC did not answer")
    else:
        refused = next((answer for answer in answers if answer.kind is Kind.REFUSED), None)
        if Kind.ACCEPTED in kinds:
            reason = refusal_of(refused) if refused else SendRefused("the SMSC took too long", "slow")
            told.error = SendRefused(f"only a part was taken: {reason.detail}", reason.provider_code)
        elif refused is None:
            told.held_s = max(answer.wait_s for answer in answers)
        else:
            told.error = refusal_of(refused)
    if len(answers) > 1 and kinds & {Kind.ACCEPTED, Kind.UNKNOWN}:
        told.parts = [_part(smpp, row, channel, number, answer) for number, answer in enumerate(answers, 1)]
    return told


def refusal_of(answer: Answer) -> SendRefused:
    """The table's row of a refused answer. A bind that is not there now is worth another try."""
    if answer.status == NO_BIND:
        return SendRefused("there is no bind to the SMSC now", "no-bind", Retry.AGAIN, wait_s=answer.wait_s)
    return SendRefused.of(meaning_of(answer.status), f"{answer.status:#x}", wait_s=answer.wait_s)


def _id_of(smpp: SmppSettings, answer: Answer) -> str | None:
    return same_id(answer.message_id, smpp.submit_id) if answer.message_id else None


def _part(smpp: SmppSettings, row: Any, channel: Channel, number: int, answer: Answer) -> dict[str, Any]:
    status = {Kind.ACCEPTED: Status.SENT, Kind.UNKNOWN: Status.UNKNOWN}.get(answer.kind, Status.FAILED)
    refusal = refusal_of(answer) if answer.kind is Kind.REFUSED else None
    return {
        "tenant_id": row.tenant_id,
        "message_id": row.message_id,
        "part": number,
        "channel_id": channel.id,
        "provider_message_id": _id_of(smpp, answer),
        "status": status.value,
        "provider_code": refusal.provider_code if refusal else None,
        "reason": refusal.detail if refusal else None,
    }
