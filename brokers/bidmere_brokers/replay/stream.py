"""Recorded data as one stream of quotes and trades in time order.

A bar becomes four moments: open at its beginning, the two extremes a third and two thirds in (low first when it rose,
high first when it fell), close 1 ms before its end. Each is a trade of about a quarter of the volume, on the lot grid,
and the four add up to the bar; around it stands a quote one tick wide, the trade at its ask after a rise, at its bid
after a fall. Where quote bars were recorded they give the quotes at the same moments. Recorded ticks come as they are;
trades without quotes get such a quote. Sizes nobody recorded show 100,000 of the quote currency (a million of FX).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bidmere.data.importers import ImportResult, QuoteTicks, TradeTicks
from bidmere.errors import UnreadableData
from bidmere.model.bars import BarArray, Floats, Ints
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.timeframe import Timeframe

QUOTE, TRADE = 0, 1
_CLOSE_BEFORE_END_NS = 1_000_000
_SHOWN_VALUE = 100_000.0
_SHOWN_FX = 1_000_000.0
_POINTS = 4

Kinds = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Stream:
    """n data in time order: `ts` int64 ns UTC; `kind` QUOTE or TRADE; `values` float64 of shape (n, 4).

    Values are bid, ask, bid size, ask size of a quote; price, size, side (+1, -1, 0), unused of a trade. `end_ns` is
    when the last recorded bar or tick is over.
    """

    ts: Ints
    kind: Kinds
    values: NDArray[np.float64]
    end_ns: int

    def __len__(self) -> int:
        return len(self.ts)

    def between(self, start_ns: int | None, end_ns: int | None) -> Stream:
        """Return the part with start ≤ ts < end."""
        low = 0 if start_ns is None else int(np.searchsorted(self.ts, start_ns, "left"))
        high = len(self) if end_ns is None else int(np.searchsorted(self.ts, end_ns, "left"))
        end = self.end_ns if end_ns is None else min(self.end_ns, end_ns)
        return Stream(self.ts[low:high], self.kind[low:high], self.values[low:high], end)


def build_stream(result: ImportResult, instrument: Instrument) -> Stream:
    """Return the stream of imported data. Raises UnreadableData for data without prices."""
    maker = _Maker(instrument)
    if result.bars is not None and result.timeframe is not None:
        return maker.from_bars(result, result.bars, result.timeframe)
    if result.trades is not None or result.quotes is not None:
        return maker.from_ticks(result.trades, result.quotes)
    raise UnreadableData(f"{result.paths[0].name} holds no prices that could be replayed: it holds {result.kind}.")


class _Maker:
    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._tick = float(instrument.tick)
        self._decimals = instrument.price_decimals
        self._lot = float(instrument.lot)

    def from_ticks(self, trades: TradeTicks | None, quotes: QuoteTicks | None) -> Stream:
        parts: list[tuple[Ints, Kinds, Floats]] = []
        if trades is not None:
            side = trades.side.astype(np.float64)
            parts.append(_trades(trades.ts, trades.price, trades.size, side))
            if quotes is None:
                parts.append(self._quotes_around(trades.ts, trades.price))
        if quotes is not None:
            shown = self._shown(float(quotes.bid[0]))
            sizes = [np.where(size > 0, size, shown) for size in (quotes.bid_size, quotes.ask_size)]
            parts.append(_quotes(quotes.ts, quotes.bid, quotes.ask, *sizes))
        return _merged(parts, None)

    def from_bars(self, result: ImportResult, bars: BarArray, timeframe: Timeframe) -> Stream:
        has_trades = not (result.bid_bars is not None and self._is_mid(result))
        moments = _moments(bars.ts, timeframe)
        rising = bars.close >= bars.open
        parts: list[tuple[Ints, Kinds, Floats]] = []
        quoted = np.zeros(len(bars), np.bool_)
        if result.bid_bars is not None and result.ask_bars is not None:
            part, times = self._quote_path(result.bid_bars, result.ask_bars, bars, rising, timeframe)
            parts.append(part)
            quoted = np.isin(bars.ts, times)
        if has_trades:
            prices = _path(bars, rising)
            sizes = self._split(bars.volume)
            side = _sides(prices.ravel()).reshape(prices.shape)
            parts.append(_trades(moments.ravel(), prices.ravel(), sizes.ravel(), side.ravel()))
            if not quoted.all():
                alone = np.repeat(~quoted, _POINTS)
                parts.append(self._quotes_around(moments.ravel(), prices.ravel(), alone))
        return _merged(parts, timeframe.next(int(bars.ts[-1])))

    @staticmethod
    def _is_mid(result: ImportResult) -> bool:
        """Say whether the bars are the mids of the quote bars, so that there were no trades."""
        bars = result.bars
        return bars is not None and not bars.volume.any()

    def _quote_path(
        self, bid: BarArray, ask: BarArray, bars: BarArray, rising: NDArray[np.bool_], timeframe: Timeframe
    ) -> tuple[tuple[Ints, Kinds, Floats], Ints]:
        both = np.isfinite(bid.close) & np.isfinite(ask.close) & (bid.low > 0) & (ask.low > 0)
        bid, ask = _rows(bid, both), _rows(ask, both)
        up = (bid.close + ask.close) >= (bid.open + ask.open)
        place = np.searchsorted(bars.ts, bid.ts)
        known = (place < len(bars)) & (bars.ts[np.minimum(place, len(bars) - 1)] == bid.ts)
        up = np.where(known, rising[np.minimum(place, len(bars) - 1)], up)
        bids, asks = _path(bid, up).ravel(), _path(ask, up).ravel()
        asks = np.where(asks > bids, asks, np.round(bids + self._tick, self._decimals))
        shown = self._shown(float(bids[0])) if len(bids) else 0.0
        sizes = [np.repeat(np.where(one.volume > 0, one.volume, shown), _POINTS) for one in (bid, ask)]
        return _quotes(_moments(bid.ts, timeframe).ravel(), bids, asks, *sizes), bid.ts

    def _quotes_around(
        self, ts: Ints, prices: Floats, wanted: NDArray[np.bool_] | None = None
    ) -> tuple[Ints, Kinds, Floats]:
        """Return a quote one tick wide for each price, without those that change nothing."""
        rising = _sides(prices) > 0
        ticks = prices / self._tick
        nearest = np.rint(ticks)
        on_grid = np.abs(ticks - nearest) < 1e-6
        below = np.where(on_grid, np.where(rising, nearest - 1, nearest), np.floor(ticks))
        below = np.maximum(below, 1.0)
        bid = np.round(below * self._tick, self._decimals)
        ask = np.round((below + 1.0) * self._tick, self._decimals)
        changed = np.concatenate([[True], (bid[1:] != bid[:-1]) | (ask[1:] != ask[:-1])])
        if wanted is not None:
            changed = wanted
        shown = np.full(int(changed.sum()), self._shown(float(prices[0])) if len(prices) else 0.0)
        return _quotes(ts[changed], bid[changed], ask[changed], shown, shown)

    def _split(self, volume: Floats) -> Floats:
        """Return four sizes per bar that add up to its volume: a quarter on the lot grid three times, then the rest."""
        quarter = np.floor(volume / 4.0 / self._lot + 1e-9) * self._lot
        quarter = np.round(quarter, self._instrument.qty_decimals)
        sizes = np.repeat(quarter[:, None], _POINTS, axis=1)
        sizes[:, 3] = np.maximum(volume - ((quarter + quarter) + quarter), 0.0)
        return sizes

    def _shown(self, price: float) -> float:
        if self._instrument.kind is InstrumentKind.FX:
            return _SHOWN_FX
        unit = price * float(self._instrument.multiplier) if not self._instrument.inverse else 1.0
        return max(self._lot, round(math.floor(_SHOWN_VALUE / unit / self._lot) * self._lot, 10))


def _moments(ts: Ints, timeframe: Timeframe) -> Ints:
    opens = ts.tolist()
    ends = ts + timeframe.ns if timeframe.unit != "M" else np.array([timeframe.next(one) for one in opens], np.int64)
    length = ends - ts
    before = np.minimum(_CLOSE_BEFORE_END_NS, length // 8)
    return np.asarray(np.stack([ts, ts + length // 3, ts + 2 * (length // 3), ends - before], axis=1), np.int64)


def _path(bars: BarArray, rising: NDArray[np.bool_]) -> Floats:
    first = np.where(rising, bars.low, bars.high)
    second = np.where(rising, bars.high, bars.low)
    return np.asarray(np.stack([bars.open, first, second, bars.close], axis=1), np.float64)


def _sides(prices: Floats) -> Floats:
    """Return +1 after a rise, -1 after a fall, and what it was before where the price stayed (+1 at first)."""
    steps = np.sign(np.diff(prices, prepend=prices[:1]))
    index = np.where(steps != 0, np.arange(len(steps)), 0)
    index = np.maximum.accumulate(index)
    sides = steps[index] if len(steps) else steps
    return np.asarray(np.where(sides == 0, 1.0, sides), np.float64)


def _rows(bars: BarArray, mask: NDArray[np.bool_]) -> BarArray:
    return BarArray.from_columns(
        bars.ts[mask], bars.open[mask], bars.high[mask], bars.low[mask], bars.close[mask], bars.volume[mask]
    )


def _quotes(ts: Ints, *columns: Floats) -> tuple[Ints, Kinds, Floats]:
    return ts, np.full(len(ts), QUOTE, np.int8), np.stack(columns, axis=1)


def _trades(ts: Ints, price: Floats, size: Floats, side: Floats) -> tuple[Ints, Kinds, Floats]:
    return ts, np.full(len(ts), TRADE, np.int8), np.stack([price, size, side, np.zeros(len(ts))], axis=1)


def _merged(parts: list[tuple[Ints, Kinds, Any]], end_ns: int | None) -> Stream:
    """Put the parts in time order; at the same moment quotes come before trades, else the recorded order stays."""
    ts = np.concatenate([part[0] for part in parts])
    kind = np.concatenate([part[1] for part in parts])
    values = np.concatenate([part[2] for part in parts])
    order = np.lexsort((kind, ts))
    return Stream(ts[order], kind[order], values[order], int(ts.max()) + 1 if end_ns is None else end_ns)
