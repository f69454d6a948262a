"""Bodies and answers of wrap-up codes."""

from __future__ import annotations

from pydantic import Field

from api.schemas.common import In, Instant, Out


class WrapUpsIn(In):
    codes: list[str] = Field(max_length=200, examples=[["Solved", "Passed to the shop", "Not a customer"]])
    required: bool = Field(False, description="No conversation is closed without one.")


class WrapUpsOut(Out):
    """What agents choose from when they close a conversation."""

    codes: list[str]
    required: bool
    version: int
    updated_at: Instant | None
