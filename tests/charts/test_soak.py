"""Anything a chart is told, in any order, leaves it painting."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from bidmere.indicators.catalog import CATALOG
from bidmere.model.bars import BarArray
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.charts import ChartWidget, FillMark, OrderLine, PositionLine
from bidmere_terminal.charts.model import KINDS, STATES

from .conftest import START_NS, STEP_NS, bar_of, walk

ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")


def _actions(chart: ChartWidget, rng: random.Random) -> list[Callable[[], object]]:
    source = walk(3_000, seed=2)

    def history() -> None:
        begin = rng.randrange(0, 2_900)
        chart.set_bars(source[begin : begin + rng.choice([0, 1, 2, 50, 2_500])])

    def tick() -> None:
        for index in range(rng.randrange(1, 2_990), 3_000, rng.choice([1, 40])):
            chart.update_bar(bar_of(source, index))

    def fills() -> list[FillMark]:
        sides = ("buy", "sell")
        return [
            FillMark(START_NS + rng.randrange(-9, 3_100) * STEP_NS, rng.uniform(80, 130), sides[k % 2], "1")  # type: ignore[arg-type]
            for k in range(rng.choice([0, 3, 300]))
        ]

    return [
        history,
        tick,
        lambda: chart.pan_by(rng.uniform(-4_000, 4_000)),
        lambda: chart.zoom_by(rng.choice([0.01, 0.5, 2.0, 300.0])),
        chart.reset_view,
        lambda: chart.resize(rng.randrange(1, 1_500), rng.randrange(1, 900)),
        lambda: chart.set_kind(rng.choice(KINDS)),
        lambda: chart.set_state(rng.choice(STATES), rng.choice(["", "Why it is so."])),
        lambda: chart.set_scale(rng.random() < 0.5, rng.random() < 0.5),
        lambda: chart.set_time_zone(rng.choice(ZONES)),
        lambda: chart.set_timeframe(Timeframe.parse(rng.choice(["1s", "5m", "1h", "1d", "1M"]))),
        lambda: chart.set_instrument(rng.choice(["A", "B"]), rng.randrange(0, 9), "", rng.choice(["", "simulated"])),
        lambda: chart.set_indicators([(name, {}) for name in rng.sample(list(CATALOG), rng.randrange(0, 7))]),
        lambda: chart.set_orders([OrderLine(str(k), rng.uniform(1, 300), "BUY 1", "stop", "buy") for k in range(9)]),
        lambda: chart.set_position(rng.choice([None, PositionLine(101.5, "LONG 1", -1)])),
        lambda: chart.set_fills(fills()),
        lambda: chart.set_quote(rng.uniform(50, 150), rng.uniform(50, 150)),
        lambda: chart.set_crosshair_time(rng.choice([None, START_NS + rng.randrange(-5, 3_100) * STEP_NS])),
        lambda: chart.set_now(START_NS + rng.randrange(0, 3_100) * STEP_NS),
        lambda: chart.restore_view(chart.view_state()),
        lambda: chart.set_bars(BarArray.empty()),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_calls_leaves_the_chart_painting(make_chart: Callable[..., ChartWidget], seed: int) -> None:
    rng = random.Random(seed)
    chart = make_chart(200)
    actions = _actions(chart, rng)
    done: list[int] = []
    for _ in range(150):
        done.append(rng.randrange(len(actions)))
        actions[done[-1]]()
        chart.grab()
        values = chart.values()
        assert values["failure"] == "", done[-6:]
        first, last = values["visible"]
        assert 0 <= first <= last <= values["bars"]
