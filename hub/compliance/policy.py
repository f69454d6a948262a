"""A tenant's messaging policy: which providers and channels are tried in which order, when it is quiet, how often is
too often, which words stop it, and what is a flood. Pure.

Every part that is not set is inherited from the nearest tenant above that sets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hub.channels.base import Channel, ChannelKind
from hub.compliance.keyword_table import ANSWERS
from hub.compliance.keywords import WORD_CHARS_MAX, Command, ExtraWord, Words, extra_words, normal
from hub.compliance.quiet_hours import QuietHours
from hub.failover.plan import ORDER, STEPS_MAX, TIMEOUT_S, TIMEOUT_S_MAX, Step

PROVIDERS_MAX = 8
WORDS_MAX = 100
CAP_MAX = 1_000
FLOOD_PER_MINUTE = 30
FLOOD_MAX = 10_000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Caps(_Part):
    """At most so many marketing messages a contact within any 24 hours and any 7 days; None: no limit."""

    per_day: int | None = Field(None, ge=1, le=CAP_MAX)
    per_week: int | None = Field(None, ge=1, le=CAP_MAX)

    def __bool__(self) -> bool:
        return self.per_day is not None or self.per_week is not None


class Flood(_Part):
    """More messages than so many a minute from one contact are kept and shown, but call no rule, flow or model."""

    per_minute: int = Field(ge=1, le=FLOOD_MAX)


class Fallback(_Part):
    """A kind of channel, and after how many seconds without a receipt the next one takes over."""

    kind: ChannelKind
    timeout_s: int | None = Field(None, ge=1, le=TIMEOUT_S_MAX)


class Keyword(_Part):
    """A word of the tenant's own for a command, answered in `language`."""

    word: str = Field(min_length=1, max_length=WORD_CHARS_MAX)
    command: Command
    language: str = "en"

    @field_validator("word")
    @classmethod
    def _has_letters(cls, word: str) -> str:
        if not normal(word):
            raise ValueError("a word has letters or digits")
        return word

    @field_validator("language")
    @classmethod
    def _is_answered(cls, language: str) -> str:
        if language not in ANSWERS:
            raise ValueError(f"a language is one of {', '.join(ANSWERS)}")
        return language


class Policy(_Part):
    """`providers`: a kind's channels, the one that is tried first leading; they stand in for each other.
    `fallback`: the kinds that are tried when a caller names none, in this order.
    """

    providers: Mapping[ChannelKind, tuple[UUID, ...]] | None = None
    fallback: tuple[Fallback, ...] | None = Field(None, min_length=1, max_length=STEPS_MAX)
    quiet_hours: QuietHours | None = None
    caps: Caps | None = None
    keywords: tuple[Keyword, ...] | None = Field(None, max_length=WORDS_MAX)
    flood: Flood | None = None

    @field_validator("providers")
    @classmethod
    def _each_once(
        cls, providers: Mapping[ChannelKind, tuple[UUID, ...]] | None
    ) -> Mapping[ChannelKind, tuple[UUID, ...]] | None:
        for kind, listed in (providers or {}).items():
            if len(set(listed)) < len(listed) or len(listed) > PROVIDERS_MAX:
                raise ValueError(f"{kind.value}: each channel once, at most {PROVIDERS_MAX}")
        return providers

    @field_validator("fallback")
    @classmethod
    def _each_kind_once(cls, fallback: tuple[Fallback, ...] | None) -> tuple[Fallback, ...] | None:
        kinds = [each.kind for each in fallback or ()]
        if len(set(kinds)) < len(kinds):
            raise ValueError("a kind of channel stands there twice")
        return fallback

    @property
    def words(self) -> Words:
        """The tenant's own keywords, ready to be looked up."""
        return extra_words(ExtraWord(each.word, each.command, each.language) for each in self.keywords or ())

    @property
    def flood_limit(self) -> int:
        """How many messages a minute one contact may write before it is a flood."""
        return FLOOD_PER_MINUTE if self.flood is None else self.flood.per_minute


Section = Literal["providers", "fallback", "quiet_hours", "caps", "keywords", "flood"]
SECTIONS: tuple[Section, ...] = ("providers", "fallback", "quiet_hours", "caps", "keywords", "flood")
NO_POLICY = Policy()


def inherited(nearest_first: Iterable[Policy]) -> Policy:
    """Of each part the nearest one that is set."""
    levels = list(nearest_first)
    found = {
        name: next((value for level in levels if (value := getattr(level, name)) is not None), None)
        for name in SECTIONS
    }
    return Policy.model_construct(**found)


def ordered(policy: Policy, channels: Mapping[UUID, Channel], kind: ChannelKind) -> list[Channel]:
    """The tenant's channels of a kind: those the policy names, in its order, then the others, the oldest first."""
    named = [channels[each] for each in (policy.providers or {}).get(kind, ()) if each in channels]
    found = [each for each in named if each.kind is kind]
    return [*found, *(each for each in channels.values() if each.kind is kind and each not in found)]


def stand_ins(policy: Policy, channels: Mapping[UUID, Channel], channel: Channel) -> list[Channel]:
    """Who carries what this channel cannot, best first: those that the policy names beside it, and nobody else."""
    named = (policy.providers or {}).get(channel.kind, ())
    if channel.id not in named:
        return []
    return [
        found
        for each in named
        if (found := channels.get(each)) is not None and found.kind is channel.kind and each != channel.id
    ]


def steps(policy: Policy, channels: Mapping[UUID, Channel]) -> list[Step]:
    """The channels to try when nobody names any: by the policy, else RCS, WhatsApp, SMS."""
    wanted = policy.fallback or tuple(Fallback(kind=kind) for kind in ORDER if kind is not ChannelKind.VOICE)
    found: list[Step] = []
    for each in wanted:
        first = next(iter(ordered(policy, channels, each.kind)), None)
        if first is not None:
            found.append(Step(channel_id=first.id, timeout_s=each.timeout_s or TIMEOUT_S.get(each.kind)))
    return found
