"""Bars of the simulated past, cut out of the price path; every timeframe adds up to every coarser one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bidmere.model.bars import BarArray
from bidmere.model.timeframe import Timeframe
from bidmere.simulation.catalogue import Listing
from bidmere.simulation.path import DAY_NS, MINUTE_NS, MINUTES, STEP_NS, STEPS, Candles, Floats, PricePath, share

Ints = NDArray[np.int64]
_Columns = tuple[Ints, Candles]


class PathHistory:
    """Serve bars of one listing; a listing that tracks another has its bars at a constant ratio."""

    def __init__(self, listing: Listing, path: PricePath) -> None:
        self.ratio = listing.price / path.listing.price
        self._path = path
        self._tick = float(listing.instrument.tick)
        self._lot = float(listing.instrument.lot)
        leader = path.listing
        self._turnover = 1.0 if leader is listing else listing.rate * listing.clip / (leader.rate * leader.clip)

    def minute_lots(self, minute: int) -> int:
        """Return the volume of a minute (minutes since 1970) in lots."""
        day, index = divmod(minute, MINUTES)
        return int(self._path.minutes(day).lots[index] * self._turnover)

    def bars(self, timeframe: Timeframe, end_ns: int, limit: int) -> BarArray:
        """Return up to `limit` bars that closed at or before `end_ns`, oldest first."""
        return self.finish(timeframe, list(self.pieces(timeframe, end_ns, limit)), end_ns, limit)

    def pieces(self, timeframe: Timeframe, end_ns: int, limit: int) -> Iterator[_Columns]:
        """Yield the fine candles the bars are made of, in short steps of work, oldest first."""
        first_ns = max(self._path.first_day * DAY_NS, self._start(timeframe, end_ns, limit))
        if timeframe.unit in "dwM" or timeframe.ns % DAY_NS == 0:
            yield self._day_candles(first_ns // DAY_NS, end_ns // DAY_NS)
        elif timeframe.ns % MINUTE_NS == 0:
            for day in range(first_ns // DAY_NS, -(-end_ns // DAY_NS)):
                yield self._minute_candles(day)
        else:
            for minute in range(first_ns // MINUTE_NS, -(-end_ns // MINUTE_NS)):
                yield self._step_candles(minute)

    @staticmethod
    def _start(timeframe: Timeframe, end_ns: int, limit: int) -> int:
        months = timeframe.unit == "M"
        return timeframe.floor(max(0, end_ns) - (limit + 1) * (timeframe.ns * 31 // 30 if months else timeframe.ns))

    def _day_candles(self, first: int, until: int) -> _Columns:
        until = max(first, until)
        days, start = self._path.days(until), self._path.first_day
        cut = slice(first - start, until - start)
        ts = np.arange(first, until, dtype=np.int64) * DAY_NS
        return ts, Candles(days.open[cut], days.high[cut], days.low[cut], days.close[cut], self._day_lots(first, until))

    def _day_lots(self, first: int, until: int) -> Ints:
        days, start = self._path.days(until), self._path.first_day
        lots = days.lots[first - start : until - start]
        return lots if self._turnover == 1.0 else (lots * self._turnover).astype(np.int64)

    def _minute_candles(self, day: int) -> _Columns:
        bars = self._path.minutes(day)
        ts = day * DAY_NS + np.arange(MINUTES, dtype=np.int64) * MINUTE_NS
        lots = bars.lots if self._turnover == 1.0 else (bars.lots * self._turnover).astype(np.int64)
        return ts, Candles(bars.open, bars.high, bars.low, bars.close, lots)

    def _step_candles(self, minute: int) -> _Columns:
        day, index = divmod(minute, MINUTES)
        closes = self._path.steps(minute)
        opens = np.concatenate(([self._path.minutes(day).open[index]], closes[:-1]))
        ts = minute * MINUTE_NS + np.arange(STEPS, dtype=np.int64) * STEP_NS
        weights = np.abs(closes - opens) + 1e-9
        lots = share(self.minute_lots(minute), weights)
        return ts, Candles(opens, np.maximum(opens, closes), np.minimum(opens, closes), closes, lots)

    def finish(self, timeframe: Timeframe, parts: list[_Columns], end_ns: int, limit: int) -> BarArray:
        """Turn the pieces into bars."""
        if not parts or not sum(len(ts) for ts, _ in parts):
            return BarArray.empty()
        ts = np.concatenate([one for one, _ in parts])
        groups = (
            np.array([timeframe.floor(int(one)) for one in ts]) if timeframe.unit in "wM" else _floors(timeframe, ts)
        )
        edges = np.flatnonzero(np.diff(groups, prepend=groups[0] - 1))
        opened = groups[edges]
        columns = {
            name: np.concatenate([getattr(candles, name) for _, candles in parts])
            for name in ("open", "high", "low", "close", "lots")
        }
        last = np.append(edges[1:], len(ts)) - 1
        keep = int(np.searchsorted(opened, timeframe.floor(end_ns)))  # the day is drawn whole: cut what is to come
        whole = 0 if ts[edges[0]] == opened[0] else 1  # the first may have begun before what was drawn
        cut = slice(max(whole, keep - limit), keep)
        return BarArray(
            opened[cut].astype(np.int64),
            self._prices(columns["open"][edges])[cut],
            self._prices(np.maximum.reduceat(columns["high"], edges))[cut],
            self._prices(np.minimum.reduceat(columns["low"], edges))[cut],
            self._prices(columns["close"][last])[cut],
            np.round(np.add.reduceat(columns["lots"], edges)[cut] * self._lot, 10),
        )

    def _prices(self, logs: Floats) -> Floats:
        ticks = np.rint(np.exp(logs) * (self.ratio / self._tick))
        if self._tick < 1:
            exact: Floats = ticks / round(1 / self._tick)
            return exact
        return ticks * self._tick


def _floors(timeframe: Timeframe, ts: Ints) -> Ints:
    floors: Ints = ts // timeframe.ns * timeframe.ns
    return floors
