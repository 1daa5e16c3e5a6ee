"""The data service: subscriptions by count, cache before bus, and the state of feeds."""

from collections.abc import Iterable

import pytest

from bidmere.brokerage.data_port import FeedState, FeedStatus, Sink, StatusSink
from bidmere.data.cache import DAY_NS
from bidmere.data.service import DataService
from bidmere.errors import UnknownInstrument
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import SimClock
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Book, Quote, Trade

A, B = InstrumentId("A", "X"), InstrumentId("B", "X")
SECOND = 1_000_000_000


class Port:
    venue = "X"

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[InstrumentId]]] = []
        self.sink: Sink = lambda datum: None
        self.status: StatusSink = lambda status: None

    def set_sink(self, sink: Sink, status: StatusSink) -> None:
        self.sink, self.status = sink, status

    async def subscribe(self, instruments: Iterable[InstrumentId]) -> None:
        self.calls.append(("on", list(instruments)))

    async def unsubscribe(self, instruments: Iterable[InstrumentId]) -> None:
        self.calls.append(("off", list(instruments)))


def service(start: int = 1_000 * SECOND) -> tuple[DataService, Port, SimClock, EventBus]:
    clock, bus, port = SimClock(start), EventBus(), Port()
    data = DataService(bus, clock)
    data.add_source(port)
    return data, port, clock, bus


def quote(clock: SimClock, bid: float = 1.0, ask: float = 2.0, instrument: InstrumentId = A) -> Quote:
    return Quote(instrument, bid, ask, 1.0, 1.0, clock.now_ns(), clock.now_ns())


async def test_port_hears_of_the_first_and_the_last_user_only() -> None:
    data, port, _, _ = service()
    await data.subscribe([A, B])
    await data.subscribe([A])
    await data.unsubscribe([A, B])
    await data.unsubscribe([A])
    await data.unsubscribe([A])
    assert port.calls == [("on", [A, B]), ("off", [B]), ("off", [A])]


async def test_unknown_venue_is_refused_in_words() -> None:
    data, _, _, _ = service()
    with pytest.raises(UnknownInstrument, match=r"No data source serves A\.Y: connected venues are X\."):
        await data.subscribe([InstrumentId("A", "Y")])


async def test_cache_is_ready_when_the_bus_speaks_and_bad_data_reach_neither() -> None:
    data, port, clock, bus = service()
    seen: list[float | None] = []
    bus.subscribe(Quote, lambda event: seen.append(data.cache.mid(event.instrument)))
    await data.subscribe([A])
    port.sink(quote(clock))
    port.sink(quote(clock, 3.0, 2.0))
    assert seen == [1.5]
    assert data.cache.mid(A) == 1.5
    assert [(row.kind.value, row.count) for row in data.report()] == [("crossed", 1)]


async def test_silence_makes_a_feed_stale_and_data_make_it_ok_again() -> None:
    data, port, clock, bus = service()
    states: list[FeedState] = []
    bus.subscribe(FeedStatus, lambda status: states.append(status.state))
    await data.subscribe([A])
    for _ in range(20):
        port.sink(quote(clock))
        clock.advance_to(clock.now_ns() + SECOND // 10)
    assert states == [FeedState.OK]
    clock.advance_to(clock.now_ns() + 2 * SECOND)
    assert states == [FeedState.OK, FeedState.STALE]
    assert data.statuses()["X"].state is FeedState.STALE
    port.sink(quote(clock))
    assert states[-1] is FeedState.OK


async def test_slow_feed_gets_five_of_its_usual_gaps() -> None:
    data, port, clock, _ = service()
    await data.subscribe([A])
    for _ in range(200):
        port.sink(quote(clock))
        clock.advance_to(clock.now_ns() + SECOND)
    clock.advance_to(clock.now_ns() + 3 * SECOND)
    assert data.statuses()["X"].state is FeedState.OK
    clock.advance_to(clock.now_ns() + 2 * SECOND)
    assert data.statuses()["X"].state is FeedState.STALE


async def test_port_says_offline_and_heartbeats_keep_a_feed_alive() -> None:
    data, port, clock, bus = service()
    states: list[FeedState] = []
    bus.subscribe(FeedStatus, lambda status: states.append(status.state))
    await data.subscribe([A])
    for _ in range(10):
        port.status(FeedStatus(venue="X", state=FeedState.OK, ts=clock.now_ns()))
        clock.advance_to(clock.now_ns() + SECOND)
    port.status(FeedStatus(venue="X", state=FeedState.OFFLINE, ts=clock.now_ns(), detail="gone"))
    clock.advance_to(clock.now_ns() + 100 * SECOND)
    assert states == [FeedState.OK, FeedState.OFFLINE]
    assert clock.next_timer_ns() is None


async def test_stop_leaves_no_timer_and_no_subscription() -> None:
    data, port, clock, _ = service()
    await data.subscribe([A])
    port.sink(quote(clock))
    await data.stop()
    assert port.calls[-1] == ("off", [A])
    assert clock.next_timer_ns() is None


async def test_day_figures_follow_the_utc_day() -> None:
    data, port, clock, _ = service(5 * DAY_NS)
    port.sink(quote(clock, 98.0, 100.0))
    day = data.cache.day(A)
    assert day is not None
    assert (day.open, day.last, day.volume) == (99.0, 99.0, 0.0)
    for price, size in ((100.0, 1.0), (104.0, 2.0), (96.0, 1.0), (102.0, 1.0)):
        port.sink(Trade(A, price, size, None, clock.now_ns(), clock.now_ns()))
    day = data.cache.day(A)
    assert day is not None
    assert (day.open, day.high, day.low, day.last, day.volume) == (100.0, 104.0, 96.0, 102.0, 5.0)
    assert day.change_pct == 2.0
    clock.advance_to(6 * DAY_NS)
    port.sink(Trade(A, 51.0, 1.0, None, clock.now_ns(), clock.now_ns()))
    day = data.cache.day(A)
    assert day is not None
    assert (day.open, day.volume, day.reference, day.change_pct) == (51.0, 1.0, 102.0, -50.0)


async def test_marks_ages_and_books() -> None:
    data, port, clock, _ = service()
    cache = data.cache
    assert cache.mark(A) is None
    assert cache.age_ns(A, clock.now_ns()) is None
    assert cache.day(A) is None
    port.sink(Book(A, ((9.0, 1.0),), ((11.0, 2.0),), clock.now_ns(), clock.now_ns(), 1))
    assert cache.mark(A) == 10.0
    assert cache.last(A) == 10.0
    port.sink(Trade(A, 11.0, 1.0, None, clock.now_ns(), clock.now_ns()))
    port.sink(Trade(A, 10.5, 1.0, None, clock.now_ns() - 5, clock.now_ns()))
    assert cache.last(A) == 11.0  # an older print never replaces a newer one
    clock.advance_to(clock.now_ns() + 7)
    assert cache.age_ns(A, clock.now_ns()) == 7
