"""Indicator arithmetic over float64 arrays: TA-Lib, loaded at the first use, made safe against missing values.

Every function takes float64 arrays of shape (n,) and returns float64 of the same shape, NaN while warming up. A row
with a missing or infinite input is left out of the calculation and stays NaN in the result; later rows are as if it
had never been there, so that one bad value never poisons the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bidmere.errors import InvalidInput

Floats = NDArray[np.float64]

_EXACT_SESSIONS = 20_000  # above it, sums come from differences of one running sum: faster, about 1e-12 off


@cache
def _talib() -> ModuleType:
    import talib

    return talib


def period(name: str, value: float, low: int = 1) -> int:
    """Check a length in bars and return it as int. Raises InvalidInput."""
    if value != int(value) or value < low:
        raise InvalidInput(f"{name} counts bars: give a whole number of at least {low}, not {value:g}.")
    return int(value)


def _columns(inputs: tuple[ArrayLike, ...]) -> tuple[Floats, ...]:
    columns = tuple(np.ascontiguousarray(values, np.float64) for values in inputs)
    if len({len(column) for column in columns}) != 1 or columns[0].ndim != 1:
        raise InvalidInput("An indicator needs one-dimensional series of one length.")
    return columns


def over_valid(compute: Callable[..., tuple[Floats, ...]], outputs: int, *inputs: ArrayLike) -> tuple[Floats, ...]:
    """Run `compute` on the rows where every input is finite and put the results back in their places."""
    columns = _columns(inputs)
    size = len(columns[0])
    if size == 0:
        return tuple(np.empty(0) for _ in range(outputs))
    valid = np.isfinite(columns[0])
    for column in columns[1:]:
        valid &= np.isfinite(column)
    if valid.all():
        return compute(*columns)
    results = tuple(np.full(size, np.nan) for _ in range(outputs))
    if valid.any():
        for result, values in zip(results, compute(*(column[valid] for column in columns)), strict=True):
            result[valid] = values
    return results


def library(name: str, inputs: tuple[ArrayLike, ...], outputs: int = 1, **options: Any) -> tuple[Floats, ...]:
    """Call one TA-Lib function by name on the valid rows; always a tuple of `outputs` arrays."""
    function = getattr(_talib(), name)

    def compute(*columns: Floats) -> tuple[Floats, ...]:
        if len(columns[0]) < 2:
            return tuple(np.full(len(columns[0]), np.nan) for _ in range(outputs))
        result = function(*columns, **options)
        return result if isinstance(result, tuple) else (result,)

    return over_valid(compute, outputs, *inputs)


def moving(name: str, close: ArrayLike, n: float) -> Floats:
    """Return a moving average of TA-Lib by name; a length of one is the series itself."""
    length = period("n", n)
    if length == 1:
        (series,) = _columns((close,))
        return series.copy()
    return library(name, (close,), timeperiod=length)[0]


def session_vwap(
    ts_ns: NDArray[np.int64], high: ArrayLike, low: ArrayLike, close: ArrayLike, volume: ArrayLike
) -> Floats:
    """Return the volume-weighted average price since each UTC midnight; NaN until a session has traded."""
    days = np.asarray(ts_ns) // 86_400_000_000_000

    def compute(top: Floats, bottom: Floats, last: Floats, traded: Floats, day: Floats) -> tuple[Floats, ...]:
        starts = np.flatnonzero(np.diff(day, prepend=day[0] - 1.0))
        lengths = np.diff(starts, append=len(day))
        money = _sum_by_session((top + bottom + last) / 3.0 * traded, starts, lengths)
        amount = _sum_by_session(traded, starts, lengths)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (np.where(amount > 0.0, money / amount, np.nan),)

    return over_valid(compute, 1, high, low, close, volume, days.astype(np.float64))[0]


def _sum_by_session(values: Floats, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Floats:
    if len(starts) <= _EXACT_SESSIONS:
        return np.concatenate([np.cumsum(part) for part in np.split(values, starts[1:])])
    running = np.cumsum(values)
    before = running[starts] - values[starts]
    result: Floats = running - np.repeat(before, lengths)
    return result


def extremes(high: ArrayLike, low: ArrayLike, n: float) -> tuple[Floats, Floats]:
    """Return the highest high and the lowest low of the last `n` bars."""
    length = period("n", n)
    if length == 1:
        top, bottom = _columns((high, low))
        return top.copy(), bottom.copy()
    return library("MAX", (high,), timeperiod=length)[0], library("MIN", (low,), timeperiod=length)[0]


def last_level(values: ArrayLike) -> float:
    """Return the last finite value, 0 without one.

    Deviations measured from a nearby level keep the digits that TA-Lib's difference of two sums of squares would lose.
    """
    series = np.asarray(values, np.float64)
    finite = np.flatnonzero(np.isfinite(series))
    return float(series[finite[-1]]) if len(finite) else 0.0
