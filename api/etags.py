"""ETags: the version of a thing, and the If-Match that a change of it must carry."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from fastapi import Header, Response

from hub.errors import PreconditionRequired, Stale

_TAG = re.compile(r'"(\d{1,18})"')

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description='The ETag of what you saw, such as `"7"`; `*` for whatever it is now.',
        max_length=200,
        examples=['"7"'],
    ),
]


def etag(version: int) -> str:
    return f'"{version}"'


def mark(response: Response, version: int) -> None:
    """Give the answer its ETag."""
    response.headers["ETag"] = etag(version)


def match(
    if_match: str | None, version: int, changed_by: str = "", changed_at: datetime | None = None
) -> None:
    """Compare If-Match with the version that is there. Look whether the thing exists first.

    Raises PreconditionRequired without a header, and Stale, saying who changed it and when, for another version.
    """
    if if_match is None:
        raise PreconditionRequired()
    if if_match.strip() == "*" or version in {int(found) for found in _TAG.findall(if_match)}:
        return
    when = changed_at.isoformat().replace("+00:00", "Z") if changed_at else ""
    by = f" by {changed_by}" if changed_by else ""
    detail = f"it was changed{by}{f' at {when}' if when else ''}: version {version} is there now"
    raise Stale(detail, version, changed_by, when)
