"""Three-line envelopes around the price: Bollinger, Donchian, Keltner. Each returns upper, middle, lower."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bidmere.indicators.averages import ema
from bidmere.indicators.calculation import Floats, extremes, last_level, library, period
from bidmere.indicators.oscillators import atr

Bands = tuple[Floats, Floats, Floats]


def bbands(close: ArrayLike, n: float = 20, deviations: float = 2.0) -> Bands:
    """Return Bollinger bands: the simple average of n bars and it plus and minus standard deviations."""
    width = float(deviations)
    level = last_level(close)
    shifted = np.asarray(close, np.float64) - level
    upper, middle, lower = library(
        "BBANDS", (shifted,), 3, timeperiod=period("n", n, 2), nbdevup=width, nbdevdn=width, matype=0
    )
    return upper + level, middle + level, lower + level


def donchian(high: ArrayLike, low: ArrayLike, n: float = 20) -> Bands:
    """Return the Donchian channel: highest high, middle and lowest low of n bars, the current one included."""
    top, bottom = extremes(high, low, n)
    return top, (top + bottom) / 2.0, bottom


def keltner(high: ArrayLike, low: ArrayLike, close: ArrayLike, n: float = 20, multiple: float = 2.0) -> Bands:
    """Return the Keltner channel: the exponential average of n closes plus and minus a multiple of ATR(n)."""
    middle = ema(close, n)
    width = float(multiple) * atr(high, low, close, n)
    return middle + width, middle, middle - width
