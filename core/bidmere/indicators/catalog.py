"""The catalogue of indicators a chart, a screener and a strategy editor offer, with everything needed to show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from bidmere.errors import InvalidInput
from bidmere.indicators import averages, bands, oscillators
from bidmere.indicators.calculation import Floats
from bidmere.model.bars import BarArray

Pane = Literal["price", "own"]
Style = Literal["line", "histogram", "dots", "columns"]
Compute = Callable[..., tuple[Floats, ...]]


@dataclass(frozen=True, slots=True)
class Param:
    """Describe one setting of an indicator; `whole` means it counts bars."""

    name: str
    default: float
    low: float
    high: float
    whole: bool = True


@dataclass(frozen=True, slots=True)
class IndicatorSpec:
    """Describe one indicator: what it needs, what it gives and how it is drawn.

    `compute(bars, **params)` returns one float64 array of shape (n,) per output. `warmup(params)` counts the leading
    bars without a value. `tail(params)` counts how many bars before a given one suffice to compute its value to
    about 1e-10 of the value from the whole history; `cumulative` ones differ from it by a constant.
    `bounds` fixes the scale of an own pane; `levels` are drawn across it.
    """

    name: str
    title: str
    pane: Pane
    params: tuple[Param, ...]
    outputs: tuple[str, ...]
    styles: tuple[Style, ...]
    warmup: Callable[[Mapping[str, float]], int]
    tail: Callable[[Mapping[str, float]], int]
    compute: Compute
    levels: tuple[float, ...] = ()
    bounds: tuple[float, float] | None = None
    cumulative: bool = False

    def settings(self, given: Mapping[str, float]) -> dict[str, float]:
        """Complete `given` with defaults and check the ranges. Raises InvalidInput."""
        known = {param.name: param for param in self.params}
        for name in given:
            if name not in known:
                raise InvalidInput(f"{self.title} has no setting {name!r}; it has {', '.join(known) or 'none'}.")
        result: dict[str, float] = {}
        for param in self.params:
            value = float(given.get(param.name, param.default))
            if not param.low <= value <= param.high or (param.whole and value != int(value)):
                kind = "a whole number" if param.whole else "a number"
                raise InvalidInput(
                    f"{self.title}: {param.name} must be {kind} from {param.low:g} to {param.high:g}, not {value:g}."
                )
            result[param.name] = value
        return result

    def label(self, settings: Mapping[str, float]) -> str:
        """Return the short name a legend shows, such as `EMA 21` or `BBANDS 20 2`."""
        return " ".join([self.name, *(f"{settings[param.name]:g}" for param in self.params)])


_N_HIGH = 5_000.0


def _n(default: float, low: float = 2.0) -> tuple[Param, ...]:
    return (Param("n", default, low, _N_HIGH),)


def _window(params: Mapping[str, float]) -> int:
    return int(params["n"]) + 1


def _exponential(passes: int) -> Callable[[Mapping[str, float]], int]:
    return lambda params: (14 + 5 * (passes - 1)) * (int(params["n"]) + 2) * (2 if passes > 3 else 1)


def _wilder(params: Mapping[str, float]) -> int:
    return 40 * (int(params["n"]) + 2)


def _n_less(offset: int, factor: int = 1) -> Callable[[Mapping[str, float]], int]:
    return lambda params: max(0, factor * int(params["n"]) - offset)


def _moving(
    name: str, title: str, function: Callable[[Floats, float], Floats], default: float, passes: int
) -> IndicatorSpec:
    tail = _window if passes == 0 else _exponential(passes)
    factor = max(1, passes)
    return IndicatorSpec(
        name, title, "price", _n(default, 1.0), (name.lower(),), ("line",), _n_less(factor, factor), tail,
        lambda bars, n: (function(bars.close, n),),
    )  # fmt: skip


_BAND_NAMES = ("upper", "middle", "lower")
_LINES: tuple[Style, ...] = ("line", "line", "line")


def _price_specs() -> tuple[IndicatorSpec, ...]:
    return (
        _moving("SMA", "Simple moving average", averages.sma, 20, 0),
        _moving("EMA", "Exponential moving average", averages.ema, 21, 1),
        _moving("WMA", "Weighted moving average", averages.wma, 20, 0),
        _moving("DEMA", "Double exponential average", averages.dema, 20, 2),
        _moving("TEMA", "Triple exponential average", averages.tema, 20, 3),
        IndicatorSpec(
            "KAMA", "Kaufman adaptive average", "price", _n(30), ("kama",), ("line",), _n_less(0),
            lambda p: int(p["n"]) + 6_000, lambda bars, n: (averages.kama(bars.close, n),),
        ),
        IndicatorSpec(
            "T3", "Tillson T3", "price", (*_n(5), Param("v_factor", 0.7, 0.0, 1.0, False)), ("t3",), ("line",),
            _n_less(6, 6), _exponential(6), lambda bars, n, v_factor: (averages.t3(bars.close, n, v_factor),),
        ),
        IndicatorSpec(
            "MIDPOINT", "Midpoint", "price", _n(14), ("midpoint",), ("line",), _n_less(1), _window,
            lambda bars, n: (averages.midpoint(bars.close, n),),
        ),
        IndicatorSpec(
            "BBANDS", "Bollinger bands", "price", (*_n(20), Param("deviations", 2.0, 0.1, 10.0, False)), _BAND_NAMES,
            _LINES, _n_less(1), _window, lambda bars, n, deviations: bands.bbands(bars.close, n, deviations),
        ),
        IndicatorSpec(
            "DONCHIAN", "Donchian channel", "price", _n(20, 1.0), _BAND_NAMES, _LINES, _n_less(1), _window,
            lambda bars, n: bands.donchian(bars.high, bars.low, n),
        ),
        IndicatorSpec(
            "KELTNER", "Keltner channel", "price", (*_n(20), Param("multiple", 2.0, 0.1, 20.0, False)), _BAND_NAMES,
            _LINES, _n_less(0), _wilder,
            lambda bars, n, multiple: bands.keltner(bars.high, bars.low, bars.close, n, multiple),
        ),
        IndicatorSpec(
            "SAR", "Parabolic stop and reverse", "price",
            (Param("acceleration", 0.02, 0.001, 1.0, False), Param("maximum", 0.2, 0.01, 5.0, False)),
            ("sar",), ("dots",), lambda p: 1, lambda p: 1_000,
            lambda bars, acceleration, maximum: (averages.sar(bars.high, bars.low, acceleration, maximum),),
        ),
        IndicatorSpec(
            "VWAP", "Volume-weighted average price (day, UTC)", "price", (), ("vwap",), ("line",),
            lambda p: 0, lambda p: 2_000,
            lambda bars: (averages.vwap(bars.ts, bars.high, bars.low, bars.close, bars.volume),),
        ),
    )  # fmt: skip


def _trend_specs() -> tuple[IndicatorSpec, ...]:
    return (
        IndicatorSpec(
            "RSI", "Relative strength index", "own", _n(14), ("rsi",), ("line",), _n_less(0), _wilder,
            lambda bars, n: (oscillators.rsi(bars.close, n),), levels=(30.0, 70.0), bounds=(0.0, 100.0),
        ),
        IndicatorSpec(
            "MACD", "Moving average convergence divergence", "own",
            (Param("fast", 12, 2, 1_000), Param("slow", 26, 2, 1_000), Param("signal", 9, 1, 1_000)),
            ("macd", "signal", "histogram"), ("line", "line", "histogram"),
            lambda p: int(max(p["slow"], p["fast"]) + p["signal"]) - 2,
            lambda p: 14 * int(max(p["slow"], p["fast"]) + p["signal"] + 3),
            lambda bars, fast, slow, signal: oscillators.macd(bars.close, fast, slow, signal), levels=(0.0,),
        ),
        IndicatorSpec(
            "STOCH", "Slow stochastic", "own",
            (Param("k", 14, 1, 1_000), Param("slow_k", 3, 1, 1_000), Param("d", 3, 1, 1_000)),
            ("%K", "%D"), ("line", "line"), lambda p: int(p["k"] + p["slow_k"] + p["d"]) - 3,
            lambda p: int(p["k"] + p["slow_k"] + p["d"]) + 2,
            lambda bars, k, slow_k, d: oscillators.stoch(bars.high, bars.low, bars.close, k, slow_k, d),
            levels=(20.0, 80.0), bounds=(0.0, 100.0),
        ),
        IndicatorSpec(
            "ADX", "Average directional index", "own", _n(14), ("adx", "+DI", "-DI"), _LINES, _n_less(1, 2),
            lambda p: 60 * (int(p["n"]) + 2), lambda bars, n: oscillators.adx(bars.high, bars.low, bars.close, n),
            levels=(25.0,),
        ),
        IndicatorSpec(
            "CCI", "Commodity channel index", "own", _n(20), ("cci",), ("line",), _n_less(1), _window,
            lambda bars, n: (oscillators.cci(bars.high, bars.low, bars.close, n),), levels=(-100.0, 100.0),
        ),
        IndicatorSpec(
            "ROC", "Rate of change, %", "own", _n(10, 1.0), ("roc",), ("line",), _n_less(0), _window,
            lambda bars, n: (oscillators.roc(bars.close, n),), levels=(0.0,),
        ),
        IndicatorSpec(
            "WILLR", "Williams %R", "own", _n(14), ("willr",), ("line",), _n_less(1), _window,
            lambda bars, n: (oscillators.willr(bars.high, bars.low, bars.close, n),),
            levels=(-80.0, -20.0), bounds=(-100.0, 0.0),
        ),
    )  # fmt: skip


def _range_and_volume_specs() -> tuple[IndicatorSpec, ...]:
    return (
        IndicatorSpec(
            "ATR", "Average true range", "own", _n(14, 1.0), ("atr",), ("line",), _n_less(0), _wilder,
            lambda bars, n: (oscillators.atr(bars.high, bars.low, bars.close, n),),
        ),
        IndicatorSpec(
            "STDDEV", "Standard deviation", "own", _n(20), ("stddev",), ("line",), _n_less(1), _window,
            lambda bars, n: (oscillators.stddev(bars.close, n),),
        ),
        IndicatorSpec(
            "MFI", "Money flow index", "own", _n(14), ("mfi",), ("line",), _n_less(0), _window,
            lambda bars, n: (oscillators.mfi(bars.high, bars.low, bars.close, bars.volume, n),),
            levels=(20.0, 80.0), bounds=(0.0, 100.0),
        ),
        IndicatorSpec(
            "OBV", "On-balance volume", "own", (), ("obv",), ("line",), lambda p: 0, lambda p: 64,
            lambda bars: (oscillators.obv(bars.close, bars.volume),), cumulative=True,
        ),
        IndicatorSpec(
            "VOLUME", "Volume and its average", "own", _n(20, 1.0), ("volume", "average"), ("columns", "line"),
            _n_less(1), _window, lambda bars, n: (bars.volume, oscillators.volume_ma(bars.volume, n)),
        ),
    )  # fmt: skip


CATALOG: dict[str, IndicatorSpec] = {
    spec.name: spec for spec in (*_price_specs(), *_trend_specs(), *_range_and_volume_specs())
}
"""Every indicator by its name, in menu order."""


def indicator(name: str) -> IndicatorSpec:
    """Return an indicator by its name, in any case. Raises InvalidInput naming what exists."""
    spec = CATALOG.get(name.strip().upper())
    if spec is None:
        raise InvalidInput(f"There is no indicator {name!r}; known are {', '.join(CATALOG)}.")
    return spec


def compute(name: str, bars: BarArray, given: Mapping[str, float] | None = None) -> dict[str, Floats]:
    """Compute an indicator by name over bars; one array of shape (n,) per output name. Raises InvalidInput."""
    spec = indicator(name)
    return dict(zip(spec.outputs, spec.compute(bars, **spec.settings(given or {})), strict=True))
