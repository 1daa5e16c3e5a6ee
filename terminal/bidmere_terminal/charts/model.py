"""Everything a chart knows, without a widget: bars, view, indicators, marks, state."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bidmere.errors import BidmereError
from bidmere.indicators.catalog import indicator
from bidmere.model.bars import BarArray
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.charts.marks import FillMark, OrderLine, PositionLine
from bidmere_terminal.charts.series import IndicatorSeries
from bidmere_terminal.charts.store import BarStore
from bidmere_terminal.charts.timeaxis import zone_info
from bidmere_terminal.charts.viewport import DEFAULT_BARS, Viewport

if TYPE_CHECKING:
    from bidmere.model.market import Bar

log = logging.getLogger(__name__)

STATES = ("ready", "loading", "empty", "stale", "offline", "error")
KINDS = ("candles", "hollow", "bars", "line", "area", "heikin-ashi")


class ChartModel:
    """Hold one chart's content; methods keep view and indicators true to the bars."""

    def __init__(self) -> None:
        self.title = ""
        self.subtitle = ""
        self.watermark = ""
        self.decimals = 2
        self.timeframe = Timeframe(5, "m")
        self.zone = "UTC"
        self.kind = "candles"
        self.log = False
        self.invert = False
        self.show_volume = True
        self.manual_range: tuple[float, float] | None = None
        self.store = BarStore()
        self.view = Viewport()
        self.indicators: list[IndicatorSeries] = []
        self.indicator_errors: list[str] = []
        self.orders: tuple[OrderLine, ...] = ()
        self.position: PositionLine | None = None
        self.fills: tuple[FillMark, ...] = ()  # in order of time
        self.fill_ts = np.empty(0, np.int64)
        self.bid = math.nan
        self.ask = math.nan
        self.now_ns: int | None = None
        self.state = "ready"
        self.state_text = ""
        self.placed = False  # a saved view was taken, so the first layout must not choose one
        self._dirty_from: int | None = None
        self._fresh = True  # the next history starts a new view
        self._wanted_view: dict[str, Any] | None = None

    # -- bars ---------------------------------------------------------------------------------------------------

    def set_identity(self, title: str, decimals: int, subtitle: str, watermark: str) -> None:
        """Name the instrument; another title makes the next history a new view."""
        if title != self.title:
            self._forget()
        self.title, self.decimals, self.subtitle, self.watermark = title, max(0, decimals), subtitle, watermark

    def set_timeframe(self, timeframe: Timeframe) -> None:
        """Set the bar length; another one makes the next history a new view."""
        if timeframe != self.timeframe:
            self.timeframe = timeframe
            self._forget()

    def _forget(self) -> None:
        self._fresh = True
        self.manual_range = None
        self.bid = self.ask = math.nan
        self._take(BarArray.empty())

    def _take(self, bars: BarArray) -> None:
        self.store.replace(bars)
        self._dirty_from = 0

    def set_bars(self, bars: BarArray) -> None:
        """Take a history; the same instrument and timeframe keep the bar in view where it was (U-36, U-37)."""
        old, view = self.store.ts, self.view
        size = len(bars)
        if self._fresh or not len(old) or not size:
            self._take(bars)
            view.reset(size, view.span)
            self._fresh = self._fresh and not size
            if size and self._wanted_view is not None:
                self.restore_view(self._wanted_view)
            return
        anchor = min(max(int(view.right), 0), len(old) - 1) if not view.shows_last else len(old) - 1
        moment = int(old[anchor])
        followed = view.shows_last
        self._take(bars)
        where = self.store.index_at(moment)
        view.replaced(size, where - anchor)
        if followed and where < size - 1:
            view.left += size - 1 - where

    def update_bar(self, bar: Bar) -> bool:
        """Change the last bar or add one; an older one is ignored and answered False."""
        last = self.store.last_ts()
        values = (bar.open, bar.high, bar.low, bar.close, bar.volume)
        if last is not None and bar.ts < last:
            return False
        if bar.ts == last:
            self.store.update_last(values)
        else:
            self.store.append(bar.ts, values)
            self.view.appended(1)
            self._fresh = False
        index = len(self.store) - 1
        self._dirty_from = index if self._dirty_from is None else min(self._dirty_from, index)
        return True

    # -- indicators -----------------------------------------------------------------------------------------------

    def set_indicators(self, specs: Sequence[tuple[str, Mapping[str, float]]]) -> None:
        """Choose indicators by catalogue name; unchanged ones keep their values, wrong ones are noted as errors."""
        known = {series.key(): series for series in self.indicators}
        self.indicators, self.indicator_errors = [], []
        self.refresh()
        for name, given in specs:
            try:
                spec = indicator(name)
                series = IndicatorSeries(spec, spec.settings(given))
            except BidmereError as error:
                self.indicator_errors.append(str(error))
                continue
            kept = known.get(series.key())
            if kept is None or len(kept.lines[0]) != len(self.store):
                series.rebuild(self.store)
                kept = series
            self.indicators.append(kept)

    def refresh(self) -> None:
        """Bring the indicators up to date with the bars; cheap when nothing changed."""
        if self._dirty_from is None:
            return
        start, self._dirty_from = self._dirty_from, None
        for series in self.indicators:
            if start == 0:
                series.rebuild(self.store)
            else:
                series.refresh(self.store, start)

    def own_panes(self) -> list[IndicatorSeries]:
        """Return the indicators that have a pane of their own."""
        return [series for series in self.indicators if series.spec.pane == "own"]

    def overlays(self) -> list[IndicatorSeries]:
        """Return the indicators drawn over the prices."""
        return [series for series in self.indicators if series.spec.pane == "price"]

    def set_fills(self, marks: Sequence[FillMark]) -> bool:
        """Take own fills in any order; False when they are the ones already shown."""
        fills = tuple(sorted(marks, key=lambda mark: mark.ts_ns))
        if fills == self.fills:
            return False
        self.fills = fills
        self.fill_ts = np.array([mark.ts_ns for mark in fills], np.int64)
        return True

    # -- the rest ---------------------------------------------------------------------------------------------------

    def set_state(self, kind: str, text: str) -> None:
        """Set what the chart says about its data. Raises ValueError for an unknown kind."""
        if kind not in STATES:
            raise ValueError(f"A chart has no state {kind!r}.")
        self.state, self.state_text = kind, text

    def set_zone(self, name: str) -> None:
        """Set the IANA zone of all times shown. Raises InvalidInput."""
        zone_info(name)
        self.zone = name

    def price_text(self, price: float) -> str:
        """Write a price with the instrument's decimals."""
        return f"{price:,.{self.decimals}f}" if math.isfinite(price) else "–"

    def view_state(self) -> dict[str, Any]:
        """Return what `restore_view` needs, as plain JSON values."""
        view = self.view
        edge = min(max(int(view.right) - 1, 0), len(self.store) - 1)
        return {
            "bars": view.span,
            "follow": view.shows_last,
            "behind_last": view.right - view.count,
            "edge_ts_ns": int(self.store.ts[edge]) if len(self.store) else None,
            "edge_offset": view.right - edge,
            "kind": self.kind,
            "log": self.log,
            "invert": self.invert,
            "range": list(self.manual_range) if self.manual_range else None,
        }

    def restore_view(self, state: Mapping[str, Any]) -> None:
        """Take a view saved before, at once or when the bars arrive; unusable parts are left as they are."""
        self.kind = state["kind"] if state.get("kind") in KINDS else self.kind
        self.log, self.invert = bool(state.get("log", self.log)), bool(state.get("invert", self.invert))
        self.placed = True
        view, span = self.view, state.get("bars")
        if isinstance(span, int | float) and math.isfinite(span):
            view.span = min(max(float(span), 5.0), 5e6)
        if not len(self.store):
            self._wanted_view = dict(state)
            view.reset(0, view.span)
            return
        self._wanted_view = None
        edge_ts = state.get("edge_ts_ns")
        if state.get("follow", True) or not isinstance(edge_ts, int):
            behind = state.get("behind_last")
            view.left = view.count + (float(behind) if isinstance(behind, int | float) else 6.0) - view.span
        else:
            view.left = self.store.index_at(edge_ts) + float(state.get("edge_offset") or 0.0) - view.span
        limits = state.get("range")
        if isinstance(limits, list) and len(limits) == 2 and limits[0] < limits[1]:
            self.manual_range = (float(limits[0]), float(limits[1]))
        view.pan(0.0)

    def values(self) -> dict[str, Any]:
        """Return what is on the screen as plain values."""
        self.refresh()
        store, view = self.store, self.view
        size = len(store)
        first, last = max(0, math.floor(view.left)), min(size, math.ceil(view.right))
        return {
            "title": self.title,
            "timeframe": str(self.timeframe),
            "state": self.state,
            "state_text": self.state_text,
            "bars": size,
            "last_price": store.row(size - 1)[3] if size else None,
            "last_ts_ns": store.last_ts(),
            "last_bar": list(store.row(size - 1)) if size else None,
            "visible": [first, last] if last > first else [0, 0],
            "visible_ts_ns": [int(store.ts[first]), int(store.ts[last - 1])] if last > first else None,
            "follows": view.shows_last,
            "kind": self.kind,
            "bid": _plain(self.bid),
            "ask": _plain(self.ask),
            "indicators": {
                series.label: dict(zip(series.spec.outputs, map(_plain, series.value_at(size - 1)), strict=True))
                for series in self.indicators
            },
            "indicator_errors": [*self.indicator_errors, *(s.error for s in self.indicators if s.error)],
            "orders": [[o.id, o.price, o.label, o.kind, o.side] for o in self.orders],
            "position": [self.position.price, self.position.label, self.position.pnl_sign] if self.position else None,
            "fills": [[f.ts_ns, f.price, f.side, f.qty_text] for f in self.fills],
        }


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


def default_span(width_px: float) -> float:
    """Return how many bars a new view shows in a plot of that many logical pixels."""
    return max(30.0, width_px / 8.0) if width_px > 0 else DEFAULT_BARS
