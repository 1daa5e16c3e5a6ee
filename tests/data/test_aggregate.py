"""Bars by cascade: equal to an independent resample, closed by ticks or clock, never changed afterwards."""

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.data.aggregate import Aggregator, BarBuilder
from bidmere.data.importers import open_data
from bidmere.data.quality import QualityKind, QualityMonitor
from bidmere.data.resample import bars_to_bars, floors, ticks_to_bars
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import SimClock
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Bar, Quote, Trade
from bidmere.model.timeframe import SECOND_NS, TIMEFRAMES, Timeframe

SPY = InstrumentId("SPY", "X")
PANDAS_RULES = {
    "1s": "1s", "5s": "5s", "15s": "15s", "30s": "30s", "1m": "1min", "3m": "3min", "5m": "5min", "15m": "15min",
    "30m": "30min", "1h": "1h", "2h": "2h", "4h": "4h", "12h": "12h", "1d": "1D", "1w": "W-MON", "1M": "MS",
}  # fmt: skip


def pandas_bars(ts: np.ndarray, price: np.ndarray, size: np.ndarray, timeframe: Timeframe) -> pd.DataFrame:
    frame = pd.DataFrame({"price": price, "size": size}, index=pd.to_datetime(ts, utc=True))
    grouped = frame.resample(PANDAS_RULES[str(timeframe)], label="left", closed="left")
    bars = grouped["price"].ohlc()
    bars["volume"] = grouped["size"].sum()
    return bars[grouped["price"].count() > 0]


def grouped_bars(ts: np.ndarray, price: np.ndarray, size: np.ndarray, timeframe: Timeframe) -> pd.DataFrame:
    """As `pandas_bars`, but without a row for every empty second of many years."""
    index = pd.to_datetime(ts, utc=True).tz_localize(None)
    if timeframe.unit in ("w", "M"):
        opens = index.to_period("W-SUN" if timeframe.unit == "w" else "M").start_time
    else:
        opens = index.floor(PANDAS_RULES[str(timeframe)])
    grouped = pd.DataFrame({"price": price, "size": size}).groupby(opens)
    bars = grouped["price"].agg(open="first", high="max", low="min", close="last")
    bars["volume"] = grouped["size"].sum()
    return bars


def built(ts: np.ndarray, price: np.ndarray, size: np.ndarray) -> dict[Timeframe, BarArray]:
    bars: dict[Timeframe, list[Bar]] = {timeframe: [] for timeframe in TIMEFRAMES}
    builder = BarBuilder(SPY, TIMEFRAMES, lambda bar: bars[bar.timeframe].append(bar))
    for row in zip(ts.tolist(), price.tolist(), size.tolist(), strict=True):
        assert builder.update(*row)
    for timeframe, closed in bars.items():
        last = builder.forming(timeframe)
        assert last is not None
        closed.append(last)
    return {timeframe: BarArray.from_bars(closed) for timeframe, closed in bars.items()}


def assert_same(bars: BarArray, expected: pd.DataFrame) -> None:
    assert bars.ts.tolist() == expected.index.as_unit("ns").astype("int64").tolist()
    for name in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(bars, name), expected[name].to_numpy(np.float64)), name


@pytest.mark.parametrize(
    "file",
    [
        "equity/usa/tick/spy/20131009_trade.zip",
        "forex/oanda/tick/eurusd/20140501_quote.zip",
        "future/comex/tick/gc/20131009_trade.zip",
    ],
)
def test_bars_of_a_recorded_day_equal_an_independent_resample(shared_fixtures: Path, file: str) -> None:
    data = open_data(shared_fixtures / "lean_data" / file)
    if data.trades is not None:
        ts, price, size = data.trades.ts, data.trades.price, data.trades.size
    else:
        assert data.quotes is not None
        ts, price = data.quotes.ts, (data.quotes.bid + data.quotes.ask) * 0.5
        size = np.zeros(len(ts))
    bars = built(ts, price, size)
    for timeframe in TIMEFRAMES:
        expected = pandas_bars(ts, price, size, timeframe)
        assert_same(bars[timeframe], expected)
        assert_same(ticks_to_bars(ts, price, size, timeframe), expected)


