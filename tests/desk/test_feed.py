"""The operator's feed: of prices the newest, of orders everything, across threads."""

import threading
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bidmere.brokerage.data_port import FeedState, FeedStatus
from bidmere.desk.api import Alarm, LogLine
from bidmere.desk.feed import Batch, DeskFeed
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Bar, Book, Quote, Side, Trade
from bidmere.model.orders import Market, Order, OrderIntent
from bidmere.model.timeframe import Timeframe

IDS = [InstrumentId(symbol, "SIM") for symbol in ("BTCUSDT", "ETHUSDT", "AAPL")]
MINUTE = Timeframe(1, "m")


def quote(which: int, number: int) -> Quote:
    return Quote(IDS[which], float(number), number + 1.0, 1.0, 1.0, number, number)


def order(number: int) -> Order:
    intent = OrderIntent(
        instrument=IDS[0], side=Side.BUY, qty=Decimal(1), spec=Market(), account="Paper-1", source="api"
    )
    return Order(client_id=f"T{number}", intent=intent, qty=intent.qty, spec=intent.spec)


def bar(ts: int, close: float) -> Bar:
    return Bar(IDS[0], MINUTE, ts, 1.0, 9.0, 0.5, close, 1.0, closed=False)


def trade(number: int) -> Trade:
    return Trade(IDS[0], float(number), 1.0, Side.BUY, number, number, str(number))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), st.integers(0, 2)),
        st.tuples(st.just("order"), st.just(0)),
        st.tuples(st.just("log"), st.just(0)),
        st.tuples(st.just("alarm"), st.just(0)),
        st.tuples(st.just("drain"), st.just(0)),
    )
)


@given(STEPS)
def test_whenever_it_is_drained_no_order_is_lost_and_the_last_price_is_the_last(steps: list[tuple[str, int]]) -> None:
    feed, batches = DeskFeed(), list[Batch]()
    newest: dict[InstrumentId, Quote] = {}
    sent: dict[str, list[Any]] = {"order": [], "log": [], "alarm": []}
    for number, (kind, which) in enumerate(steps, 1):
        if kind == "drain":
            batches.append(feed.drain())
            continue
        if kind == "quote":
            newest[IDS[which]] = quote(which, number)
            feed.put_quote(newest[IDS[which]])
            continue
        made: Any = order(number)
        if kind == "log":
            made = LogLine(ts=number, level="INFO", source="x", text="y")
        elif kind == "alarm":
            made = Alarm(priority="P-A", key="same", text="y", ts=number)
        sent[kind].append(made)
        {"order": feed.put_order, "log": feed.put_log, "alarm": feed.put_alarm}[kind](made)
    batches.append(feed.drain())
    assert [one for batch in batches for one in batch.orders] == sent["order"]
    assert [one for batch in batches for one in batch.logs] == sent["log"]
    assert [one for batch in batches for one in batch.alarms] == sent["alarm"]
    shown: dict[InstrumentId, Quote] = {}
    for batch in batches:
        shown.update(batch.quotes)
    assert shown == newest
    assert feed.drain() == Batch()


def test_each_change_of_one_order_is_kept_in_its_order() -> None:
    feed = DeskFeed()
    changes = [replace(order(1), filled_qty=Decimal(number)) for number in range(5)]
    for change in changes:
        feed.put_order(change)
    assert feed.drain().orders == changes


@given(st.lists(st.integers(0, 4), max_size=30))
def test_of_a_forming_bar_only_the_newest_and_every_bar_before(rises: list[int]) -> None:
    feed, ts, last = DeskFeed(), 0, dict[int, float]()
    for number, rise in enumerate(rises):
        ts += MINUTE.ns if rise == 0 else 0
        last[ts] = float(number)
        feed.put_bar(bar(ts, float(number)))
    kept = feed.drain().bars.get((IDS[0], MINUTE), [])
    assert {one.ts: one.close for one in kept} == last
    assert len(kept) == len(last)


@given(st.integers(0, 1_200))
def test_the_latest_two_hundred_trades_are_always_there(count: int) -> None:
    feed = DeskFeed()
    for number in range(count):
        feed.put_trade(trade(number))
    prices = [one.price for one in feed.drain().trades.get(IDS[0], [])]
    assert prices[-200:] == [float(number) for number in range(count)][-200:]
    assert len(prices) <= 400


def test_books_and_statuses_keep_the_newest() -> None:
    feed = DeskFeed()
    for number in range(3):
        feed.put_book(Book(IDS[0], ((1.0, 1.0),), ((2.0, 1.0),), number, number, number))
        feed.put_status(FeedStatus(venue="SIM", state=FeedState.OK, ts=number))
    batch = feed.drain()
    assert (batch.books[IDS[0]].seq, batch.statuses["SIM"].ts) == (2, 2)


def test_a_batch_belongs_to_its_drainer_alone() -> None:
    feed = DeskFeed()
    feed.put_order(order(1))
    first = feed.drain()
    feed.put_order(order(2))
    assert [one.client_id for one in first.orders] == ["T1"]


def test_orders_put_on_one_thread_and_drained_on_another_all_arrive_once() -> None:
    feed, seen, count = DeskFeed(), list[str](), 5_000

    def work() -> None:
        for number in range(count):
            feed.put_quote(quote(number % 3, number))
            feed.put_order(order(number))

    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        seen += [one.client_id for one in feed.drain().orders]
    thread.join()
    seen += [one.client_id for one in feed.drain().orders]
    assert seen == [f"T{number}" for number in range(count)]
