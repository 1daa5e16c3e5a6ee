"""Technical indicators for strategies and charts: `from bidmere import indicators as ta`, then `ta.sma(close, 20)`.

Functions take array-likes of one length n and return float64 arrays of shape (n,), NaN while warming up. Missing or
infinite inputs are left out and stay NaN at their place. Lengths count bars; a bad length raises InvalidInput.
Results follow TA-Lib. The catalogue that charts offer is `bidmere.indicators.catalog`.
"""

from bidmere.indicators.averages import dema, ema, kama, midpoint, sar, sma, t3, tema, vwap, wma
from bidmere.indicators.bands import bbands, donchian, keltner
from bidmere.indicators.oscillators import (
    adx,
    atr,
    cci,
    macd,
    mfi,
    obv,
    roc,
    rsi,
    stddev,
    stoch,
    volume_ma,
    willr,
)

__all__ = [
    "adx",
    "atr",
    "bbands",
    "cci",
    "dema",
    "donchian",
    "ema",
    "kama",
    "keltner",
    "macd",
    "mfi",
    "midpoint",
    "obv",
    "roc",
    "rsi",
    "sar",
    "sma",
    "stddev",
    "stoch",
    "t3",
    "tema",
    "volume_ma",
    "vwap",
    "willr",
    "wma",
]
