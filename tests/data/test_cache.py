"""The day's figures of an instrument that is first looked at in the middle of a day."""

from __future__ import annotations

import pytest

from bidmere.data.cache import DAY_NS, MarketCache
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Quote, Trade

BTC = InstrumentId("BTCUSDT", "SIM")
DAY = 20_000 * DAY_NS
NOON = DAY + DAY_NS // 2
MINUTES = BarArray.from_columns(
    [DAY, DAY + 60_000_000_000], [100.0, 104.0], [105.0, 110.0], [90.0, 95.0], [104.0, 102.0], [2.0, 3.0]
)


def trade(price: float, size: float, ts: int = NOON) -> Trade:
    return Trade(BTC, price, size, None, ts, ts)


@pytest.mark.parametrize("complete_first", [True, False])
def test_a_day_completed_by_history_is_the_whole_day_whenever_that_comes(complete_first: bool) -> None:
    cache = MarketCache()
    if complete_first:
        cache.complete_day(BTC, MINUTES)
    cache.update(Quote(BTC, 103.0, 104.0, 1.0, 1.0, NOON, NOON))
    cache.update(trade(103.0, 1.0))
    if not complete_first:
        cache.complete_day(BTC, MINUTES)
    cache.update(trade(111.0, 4.0, NOON + 1))
    day = cache.day(BTC)
    assert day is not None
    assert (day.open, day.high, day.low, day.last, day.volume) == (100.0, 111.0, 90.0, 111.0, 10.0)


def test_history_counts_once_and_an_older_day_not_at_all() -> None:
    cache = MarketCache()
    cache.update(trade(103.0, 1.0, NOON + DAY_NS))
    cache.complete_day(BTC, MINUTES)
    day = cache.day(BTC)
    assert day is not None
    assert day.volume == 1.0
    cache = MarketCache()
    for _ in range(2):
        cache.complete_day(BTC, MINUTES)
    first = cache.day(BTC)
    assert first is not None
    assert first.volume == 5.0


def test_the_next_day_begins_anew() -> None:
    cache = MarketCache()
    cache.complete_day(BTC, MINUTES)
    cache.update(trade(120.0, 1.0, NOON + DAY_NS))
    day = cache.day(BTC)
    assert day is not None
    assert (day.open, day.low, day.volume, day.reference) == (120.0, 120.0, 1.0, 102.0)
