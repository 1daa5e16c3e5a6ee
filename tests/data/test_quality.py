"""Quality checks: what is withheld, what passes, and that nothing goes uncounted."""

import logging
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.data.quality import QualityKind, QualityMonitor
from bidmere.kernel.clock import SimClock
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Book, MarketDatum, Quote, Trade

ONE = InstrumentId("A", "X")
NOW = 10**18
ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)


def quote(bid: float, ask: float, ts: int = NOW, size: float = 1.0) -> Quote:
    return Quote(ONE, bid, ask, size, size, ts, ts)


def trade(price: float, ts: int = NOW, size: float = 1.0) -> Trade:
    return Trade(ONE, price, size, None, ts, ts)


def book(bid: float, ask: float, seq: int = 0) -> Book:
    return Book(ONE, ((bid, 1.0),), ((ask, 1.0),), NOW, NOW, seq)


def kinds(monitor: QualityMonitor) -> dict[QualityKind, int]:
    return {row.kind: row.count for row in monitor.report()}


@pytest.mark.parametrize(
    ("datum", "kind"),
    [
        (quote(math.nan, 2.0), QualityKind.BAD_PRICE),
        (quote(0.0, 2.0), QualityKind.BAD_PRICE),
        (quote(1.0, math.inf), QualityKind.BAD_PRICE),
        (quote(2.0, 1.0), QualityKind.CROSSED),
        (quote(1.0, 2.0, size=-1.0), QualityKind.BAD_SIZE),
        (trade(-1.0), QualityKind.BAD_PRICE),
        (trade(1.0, size=math.nan), QualityKind.BAD_SIZE),
        (book(3.0, 2.0), QualityKind.CROSSED),
        (book(math.nan, 2.0), QualityKind.BAD_PRICE),
    ],
)
def test_impossible_data_are_withheld_and_counted(datum: MarketDatum, kind: QualityKind) -> None:
    monitor = QualityMonitor(SimClock(NOW))
    assert not monitor.passes(datum, NOW)
    row = monitor.report()[0]
    assert (row.kind, row.count, row.withheld, row.last_ns) == (kind, 1, True, NOW)
    assert row.sample


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ([quote(1.0, 1.0)], QualityKind.LOCKED),
        ([trade(1.0, NOW), trade(1.0, NOW - 1)], QualityKind.OUT_OF_ORDER),
        ([quote(1.0, 2.0, NOW + 6 * 10**9)], QualityKind.FUTURE),
        ([book(1.0, 2.0, 7), book(1.0, 2.0, 9)], QualityKind.GAP),
        ([book(1.0, 2.0, 7), book(1.0, 2.0, 6)], QualityKind.OUT_OF_ORDER),
    ],
)
def test_odd_data_pass_and_are_counted(data: list[MarketDatum], kind: QualityKind) -> None:
    monitor = QualityMonitor(SimClock(NOW))
    assert all(monitor.passes(datum, NOW) for datum in data)
    assert kinds(monitor) == {kind: 1}


def test_spike_is_counted_and_a_new_level_is_not_for_long() -> None:
    monitor = QualityMonitor(SimClock(NOW))
    for index in range(200):
        monitor.passes(trade(100 + index % 3 / 100, NOW + index), NOW)
    assert kinds(monitor) == {}
    monitor.passes(trade(150.0, NOW + 201), NOW)
    monitor.passes(trade(100.0, NOW + 202), NOW)
    assert kinds(monitor) == {QualityKind.SPIKE: 1}
    for index in range(50):
        monitor.passes(trade(160 + index % 3 / 100, NOW + 300 + index), NOW)
    assert kinds(monitor)[QualityKind.SPIKE] == 4  # one spike, then three at the new level


def test_log_hears_of_powers_of_ten(caplog: pytest.LogCaptureFixture) -> None:
    monitor = QualityMonitor(SimClock(NOW))
    with caplog.at_level(logging.WARNING):
        for _ in range(150):
            monitor.passes(quote(2.0, 1.0), NOW)
    assert len(caplog.records) == 3
    assert kinds(monitor) == {QualityKind.CROSSED: 150}


@given(st.lists(st.one_of(st.builds(quote, ANY_FLOAT, ANY_FLOAT), st.builds(trade, ANY_FLOAT)), max_size=40))
def test_whatever_passes_can_be_priced_and_whatever_does_not_is_counted(data: list[MarketDatum]) -> None:
    monitor = QualityMonitor(SimClock(NOW))
    withheld = 0
    for datum in data:
        if not monitor.passes(datum, NOW):
            withheld += 1
        elif isinstance(datum, Quote):
            assert 0 < datum.bid <= datum.ask < math.inf
        elif isinstance(datum, Trade):
            assert 0 < datum.price < math.inf
    assert sum(row.count for row in monitor.report() if row.withheld) == withheld


def test_a_repeated_snapshot_is_no_disorder() -> None:
    monitor = QualityMonitor(SimClock(NOW))
    assert all(monitor.passes(book(1.0, 2.0, 7), NOW) for _ in range(2))
    assert kinds(monitor) == {}
