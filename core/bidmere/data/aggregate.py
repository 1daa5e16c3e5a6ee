"""Ticks to bars by cascade: a tick touches its 1 s bar alone, a closed bar goes into the next longer ones.

Bars without ticks are not invented. A closed bar never changes: a tick older than the bars that have closed is counted
as late and left out. Prices are trades, or mids for instruments that have none (volume 0 then).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from math import inf

import numpy as np

from bidmere.data.quality import QualityKind, QualityMonitor
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import Clock, TimerHandle
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Bar, Quote, Trade
from bidmere.model.timeframe import SECOND_NS, TIMEFRAMES, Timeframe

MID_BARS = "mid-bars"
"""Tag of an instrument whose bars are built from mids although its kind usually prints trades."""

_SECOND = Timeframe(1, "s")
_DAY = Timeframe(1, "d")
_KEPT_BARS = 720
_NEVER = 1 << 62

OnClose = Callable[[Bar], None]


def price_source(instrument: Instrument) -> str:
    """Return "mid" for FX and instruments tagged so, else "trade"."""
    return "mid" if instrument.kind is InstrumentKind.FX or MID_BARS in instrument.tags else "trade"


class _Series:
    """The bar of one timeframe while it forms, and its last closed ones."""

    __slots__ = (
        "children", "close", "end", "high", "low", "open", "prices", "start", "timeframe", "times", "volume",
    )  # fmt: skip

    def __init__(self, timeframe: Timeframe) -> None:
        self.timeframe = timeframe
        self.children: list[_Series] = []
        self.start = 0
        self.end = 0  # 0: nothing forms
        self.open = self.high = self.low = self.close = self.volume = 0.0
        self.times = array("q")
        self.prices = tuple(array("d") for _ in range(5))  # open, high, low, close, volume

    def add(self, start: int, open_: float, high: float, low: float, close: float, volume: float) -> None:
        """Take in a closed shorter bar, which lies inside this bar or begins a new one."""
        if self.end:
            if high > self.high:
                self.high = high
            if low < self.low:
                self.low = low
            self.close = close
            self.volume += volume
            return
        self.start = self.timeframe.floor(start)
        self.end = self.timeframe.next(self.start)
        self.open, self.high, self.low, self.close, self.volume = open_, high, low, close, volume

    def put_before(self, head: BarArray) -> None:
        """Complete this bar by earlier parts of it."""
        parts = (self.open, self.high, self.low, self.close, self.volume) if self.end else None
        self.end = 0
        self.add(
            int(head.ts[0]), float(head.open[0]), float(head.high.max()), float(head.low.min()), float(head.close[-1]),
            float(head.volume.sum()),
        )  # fmt: skip
        if parts is not None:
            self.add(self.start, *parts)

    def keep(self) -> None:
        times, prices = self.times, self.prices
        times.append(self.start)
        for column, value in zip(prices, (self.open, self.high, self.low, self.close, self.volume), strict=True):
            column.append(value)
        if len(times) >= 2 * _KEPT_BARS:
            del times[:_KEPT_BARS]
            for column in prices:
                del column[:_KEPT_BARS]


class BarBuilder:
    """Build the bars of one instrument in every given timeframe; `on_close` gets each closed bar, the shortest first.

    Ticks come in time order; `update` returns False for one that is too late for the bars that have closed.
    """

    __slots__ = ("_began", "_by_timeframe", "_close", "_closed_until", "_end", "_high", "_low", "_on_close", "_open",
                 "_root", "_series", "_start", "_volume", "_wanted", "instrument")  # fmt: skip

    def __init__(
        self,
        instrument: InstrumentId,
        timeframes: Iterable[Timeframe] = TIMEFRAMES,
        on_close: OnClose | None = None,
    ) -> None:
        self.instrument = instrument
        self._on_close = on_close
        self._wanted = frozenset(timeframes)
        self._series = [_Series(one) for one in sorted(self._wanted | {_SECOND}, key=lambda one: one.ns)]
        self._by_timeframe = {one.timeframe: one for one in self._series}
        self._root = self._by_timeframe[_SECOND]
        for index, series in enumerate(self._series):
            if series is not self._root:
                self._parent(series, self._series[:index]).children.append(series)
        self._start = self._end = self._closed_until = self._began = 0
        self._open = self._close = self._volume = 0.0
        self._high, self._low = -inf, inf

    def update(self, ts: int, price: float, size: float) -> bool:
        """Take in one tick (ns UTC, price units, quantity units)."""
        if self._start <= ts < self._end:
            if price > self._high:
                self._high = price
            if price < self._low:
                self._low = price
            self._close = price
            self._volume += size
            return True
        if ts < self._closed_until or ts < self._start:
            return False
        self._began = self._began or ts
        self.close_due(ts)
        self._start = ts - ts % SECOND_NS
        self._end = self._start + SECOND_NS
        self._open = self._high = self._low = self._close = price
        self._volume = size
        return True

    def seed(self, bars: BarArray, timeframe: Timeframe, now: int) -> None:
        """Complete the bars that form with closed shorter ones from before the first tick, so that none starts late.

        Minutes complete everything up to a day, days complete weeks and months; the rest of a minute stays unknown.
        """
        began = self._began or now
        for series in self._series:
            calendar = series.timeframe.unit in ("w", "M")
            if series.timeframe.ns <= timeframe.ns or calendar != (timeframe == _DAY):
                continue
            source = self._source(series).timeframe
            low = int(np.searchsorted(bars.ts, series.timeframe.floor(began)))
            until = source.floor(began) if source.ns > timeframe.ns else timeframe.floor(began)
            head = bars[low : max(low, int(np.searchsorted(bars.ts, until)))]
            if len(head) and (not series.end or series.start == series.timeframe.floor(began)):
                series.put_before(head)

    @property
    def next_close(self) -> int:
        """When the next forming bar ends (ns UTC); far in the future when none forms."""
        return self._end or min((series.end for series in self._series if series.end), default=_NEVER)

    def close_due(self, now: int) -> None:
        """Close every bar that ends at or before a time."""
        if self._end and self._end <= now:
            root = self._root
            root.start, root.end = self._start, self._end
            root.open, root.high, root.low = self._open, self._high, self._low
            root.close, root.volume = self._close, self._volume
            self._start, self._end = self._end, 0
            self._finish(root)
        for series in self._series:
            if 0 < series.end <= now:
                self._finish(series)

    def forming(self, timeframe: Timeframe) -> Bar | None:
        """Return the bar that forms now, with every tick so far; None when there is none."""
        series = self._by_timeframe.get(timeframe)
        if series is None:
            return None
        merged = _Series(timeframe)
        for part in self._lineage(series):
            if part.end:
                merged.add(part.start, part.open, part.high, part.low, part.close, part.volume)
        if self._end:
            merged.add(self._start, self._open, self._high, self._low, self._close, self._volume)
        return self._bar(merged, closed=False) if merged.end else None

    def closed(self, timeframe: Timeframe) -> BarArray:
        """Return the last closed bars (at least 720 when there were so many), oldest first."""
        series = self._by_timeframe.get(timeframe)
        if series is None:
            return BarArray.empty()
        return BarArray.from_columns(series.times, *series.prices)

    def _finish(self, series: _Series) -> None:
        """Close a bar and put it into the longer ones, which close when their own end has come."""
        bar = (series.start, series.open, series.high, series.low, series.close, series.volume)
        end = series.end
        series.keep()
        if end > self._closed_until:
            self._closed_until = end
        if self._on_close is not None and series.timeframe in self._wanted:
            self._on_close(self._bar(series, closed=True))
        series.end = 0
        for child in series.children:
            child.add(*bar)

    def _bar(self, series: _Series, *, closed: bool) -> Bar:
        return Bar(
            self.instrument, series.timeframe, series.start, series.open, series.high, series.low, series.close,
            series.volume, closed,
        )  # fmt: skip

    def _lineage(self, series: _Series) -> list[_Series]:
        """Return the series and those it is made of, longest first, without the 1 s root."""
        line: list[_Series] = []
        while series is not self._root:
            line.append(series)
            series = self._source(series)
        return line

    def _source(self, series: _Series) -> _Series:
        """Return the series whose closed bars go into this one."""
        return next(one for one in self._series if series in one.children)

    @staticmethod
    def _parent(series: _Series, shorter: list[_Series]) -> _Series:
        """Return the longest shorter series whose bars fill this one's exactly."""
        length = _DAY.ns if series.timeframe.unit in ("w", "M") else series.timeframe.ns
        fits = [one for one in shorter if one.timeframe.unit not in ("w", "M") and length % one.timeframe.ns == 0]
        return max(fits, key=lambda one: one.timeframe.ns)


