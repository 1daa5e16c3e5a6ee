"""Lines on the price: moving averages, parabolic stop, session VWAP."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bidmere.indicators.calculation import Floats, library, moving, period, session_vwap


def sma(close: ArrayLike, n: float) -> Floats:
    """Return the simple moving average of n bars."""
    return moving("SMA", close, n)


def ema(close: ArrayLike, n: float) -> Floats:
    """Return the exponential moving average with weight 2 / (n + 1), seeded with the mean of the first n bars."""
    return moving("EMA", close, n)


def wma(close: ArrayLike, n: float) -> Floats:
    """Return the linearly weighted moving average of n bars."""
    return moving("WMA", close, n)


def dema(close: ArrayLike, n: float) -> Floats:
    """Return the double exponential moving average of n bars."""
    return moving("DEMA", close, n)


def tema(close: ArrayLike, n: float) -> Floats:
    """Return the triple exponential moving average of n bars."""
    return moving("TEMA", close, n)


def kama(close: ArrayLike, n: float = 30) -> Floats:
    """Return Kaufman's adaptive moving average with an efficiency ratio over n bars."""
    return moving("KAMA", close, n)


def t3(close: ArrayLike, n: float = 5, v_factor: float = 0.7) -> Floats:
    """Return Tillson's T3 of n bars; `v_factor` 0 to 1 trades smoothness against lag."""
    return library("T3", (close,), timeperiod=period("n", n, 2), vfactor=float(v_factor))[0]


def midpoint(close: ArrayLike, n: float = 14) -> Floats:
    """Return the middle between the highest and the lowest value of n bars."""
    return library("MIDPOINT", (close,), timeperiod=period("n", n, 2))[0]


def sar(high: ArrayLike, low: ArrayLike, acceleration: float = 0.02, maximum: float = 0.2) -> Floats:
    """Return Wilder's parabolic stop and reverse."""
    return library("SAR", (high, low), acceleration=float(acceleration), maximum=float(maximum))[0]


def vwap(ts_ns: NDArray[np.int64], high: ArrayLike, low: ArrayLike, close: ArrayLike, volume: ArrayLike) -> Floats:
    """Return the volume-weighted average of the typical price since each UTC midnight (`ts_ns`: ns UTC)."""
    return session_vwap(ts_ns, high, low, close, volume)
