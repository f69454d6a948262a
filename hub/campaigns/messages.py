"""The messages of one batch of a campaign: what each recipient is given, by which channel, or why nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub import door
from hub.campaigns.campaign import Recipient
from hub.campaigns.content import ContentTemplate
from hub.channels.base import Channel, ChannelKind
from hub.channels.content import Content, Text
from hub.compliance.quiet_hours import zone_of
from hub.contacts.addresses import KINDS_OF_CHANNEL
from hub.contacts.consents import ALL, MARKETING
from hub.directory import Directory
from hub.errors import HubError
from hub.failover.attempts import Chosen, Person, Unreachable, Wish, choose
from hub.failover.plan import Step
from hub.ids import new_id
from hub.templates.render import compile_template

ORIGIN = "campaign"


@dataclass(frozen=True, slots=True)
class Rich:
    """What only a campaign with typed content, or with several channels, has to know of its recipients."""

    people: Mapping[UUID, Person]
    steps: Sequence[Step]
    unreachable: Unreachable
    link: Callable[[str], str]


def steps_of(campaign: Any, directory: Directory) -> list[Step]:
    """The channels that are still there, best first."""
    wanted = [Step.model_validate(step) for step in campaign.steps or ()] or [
        Step(channel_id=campaign.channel_id)
    ]
    return [step for step in wanted if step.channel_id in directory.channels]


def is_plain(campaign: Any, channel: Channel) -> bool:
    """A text over one channel that takes texts from anybody at any time: the short way."""
    one = campaign.steps is None and campaign.content is None
    return one and channel.kind in (ChannelKind.SMS, ChannelKind.VOICE)


def plain_messages(
    campaign: Any, channel: Channel, people: Sequence[Recipient], directory: Directory, now: datetime
) -> list[Chosen]:
    """One text over one channel."""
    template = compile_template(campaign.template)
    today, expires_at = now.date(), _expires_at(campaign, now)
    found: list[Chosen] = []
    for person in people:
        outgoing = door.Outgoing(
            new_id(), channel, person.contact_id, person.address, "", ORIGIN, campaign.id, door.LANE_BULK,
            purpose=MARKETING, expires_at=expires_at,
        )  # fmt: skip
        try:
            outgoing.text = template.render(person.variables(campaign.variables))
        except HubError as error:
            outgoing.refused, outgoing.detail = door.TEMPLATE, str(error)
        else:
            door.prepare(outgoing, opted_out=person.opted_out, rates=directory.rates, today=today)
            if directory.policy.quiet_hours is not None:
                zone = zone_of(person.time_zone, person.address, directory.time_zone)
                door.keep_quiet(outgoing, directory.policy.quiet_hours, zone, now)
        found.append(Chosen(outgoing, None, ()))
    return found


def rich_messages(
    campaign: Any, people: Sequence[Recipient], rich: Rich, directory: Directory, now: datetime
) -> list[Chosen]:
    """One content by the best of several channels."""
    render = _renderer(campaign)
    expires_at = _expires_at(campaign, now)
    found: list[Chosen] = []
    for recipient in people:
        person = rich.people.get(recipient.contact_id) or Person(recipient.contact_id, {}, frozenset())
        try:
            content = render(recipient.variables(campaign.variables))
        except HubError as error:
            chosen = _unrendered(campaign, recipient, rich.steps, directory, str(error))
        else:
            wish = Wish(person, content, rich.steps, MARKETING, expires_at)
            chosen = choose(new_id(), wish, directory, now, rich.link, rich.unreachable)
        outgoing = chosen.outgoing
        outgoing.origin, outgoing.origin_id, outgoing.lane = ORIGIN, campaign.id, door.LANE_BULK
        found.append(chosen)
    return found


def person_over(kind: ChannelKind, recipient: Recipient, whatsapp_at: datetime | None) -> Person:
    """A recipient as the attempts over one channel see them; `address` is for that kind of channel."""
    return Person(
        recipient.contact_id,
        {KINDS_OF_CHANNEL[kind.value][0]: recipient.address} if recipient.address else {},
        frozenset({(kind.value, ALL)}) if recipient.opted_out else frozenset(),
        whatsapp_at,
        recipient.time_zone,
    )


def _renderer(campaign: Any) -> Callable[[Mapping[str, Any]], Content]:
    if campaign.content is not None:
        return ContentTemplate(campaign.content).render
    template = compile_template(campaign.template)
    return lambda variables: Text.model_construct(text=template.render(variables))


def _unrendered(
    campaign: Any, person: Recipient, steps: Sequence[Step], directory: Directory, detail: str
) -> Chosen:
    """What could not be written is recorded under the channel that would have come first."""
    channel = directory.channels[steps[0].channel_id]
    outgoing = door.Outgoing(
        new_id(), channel, person.contact_id, person.address, "", ORIGIN, campaign.id, door.LANE_BULK,
        refused=door.TEMPLATE, detail=detail, purpose=MARKETING,
    )  # fmt: skip
    return Chosen(outgoing, None, ())


def _expires_at(campaign: Any, now: datetime) -> datetime | None:
    return None if campaign.validity_s is None else now + timedelta(seconds=campaign.validity_s)
