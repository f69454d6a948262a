"""The hosts as others see them: a classifier that is away or broken holds no message back."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from actors import ports
from actors.ports import Classifiers, Wallets
from hub.billing.holds import HoldRequest
from hub.conversations.state import Understood
from hub.errors import NotFound, Unavailable
from hub.settings import Settings

VERSION, TENANT = UUID(int=1), UUID(int=2)


class Peer:
    """A replica that answers, is away, or is broken."""

    def __init__(self, state: str = "well") -> None:
        self.state = state
        self.asked: list[list[str]] = []

    async def call(self, method: str, *arguments: Any) -> Any:
        await asyncio.sleep(0)
        match self.state:
            case "away":
                raise Unavailable("classifier-0 does not answer")
            case "broken":
                raise ValueError("the model file cannot be read")
        texts = arguments[-1]
        self.asked.append(list(texts))
        return [(text.upper(), 0.5) for text in texts]


def classifiers(settings: Settings, *peers: Peer) -> Classifiers:
    made: Any = Classifiers(settings)
    made._peers = list(peers)
    return made  # type: ignore[no-any-return]


def said(*texts: str) -> list[Understood]:
    return [Understood(text.upper(), 0.5, VERSION) for text in texts]


async def test_answers_in_order_repeats_included(settings: Settings) -> None:
    port = classifiers(settings, Peer())
    assert await port.classify(VERSION, TENANT, ["a", "b", "a"]) == said("a", "b", "a")
    assert await port.classify(VERSION, TENANT, ["b", "c"]) == said("b", "c")
    assert await port.classify(VERSION, TENANT, []) == []


async def test_another_version_is_asked_anew(settings: Settings) -> None:
    port = classifiers(settings, Peer())
    await port.classify(VERSION, TENANT, ["a"])
    other = UUID(int=9)
    assert await port.classify(other, TENANT, ["a"]) == [Understood("A", 0.5, other)]


async def test_a_replica_that_is_away_is_passed_over(settings: Settings) -> None:
    port = classifiers(settings, Peer("away"), Peer())
    for text in ("a", "b", "c"):
        assert await port.classify(VERSION, TENANT, [text]) == said(text)


@pytest.mark.parametrize("state", ["away", "broken"])
async def test_without_any_answer_nothing_is_understood_and_nothing_is_remembered(
    settings: Settings, state: str
) -> None:
    peer = Peer(state)
    port = classifiers(settings, peer)
    assert await port.classify(VERSION, TENANT, ["a", "b"]) == [Understood(None, 0.0, None)] * 2
    peer.state = "well"
    assert await port.classify(VERSION, TENANT, ["a", "b"]) == said("a", "b")


async def test_many_callers_and_a_full_memory(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "KNOWN_MAX", 3)
    port = classifiers(settings, Peer())
    calls = [[f"t{(n * 7 + k) % 11}" for k in range(5)] for n in range(40)]
    answers = await asyncio.gather(*(port.classify(VERSION, TENANT, texts) for texts in calls))
    assert answers == [said(*texts) for texts in calls]


async def test_a_tenant_without_a_wallet_has_no_money(settings: Settings) -> None:
    wallets: Any = Wallets(settings)

    class NoWallet:
        async def call(self, *_: Any) -> Any:
            raise NotFound("this tenant has no wallet")

    wallets._peers = dict.fromkeys(wallets._names, NoWallet())
    (answer,) = await wallets.hold(TENANT, [HoldRequest(VERSION, "single", (5,), 60)])
    assert (answer.state, answer.hold_id, answer.granted) == ("refused", VERSION, 0)
