"""History and live bars as one series."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bidmere.data.aggregate import Aggregator
from bidmere.data.cache import DAY_NS, MarketCache
from bidmere.data.history import HistoryService
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import SimClock
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Trade
from bidmere.model.timeframe import SECOND_NS, Timeframe
from bidmere.storage.bar_store import BarStore

ONE = InstrumentId("A", "X")
MINUTE, DAY = Timeframe(1, "m"), Timeframe(1, "d")


class Port:
    """Knows the minutes up to `known`, at price 1; live trades have price 2."""

    def __init__(self, known: int) -> None:
        self.known = known

    async def bars(self, instrument: InstrumentId, timeframe: Timeframe, *, end_ns: int, limit: int) -> BarArray:
        opens = np.arange(0, self.known, timeframe.ns)
        opens = opens[opens + timeframe.ns <= end_ns][-limit:]
        ones = np.ones(len(opens))
        return BarArray.from_columns(opens, ones, ones, ones, ones, ones)


def live(clock: SimClock, bus: EventBus, until: int) -> None:
    while clock.now_ns() < until:
        bus.publish(Trade(ONE, 2.0, 1.0, None, clock.now_ns(), clock.now_ns()))
        clock.advance_to(clock.now_ns() + 20 * SECOND_NS)


@given(st.integers(0, 30), st.integers(0, 20), st.integers(1, 40), st.integers(0, 40))
async def test_series_has_no_gap_no_duplicate_and_prefers_the_past(begin: int, lag: int, limit: int, end: int) -> None:
    clock, bus = SimClock(begin * MINUTE.ns), EventBus()
    aggregator = Aggregator(bus, clock)
    live(clock, bus, 30 * MINUTE.ns)
    known = max(begin, 30 - lag)
    service = HistoryService({"X": Port(known * MINUTE.ns)}, aggregator)
    bars = await service.bars(ONE, MINUTE, limit, end * MINUTE.ns)
    expected = list(range(min(end, 30)))[-limit:]
    assert [ts // MINUTE.ns for ts in bars.ts.tolist()] == expected
    assert bars.close.tolist() == [1.0 if index < known else 2.0 for index in expected]
    aggregator.close()


async def test_store_serves_what_has_no_port(tmp_path: Path) -> None:
    clock, store = SimClock(10 * MINUTE.ns + 5), BarStore(tmp_path)
    aggregator = Aggregator(EventBus(), clock)
    ones = np.ones(20)
    store.write(ONE, MINUTE, BarArray.from_columns(np.arange(20) * MINUTE.ns, ones, ones, ones, ones, ones))
    service = HistoryService({}, aggregator, store=store)
    bars = await service.bars(ONE, MINUTE, 3)
    assert [ts // MINUTE.ns for ts in bars.ts.tolist()] == [7, 8, 9]
    assert len(await HistoryService(None, aggregator).bars(ONE, MINUTE, 3)) == 0
    aggregator.close()


async def test_prime_completes_forming_bars_and_tells_the_previous_close() -> None:
    start = 3 * DAY_NS + 90 * MINUTE.ns
    clock, bus, cache = SimClock(start), EventBus(), MarketCache()
    aggregator = Aggregator(bus, clock)
    service = HistoryService(Port(start), aggregator, cache=cache)
    await service.prime(ONE)
    bus.publish(Trade(ONE, 2.0, 1.0, None, start, start))
    day, hour = service.forming(ONE, DAY), service.forming(ONE, Timeframe(1, "h"))
    assert day is not None
    assert (day.ts, day.open, day.high, day.close, day.volume) == (3 * DAY_NS, 1.0, 2.0, 2.0, 91.0)
    assert hour is not None
    assert (hour.ts, hour.open, hour.volume) == (3 * DAY_NS + 60 * MINUTE.ns, 1.0, 31.0)
    cache.update(Trade(ONE, 2.0, 1.0, None, start, start))
    figures = cache.day(ONE)
    assert figures is not None
    assert (figures.reference, figures.change_pct) == (1.0, 100.0)
    aggregator.close()
