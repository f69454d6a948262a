"""Every benchmark gives figures of the promised shape. Tiny numbers; no test looks at a time or a ratio."""

from __future__ import annotations

from typing import Any

import pytest

import bench
from bench import assign, builder, campaign, common, flow, flow_inbound, inbound, latency, live, wallet
from bench.texts import REPEATS, Words, rules_text
from hub.compliance.keywords import command_of
from hub.errors import Invalid

KEYS = {"name", "value", "unit", "baseline", "baseline_value", "ratio", "required", "met"}


def check(figures: list[dict[str, Any]], *names: str) -> None:
    assert [figure["name"] for figure in figures] == list(names)
    for figure in figures:
        assert set(figure) == KEYS
        assert figure["value"] > 0
        assert isinstance(figure["met"], bool)
        if figure["baseline_value"] is not None:
            assert figure["ratio"] == pytest.approx(figure["value"] / figure["baseline_value"], rel=0.02)


def test_a_figure_says_what_is_required() -> None:
    assert common.figure("a", 8, "x/s", "b", 2, at_least=4)["met"] is True
    assert common.figure("a", 8, "ms", "b", 2, at_most=3) | {"baseline": None} == {
        "name": "a",
        "value": 8,
        "unit": "ms",
        "baseline": None,
        "baseline_value": 2,
        "ratio": 4.0,
        "required": "<= 3",
        "met": False,
    }
    assert common.figure("a", 5_000, "bytes", "b", 50e6, value_at_most=4_096)["met"] is False


def test_a_slow_builder_does_not_do() -> None:
    def met(ready_ms: float, frames: float) -> list[bool]:
        return [each["met"] for each in builder.figures(ready_ms, frames, 5.0)]

    assert met(2_000, 50) == [True, True, True]
    assert met(2_001, 49.9) == [False, False, True]
    assert common.figure("a", 5, "x/s")["required"] is None


def test_an_unknown_benchmark_is_refused() -> None:
    with pytest.raises(Invalid):
        bench.run("speed")


def test_new_texts_are_new_and_repeats_are_no_commands() -> None:
    words = Words(None, ["Where is my order?", "agent please"], False, "two texts")  # type: ignore[arg-type]
    texts = list(words.new(500, 1))
    assert len({" ".join(text.lower().split()) for text in texts}) == 500
    assert len(list(words.repeating(100, 1))) == 100
    assert not any(
        command_of(text, False) for text in [*REPEATS, *(rules_text(c, t) for c in (0, 1) for t in range(5))]
    )


def test_inbound_and_latency(hub_stack: Any) -> None:
    sizes = inbound.Sizes(1, (30, 10), (30, 10), (40, 10))
    names = ("inbound_uncached", "inbound_repeating", "inbound_rules")
    check(inbound.measure(hub_stack.stack, hub_stack.settings, sizes), *names)
    check(
        latency.measure(hub_stack.stack, hub_stack.settings, latency.Sizes(1, 40)),
        "latency_p50",
        "latency_p99",
    )


def test_campaign(hub_stack: Any) -> None:
    figures = campaign.measure(hub_stack.stack, hub_stack.settings, campaign.Sizes(1, 60, 20))
    names = ("campaign_vs_client", "campaign_vs_celery", "campaign_whatsapp_vs_sms", "campaign_rcs_vs_sms")
    check(figures, *names)


def test_flow_advances(hub_stack: Any) -> None:
    sizes = flow_inbound.Sizes(1, 40)
    check(flow_inbound.measure(hub_stack.stack, hub_stack.settings, sizes), "flow_advances")


def test_live_and_wallet_through_ray(hub_stack: Any) -> None:
    check(
        live.measure(hub_stack.stack, hub_stack.settings, live.Sizes(2_000)), "live_bytes", "live_activations"
    )
    check([wallet.through_ray(hub_stack.stack, 0.5)], "wallet_reservations_ray")


async def test_assign(hub_stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assign, "SETTLE_S", 1.0)
    sizes = assign.Sizes(80, 4, 10, 4)
    figures = await assign.run(hub_stack.stack, sizes, assign.decide(sizes))
    check(figures, "assign_decisions", "assign_offers")


async def test_wallet(database_url: str, secret_key: str) -> None:
    figures = await wallet.run(database_url, secret_key, wallet.Sizes(1, 1.0, 5_000))
    check(figures, "wallet_reservations", "wallet_settlements")


def test_flow_benchmark_runs_whole_sessions() -> None:
    steps, sessions = flow.engine(0.01)
    assert steps / sessions == pytest.approx(9)
    assert flow.reading() > 0
