"""Every order type, time-in-force and refusal of the exchange, one by one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bidmere.brokerage.execution_port import Accepted, Refused
from bidmere.model.events import OrderCanceled, OrderExpired, OrderRejected
from bidmere.model.instrument import InstrumentKind, InstrumentStatus
from bidmere.model.market import Side
from bidmere.model.orders import (
    Limit,
    LimitIfTouched,
    Market,
    MarketIfTouched,
    Stop,
    StopLimit,
    TimeInForce,
    TrailingStop,
)
from bidmere.simulation.refusals import DEFINITIVE_CODES

T0 = 1_795_219_200_000_000_000
SECOND = 1_000_000_000
HOUR = 3600 * SECOND
D = Decimal


def pairs(*values: tuple[object, object]) -> list[tuple[Decimal, Decimal]]:
    return [(D(str(qty)), D(str(price))) for qty, price in values]


def code(answer: object) -> str:
    assert isinstance(answer, Refused)
    assert answer.code in DEFINITIVE_CODES
    assert answer.reason.endswith(".")
    return answer.code


def test_a_market_order_walks_the_outside_book(floor: Any) -> None:
    floor.outside({99: 5}, {100: 2, 100.5: 3, 101: 10})
    order = floor.buy(7, Market())
    assert floor.fills(order) == pairs((2, 100), (3, 100.5), (2, 101))
    assert floor.position() == 7


def test_what_was_taken_stays_taken_until_the_feed_speaks(floor: Any) -> None:
    floor.outside({99: 5}, {100: 2, 101: 10})
    floor.buy(2, Market())
    second = floor.buy(1, Market())
    assert floor.fills(second) == pairs((1, 101))
    assert floor.fills(floor.buy(10, Market()))[0] == (D(9), D(101))
    floor.outside({99: 5}, {100: 2, 101: 10})
    third = floor.buy(1, Market())
    assert floor.fills(third) == pairs((1, 100))


def test_a_market_order_seeks_on_when_the_book_is_empty(floor: Any) -> None:
    floor.outside({99: 5}, {100: 2})
    order = floor.buy(5, Market())
    assert floor.filled(order) == 2
    floor.outside({99: 5}, {100: 2})
    floor.outside({99: 5}, {103: 9})
    assert floor.fills(order) == pairs((2, 100), (2, 100), (1, 103))


def test_a_slippage_cap_ends_the_rest(floor: Any) -> None:
    floor.outside({99: 5}, {100: 2, 100.5: 1, 103: 9})
    order = floor.buy(5, Market(), slippage_cap=D("0.01"))
    assert floor.fills(order) == pairs((2, 100), (1, 100.5))
    assert isinstance(floor.last(order), OrderExpired)


def test_a_market_order_without_another_side_is_refused(floor: Any) -> None:
    assert code(floor.send("buy", 1, Market())[1]) == "V-NO-LIQUIDITY"


def test_a_limit_order_takes_up_to_its_price_then_rests(floor: Any) -> None:
    floor.outside({99: 5}, {100: 2, 101: 10})
    order = floor.buy(5, "100.5")
    assert floor.fills(order) == pairs((2, 100))
    assert floor.exchange.matcher(floor.instrument.id).book.best(1) == 201
    floor.outside({100: 5}, {100.5: 2, 101: 10})
    assert floor.fills(order) == pairs((2, 100), (2, 100.5))


def test_u8_an_ioc_without_fill_tells_fills_and_best_opposite_price(floor: Any) -> None:
    floor.outside({99: 5}, {100: 2})
    order = floor.buy(5, "99.5", tif=TimeInForce.IOC)
    end = floor.last(order)
    assert isinstance(end, OrderExpired)
    assert end.cause == "IOC"
    assert end.reason == "0 fills, 0 of 5 filled; best ask 100.0."


def test_an_ioc_keeps_what_it_got(floor: Any) -> None:
    floor.outside({99: 5}, {100: 2})
    order = floor.buy(5, 100, tif=TimeInForce.IOC)
    assert floor.said(order) == ["Accepted", "Filled", "Expired"]
    assert floor.last(order).reason.startswith("1 fill, 2 of 5 filled")


def test_a_fok_fills_whole_or_not_at_all(floor: Any) -> None:
    floor.outside({99: 5}, {100: 2, 100.5: 3})
    whole = floor.buy(5, "100.5", tif=TimeInForce.FOK)
    assert floor.said(whole) == ["Accepted", "Filled", "Filled"]
    floor.outside({99: 5}, {100: 2, 100.5: 3})
    none = floor.buy(6, "100.5", tif=TimeInForce.FOK)
    assert floor.said(none) == ["Accepted", "Expired"]
    assert floor.last(none).cause == "FOK"


def test_post_only_is_refused_when_it_would_trade_and_rests_otherwise(floor: Any) -> None:
    floor.outside({99: 5}, {100: 2})
    assert code(floor.send("buy", 1, Limit(price=D(100), post_only=True))[1]) == "V-POST-ONLY"
    _, answer = floor.send("buy", 1, Limit(price=D("99.5"), post_only=True))
    assert isinstance(answer, Accepted)


def test_day_and_gtd_orders_end_in_time(floor: Any) -> None:
    floor.now = T0 + 20 * HOUR
    day = floor.buy(1, 90, tif=TimeInForce.DAY)
    dated = floor.buy(1, 90, tif=TimeInForce.GTD, expire_ns=T0 + 21 * HOUR)
    good = floor.buy(1, 90)
    floor.at(T0 + 21 * HOUR)
    assert (floor.last(dated).cause, floor.said(day)) == ("GTD", ["Accepted"])
    floor.at(T0 + 24 * HOUR)
    assert floor.last(day).cause == "DAY"
    assert floor.said(good) == ["Accepted"]


@pytest.mark.parametrize(
    ("side", "spec", "quiet", "fires"),
    [
        ("sell", Stop(trigger=D(95)), 95.5, 95),
        ("buy", Stop(trigger=D(105)), 104.5, 105),
        ("sell", StopLimit(trigger=D(95), price=D(90)), 95.5, 94),
        ("buy", StopLimit(trigger=D(105), price=D(110)), 104.5, 106),
        ("sell", MarketIfTouched(trigger=D(105)), 104.5, 105),
        ("buy", MarketIfTouched(trigger=D(95)), 95.5, 95),
        ("sell", LimitIfTouched(trigger=D(105), price=D(90)), 104.5, 105),
        ("buy", LimitIfTouched(trigger=D(95), price=D(110)), 95.5, 95),
    ],
)
def test_a_conditional_order_waits_for_the_last_price(
    floor: Any, side: str, spec: Any, quiet: float, fires: float
) -> None:
    floor.outside({99: 50}, {101: 50})
    floor.tape(100)
    order, answer = floor.send(side, 3, spec)
    assert isinstance(answer, Accepted)
    floor.tape(quiet)
    assert floor.said(order) == ["Accepted"]
    floor.tape(fires)
    assert floor.said(order) == ["Accepted", "Triggered", "Filled"]
    assert floor.filled(order) == 3


def test_a_stop_limit_beyond_its_price_rests(floor: Any) -> None:
    floor.outside({99: 50}, {101: 50})
    floor.tape(100)
    order = floor.sell(3, StopLimit(trigger=D(95), price=D(100)))
    floor.tape(94)
    assert floor.said(order) == ["Accepted", "Triggered"]
    floor.outside({100: 50}, {101: 50})
    assert floor.fills(order) == pairs((3, 100))


def test_a_trailing_stop_follows_the_best_price(floor: Any) -> None:
    floor.outside({99: 50}, {101: 50})
    floor.tape(100)
    order = floor.sell(2, TrailingStop(offset=D(3)))
    for price in (98, 104, 101.5):
        floor.tape(price)
        assert floor.said(order) == ["Accepted"]
    floor.tape(101)
    assert floor.said(order) == ["Accepted", "Triggered", "Filled"]


def test_a_trailing_stop_waits_for_its_activation(floor: Any) -> None:
    floor.outside({99: 50}, {101: 50})
    floor.tape(100)
    order = floor.buy(2, TrailingStop(offset=D(3), activation=D(96)))
    for price in (104, 97, 110, 96):
        floor.tape(price)
    assert floor.said(order) == ["Accepted"]
    floor.tape(99)
    assert floor.said(order) == ["Accepted", "Triggered", "Filled"]


def test_an_iceberg_shows_its_part_and_goes_to_the_end_of_the_queue(floor: Any) -> None:
    iceberg = floor.sell(6, Limit(price=D(100), display_qty=D(2)), "A")
    plain = floor.sell(3, 100, "B")
    floor.buy(3, 100, "C")
    assert (floor.filled(iceberg), floor.filled(plain)) == (2, 1)
    floor.buy(3, 100, "C")
    assert (floor.filled(iceberg), floor.filled(plain)) == (3, 3)
    floor.buy(3, 100, "C")
    assert floor.filled(iceberg) == 6


def test_less_quantity_keeps_the_place_a_new_price_loses_it(floor: Any) -> None:
    first, second = floor.sell(5, 100, "A"), floor.sell(5, 100, "B")
    floor.amend(first, 3, 100)
    floor.buy(3, 100, "C")
    assert (floor.filled(first), floor.filled(second)) == (3, 0)
    third = floor.sell(5, 100, "A")
    floor.amend(second, 6, 100)
    floor.buy(5, 100, "C")
    assert (floor.filled(third), floor.filled(second)) == (5, 0)


def test_an_order_amended_across_the_book_trades(floor: Any) -> None:
    floor.outside({99: 5}, {100: 5})
    order = floor.buy(2, 95)
    floor.amend(order, 2, 100)
    assert floor.said(order) == ["Accepted", "Replaced", "Filled"]


def test_two_orders_of_one_account_never_trade_with_each_other(floor: Any) -> None:
    resting, other = floor.sell(5, 100, "A"), floor.sell(5, 100, "B")
    order = floor.buy(5, 100, "A")
    assert isinstance(floor.last(resting), OrderCanceled)
    assert floor.last(resting).cause == "venue"
    assert floor.filled(order) == floor.filled(other) == 5


def test_a_repeated_id_gets_the_first_answer_and_no_second_order(floor: Any) -> None:
    first = floor.send("buy", 1, 90, name="T1")[1]
    assert floor.send("buy", 1, 90, name="T1")[1] == first
    assert code(floor.send("buy", 2, 90, name="T1")[1]) == "V-DUPLICATE-ID"
    refused = floor.send("buy", 1, "90.3", name="T2")[1]
    assert floor.send("buy", 1, "90.3", name="T2")[1] == refused
    assert len(list(floor.exchange.working())) == 1


def test_a_cancel_ends_the_order_and_a_second_one_is_refused(floor: Any) -> None:
    order = floor.buy(1, 90)
    assert isinstance(floor.cancel(order), Accepted)
    assert floor.last(order).cause == "you"
    assert code(floor.cancel(order)) == "V-UNKNOWN-ORDER"
    assert code(floor.amend(order, 1, 91)) == "V-UNKNOWN-ORDER"


@pytest.mark.parametrize(
    ("wanted", "side", "qty", "spec", "more"),
    [
        ("V-TICK", "buy", 1, Limit(price=D("90.3")), {}),
        ("V-TICK", "sell", 1, Stop(trigger=D("90.3")), {}),
        ("V-TICK", "sell", 1, TrailingStop(offset=D("0.3")), {}),
        ("V-PRICE", "buy", 1, Limit(price=D("-1")), {}),
        ("V-LOT", "buy", "1.5", Limit(price=D(90)), {}),
        ("V-QTY", "buy", 0, Limit(price=D(90)), {}),
        ("V-QTY", "buy", "0.5", Limit(price=D(90)), {}),
        ("V-DISPLAY", "buy", 2, Limit(price=D(90), display_qty=D(3)), {}),
        ("V-POST-ONLY", "buy", 1, Limit(price=D(90), post_only=True), {"tif": TimeInForce.IOC}),
        ("V-EXPIRED", "buy", 1, Limit(price=D(90)), {"tif": TimeInForce.GTD, "expire_ns": T0 - 1}),
        ("V-EXPIRED", "buy", 1, Limit(price=D(90)), {"tif": TimeInForce.GTD}),
        ("V-REDUCE-ONLY", "buy", 1, Limit(price=D(90)), {"reduce_only": True}),
        ("V-PARENT", "buy", 1, Limit(price=D(90)), {"parent": "nobody"}),
        ("V-MARGIN", "buy", 30_000, Limit(price=D(90)), {}),
        ("V-ACCOUNT", "buy", 1, Limit(price=D(90)), {"who": "Z"}),
    ],
)
def test_the_exchange_checks_for_itself(floor: Any, wanted: str, side: str, qty: Any, spec: Any, more: Any) -> None:
    _, answer = floor.send(side, qty, spec, **more)
    assert code(answer) == wanted
    assert floor.reports == []
    assert not any(isinstance(event, OrderRejected) for _, event in floor.reports)


def test_instrument_rules_are_held(make_floor: Callable[..., Any], make_instrument: Callable[..., Any]) -> None:
    spot = make_instrument(
        kind=InstrumentKind.SPOT,
        shortable=False,
        min_notional=D(500),
        max_qty=D(50),
        order_types=frozenset({"limit"}),
        tifs=frozenset({"GTC"}),
        margin_initial=D(1),
    )
    floor = make_floor(spot)
    assert code(floor.send("buy", 1, 100)[1]) == "V-MIN-NOTIONAL"
    assert code(floor.send("buy", 51, 100)[1]) == "V-QTY"
    assert code(floor.send("buy", 5, Market())[1]) == "V-TYPE"
    assert code(floor.send("buy", 5, 100, tif=TimeInForce.IOC)[1]) == "V-TIF"
    assert code(floor.send("sell", 5, 100)[1]) == "V-SHORT"
    floor.exchange.set_status(spot.id, InstrumentStatus.HALTED)
    assert code(floor.send("buy", 5, 100)[1]) == "V-HALTED"
    floor.exchange.set_status(spot.id, InstrumentStatus.CLOSE_ONLY)
    assert code(floor.send("buy", 5, 100)[1]) == "V-CLOSE-ONLY"


def test_open_orders_count_against_margin(make_floor: Callable[..., Any], make_account: Callable[..., Any]) -> None:
    floor = make_floor(accounts=[make_account("A", "1000")])
    first = floor.buy(10, 100)  # needs 500
    second = floor.buy(10, 100)
    assert code(floor.send("buy", 1, 100)[1]) == "V-MARGIN"
    floor.cancel(first)
    assert isinstance(floor.send("buy", 10, 100)[1], Accepted)
    floor.cancel(second)
    assert floor.exchange.books["A"].reserved == D(500)


def test_queue_position_is_eaten_by_prints_at_the_price(floor: Any) -> None:
    floor.outside({99: 10}, {101: 5})
    order = floor.buy(4, 99)
    floor.tape(99, 8, Side.SELL)
    assert floor.filled(order) == 0
    floor.tape(99, 5, Side.SELL)
    assert floor.fills(order) == pairs((3, 99))
    floor.tape(98.5, 1, Side.SELL)
    assert floor.fills(order) == pairs((3, 99), (1, 99))


def test_queue_position_shrinks_with_the_level(floor: Any) -> None:
    floor.outside({99: 10}, {101: 5})
    order = floor.buy(4, 99)
    floor.outside({99: 3}, {101: 5})
    floor.tape(99, 5, Side.SELL)
    assert floor.fills(order) == pairs((2, 99))


def test_a_print_by_buyers_does_not_fill_a_bid(floor: Any) -> None:
    floor.outside({99: 1}, {101: 5})
    order = floor.buy(4, 99)
    floor.tape(99, 50, Side.BUY)
    assert floor.filled(order) == 0


def test_an_opposite_quote_through_the_price_fills_at_the_price(floor: Any) -> None:
    floor.quote(99, 101)
    order = floor.buy(40, 99)
    floor.later(10 * SECOND)
    floor.quote(97, 98.5, ask_size=5)
    assert floor.fills(order) == pairs((40, 99))


def test_an_opposite_quote_at_the_price_fills_what_it_shows(floor: Any) -> None:
    floor.quote(99, 101)
    order = floor.buy(40, 99)
    floor.quote(98, 99, ask_size=5)
    assert floor.fills(order) == pairs((5, 99))


def test_a_feed_of_trades_alone_is_enough(floor: Any) -> None:
    floor.tape(100)
    order = floor.buy(500, Market())
    assert floor.fills(order) == pairs((500, 100.5))
    resting = floor.buy(5, 98)
    floor.tape(97.5)
    assert floor.fills(resting) == pairs((5, 98))
