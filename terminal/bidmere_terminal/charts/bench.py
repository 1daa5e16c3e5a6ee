"""Measure the chart: pan, zoom and last-bar update, beside pyqtgraph's own way of drawing candles, in one run.

Run as `python -m bidmere_terminal.charts.bench --json`. Every time is one whole repaint of a 1400 × 800 widget with
five overlays, forced and finished before the clock is read; nothing waits for an event loop. The peer is the
candlestick item of the example in pyqtgraph: all bars recorded into a QPicture once, replayed at each repaint.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bidmere.model.bars import BarArray
from bidmere.model.timeframe import Timeframe

WIDTH, HEIGHT = 1_400, 800
OVERLAYS: tuple[tuple[str, dict[str, float]], ...] = (
    ("EMA", {"n": 21.0}),
    ("EMA", {"n": 55.0}),
    ("EMA", {"n": 200.0}),
    ("SMA", {"n": 100.0}),
    ("BBANDS", {"n": 20.0, "deviations": 2.0}),
)
LIMIT_MS = 16.0
_START_NS = 1_700_000_000_000_000_000
_VIEWS = (200.0, 2_000.0, 20_000.0, 1_000_000.0)


def bench_bars(size: int) -> BarArray:
    """Return a reproducible random walk of `size` one-minute bars."""
    rng = np.random.default_rng(7)
    close = 20_000.0 + np.cumsum(rng.normal(0.0, 2.0, size))
    open_ = np.concatenate([[20_000.0], close[:-1]])
    high = np.maximum(open_, close) + rng.exponential(1.5, size)
    low = np.minimum(open_, close) - rng.exponential(1.5, size)
    ts = _START_NS + np.arange(size, dtype=np.int64) * Timeframe(1, "m").ns
    return BarArray.from_columns(ts, open_, high, low, close, rng.gamma(2.0, 10.0, size))


def summary(times_ms: NDArray[np.float64]) -> dict[str, float]:
    """Return p50, p95 and max of durations in ms."""
    p50, p95 = np.percentile(times_ms, [50, 95])
    return {"p50_ms": round(float(p50), 3), "p95_ms": round(float(p95), 3), "max_ms": round(float(times_ms.max()), 3)}


def _timed(step: Callable[[int], None], repeats: int, warm: int = 3) -> NDArray[np.float64]:
    times = np.empty(repeats)
    for k in range(-warm, repeats):
        begin = time.perf_counter()
        step(max(k, 0))
        if k >= 0:
            times[k] = (time.perf_counter() - begin) * 1e3
    return times


def _application() -> Any:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from bidmere_terminal.theme.apply import apply_theme
    from bidmere_terminal.theme.tokens import DARK

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    apply_theme(app, DARK)
    return app


def bench_ours(size: int, repeats: int) -> dict[str, Any]:
    """Measure our widget: pans and zooms over every sensible width of view, then updates of the last bar."""
    from bidmere.model.ids import InstrumentId
    from bidmere.model.market import Bar
    from bidmere_terminal.charts.chart import ChartWidget

    bars = bench_bars(size)
    chart = ChartWidget()
    chart.resize(WIDTH, HEIGHT)
    chart.set_instrument("BENCH", 2)
    chart.set_timeframe(Timeframe(1, "m"))
    chart.show()
    begin = time.perf_counter()
    chart.set_bars(bars)
    chart.set_indicators(OVERLAYS)
    load_ms = (time.perf_counter() - begin) * 1e3
    chart.grab()
    view = chart.model.view
    result: dict[str, Any] = {"load_ms": round(load_ms, 1)}

    def pan(k: int) -> None:
        chart.pan_by(-view.span * 0.02 if k % 40 < 20 else view.span * 0.02)
        chart.grab()

    def zoom(k: int) -> None:
        chart.zoom_by(0.97 if k % 40 < 20 else 1 / 0.97)
        chart.grab()

    last = chart.model.store.row(size - 1)
    instrument, timeframe = InstrumentId("BENCH", "SIM"), Timeframe(1, "m")

    turn = count()

    def update(k: int) -> None:
        close = last[3] + (k % 7 - 3) * 0.25
        opened = int(bars.ts[-1]) + (next(turn) // 20) * timeframe.ns  # every twentieth update opens a new bar
        prices = (last[3], max(last[3], close) + 0.5, min(last[3], close) - 0.5, close)
        chart.update_bar(Bar(instrument, timeframe, opened, *prices, volume=5.0 + k, closed=False))
        chart.grab()

    for name, step in (("pan", pan), ("zoom", zoom), ("update", update)):
        parts = []
        for wide in _VIEWS:
            if wide <= size or wide == _VIEWS[0]:
                view.reset(None, min(wide, float(size)))
                parts.append(_timed(step, repeats))
        result[name] = summary(np.concatenate(parts))
    failure = chart.values()["failure"]
    chart.close()
    chart.deleteLater()
    if failure:
        raise RuntimeError(f"The chart could not be painted: {failure}")
    return result


def _candlestick_item(bars: BarArray) -> Any:
    """Make the item of pyqtgraph's candlestick example over these bars."""
    import pyqtgraph as pg
    from PySide6.QtCore import QPointF, QRectF
    from PySide6.QtGui import QPainter, QPicture

    class CandlestickItem(pg.GraphicsObject):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.generate()

        def generate(self) -> None:
            self.picture = QPicture()
            painter = QPainter(self.picture)
            columns = (bars.open.tolist(), bars.high.tolist(), bars.low.tolist(), bars.close.tolist())
            painter.setPen(pg.mkPen("w"))
            for k, (o, h, low, c) in enumerate(zip(*columns, strict=True)):
                painter.drawLine(QPointF(k, low), QPointF(k, h))
                painter.setBrush(pg.mkBrush("r" if o > c else "g"))
                painter.drawRect(QRectF(k - 0.33, o, 0.66, c - o))
            painter.end()

        def paint(self, painter: QPainter, *_: object) -> None:
            painter.drawPicture(0, 0, self.picture)

        def boundingRect(self) -> QRectF:
            return QRectF(self.picture.boundingRect())

    return CandlestickItem()


