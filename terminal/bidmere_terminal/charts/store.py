"""Bars of one chart as columns, with a pyramid of coarser copies so that any zoom paints about one column a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bidmere.model.bars import BarArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FACTOR = 8
_OPEN, _HIGH, _LOW, _CLOSE, _VOLUME = range(5)


@dataclass(frozen=True, slots=True)
class Columns:
    """Hold the visible columns, oldest first: column i covers bars first[i] to first[i] + factor − 1.

    `bars` is (5, m): open, high, low, close, summed volume of each column.
    """

    first: Ints
    factor: int
    bars: Floats

    @property
    def open(self) -> Floats:
        column: Floats = self.bars[_OPEN]
        return column

    @property
    def high(self) -> Floats:
        column: Floats = self.bars[_HIGH]
        return column

    @property
    def low(self) -> Floats:
        column: Floats = self.bars[_LOW]
        return column

    @property
    def close(self) -> Floats:
        column: Floats = self.bars[_CLOSE]
        return column

    @property
    def volume(self) -> Floats:
        column: Floats = self.bars[_VOLUME]
        return column

    def __len__(self) -> int:
        return len(self.first)


def group(bars: Floats, starts: Ints) -> Floats:
    """Fold (5, n) bars into one bar per group; `starts` are ascending indices beginning with 0. NaN is left out."""
    result = np.empty((5, len(starts)))
    ends = np.append(starts[1:], bars.shape[1]) - 1
    result[_OPEN] = bars[_OPEN, starts]
    np.fmax.reduceat(bars[_HIGH], starts, out=result[_HIGH])
    np.fmin.reduceat(bars[_LOW], starts, out=result[_LOW])
    result[_CLOSE] = bars[_CLOSE, ends]
    np.add.reduceat(bars[_VOLUME], starts, out=result[_VOLUME])
    return result


class BarStore:
    """Keep n bars and, for k = 1, 2, …, their folds by 8^k; the last bucket of each fold is refreshed in place."""

    def __init__(self) -> None:
        self._size = 0
        self._ts = np.empty(0, np.int64)
        self._levels: list[Floats] = [np.empty((5, 0))]

    def __len__(self) -> int:
        return self._size

    def replace(self, bars: BarArray) -> None:
        """Take a whole history; the arrays are copied."""
        self._size = len(bars)
        room = max(64, self._size + self._size // 4)
        self._ts = np.empty(room, np.int64)
        self._ts[: self._size] = bars.ts
        base = np.empty((5, room))
        for row, column in enumerate((bars.open, bars.high, bars.low, bars.close, bars.volume)):
            base[row, : self._size] = column
        self._levels = [base]
        count = self._size
        while room > FACTOR:
            room = -(-room // FACTOR)
            level = np.empty((5, room))
            if count:
                starts = np.arange(0, count, FACTOR)
                level[:, : len(starts)] = group(self._levels[-1][:, :count], starts)
                count = len(starts)
            self._levels.append(level)

    def append(self, ts_ns: int, values: tuple[float, float, float, float, float]) -> None:
        """Add one bar after the last; values are open, high, low, close, volume."""
        if self._size >= len(self._ts):
            self.replace(self.bars())
        self._ts[self._size] = ts_ns
        self._size += 1
        self._set_last(values)

    def update_last(self, values: tuple[float, float, float, float, float]) -> None:
        """Change the last bar. Raises IndexError on an empty store."""
        if not self._size:
            raise IndexError("There is no last bar to change.")
        self._set_last(values)

    def _set_last(self, values: tuple[float, float, float, float, float]) -> None:
        index = self._size - 1
        self._levels[0][:, index] = values
        for below, level in zip(self._levels, self._levels[1:], strict=False):
            end = index + 1
            index //= FACTOR
            part = below[:, index * FACTOR : end]
            level[_OPEN, index] = part[_OPEN, 0]
            level[_HIGH, index] = np.fmax.reduce(part[_HIGH])
            level[_LOW, index] = np.fmin.reduce(part[_LOW])
            level[_CLOSE, index] = part[_CLOSE, -1]
            level[_VOLUME, index] = part[_VOLUME].sum()

    def bars(self, start: int = 0, stop: int | None = None) -> BarArray:
        """Return bars start to stop (exclusive) as read-only views, valid until the store next grows."""
        part = slice(start, self._size if stop is None else min(stop, self._size))
        base = self._levels[0]
        return BarArray(self._ts[part], *(base[row, part] for row in range(5)))

    @property
    def ts(self) -> Ints:
        """Opening times, ns UTC, a view."""
        return self._ts[: self._size]

    def row(self, index: int) -> tuple[float, float, float, float, float]:
        """Return open, high, low, close, volume of one bar."""
        o, h, low, c, v = self._levels[0][:, index].tolist()
        return o, h, low, c, v

    def last_ts(self) -> int | None:
        """Return the opening time of the last bar, or None."""
        return int(self._ts[self._size - 1]) if self._size else None

    def index_at(self, ts_ns: int) -> int:
        """Return the index of the bar that holds a moment: the last one opening at or before it, −1 before all."""
        return int(np.searchsorted(self.ts, ts_ns, side="right")) - 1

    def window(self, first: float, last: float, max_columns: int) -> Columns | None:
        """Return the bars of the index range [first, last] folded into at most `max_columns` columns (±1)."""
        start, stop = max(0, int(np.floor(first))), min(self._size, int(np.ceil(last)) + 1)
        if stop <= start or max_columns < 1:
            return None
        factor = -(-(stop - start) // max_columns)
        if factor == 1:
            return Columns(np.arange(start, stop), 1, self._levels[0][:, start:stop])
        level, size = 0, 1
        while size * FACTOR <= factor and level + 1 < len(self._levels):
            level, size = level + 1, size * FACTOR
        fold = -(-factor // size)
        factor = fold * size
        low, high = start // factor, -(-stop // factor)
        count = -(-self._size // size)
        part = self._levels[level][:, low * fold : min(high * fold, count)]
        starts = np.arange(0, part.shape[1], fold)
        return Columns((low + np.arange(len(starts))) * factor, factor, group(part, starts))
