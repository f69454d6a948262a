"""Which addresses may be told, how bodies are signed, and when an attempt is made again."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta

import pytest

from hub import guard
from hub.errors import Invalid
from hub.webhooks import signing
from hub.webhooks.endpoint import ATTEMPTS_S, check_url, due_again

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_examples_are_true() -> None:
    """The vector of the standard, and addresses that only look public."""
    for module in (signing, guard):
        found = doctest.testmod(module)
        assert found.attempted
        assert not found.failed


def test_both_secrets_sign_while_one_is_replaced() -> None:
    first, second = signing.new_secret(), signing.new_secret()
    both = signing.sign([first, second], "whd_1", 1, b"{}").split(" ")
    assert both == [signing.sign([one], "whd_1", 1, b"{}") for one in (first, second)]
    assert both[0] != both[1]


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%%"]
)
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(Invalid):
        signing.check_secret(secret)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://example.com:8080/hook",
        "https://user:word@example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://localhost/",
        "https://db.internal/",
        "ftp://example.com/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://example.com:port/",
        "hook",
    ],
)
def test_addresses_that_are_not_told(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_url(url, ())
    assert refused.value.pointer == "/url"


def test_addresses_that_may_be_told() -> None:
    for url in ("https://example.com/hook?x=1", "https://hooks.example.com:8443/", "http://127.0.0.1:9000/"):
        check_url(url, {"127.0.0.1:9000"})


def test_attempts_go_on_for_a_day_and_keep_apart() -> None:
    for attempts in range(1, len(ATTEMPTS_S)):
        early, late = (due_again(NOW, attempts, NOW, chance, 0) for chance in (0.0, 1.0))
        assert early is not None
        assert late is not None
        assert early < late or attempts == 1
        middle = due_again(NOW, attempts, NOW, 0.5, 0)
        assert middle is not None
        assert (middle - NOW).total_seconds() == ATTEMPTS_S[attempts]
    assert due_again(NOW, len(ATTEMPTS_S), NOW, 0.5, 0) is None
    assert due_again(NOW, 1, NOW, 0.5, 600) == NOW + timedelta(seconds=600)
    assert due_again(NOW, 1, NOW, 0.5, 10**7) == NOW + timedelta(days=1)
