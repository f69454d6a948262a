"""Tags of a conversation: what the team calls the matter. They stay until somebody takes them off. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hub.contacts.contact import TAG_CHARS_MAX
from hub.conversations.state import Happened, Turn
from hub.errors import Invalid

TAGS_MAX = 20


def clean(tags: Sequence[str], pointer: str) -> tuple[str, ...]:
    """The tags, each once, without space around them. Raises Invalid, naming the place."""
    found = [" ".join(tag.split()) for tag in tags]
    for place, tag in enumerate(found):
        if not 0 < len(tag) <= TAG_CHARS_MAX:
            raise Invalid(f"a tag has 1 to {TAG_CHARS_MAX} characters", f"{pointer}/{place}")
    return tuple(dict.fromkeys(found))


def change(result: Turn, add: Sequence[str], remove: Sequence[str], actor: str = "system") -> None:
    """Put tags on and take tags off. Raises Invalid when there would be too many; what is so already is no change."""
    state = result.state
    gone = [tag for tag in state.tags if tag in remove and tag not in add]
    left = [tag for tag in state.tags if tag not in gone]
    fresh = [tag for tag in add if tag not in left]
    if len(left) + len(fresh) > TAGS_MAX:
        raise Invalid(f"a conversation has at most {TAGS_MAX} tags", "/add")
    if fresh or gone:
        state.tags = (*left, *fresh)
        result.happened.append(Happened("tagged", {"added": fresh, "removed": gone}, actor))