def bench_pyqtgraph(size: int, repeats: int) -> dict[str, Any]:
    """Measure pyqtgraph with a QPicture candlestick item and five curves; updates rebuild the picture, as it must."""
    import pyqtgraph as pg

    bars = bench_bars(size)
    from bidmere.indicators.catalog import compute

    plot = pg.PlotWidget()
    plot.resize(WIDTH, HEIGHT)
    item = _candlestick_item(bars)
    plot.addItem(item)
    x = np.arange(size)
    for name, settings in OVERLAYS:
        plot.plot(x, next(iter(compute(name, bars, settings).values())), pen="y")
    plot.show()
    wide = min(200.0, float(size))
    plot.setXRange(size - wide, size, padding=0)
    plot.grab()

    def pan(k: int) -> None:
        left = size - wide - (k % 20) * wide * 0.02
        plot.setXRange(left, left + wide, padding=0)
        plot.grab()

    def zoom(k: int) -> None:
        plot.setXRange(size - wide * 0.97 ** (k % 20), size, padding=0)
        plot.grab()

    def update(_k: int) -> None:
        item.generate()
        item.update()
        plot.grab()

    result: dict[str, Any] = {}
    for name, step in (("pan", pan), ("zoom", zoom), ("update", update)):
        result[name] = summary(_timed(step, repeats, warm=1))
    plot.close()
    plot.deleteLater()
    return result


def run_chart_bench(bars: Sequence[int] = (1_000, 100_000, 1_000_000), repeats: int = 120) -> dict[str, Any]:
    """Measure every size in this process and return figures, the peer's and the ratio of medians.

    Ours spans views of 200 bars up to the whole history, the peer's only 200 bars, so that the ratio flatters the peer.
    The peer repeats less often as it gets slower; where pyqtgraph is missing it is reported absent.
    """
    app = _application()
    peer_here = find_spec("pyqtgraph") is not None
    sizes: dict[str, Any] = {}
    for size in bars:
        ours = bench_ours(size, repeats)
        entry: dict[str, Any] = {"ours": ours, "pyqtgraph": None}
        if peer_here:
            peer = bench_pyqtgraph(size, min(repeats, 20 if size <= 10_000 else 5 if size <= 200_000 else 2))
            entry["pyqtgraph"] = peer
            names = ("pan", "zoom", "update")
            entry["times_faster"] = {name: round(peer[name]["p50_ms"] / ours[name]["p50_ms"], 1) for name in names}
        entry["within_limit"] = all(ours[name]["p95_ms"] <= LIMIT_MS for name in ("pan", "zoom", "update"))
        sizes[str(size)] = entry
    del app
    return {
        "bench": "chart",
        "widget_px": [WIDTH, HEIGHT],
        "overlays": len(OVERLAYS),
        "limit_p95_ms": LIMIT_MS,
        "pyqtgraph": "present" if peer_here else "absent",
        "sizes": sizes,
        "passed": all(entry["within_limit"] for entry in sizes.values()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 0 when every p95 is within the limit, else 1."""
    parser = argparse.ArgumentParser(prog="bidmere_terminal.charts.bench", description="Measure the chart.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--bars", type=int, nargs="+", default=[1_000, 100_000, 1_000_000], help="history sizes")
    parser.add_argument("--repeats", type=int, default=120, help="repaints per kind and view")
    options = parser.parse_args(arguments)
    report = run_chart_bench(tuple(options.bars), options.repeats)
    if options.json:
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
    else:
        for size, entry in report["sizes"].items():
            for name in ("pan", "zoom", "update"):
                ours, peer = entry["ours"][name], (entry["pyqtgraph"] or {}).get(name)
                beside = f"   pyqtgraph p50 {peer['p50_ms']:,.1f} ms" if peer else ""
                sys.stdout.write(
                    f"{int(size):>9,} bars  {name:6}  p50 {ours['p50_ms']:6.2f}  p95 {ours['p95_ms']:6.2f}  "
                    f"max {ours['max_ms']:6.2f} ms{beside}\n"
                )
    return 0 if report["passed"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
