from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Bar
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.charts import ChartWidget
from bidmere_terminal.theme import DARK, apply_theme

START_NS = 1_795_000_000_000_000_000 // 300_000_000_000 * 300_000_000_000
STEP_NS = 300_000_000_000
FIVE_MINUTES = Timeframe(5, "m")


def walk(n: int, seed: int = 5, start_ns: int = START_NS) -> BarArray:
    rng = np.random.default_rng(seed)
    close = 100.0 + np.cumsum(rng.normal(0, 0.2, n))
    open_ = np.concatenate([[100.0], close[:-1]])[:n]
    high = np.maximum(open_, close) + rng.random(n) * 0.2
    low = np.minimum(open_, close) - rng.random(n) * 0.2
    return BarArray.from_columns(
        start_ns + np.arange(n, dtype=np.int64) * STEP_NS, open_, high, low, close, rng.gamma(2.0, 10.0, n)
    )


def bar_of(bars: BarArray, index: int, closed: bool = False) -> Bar:
    return Bar(
        InstrumentId("TEST", "SIM"),
        FIVE_MINUTES,
        int(bars.ts[index]),
        float(bars.open[index]),
        float(bars.high[index]),
        float(bars.low[index]),
        float(bars.close[index]),
        float(bars.volume[index]),
        closed,
    )


@pytest.fixture
def make_chart(qapp: QApplication) -> Iterator[Callable[..., ChartWidget]]:
    apply_theme(qapp, DARK)
    made: list[ChartWidget] = []

    def make(bars: int = 500, width: int = 900, height: int = 500) -> ChartWidget:
        chart = ChartWidget()
        made.append(chart)
        chart.resize(width, height)
        chart.set_instrument("TEST", 2, "Paper")
        chart.set_timeframe(FIVE_MINUTES)
        if bars:
            chart.set_bars(walk(bars))
        chart.show()
        chart.grab()
        return chart

    yield make
    for chart in made:
        chart.close()
        chart.deleteLater()
