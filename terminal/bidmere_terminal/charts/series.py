"""One indicator on a chart: its values with a min/max pyramid, kept up to date by recomputing only the tail."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bidmere.errors import BidmereError
from bidmere.indicators.catalog import IndicatorSpec
from bidmere_terminal.charts.store import FACTOR, BarStore

Floats = NDArray[np.float64]
log = logging.getLogger(__name__)

_SMALL = 2_048  # below it a full recomputation is as cheap as a tail
_CHECKED = 3  # stored values that a recomputed tail must meet before it is trusted
_TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class LineColumns:
    """Hold a line's visible part: column i covers bars from first[i] on, with the extent low[i] … high[i]."""

    first: NDArray[np.int64]
    factor: int
    low: Floats
    high: Floats


class LinePyramid:
    """Keep n values and min/max folds of them by 8^k."""

    def __init__(self) -> None:
        self._size = 0
        self._levels: list[Floats] = [np.empty((2, 0))]  # level 0 uses row 0 only
        self._values: Floats = np.empty(0)

    def __len__(self) -> int:
        return self._size

    @property
    def values(self) -> Floats:
        """The values, a view."""
        return self._values[: self._size]

    def replace(self, values: Floats) -> None:
        """Take all values, copied."""
        self._size = len(values)
        room = max(64, self._size + self._size // 4)
        self._values = np.empty(room)
        self._values[: self._size] = values
        self._levels = []
        while room > FACTOR:
            room = -(-room // FACTOR)
            self._levels.append(np.empty((2, room)))
        self._fold(0)

    def splice(self, start: int, values: Floats) -> None:
        """Set the values from `start` to the new end."""
        end = start + len(values)
        if end > len(self._values):
            self.replace(np.concatenate([self.values[:start], values]))
            return
        self._values[start:end] = values
        self._size = end
        self._fold(start)

    def _fold(self, start: int) -> None:
        count = self._size
        if not count:
            return
        low = high = self._values
        for level in self._levels:
            start //= FACTOR
            begin, end = start * FACTOR, count
            count = -(-count // FACTOR)
            starts = np.arange(0, end - begin, FACTOR)
            np.fmin.reduceat(low[begin:end], starts, out=level[0, start:count])
            np.fmax.reduceat(high[begin:end], starts, out=level[1, start:count])
            low, high = level[0], level[1]

    def window(self, first: float, last: float, factor: int) -> LineColumns | None:
        """Return bars [first, last] folded by `factor`, aligned as the bar store aligns its columns."""
        start, stop = max(0, int(np.floor(first))), min(self._size, int(np.ceil(last)) + 1)
        if stop <= start:
            return None
        if factor == 1:
            values = self._values[start:stop]
            return LineColumns(np.arange(start, stop), 1, values, values)
        level, size = -1, 1
        while size * FACTOR <= factor and factor % (size * FACTOR) == 0 and level + 1 < len(self._levels):
            level, size = level + 1, size * FACTOR
        fold = factor // size
        begin, end = start // factor, -(-stop // factor)
        part = slice(begin * fold, min(end * fold, -(-self._size // size)))
        low = self._values[part] if level < 0 else self._levels[level][0, part]
        high = self._values[part] if level < 0 else self._levels[level][1, part]
        starts = np.arange(0, len(low), fold)
        firsts = (begin + np.arange(len(starts))) * factor
        return LineColumns(firsts, factor, np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts))


class IndicatorSeries:
    """Hold one indicator with its settings; an error stays with it and never reaches the prices (U-41)."""

    def __init__(self, spec: IndicatorSpec, settings: Mapping[str, float]) -> None:
        self.spec = spec
        self.settings = dict(settings)
        self.label = spec.label(self.settings)
        self.lines = [LinePyramid() for _ in spec.outputs]
        self.error = ""
        self._tail = spec.tail(self.settings)

    def key(self) -> tuple[str, tuple[tuple[str, float], ...]]:
        """Return what makes two series the same."""
        return self.spec.name, tuple(sorted(self.settings.items()))

    def rebuild(self, store: BarStore) -> None:
        """Compute everything anew."""
        for line, values in zip(self.lines, self._compute(store, 0), strict=True):
            line.replace(values)

    def refresh(self, store: BarStore, start: int) -> None:
        """Compute the values from bar `start` on after it and later bars changed.

        A stretch before `start` is recomputed with it. Where that does not reproduce the stored values the stretch
        was too short for this indicator's memory and is made longer, in the end up to the whole history.
        """
        size = len(store)
        if size <= _SMALL or start < _CHECKED or len(self.lines[0]) < start:
            self.rebuild(store)
            return
        tail = self._tail
        while tail < start:
            begin = max(0, start - tail)
            parts = self._compute(store, begin)
            if self._splice(parts, begin, start):
                self._tail = tail
                return
            tail *= 4
        self.rebuild(store)

    def _splice(self, parts: tuple[Floats, ...], begin: int, start: int) -> bool:
        shifts: list[float] = []
        for line, part in zip(self.lines, parts, strict=True):
            stored = line.values[start - _CHECKED : start]
            fresh = part[start - _CHECKED - begin : start - begin]
            shift = float(stored[-1] - fresh[-1]) if self.spec.cumulative and len(fresh) else 0.0
            shifts.append(shift if np.isfinite(shift) else 0.0)
            near = np.abs(stored).max(initial=0.0, where=np.isfinite(stored))
            if not np.allclose(stored, fresh + shifts[-1], rtol=_TOLERANCE, atol=_TOLERANCE * near, equal_nan=True):
                return False
        for line, part, shift in zip(self.lines, parts, shifts, strict=True):
            line.splice(start, part[start - begin :] + shift)
        return True

    def _compute(self, store: BarStore, begin: int) -> tuple[Floats, ...]:
        bars = store.bars(begin)
        try:
            result = self.spec.compute(bars, **self.settings)
        except BidmereError as error:
            self.error = str(error)
        except Exception:
            if not self.error:
                log.exception("The indicator %s failed.", self.label)
            self.error = "This indicator failed; the log has the details."
        else:
            self.error = ""
            return result
        return tuple(np.full(len(bars), np.nan) for _ in self.lines)

    def value_at(self, index: int) -> list[float]:
        """Return each output at a bar, NaN outside."""
        return [float(line.values[index]) if 0 <= index < len(line) else float("nan") for line in self.lines]
