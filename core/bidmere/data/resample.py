"""Whole arrays of ticks or bars into longer bars at once, by the same rules as the live cascade."""

from __future__ import annotations

import numpy as np

from bidmere.model.bars import BarArray, Floats, Ints
from bidmere.model.timeframe import Timeframe

_DAY_NS = 86_400_000_000_000
_WEEK_OFFSET_NS = 3 * _DAY_NS


def floors(ts: Ints, timeframe: Timeframe) -> Ints:
    """Return the opening time of the bar each time stamp falls into (ns UTC), as `Timeframe.floor` does."""
    if timeframe.unit == "M":
        months = ts.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
        # Months count from the year 0, as in Timeframe.floor: 1970 × 12 is a multiple of 1, 2, 3, 4 and 6.
        index = (months + 1970 * 12) // timeframe.count * timeframe.count - 1970 * 12
        return np.asarray(index.astype("datetime64[M]").astype("datetime64[ns]").astype(np.int64), np.int64)
    if timeframe.unit == "w":
        return np.asarray((ts + _WEEK_OFFSET_NS) // timeframe.ns * timeframe.ns - _WEEK_OFFSET_NS, np.int64)
    return np.asarray(ts // timeframe.ns * timeframe.ns, np.int64)


def ticks_to_bars(ts: Ints, price: Floats, size: Floats, timeframe: Timeframe) -> BarArray:
    """Return the bars of ticks in time order; intervals without ticks give no bar."""
    return bars_to_bars(BarArray.from_columns(ts, price, price, price, price, size), timeframe)


def bars_to_bars(bars: BarArray, timeframe: Timeframe) -> BarArray:
    """Return longer bars made of shorter ones in time order; the last may be unfinished."""
    if not len(bars):
        return BarArray.empty()
    opens = floors(bars.ts, timeframe)
    first = np.flatnonzero(np.concatenate([[True], opens[1:] != opens[:-1]]))
    last = np.concatenate([first[1:], [len(bars)]]) - 1
    return BarArray.from_columns(
        opens[first],
        bars.open[first],
        np.maximum.reduceat(bars.high, first),
        np.minimum.reduceat(bars.low, first),
        bars.close[last],
        np.add.reduceat(bars.volume, first),
    )


def is_built_from(longer: Timeframe, shorter: Timeframe) -> bool:
    """Say whether whole bars of one timeframe fill those of another exactly."""
    if shorter == longer:
        return True
    if shorter.unit in ("w", "M"):
        return shorter.unit == longer.unit and longer.count % shorter.count == 0
    length = _DAY_NS if longer.unit in ("w", "M") else longer.ns
    return length % shorter.ns == 0