@pytest.mark.parametrize("seed", range(3))
def test_sparse_ticks_over_years_equal_an_independent_resample(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = rng.choice([1, 999_999_999, 3 * SECOND_NS, 3_600 * SECOND_NS, 86_400 * SECOND_NS * 9], 2_000)
    ts = 1_577_836_800 * SECOND_NS - 5 + np.cumsum(steps * rng.integers(0, 3, 2_000))
    price = 100 + rng.integers(-50, 50, 2_000) / 4
    size = rng.integers(0, 100, 2_000).astype(np.float64)
    bars = built(ts, price, size)
    for timeframe in TIMEFRAMES:
        assert_same(bars[timeframe], grouped_bars(ts, price, size, timeframe))


def test_every_bar_closes_once_and_in_order() -> None:
    closed: list[Bar] = []
    builder = BarBuilder(SPY, TIMEFRAMES, closed.append)
    rng, ts = random.Random(5), 1_700_000_000 * SECOND_NS
    for _ in range(3_000):
        ts += rng.choice([1, SECOND_NS // 3, 17 * SECOND_NS, 4_000 * SECOND_NS])
        builder.update(ts, 100 + rng.random(), 1.0)
        assert all(bar.timeframe.next(bar.ts) <= ts for bar in closed[-40:])
    for timeframe in TIMEFRAMES:
        starts = [bar.ts for bar in closed if bar.timeframe == timeframe]
        assert starts == sorted(set(starts))


def test_tick_too_late_for_a_closed_bar_is_left_out_and_counted() -> None:
    clock, bus = SimClock(100 * SECOND_NS), EventBus()
    quality = QualityMonitor(clock)
    aggregator = Aggregator(bus, clock, quality=quality)
    bars: list[Bar] = []
    bus.subscribe(Bar, bars.append)
    bus.publish(Trade(SPY, 10.0, 1.0, None, 100 * SECOND_NS, 100 * SECOND_NS))
    clock.advance_to(120 * SECOND_NS)  # closes the minute that ended at 120
    bus.publish(Trade(SPY, 99.0, 1.0, None, 119 * SECOND_NS, 120 * SECOND_NS))
    minute = [bar for bar in bars if str(bar.timeframe) == "1m"]
    assert [(bar.ts, bar.high) for bar in minute] == [(60 * SECOND_NS, 10.0)]
    assert [(row.kind, row.count) for row in quality.report()] == [(QualityKind.LATE, 1)]
    aggregator.close()


def test_clock_closes_bars_without_a_further_tick_and_invents_none() -> None:
    clock, bus = SimClock(), EventBus()
    aggregator = Aggregator(bus, clock)
    bars: list[Bar] = []
    bus.subscribe(Bar, bars.append)
    bus.publish(Trade(SPY, 10.0, 2.0, None, 5, 5))
    clock.advance_to(10 * 60 * SECOND_NS)
    closed = {str(bar.timeframe): bar for bar in bars}
    assert set(closed) == {"1s", "5s", "15s", "30s", "1m", "3m", "5m"}
    assert len(bars) == 7
    assert closed["5m"] == Bar(SPY, Timeframe(5, "m"), 0, 10.0, 10.0, 10.0, 10.0, 2.0, True)
    forming = aggregator.forming(SPY, Timeframe(15, "m"))
    assert forming == Bar(SPY, Timeframe(15, "m"), 0, 10.0, 10.0, 10.0, 10.0, 2.0, False)
    aggregator.close()


def test_grace_keeps_bars_open_for_ticks_on_their_way() -> None:
    clock, bus = SimClock(), EventBus()
    aggregator = Aggregator(bus, clock, grace_ns=SECOND_NS // 2)
    bars: list[Bar] = []
    bus.subscribe(Bar, bars.append)
    bus.publish(Trade(SPY, 10.0, 1.0, None, 5, 5))
    clock.advance_to(SECOND_NS + SECOND_NS // 4)
    bus.publish(Trade(SPY, 11.0, 1.0, None, SECOND_NS - 1, clock.now_ns()))
    clock.advance_to(2 * SECOND_NS)
    assert [(bar.close, bar.volume) for bar in bars if str(bar.timeframe) == "1s"] == [(11.0, 2.0)]
    aggregator.close()


def test_mids_make_the_bars_only_where_chosen() -> None:
    clock, bus = SimClock(), EventBus()
    aggregator = Aggregator(bus, clock)
    eur = InstrumentId("EURUSD", "X")
    aggregator.set_source(eur, "mid")
    for instrument in (SPY, eur):
        bus.publish(Quote(instrument, 1.0, 3.0, 1.0, 1.0, 5, 5))
        bus.publish(Trade(instrument, 7.0, 1.0, None, 6, 6))
    second = Timeframe(1, "s")
    spy, fx = aggregator.forming(SPY, second), aggregator.forming(eur, second)
    assert spy is not None
    assert spy.close == 7.0
    assert fx is not None
    assert (fx.close, fx.volume) == (2.0, 0.0)
    aggregator.close()


def test_watched_pair_gets_its_forming_bar_on_every_tick() -> None:
    clock, bus = SimClock(), EventBus()
    aggregator = Aggregator(bus, clock)
    bars: list[Bar] = []
    bus.subscribe(Bar, bars.append)
    end = aggregator.watch(SPY, Timeframe(1, "h"))
    bus.publish(Trade(SPY, 10.0, 1.0, None, 5, 5))
    bus.publish(Trade(SPY, 12.0, 1.0, None, 6, 6))
    end()
    bus.publish(Trade(SPY, 13.0, 1.0, None, 7, 7))
    assert [(str(bar.timeframe), bar.close, bar.closed) for bar in bars] == [("1h", 10.0, False), ("1h", 12.0, False)]
    aggregator.close()


def test_seeded_bars_begin_where_the_interval_begins() -> None:
    """Ticks start at 10:07:30; minutes and days of history complete what forms."""
    rng = np.random.default_rng(3)
    day = 20_000 * 86_400 * SECOND_NS
    minutes = day - 86_400 * SECOND_NS * 40 + np.arange(41 * 1_440) * 60 * SECOND_NS
    price = 100 + np.cumsum(rng.integers(-2, 3, len(minutes))) / 4
    whole = BarArray.from_columns(minutes, price, price + 1, price - 1, price + 0.25, rng.integers(1, 9, len(minutes)))
    begin = day + (10 * 3_600 + 7 * 60 + 30) * SECOND_NS
    past = whole[: int(np.searchsorted(whole.ts, begin // (60 * SECOND_NS) * 60 * SECOND_NS))]
    builder = BarBuilder(SPY, TIMEFRAMES)
    builder.update(begin, 50.0, 1.0)
    builder.seed(past, Timeframe(1, "m"), begin)
    daily = bars_to_bars(past, Timeframe(1, "d"))
    builder.seed(daily[:-1], Timeframe(1, "d"), begin)
    everything = BarArray.concat([past, BarArray.from_columns([begin], [50.0], [50.0], [50.0], [50.0], [1.0])])
    for timeframe in TIMEFRAMES[5:]:
        forming = builder.forming(timeframe)
        expected = bars_to_bars(everything, timeframe)[-1:]
        assert forming is not None
        assert (forming.ts, forming.open, forming.high, forming.low, forming.close, forming.volume) == (
            expected.ts[0], expected.open[0], expected.high[0], expected.low[0], 50.0, expected.volume[0]
        ), timeframe  # fmt: skip


@given(st.lists(st.integers(-(10**18), 4 * 10**18), min_size=1, max_size=20), st.sampled_from(TIMEFRAMES))
def test_whole_array_floor_equals_the_timeframe_floor(times: list[int], timeframe: Timeframe) -> None:
    assert floors(np.array(times, np.int64), timeframe).tolist() == [timeframe.floor(ts) for ts in times]
