"""Provider credentials at rest."""

from __future__ import annotations

from uuid import UUID

import pytest

from hub.channels.secrets import seal, unseal
from hub.errors import Unavailable

ROW = UUID(int=7)
SECRETS = {"auth_token": "tøken", "app_secret": ""}


def test_what_is_sealed_opens_again() -> None:
    sealed = seal(SECRETS, secret_key="k" * 64, row_id=ROW)
    assert unseal(sealed, secret_key="k" * 64, row_id=ROW) == SECRETS


def test_the_sealed_text_shows_nothing_and_never_repeats() -> None:
    first, second = (seal(SECRETS, secret_key="k", row_id=ROW) for _ in range(2))
    assert "token" not in first
    assert first != second


@pytest.mark.parametrize(("key", "row"), [("other", ROW), ("k", UUID(int=8))])
def test_another_key_or_another_row_does_not_open_it(key: str, row: UUID) -> None:
    with pytest.raises(Unavailable):
        unseal(seal(SECRETS, secret_key="k", row_id=ROW), secret_key=key, row_id=row)


def test_a_changed_or_unknown_text_does_not_open() -> None:
    sealed = seal(SECRETS, secret_key="k", row_id=ROW)
    for wrong in ("", "v2." + sealed[3:], sealed[:-8] + "AAAAAAA=", "v1.AAAA", "v1.***"):
        with pytest.raises(Unavailable):
            unseal(wrong, secret_key="k", row_id=ROW)
