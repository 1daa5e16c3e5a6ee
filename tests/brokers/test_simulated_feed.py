"""The simulated feed takes its many instruments in short turns, so that orders get in between."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bidmere.brokerage.plugin import SessionContext
from bidmere.brokerage.registry import load_broker
from bidmere.kernel.clock import SimClock
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.ids import InstrumentId
from bidmere.model.market import MarketDatum, Quote
from bidmere_brokers.simulated.feed import SimulatedFeed
from bidmere_brokers.simulated.session import SimulatedConfig, SimulatedSession

T0 = 1_795_271_722_400_000_000
SECOND = 1_000_000_000
SYNTHETIC = 180


class Feed:
    """A simulated session's feed with every instrument subscribed, and the quotes of each turn."""

    def __init__(self, folder: Path, rate: float) -> None:
        self.clock = SimClock(T0)
        context = SessionContext(clock=self.clock, tasks=TaskOwner("test"), profile_dir=folder, seed=5)
        config = SimulatedConfig(updates_per_s=rate, synthetic=SYNTHETIC, persist=False)
        session = load_broker("simulated").open(context, config)
        assert isinstance(session, SimulatedSession)
        self.session = session
        assert isinstance(session.market_data, SimulatedFeed)
        self.port = session.market_data
        self.quotes: list[InstrumentId] = []
        self.port.set_sink(self._take, lambda _status: None)

    def _take(self, datum: MarketDatum) -> None:
        if isinstance(datum, Quote):
            self.quotes.append(datum.instrument)

    async def start(self) -> int:
        await self.session.start()
        ids = [one.id for one in await self.port.load()]
        await self.port.subscribe(ids)
        self.run(1)
        self.quotes.clear()
        return len(ids)

    def run(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now_ns() + int(seconds * SECOND))

    def turns(self, until_ns: int) -> list[int]:
        """Fire the timers one by one and return how many quotes each gave."""
        given = []
        while (due := self.clock.next_timer_ns()) is not None and due <= until_ns:
            before = len(self.quotes)
            self.clock.advance_to(max(due, self.clock.now_ns()))
            given.append(len(self.quotes) - before)
        return given


@pytest.mark.parametrize("rate", [2.0, 10.0])
async def test_every_instrument_keeps_its_rate_in_short_turns(tmp_path: Path, rate: float) -> None:
    feed = Feed(tmp_path, rate)
    count = await feed.start()
    given = feed.turns(feed.clock.now_ns() + 5 * SECOND)
    assert max(given) <= 45
    each = Counter(feed.quotes)
    assert len(each) == count
    assert {abs(number - 5 * rate) <= 1 for number in each.values()} == {True}
    await feed.session.stop()


async def test_a_late_loop_steps_each_instrument_once_and_lets_others_in_between(tmp_path: Path) -> None:
    feed = Feed(tmp_path, 10.0)
    count = await feed.start()
    between: list[int] = []

    def other() -> None:
        between.append(len(feed.quotes))
        if len(feed.quotes) < count:
            feed.clock.call_later(0, other)

    feed.clock._now += 3 * SECOND
    feed.clock.call_later(0, other)
    feed.clock.advance_to(feed.clock.now_ns())
    assert Counter(Counter(feed.quotes).values()) == {1: count}
    assert len(set(between)) > count // 45
    await feed.session.stop()


async def test_orders_do_not_disturb_the_turns(tmp_path: Path) -> None:
    feed = Feed(tmp_path, 10.0)
    count = await feed.start()
    until = feed.clock.now_ns() + 2 * SECOND
    while feed.clock.now_ns() < until:
        feed.port.orders_changed()
        feed.run(0.007)
    each = Counter(feed.quotes)
    assert len(each) == count
    assert {abs(number - 20) <= 2 for number in each.values()} == {True}
    await feed.session.stop()


async def test_leaving_instruments_go_silent_and_the_others_go_on(tmp_path: Path) -> None:
    feed = Feed(tmp_path, 10.0)
    await feed.start()
    ids = [one.id for one in await feed.port.load()]
    await feed.port.unsubscribe(ids[5:])
    feed.run(0.1)
    feed.quotes.clear()
    feed.run(1)
    each = Counter(feed.quotes)
    assert set(each) == set(ids[:5])
    assert {abs(number - 10) <= 1 for number in each.values()} == {True}
    await feed.session.stop()
