"""Class R: what only reduces a position is never stopped by a limit (U-6), and never flips it (U-7)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.risk.cases import (
    ACCOUNT,
    GATE,
    LIMITS,
    NOW,
    PERP,
    S_NS,
    D,
    failed_codes,
    found,
    held,
    judge,
    order,
    snap,
    valued,
)

from bidmere.model.instrument import InstrumentStatus
from bidmere.model.market import Side
from bidmere.model.orders import Bracket, Limit, Market, Order, OrderState, Stop
from bidmere.risk.decision import Approved, Denied, Verdict
from bidmere.risk.limits import RiskLimits
from bidmere.risk.snapshot import RiskSnapshot
from bidmere.risk.state import TradingState

PHYSICAL = {"L-INSTRUMENT", "L-TICK", "L-LOT", "L-REDUCE-ONLY", "L-ACCOUNT", "L-DATA-MODE"}
LONG = held("0.5")
HALTED = replace(PERP, status=InstrumentStatus.HALTED)
WORST = {
    "trading_state": TradingState.HALTED,
    "kill_level": 3,
    "venue_synced": False,
    "halted_symbols": frozenset({PERP.id}),
    "quote": None,
    "quote_age_ns": None,
    "book": None,
    "rate": None,
    "valuation": None,
    "disk_free_mb": 0,
    "clock_error_ns": 10**12,
    "strategy_fills": {"sma": 10**6},
    "recent_orders": tuple((NOW, order("0.5", Market(), Side.SELL).intent) for _ in range(400)),
    "peak_equity": D(10**9),
}
DAILY_LOSS = {"valuation": replace(valued(LONG), equity=D(90_000))}
STALE = {"quote_age_ns": 3600 * S_NS}


@pytest.mark.parametrize(
    "state",
    [DAILY_LOSS, {"trading_state": TradingState.HALTED}, STALE, {"valuation": None, "quote": None}, WORST],
    ids=["daily-loss lock", "disarmed", "stale data", "preview unavailable", "all at once"],
)
@pytest.mark.parametrize("reduce_only", [True, False])
def test_u6_closing_and_reducing_pass_in_every_locked_state(state: dict[str, object], reduce_only: bool) -> None:
    close = order("0.5", Market(), Side.SELL, reduce_only=reduce_only)
    assert isinstance(GATE.validate(close, snap(LONG, **state), LIMITS), Approved)
    reduce = order("0.1", Limit(price=D(65000)), Side.SELL, reduce_only=reduce_only)
    assert isinstance(GATE.validate(reduce, snap(LONG, **state), LIMITS), Approved)


@pytest.mark.parametrize("state", [DAILY_LOSS, {"trading_state": TradingState.REDUCING}, {"kill_level": 1}])
def test_u60_adding_is_refused_where_reducing_passes(state: dict[str, object]) -> None:
    assert isinstance(GATE.validate(order(), snap(LONG, **state), LIMITS), Denied)


def test_a_plain_order_larger_than_the_position_is_cut_to_it_when_trading_is_locked() -> None:
    report = judge(order("0.6", side=Side.SELL), snap(LONG, trading_state=TradingState.REDUCING))
    assert failed_codes(report) >= {"L-STATE"}
    assert report.largest_qty == D("0.5")


@pytest.mark.parametrize(
    ("code", "one", "state"),
    [
        ("L-INSTRUMENT", order("0.1", Market(), Side.SELL), {"instrument": HALTED}),
        ("L-TICK", order("0.1", Limit(price=D("65000.01")), Side.SELL), {}),
        ("L-LOT", order("0.1001", Market(), Side.SELL), {}),
        ("L-REDUCE-ONLY", order("0.501", Market(), Side.SELL, reduce_only=True), {}),
        ("L-ACCOUNT", order("0.1", Market(), Side.SELL), {"account": None}),
    ],
)  # fmt: skip
def test_physical_checks_hold_for_reducing_too(code: str, one: Order, state: dict[str, object]) -> None:
    assert code in failed_codes(judge(one, snap(LONG, **state)))


def test_close_only_instruments_take_what_reduces() -> None:
    closing = snap(LONG, instrument=replace(PERP, status=InstrumentStatus.CLOSE_ONLY))
    assert judge(order("0.5", Market(), Side.SELL), closing).passed
    assert not judge(order("0.1"), closing).passed


def test_u7_ten_rapid_closes_never_add_up_to_more_than_the_position() -> None:
    working: tuple[Order, ...] = ()
    passed = 0
    for number in range(10):
        close = order("0.2", Market(), Side.SELL, client_id=f"C{number}", reduce_only=True)
        if judge(close, snap(LONG, working=working)).passed:
            passed += 1
            working += (replace(close, state=OrderState.PENDING_SUBMIT),)
    assert passed == 2
    report = judge(order("0.2", Market(), Side.SELL, reduce_only=True), snap(LONG, working=working))
    assert report.largest_qty == D("0.1")


def test_u7_resting_exits_leave_room_for_a_close_and_plain_orders_do_not() -> None:
    stop = order("0.5", Stop(trigger=D(60000)), Side.SELL, reduce_only=True, state=OrderState.OPEN)
    assert judge(order("0.5", Market(), Side.SELL), snap(LONG, working=(stop,), kill_level=1)).passed
    plain = order("0.5", side=Side.SELL, state=OrderState.OPEN)
    assert not judge(order("0.5", Market(), Side.SELL), snap(LONG, working=(plain,), kill_level=1)).passed
    assert judge(order("0.5", Market(), Side.SELL, reduce_only=True), snap(LONG, working=(plain,), kill_level=1)).passed


ENTRY = order("0.1", client_id="ENTRY", state=OrderState.OPEN, bracket=Bracket(stop_loss=D(63000)))
EXIT = order("0.1", Stop(trigger=D(63000)), Side.SELL, client_id="EXIT", parent="ENTRY", source="bracket")


def test_exits_wait_for_their_entry_and_pass_in_every_state() -> None:
    assert judge(EXIT, snap(parent=ENTRY, trading_state=TradingState.HALTED, kill_level=2)).passed
    assert judge(replace(EXIT, intent=replace(EXIT.intent, reduce_only=True)), snap(parent=ENTRY)).passed


def test_exits_are_no_larger_than_their_entry() -> None:
    larger = order("0.2", Stop(trigger=D(63000)), Side.SELL, parent="ENTRY")
    assert "L-REDUCE-ONLY" in failed_codes(judge(larger, snap(parent=ENTRY)))
    ended = replace(ENTRY, state=OrderState.CANCELED, filled_qty=D("0.05"))
    assert "L-REDUCE-ONLY" in failed_codes(judge(EXIT, snap(parent=ended)))


def test_an_exit_on_its_entrys_side_or_of_another_entry_is_no_exit() -> None:
    same_side = order("0.1", parent="ENTRY")
    assert "L-REDUCE-ONLY" in failed_codes(judge(same_side, snap(parent=ENTRY)))
    stranger = replace(ENTRY, client_id="OTHER")
    assert "L-STATE" in failed_codes(judge(EXIT, snap(parent=stranger, trading_state=TradingState.REDUCING)))


def test_an_exit_of_what_cannot_be_sold_short_waits_for_its_entry() -> None:
    unshortable = replace(PERP, shortable=False)
    assert judge(EXIT, snap(parent=ENTRY, instrument=unshortable)).passed


LOTS = st.integers(1, 2000).map(lambda lots: lots * PERP.lot)


@settings(max_examples=150, deadline=None)
@given(
    position=LOTS,
    share=st.integers(1, 100),
    is_long=st.booleans(),
    reduce_only=st.booleans(),
    kill=st.integers(0, 3),
    state=st.sampled_from(TradingState),
    worst=st.sets(st.sampled_from(sorted(WORST))),
    pct=st.integers(0, 10),
)
def test_reducing_is_never_blocked_by_a_limit(
    position: D, share: int, is_long: bool, reduce_only: bool, kill: int, state: TradingState, worst: set[str], pct: int
) -> None:
    side = Side.SELL if is_long else Side.BUY
    qty = max(PERP.lot, PERP.to_qty(position * share / 100))
    spoilt = {name: WORST[name] for name in worst} | {"kill_level": kill, "trading_state": state}
    limits = RiskLimits(
        order_value_pct=D(pct), position_pct=D(pct), gross_exposure_pct=D(pct), max_leverage=D(pct), open_orders_total=0
    )
    close = order(qty, Market(), side, reduce_only=reduce_only, strategy="sma")
    report = judge(close, snap(held(position if is_long else -position), **spoilt), limits)
    assert report.passed, [check.code for check in report.failed]
    assert not failed_codes(report) - PHYSICAL


def judged(qty: D, snapshot: RiskSnapshot, side: Side, reduce_only: bool) -> bool:
    return judge(order(qty, side=side, reduce_only=reduce_only), snapshot).passed


@settings(max_examples=150, deadline=None)
@given(
    start=st.integers(-1500, 1500),
    asked=LOTS,
    side=st.sampled_from(Side),
    reduce_only=st.booleans(),
    pending=st.lists(st.tuples(st.integers(1, 400), st.sampled_from(Side)), max_size=4),
    equity=st.integers(1_000, 400_000),
    others=st.integers(0, 100_000),
    state=st.sampled_from([TradingState.ACTIVE, TradingState.ACTIVE, TradingState.REDUCING]),
)
def test_u61_the_largest_quantity_passes_and_one_lot_more_does_not(
    start: int,
    asked: D,
    side: Side,
    reduce_only: bool,
    pending: list[tuple[int, Side]],
    equity: int,
    others: int,
    state: TradingState,
) -> None:
    position = held(start * PERP.lot)
    working = tuple(
        order(lots * PERP.lot, Stop(trigger=D(64000)), way, client_id=f"W{n}", state=OrderState.OPEN)
        for n, (lots, way) in enumerate(pending)
    )
    snapshot = snap(
        position,
        working=working,
        valuation=replace(valued(position), equity=D(equity)),
        account=replace(ACCOUNT, day_start_equity=D(equity)),
        peak_equity=D(equity),
        other_pending_value=D(others),
        other_pending_margin=D(others) / 10,
        trading_state=state,
    )
    report = judge(order(asked, side=side, reduce_only=reduce_only), snapshot)
    largest = report.largest_qty
    if largest is None:
        assert not report.passed
        return
    assert judged(largest, snapshot, side, reduce_only)
    assert not judged(largest + PERP.lot, snapshot, side, reduce_only)
    assert report.passed == (asked <= largest and found(report, "L-MIN-QTY").verdict is not Verdict.FAIL)


def test_u6_a_full_disk_keeps_nobody_in_a_position() -> None:
    full = snap(LONG, journal_ok=False, disk_free_mb=0)
    assert judge(order("0.5", Market(), Side.SELL, reduce_only=True), full).passed
    assert "L-JOURNAL" in failed_codes(judge(order("0.1"), full))
