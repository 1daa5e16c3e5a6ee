"""Every check of the gate, both ways: it passes when all is well and refuses, in words, when its one thing is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.risk.cases import (
    ACCOUNT,
    LIMITS,
    NOW,
    PERP,
    S_NS,
    SPOT,
    D,
    book_of,
    failed_codes,
    found,
    held,
    judge,
    order,
    quote_of,
    snap,
    valued,
)

from bidmere.model.account import AccountMode
from bidmere.model.instrument import InstrumentStatus
from bidmere.model.market import Book, Side
from bidmere.model.orders import (
    Bracket,
    Limit,
    LimitIfTouched,
    Market,
    MarketIfTouched,
    Order,
    OrderState,
    Stop,
    StopLimit,
    TimeInForce,
    TrailingStop,
)
from bidmere.risk.checks import CHECKS
from bidmere.risk.decision import Verdict
from bidmere.risk.limits import RiskLimits
from bidmere.risk.snapshot import RiskSnapshot
from bidmere.risk.state import TradingState

Case = tuple[str, Callable[[], tuple[Order, RiskSnapshot]]]
OPEN = OrderState.OPEN
LIVE = replace(ACCOUNT, mode=AccountMode.LIVE)


def spoilt(**changes: object) -> Callable[[], tuple[Order, RiskSnapshot]]:
    return lambda: (order(), snap(**changes))


def asked(one: Order, **changes: object) -> Callable[[], tuple[Order, RiskSnapshot]]:
    return lambda: (one, snap(**changes))


def working(count: int, **changes: object) -> tuple[Order, ...]:
    return tuple(order("0.002", client_id=f"W{n}", state=OPEN, **changes) for n in range(count))


ETH = SPOT.id
OWN_OFFER = order(side=Side.SELL, spec=Limit(price=D(64000)), state=OPEN)
SHORT_ACCOUNT = replace(ACCOUNT, balances=(("EUR", D(-5)), ("USDT", D(100_000))))

REFUSALS: list[Case] = [
    ("L-KILL", spoilt(kill_level=1)),
    ("L-KILL", spoilt(kill_level=3)),
    ("L-STATE", spoilt(trading_state=TradingState.REDUCING)),
    ("L-STATE", spoilt(trading_state=TradingState.HALTED)),
    ("L-ACCOUNT", spoilt(account=None)),
    ("L-ACCOUNT", spoilt(account=replace(ACCOUNT, id="other"))),
    ("L-ACCOUNT", spoilt(valuation=None)),
    ("L-ACCOUNT", spoilt(valuation=replace(valued(), equity=D(-1)))),
    ("L-ACCOUNT", lambda: (order(), snap(account=SHORT_ACCOUNT, valuation=valued(account=SHORT_ACCOUNT)))),
    ("L-ARMED", spoilt(account=LIVE)),
    ("L-DATA-MODE", spoilt(account=LIVE, armed=True, simulated_data=True)),
    ("L-JOURNAL", spoilt(journal_ok=False)),
    ("L-DISK", spoilt(disk_free_mb=199)),
    ("L-CLOCK", spoilt(clock_error_ns=-251_000_000)),
    ("L-SYNC", spoilt(venue_synced=False)),
    ("L-UNKNOWN", spoilt(working=(order(client_id="U", state=OrderState.UNKNOWN),))),
    ("L-UNKNOWN", spoilt(working=(order(client_id="U", state=OrderState.QUARANTINED),))),
    ("L-HALTED", spoilt(halted_symbols=frozenset({PERP.id}))),
    ("L-INSTRUMENT", spoilt(instrument=None)),
    ("L-INSTRUMENT", spoilt(instrument=SPOT)),
    ("L-INSTRUMENT", spoilt(instrument=replace(PERP, status=InstrumentStatus.HALTED))),
    ("L-INSTRUMENT", spoilt(instrument=replace(PERP, status=InstrumentStatus.CLOSED))),
    ("L-INSTRUMENT", spoilt(instrument=replace(PERP, status=InstrumentStatus.CLOSE_ONLY))),
    ("L-TYPE", spoilt(instrument=replace(PERP, order_types=frozenset({"market"})))),
    ("L-TYPE", spoilt(instrument=replace(PERP, tifs=frozenset({"IOC"})))),
    ("L-EXPIRY", asked(order(tif=TimeInForce.GTD))),
    ("L-EXPIRY", asked(order(tif=TimeInForce.GTD, expire_ns=NOW))),
    ("L-TICK", asked(order(spec=Limit(price=D("63900.05"))))),
    ("L-TICK", asked(order(spec=Limit(price=D(-1))))),
    ("L-TICK", asked(order(spec=Stop(trigger=D("64100.01"))))),
    ("L-TICK", asked(order(spec=StopLimit(trigger=D(64100), price=D("64100.01"))))),
    ("L-TICK", asked(order(spec=TrailingStop(offset=D("10.01"))))),
    ("L-TICK", asked(order(spec=TrailingStop(offset=D(10), activation=D("0.01"))))),
    ("L-TICK", asked(order(bracket=Bracket(take_profit=D("65000.01"))))),
    ("L-LOT", asked(order("0.1005"))),
    ("L-LOT", asked(order("0"))),
    ("L-LOT", asked(order("-1"))),
    ("L-LOT", asked(order(spec=Limit(price=D(63900), display_qty=D("0.0005"))))),
    ("L-LOT", asked(order(spec=Limit(price=D(63900), display_qty=D(1))))),
    ("L-LOT", asked(order(spec=Limit(price=D(63900), display_qty=D(0))))),
    ("L-MIN-QTY", asked(order("0.001"))),
    ("L-MAX-QTY", asked(order("100.001"))),
    ("L-MIN-NOTIONAL", spoilt(instrument=replace(PERP, min_notional=D(7000)))),
    ("L-REDUCE-ONLY", asked(order(side=Side.SELL, reduce_only=True))),
    ("L-SHORT", lambda: (order(side=Side.SELL), snap(instrument=replace(PERP, shortable=False)))),
    ("L-BRACKET", asked(order(bracket=Bracket()))),
    ("L-BRACKET", asked(order(bracket=Bracket(stop_loss=D(63000), trail=D(100))))),
    ("L-BRACKET", asked(order(bracket=Bracket(take_profit=D(63000))))),
    ("L-BRACKET", asked(order(bracket=Bracket(stop_loss=D(64000))))),
    ("L-BRACKET", asked(order(side=Side.SELL, bracket=Bracket(stop_loss=D(64000))))),
    ("L-BRACKET", asked(order(bracket=Bracket(trail=D(64000))))),
    ("L-BRACKET", asked(order(parent="P", bracket=Bracket(stop_loss=D(63000))))),
    ("L-DATA-AGE", spoilt(quote=None)),
    ("L-DATA-AGE", asked(order(spec=Market()), quote_age_ns=2 * S_NS + 1)),
    ("L-DATA-AGE", asked(order(spec=Market()), quote_age_ns=None)),
    ("L-DATA-AGE", asked(order(tif=TimeInForce.IOC), quote_age_ns=3 * S_NS)),
    ("L-COLLAR", spoilt(quote=quote_of(bid=0.0))),
    ("L-COLLAR", asked(order("0.01", spec=Limit(price=D("65280.1"))))),
    ("L-COLLAR", asked(order("0.01", side=Side.SELL, spec=Limit(price=D("62719.9"))))),
    ("L-COLLAR", asked(order("0.01", spec=Limit(price=D(70000))), instrument=None)),
    ("L-COLLAR", asked(order("0.01", spec=StopLimit(trigger=D(70000), price=D(71401))))),
    ("L-COLLAR", asked(order("0.01", spec=Market()), quote=quote_of(bid=60_000.0))),
    ("L-COLLAR", asked(order("0.15", spec=Market()), book=book_of(size=0.05, step=1000.0))),
    ("L-ORDER-VALUE", asked(order("0.157"))),
    ("L-POSITION", lambda: (order(), snap(held("0.7")))),
    ("L-EXPOSURE", spoilt(other_pending_value=D(499_000))),
    ("L-LEVERAGE", spoilt(other_pending_value=D(499_000))),
    ("L-BUYING-POWER", spoilt(other_pending_margin=D(99_800))),
    ("L-TRADE-RISK", asked(order(bracket=Bracket(stop_loss=D(58000))))),
    ("L-TRADE-RISK", asked(order(bracket=Bracket(trail=D(6000))))),
    ("L-OPEN-SYMBOL", spoilt(working=working(10))),
    ("L-OPEN-TOTAL", spoilt(working=working(50, instrument=ETH))),
    ("L-RATE", spoilt(recent_orders=tuple((NOW - n, order("0.2").intent) for n in range(10)))),
    ("L-RATE", spoilt(recent_orders=tuple((NOW - 2 * S_NS - n, order("0.2").intent) for n in range(300)))),
    ("L-DUPLICATE", spoilt(recent_orders=((NOW - S_NS, order().intent),))),
    ("L-STRATEGY-RATE", asked(order(strategy="sma"), strategy_fills={"sma": 10})),
    ("L-SELF-CROSS", asked(order(spec=Limit(price=D(64000))), working=(OWN_OFFER,))),
    ("L-SELF-CROSS", asked(order(spec=Market()), working=(OWN_OFFER,))),
    ("L-DAILY-LOSS", spoilt(valuation=replace(valued(), equity=D(98_000)))),
    ("L-DAILY-LOSS", spoilt(valuation=None)),
    ("L-DRAWDOWN", spoilt(peak_equity=D(112_000))),
    ("L-DRAWDOWN", spoilt(valuation=None)),
]  # fmt: skip


def test_r30_an_order_in_order_passes_every_check_without_a_word() -> None:
    report = judge(order(), snap())
    assert report.passed
    assert not report.warnings
    assert all(check.message == "" and check.fix == "" for check in report.checks)
    assert len({check.code for check in report.checks}) == len(report.checks) == len(CHECKS)


@pytest.mark.parametrize(("code", "make"), REFUSALS, ids=[f"{n}-{case[0]}" for n, case in enumerate(REFUSALS)])
def test_r30_each_check_refuses_its_own_case_in_words(
    code: str, make: Callable[[], tuple[Order, RiskSnapshot]]
) -> None:
    check = found(judge(*make()), code)
    assert check.verdict is Verdict.FAIL
    assert check.title
    assert check.limit
    assert check.now
    assert check.message.endswith((".", "!"))
    assert len(check.message) > 20
    assert "  " not in check.message


def test_r30_every_check_has_a_refusal_here_but_the_one_that_only_warns() -> None:
    codes = {check.code for check in judge(order(), snap()).checks}
    assert codes - {code for code, _ in REFUSALS} == {"L-PRICE-SIDE"}


ALLOWED: list[tuple[str, Callable[[], tuple[Order, RiskSnapshot]]]] = [
    ("L-ARMED", spoilt(account=LIVE, armed=True)),
    ("L-DISK", spoilt(disk_free_mb=200)),
    ("L-CLOCK", spoilt(clock_error_ns=250_000_000)),
    ("L-UNKNOWN", spoilt(working=(order(client_id="U", state=OrderState.UNKNOWN, instrument=ETH),))),
    ("L-HALTED", spoilt(halted_symbols=frozenset({ETH}))),
    ("L-TYPE", spoilt(instrument=replace(PERP, order_types=frozenset({"limit"}), tifs=frozenset({"GTC"})))),
    ("L-EXPIRY", asked(order(tif=TimeInForce.GTD, expire_ns=NOW + 1))),
    ("L-TICK", asked(order(spec=TrailingStop(offset=D(10), activation=D(64100))))),
    ("L-LOT", asked(order(spec=Limit(price=D(63900), display_qty=D("0.01"))))),
    ("L-MIN-QTY", asked(order("0.002"))),
    ("L-MAX-QTY", asked(order("100"))),
    ("L-MAX-QTY", spoilt(instrument=replace(PERP, max_qty=None))),
    ("L-REDUCE-ONLY", lambda: (order(side=Side.SELL, reduce_only=True), snap(held("0.1")))),
    ("L-SHORT", lambda: (order(side=Side.SELL), snap(held("0.1"), instrument=replace(PERP, shortable=False)))),
    ("L-BRACKET", asked(order(bracket=Bracket(stop_loss=D(63000), take_profit=D(65000))))),
    ("L-BRACKET", asked(order(side=Side.SELL, bracket=Bracket(trail=D(100))))),
    ("L-BRACKET", asked(order(spec=Market(), bracket=Bracket(trail=D(100))), quote=None)),
    ("L-DATA-AGE", spoilt(quote_age_ns=60 * S_NS)),
    ("L-DATA-AGE", asked(order(spec=Market()), quote_age_ns=2 * S_NS)),
    ("L-COLLAR", asked(order("0.01", spec=Limit(price=D(65280))))),
    ("L-COLLAR", asked(order(spec=Limit(price=D(50000))))),
    ("L-COLLAR", asked(order(spec=Stop(trigger=D(70000))))),
    ("L-COLLAR", asked(order(spec=TrailingStop(offset=D(10))))),
    ("L-COLLAR", asked(order(spec=Market()), book=None)),
    ("L-COLLAR", asked(order(side=Side.SELL, spec=Market()))),
    ("L-ORDER-VALUE", asked(order("0.156"))),
    ("L-ORDER-VALUE", asked(order("0.16", spec=Limit(price=D(62500))))),
    ("L-TRADE-RISK", asked(order(bracket=Bracket(take_profit=D(65000))))),
    ("L-OPEN-SYMBOL", spoilt(working=working(9) + working(5, parent="P"))),
    ("L-OPEN-TOTAL", spoilt(working=working(49, instrument=ETH) + working(5, reduce_only=True))),
    ("L-RATE", spoilt(recent_orders=tuple((NOW - n, order("0.2", parent="P").intent) for n in range(10)))),
    ("L-RATE", spoilt(recent_orders=tuple((NOW - S_NS - n, order("0.2").intent) for n in range(10)))),
    ("L-DUPLICATE", spoilt(recent_orders=((NOW - 2 * S_NS, order().intent),))),
    ("L-DUPLICATE", spoilt(recent_orders=((NOW, order(source="hotkey:buy").intent),))),
    ("L-DUPLICATE", spoilt(recent_orders=((NOW, order(side=Side.SELL).intent),))),
    ("L-STRATEGY-RATE", asked(order(strategy="sma"), strategy_fills={"other": 99})),
    ("L-SELF-CROSS", spoilt(working=(order(side=Side.SELL, spec=Limit(price=D(63900)), instrument=ETH, state=OPEN),))),
    ("L-SELF-CROSS", asked(order(spec=Stop(trigger=D(64100))), working=(order(side=Side.SELL, state=OPEN),))),
    ("L-SELF-CROSS", spoilt(working=(order(side=Side.SELL, spec=Stop(trigger=D(63900)), state=OPEN),))),
    ("L-DAILY-LOSS", spoilt(valuation=replace(valued(), equity=D("98000.01")))),
    ("L-DAILY-LOSS", spoilt(account=replace(ACCOUNT, day_start_equity=D(0)))),
    ("L-DRAWDOWN", spoilt(peak_equity=D(0))),
    ("L-DRAWDOWN", spoilt(peak_equity=D(111_111))),
]


@pytest.mark.parametrize(("code", "make"), ALLOWED, ids=[f"{n}-{case[0]}" for n, case in enumerate(ALLOWED)])
def test_r30_each_check_lets_the_edge_of_its_limit_through(
    code: str, make: Callable[[], tuple[Order, RiskSnapshot]]
) -> None:
    assert found(judge(*make()), code).verdict is not Verdict.FAIL


WARNED: list[tuple[str, Callable[[], tuple[Order, RiskSnapshot]]]] = [
    ("L-ACCOUNT", spoilt(valuation=replace(valued(), missing=("ETHUSDT.SIM",)))),
    ("L-DISK", spoilt(disk_free_mb=399)),
    ("L-CLOCK", spoilt(clock_error_ns=200_000_000)),
    ("L-DATA-AGE", spoilt(quote_age_ns=3 * S_NS)),
    ("L-COLLAR", asked(order(spec=Limit(price=D(50000))))),
    ("L-COLLAR", asked(order(spec=Market()), book=Book(PERP.id, (), (), NOW, NOW))),
    ("L-COLLAR", asked(order("0.1", spec=Market()), book=book_of(size=0.001, step=1.0))),
    ("L-PRICE-SIDE", asked(order(spec=Stop(trigger=D(63000))))),
    ("L-PRICE-SIDE", asked(order(side=Side.SELL, spec=StopLimit(trigger=D(65000), price=D(64900))))),
    ("L-PRICE-SIDE", asked(order(spec=MarketIfTouched(trigger=D(65000))))),
    ("L-PRICE-SIDE", asked(order(spec=LimitIfTouched(trigger=D(65000), price=D(65000))))),
    ("L-PRICE-SIDE", asked(order(spec=Limit(price=D(64100), post_only=True)))),
    ("L-ORDER-VALUE", asked(order("0.12"))),
    ("L-OPEN-SYMBOL", spoilt(working=working(7))),
    ("L-DAILY-LOSS", spoilt(valuation=replace(valued(), equity=D(98_400)))),
    ("L-DAILY-LOSS", spoilt(account=replace(ACCOUNT, day_start_equity=D(0)))),
    ("L-DRAWDOWN", spoilt(peak_equity=D(109_000))),
]


@pytest.mark.parametrize(("code", "make"), WARNED, ids=[f"{n}-{case[0]}" for n, case in enumerate(WARNED)])
def test_u58_a_check_warns_before_its_limit(code: str, make: Callable[[], tuple[Order, RiskSnapshot]]) -> None:
    check = found(judge(*make()), code)
    assert check.verdict is Verdict.WARN
    assert check.message


@pytest.mark.parametrize(
    ("make", "code", "fix"),
    [
        (asked(order(spec=Limit(price=D("63900.04")))), "L-TICK", "Round to 63,900.0"),
        (asked(order("0.1234")), "L-LOT", "Round to 0.123"),
        (asked(order("0.0001")), "L-LOT", "Round to 0.001"),
        (asked(order("0.001")), "L-MIN-QTY", "Use 0.002"),
        (asked(order("0.01", spec=Limit(price=D(70000)))), "L-COLLAR", "Use 65,280.0"),
        (asked(order("0.01", side=Side.SELL, spec=Limit(price=D(60000)))), "L-COLLAR", "Use 62,720.0"),
        (spoilt(instrument=replace(PERP, min_notional=D(7000))), "L-MIN-NOTIONAL", "Use 0.11"),
        (asked(order("1")), "L-ORDER-VALUE", "Use 0.156"),
        (lambda: (order("1", side=Side.SELL), snap(held("0.5"), kill_level=1)), "L-KILL", "Use 0.500"),
    ],
)
def test_u61_what_can_be_mended_is_offered(make: Callable[[], tuple[Order, RiskSnapshot]], code: str, fix: str) -> None:
    assert found(judge(*make()), code).fix == fix


def test_u61_a_blocked_order_names_the_limit_its_value_what_it_would_be_and_the_size_that_passes() -> None:
    report = judge(order("1"), snap())
    check = found(report, "L-ORDER-VALUE")
    assert check.limit == "10,000.00 USDT (10 %)"
    assert check.after == "63,900.00 USDT (63.9 %)"
    assert check.message == (
        "Order value would be 63,900.00 USDT and 10,000.00 USDT is the limit: 0.156 BTC would pass."
    )
    assert report.largest_qty == D("0.156")


def test_pending_orders_on_the_same_side_count_as_filled_and_exits_do_not() -> None:
    pending = tuple(order("0.2", client_id=f"W{n}", state=OPEN) for n in range(3))
    exits = tuple(replace(one, intent=replace(one.intent, parent="P")) for one in pending)
    assert "L-POSITION" in failed_codes(judge(order("0.2"), snap(working=(*pending, pending[0]))))
    assert "L-POSITION" not in failed_codes(judge(order("0.1"), snap(working=exits * 3)))


def test_pending_orders_on_the_other_side_count_in_gross_exposure() -> None:
    sells = tuple(order("4.0", side=Side.SELL, client_id=f"W{n}", state=OPEN) for n in range(2))
    assert "L-EXPOSURE" in failed_codes(judge(order(), snap(working=sells)))


def test_a_check_that_passes_shows_nothing_of_the_machine() -> None:
    first = judge(order(), snap(disk_free_mb=10_000, clock_error_ns=1))
    second = judge(order(), snap(disk_free_mb=20_000, clock_error_ns=5_000_000))
    assert first == second


def test_limits_of_zero_are_limits() -> None:
    nothing = RiskLimits(order_value_pct=D(0), max_leverage=D(0))
    codes = failed_codes(judge(order(), snap(), nothing))
    assert {"L-ORDER-VALUE", "L-LEVERAGE"} <= codes


def test_no_equity_means_no_new_position_in_any_check_of_size() -> None:
    codes = failed_codes(judge(order(bracket=Bracket(stop_loss=D(63000))), snap(valuation=None)))
    assert {
        "L-ORDER-VALUE", "L-POSITION", "L-EXPOSURE", "L-LEVERAGE", "L-BUYING-POWER", "L-TRADE-RISK", "L-ACCOUNT",
    } <= codes  # fmt: skip


def test_a_rate_that_is_missing_only_for_what_is_owned_does_not_stop_trading() -> None:
    owns = replace(ACCOUNT, balances=(("EUR", D(5)), ("USDT", D(100_000))))
    report = judge(order(), snap(account=owns, valuation=valued(account=owns)))
    assert report.passed
    assert found(report, "L-ACCOUNT").verdict is Verdict.WARN


def test_the_defaults_are_finite_everywhere() -> None:
    for name in RiskLimits.__slots__:
        value = D(getattr(LIMITS, name))
        assert value.is_finite()
        assert value > 0
