"""Measures that live in a pane of their own: momentum, trend strength, volatility, volume."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bidmere.indicators.calculation import Floats, last_level, library, moving, period


def rsi(close: ArrayLike, n: float = 14) -> Floats:
    """Return Wilder's relative strength index, 0 to 100."""
    return library("RSI", (close,), timeperiod=period("n", n, 2))[0]


def macd(close: ArrayLike, fast: float = 12, slow: float = 26, signal: float = 9) -> tuple[Floats, Floats, Floats]:
    """Return the MACD line, its signal line and their difference."""
    line, smooth, histogram = library(
        "MACD",
        (close,),
        3,
        fastperiod=period("fast", fast, 2),
        slowperiod=period("slow", slow, 2),
        signalperiod=period("signal", signal),
    )
    return line, smooth, histogram


def stoch(
    high: ArrayLike, low: ArrayLike, close: ArrayLike, k: float = 14, slow_k: float = 3, d: float = 3
) -> tuple[Floats, Floats]:
    """Return the slow stochastic's %K and %D, 0 to 100, smoothed by simple averages."""
    slow, smooth = library(
        "STOCH",
        (high, low, close),
        2,
        fastk_period=period("k", k),
        slowk_period=period("slow_k", slow_k),
        slowk_matype=0,
        slowd_period=period("d", d),
        slowd_matype=0,
    )
    return slow, smooth


def atr(high: ArrayLike, low: ArrayLike, close: ArrayLike, n: float = 14) -> Floats:
    """Return Wilder's average true range, in price units."""
    return library("ATR", (high, low, close), timeperiod=period("n", n))[0]


def adx(high: ArrayLike, low: ArrayLike, close: ArrayLike, n: float = 14) -> tuple[Floats, Floats, Floats]:
    """Return Wilder's ADX, +DI and −DI, 0 to 100."""
    length = period("n", n, 2)
    prices = (high, low, close)
    strength = library("ADX", prices, timeperiod=length)[0]
    plus = library("PLUS_DI", prices, timeperiod=length)[0]
    return strength, plus, library("MINUS_DI", prices, timeperiod=length)[0]


def cci(high: ArrayLike, low: ArrayLike, close: ArrayLike, n: float = 20) -> Floats:
    """Return the commodity channel index of n bars."""
    return library("CCI", (high, low, close), timeperiod=period("n", n, 2))[0]


def mfi(high: ArrayLike, low: ArrayLike, close: ArrayLike, volume: ArrayLike, n: float = 14) -> Floats:
    """Return the money flow index of n bars, 0 to 100."""
    return library("MFI", (high, low, close, volume), timeperiod=period("n", n, 2))[0]


def obv(close: ArrayLike, volume: ArrayLike) -> Floats:
    """Return on-balance volume: volume added on up bars and taken off on down bars since the first bar."""
    return library("OBV", (close, volume))[0]


def roc(close: ArrayLike, n: float = 10) -> Floats:
    """Return the rate of change against n bars ago, in percent."""
    return library("ROC", (close,), timeperiod=period("n", n))[0]


def willr(high: ArrayLike, low: ArrayLike, close: ArrayLike, n: float = 14) -> Floats:
    """Return Williams %R of n bars, −100 to 0."""
    return library("WILLR", (high, low, close), timeperiod=period("n", n, 2))[0]


def stddev(close: ArrayLike, n: float = 20) -> Floats:
    """Return the population standard deviation of n bars, in price units."""
    length = period("n", n, 2)
    shifted = np.asarray(close, np.float64) - last_level(close)
    return library("STDDEV", (shifted,), timeperiod=length, nbdev=1.0)[0]


def volume_ma(volume: ArrayLike, n: float = 20) -> Floats:
    """Return the simple moving average of volume."""
    return moving("SMA", volume, n)