class Aggregator:
    """Build bars for every instrument that ticks on the bus, and publish each when it closes.

    Bars close when a later tick comes or the clock passes their end plus `grace_ns` (live venues: as long as ticks
    usually travel). Forming bars are there on demand and, for watched pairs, published on every tick.
    """

    def __init__(
        self,
        bus: EventBus,
        clock: Clock,
        timeframes: Iterable[Timeframe] = TIMEFRAMES,
        *,
        grace_ns: int = 0,
        quality: QualityMonitor | None = None,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._timeframes = tuple(timeframes)
        self._grace_ns = grace_ns
        self._quality = quality
        self._builders: dict[InstrumentId, BarBuilder] = {}
        self._mids: set[InstrumentId] = set()
        self._watched: dict[InstrumentId, dict[Timeframe, int]] = {}
        self._timer: TimerHandle | None = None
        self._due = _NEVER
        self._off = (bus.subscribe(Trade, self._on_trade), bus.subscribe(Quote, self._on_quote))

    def close(self) -> None:
        """Leave the bus and stop the timer; forming bars stay forming."""
        for off in self._off:
            off()
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._due = None, _NEVER

    def set_source(self, instrument: InstrumentId, source: str) -> None:
        """Choose what the bars of an instrument are made of: "trade" (the default) or "mid"."""
        if source == "mid":
            self._mids.add(instrument)
        else:
            self._mids.discard(instrument)

    def watch(self, instrument: InstrumentId, timeframe: Timeframe) -> Callable[[], None]:
        """Publish the forming bar on every tick from now on; the returned function ends that."""
        pairs = self._watched.setdefault(instrument, {})
        pairs[timeframe] = pairs.get(timeframe, 0) + 1

        def end() -> None:
            pairs[timeframe] = pairs.get(timeframe, 0) - 1
            if pairs[timeframe] <= 0:
                pairs.pop(timeframe)

        return end

    def forming(self, instrument: InstrumentId, timeframe: Timeframe) -> Bar | None:
        """Return the bar that forms now; None before the first tick."""
        builder = self._builders.get(instrument)
        return builder.forming(timeframe) if builder else None

    def closed(self, instrument: InstrumentId, timeframe: Timeframe) -> BarArray:
        """Return the bars built and closed so far (the last 720 at least)."""
        builder = self._builders.get(instrument)
        return builder.closed(timeframe) if builder else BarArray.empty()

    def seed(self, instrument: InstrumentId, bars: BarArray, timeframe: Timeframe) -> None:
        """Complete the bars that form with closed minutes (`1m`) of today, or with closed days (`1d`)."""
        self._builder(instrument).seed(bars, timeframe, self._clock.now_ns())

    def now_ns(self) -> int:
        """Return the clock's time."""
        return self._clock.now_ns()

    def _builder(self, instrument: InstrumentId) -> BarBuilder:
        builder = self._builders.get(instrument)
        if builder is None:
            builder = self._builders[instrument] = BarBuilder(instrument, self._timeframes, self._bus.publish)
        return builder

    def _on_trade(self, trade: Trade) -> None:
        if trade.instrument not in self._mids:
            self._tick(trade, trade.ts_event, trade.price, trade.size)

    def _on_quote(self, quote: Quote) -> None:
        if quote.instrument in self._mids:
            self._tick(quote, quote.ts_event, (quote.bid + quote.ask) * 0.5, 0.0)

    def _tick(self, datum: Trade | Quote, ts: int, price: float, size: float) -> None:
        builder = self._builders.get(datum.instrument) or self._builder(datum.instrument)
        if not builder.update(ts, price, size):
            if self._quality is not None:
                self._quality.note(datum, QualityKind.LATE, self._clock.now_ns())
            return
        if builder.next_close < self._due:
            self._schedule(builder.next_close)
        watched = self._watched.get(datum.instrument)
        if watched:
            for timeframe in list(watched):
                bar = builder.forming(timeframe)
                if bar is not None:
                    self._bus.publish(bar)

    def _schedule(self, due: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = self._clock.call_at(due + self._grace_ns, self._close_due) if due < _NEVER else None

    def _close_due(self) -> None:
        self._timer, self._due = None, _NEVER
        now = self._clock.now_ns() - self._grace_ns
        for builder in list(self._builders.values()):
            if builder.next_close <= now:
                builder.close_due(now)
        self._schedule(min((builder.next_close for builder in self._builders.values()), default=_NEVER))
