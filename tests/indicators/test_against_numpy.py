"""Every indicator equals a straightforward reading of its definition."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bidmere import indicators as ta
from bidmere.errors import InvalidInput
from bidmere.indicators.catalog import CATALOG, compute, indicator
from bidmere.model.bars import BarArray

Floats = NDArray[np.float64]
DAY_NS = 86_400_000_000_000


def walk(n: int = 600, seed: int = 3, start: float = 100.0) -> BarArray:
    rng = np.random.default_rng(seed)
    close = start + np.cumsum(rng.normal(0, 0.3, n))
    open_ = np.concatenate([[start], close[:-1]])
    high = np.maximum(open_, close) + rng.random(n) * 0.2
    low = np.minimum(open_, close) - rng.random(n) * 0.2
    ts = 1_790_000_000_000_000_000 + np.arange(n) * 300_000_000_000
    return BarArray.from_columns(ts, open_, high, low, close, rng.gamma(2.0, 50.0, n))


def rolling(values: Floats, n: int, function: object) -> Floats:
    result = np.full(len(values), np.nan)
    for end in range(n, len(values) + 1):
        result[end - 1] = function(values[end - n : end])  # type: ignore[operator]
    return result


def exponential(values: Floats, n: int, alpha: float) -> Floats:
    result = np.full(len(values), np.nan)
    first = int(np.flatnonzero(np.isfinite(values))[0])
    level = float(values[first : first + n].mean())
    result[first + n - 1] = level
    for i in range(first + n, len(values)):
        level += alpha * (values[i] - level)
        result[i] = level
    return result


def true_range(bars: BarArray) -> Floats:
    before = np.concatenate([[np.nan], bars.close[:-1]])
    return np.maximum(bars.high, before) - np.minimum(bars.low, before)


def same(one: Floats, other: Floats) -> None:
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("n", [1, 2, 9, 50])
def test_moving_averages(n: int) -> None:
    close = walk().close
    same(ta.sma(close, n), rolling(close, n, np.mean))
    same(ta.ema(close, n), exponential(close, n, 2 / (n + 1)) if n > 1 else close)
    weights = np.arange(1, n + 1)
    same(ta.wma(close, n), rolling(close, n, lambda part: (part * weights).sum() / weights.sum()))


def test_double_and_triple_exponential() -> None:
    close = walk().close
    one = ta.ema(close, 10)
    two = ta.ema(one, 10)
    three = ta.ema(two, 10)
    same(ta.dema(close, 10), 2 * one - two)
    same(ta.tema(close, 10), 3 * one - 3 * two + three)


def test_rsi_is_wilders() -> None:
    close = walk().close
    change = np.concatenate([[np.nan], np.diff(close)])
    gain = exponential(np.where(np.isnan(change), np.nan, np.maximum(change, 0)), 14, 1 / 14)
    loss = exponential(np.where(np.isnan(change), np.nan, np.maximum(-change, 0)), 14, 1 / 14)
    same(ta.rsi(close, 14), 100 - 100 / (1 + gain / loss))


def test_macd_difference_and_signal() -> None:
    close = walk().close
    line, signal, histogram = ta.macd(close)
    np.testing.assert_allclose((ta.ema(close, 12) - ta.ema(close, 26))[300:], line[300:], atol=1e-6)
    same(histogram, line - signal)


def test_bands() -> None:
    bars = walk(start=67_000.0)
    upper, middle, lower = ta.bbands(bars.close, 20, 2)
    deviation = rolling(bars.close, 20, np.std)
    same(middle, rolling(bars.close, 20, np.mean))
    same(upper, middle + 2 * deviation)
    same(lower, middle - 2 * deviation)
    same(ta.stddev(bars.close, 20), deviation)
    top, centre, bottom = ta.donchian(bars.high, bars.low, 20)
    same(top, rolling(bars.high, 20, np.max))
    same(bottom, rolling(bars.low, 20, np.min))
    same(centre, (top + bottom) / 2)
    high, mid, low = ta.keltner(bars.high, bars.low, bars.close, 20, 1.5)
    same(mid, ta.ema(bars.close, 20))
    same(high - mid, 1.5 * ta.atr(bars.high, bars.low, bars.close, 20))
    same(mid - low, high - mid)


def test_ranges_and_oscillators() -> None:
    bars = walk()
    same(ta.atr(bars.high, bars.low, bars.close, 14), exponential(true_range(bars), 14, 1 / 14))
    top, bottom = rolling(bars.high, 14, np.max), rolling(bars.low, 14, np.min)
    same(ta.willr(bars.high, bars.low, bars.close, 14), -100 * (top - bars.close) / (top - bottom))
    raw = 100 * (bars.close - bottom) / (top - bottom)
    k = rolling(raw, 3, np.mean)
    d = rolling(k, 3, np.mean)
    slow, smooth = ta.stoch(bars.high, bars.low, bars.close, 14, 3, 3)
    same(slow[20:], k[20:])
    same(smooth, d)
    typical = (bars.high + bars.low + bars.close) / 3
    spread = rolling(typical, 20, lambda part: np.abs(part - part.mean()).mean())
    same(ta.cci(bars.high, bars.low, bars.close, 20), (typical - rolling(typical, 20, np.mean)) / (0.015 * spread))
    same(ta.roc(bars.close, 10)[10:], (bars.close[10:] / bars.close[:-10] - 1) * 100)
    same(ta.midpoint(bars.close, 14), (rolling(bars.close, 14, np.max) + rolling(bars.close, 14, np.min)) / 2)


def test_volume_measures() -> None:
    bars = walk()
    same(ta.obv(bars.close, bars.volume), bars.volume[0] + np.cumsum(
        np.concatenate([[0.0], np.sign(np.diff(bars.close)) * bars.volume[1:]])))  # fmt: skip
    typical = (bars.high + bars.low + bars.close) / 3
    flow = typical * bars.volume
    rising = np.concatenate([[0.0], np.diff(typical)])
    plus = rolling(np.where(rising > 0, flow, 0.0), 14, np.sum)
    minus = rolling(np.where(rising < 0, flow, 0.0), 14, np.sum)
    same(ta.mfi(bars.high, bars.low, bars.close, bars.volume, 14)[14:], (100 * plus / (plus + minus))[14:])
    same(ta.volume_ma(bars.volume, 5), rolling(bars.volume, 5, np.mean))


def test_vwap_starts_anew_each_utc_day() -> None:
    bars = walk(900)
    expected = np.empty(len(bars))
    money = amount = 0.0
    day = -1
    for i in range(len(bars)):
        if bars.ts[i] // DAY_NS != day:
            day, money, amount = int(bars.ts[i] // DAY_NS), 0.0, 0.0
        money += (bars.high[i] + bars.low[i] + bars.close[i]) / 3 * bars.volume[i]
        amount += bars.volume[i]
        expected[i] = money / amount
    same(ta.vwap(bars.ts, bars.high, bars.low, bars.close, bars.volume), expected)


@pytest.mark.parametrize("name", list(CATALOG))
def test_a_missing_value_never_poisons_later_ones(name: str) -> None:
    whole = walk(1_200)
    hole = 400
    columns = [column.copy() for column in (whole.open, whole.high, whole.low, whole.close, whole.volume)]
    for column in columns:
        column[hole] = np.nan
    holed = compute(name, BarArray.from_columns(whole.ts, *columns))
    keep = np.arange(len(whole)) != hole
    without = compute(name, BarArray.from_columns(whole.ts[keep], *(column[keep] for column in columns)))
    for output, values in holed.items():
        assert np.isnan(values[hole])
        same(values[keep], without[output])


@pytest.mark.parametrize("name", list(CATALOG))
@pytest.mark.parametrize("size", [0, 1, 2, 5, 40])
def test_short_series_give_a_full_length_answer(name: str, size: int) -> None:
    for values in compute(name, walk(600)[:size]).values():
        assert values.shape == (size,)
        assert values.dtype == np.float64


@pytest.mark.parametrize("name", list(CATALOG))
def test_warmup_and_tail_say_the_truth(name: str) -> None:
    spec = indicator(name)
    settings = spec.settings({})
    bars = walk(12_000, seed=8)
    full = spec.compute(bars, **settings)
    first = max(int(np.flatnonzero(np.isfinite(values))[0]) for values in full)
    assert first == spec.warmup(settings)
    if name == "VWAP":
        return  # reaches back to its session's start, however long that is
    tail = spec.tail(settings)
    for end in range(9_000, 12_000, 97):
        part = spec.compute(bars[max(0, end - tail) : end], **settings)
        for whole, values in zip(full, part, strict=True):
            shift = whole[end - 2] - values[-2] if spec.cumulative else 0.0
            assert values[-1] + shift == pytest.approx(whole[end - 1], rel=1e-8, abs=1e-8)


def test_the_catalogue_is_consistent() -> None:
    assert len(CATALOG) >= 20
    for name, spec in CATALOG.items():
        assert spec.name == name == name.upper()
        assert len(spec.outputs) == len(spec.styles)
        assert spec.label(spec.settings({})).startswith(name)


@pytest.mark.parametrize("given", [{"n": 0}, {"n": 2.5}, {"n": 1e9}, {"m": 3}, {"n": float("nan")}])
def test_bad_settings_are_refused_in_words(given: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        indicator("RSI").settings(given)


def test_unknown_names_and_lengths_are_refused() -> None:
    with pytest.raises(InvalidInput, match="known are"):
        indicator("NOPE")
    with pytest.raises(InvalidInput):
        ta.sma(np.arange(5.0), 0)
    with pytest.raises(InvalidInput):
        ta.atr(np.arange(5.0), np.arange(4.0), np.arange(5.0), 2)
