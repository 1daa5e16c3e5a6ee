"""Exits follow their entry, groups share a quantity, reduce-only never opens."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bidmere.brokerage.execution_port import Refused
from bidmere.model.events import OrderCanceled, OrderReplaced
from bidmere.model.orders import Limit, Market, Stop

D = Decimal


def bracket(floor: Any, qty: int = 10, price: int = 100) -> tuple[str, str, str]:
    entry = floor.buy(qty, price)
    target = floor.sell(qty, 110, parent=entry, oco_group="g", reduce_only=True)
    stop = floor.sell(qty, Stop(trigger=D(95)), parent=entry, oco_group="g", reduce_only=True)
    return entry, target, stop


def test_u94_exits_are_held_until_the_entry_fills(floor: Any) -> None:
    floor.outside({99: 50}, {101: 50})
    floor.tape(99.5)
    _, target, stop = bracket(floor)
    floor.outside({112: 50}, {113: 50})  # no exit may trade: nothing is held yet
    assert floor.said(target) == floor.said(stop) == ["Accepted"]


def test_u94_exit_quantity_follows_the_filled_quantity(floor: Any) -> None:
    floor.quote(99, 101)
    _, target, stop = bracket(floor)
    floor.quote(99, 100, ask_size=3)
    assert floor.position() == 3
    floor.quote(110, 111, bid_size=50)
    assert floor.filled(target) == 3
    assert floor.position() == 0
    assert floor.last(stop).qty == 7
    floor.quote(99, 100, ask_size=50)
    assert floor.position() == 7
    floor.quote(120, 121, bid_size=50)
    assert floor.filled(target) == 10
    assert floor.position() == 0
    assert isinstance(floor.last(stop), OrderCanceled)
    assert floor.last(stop).cause == "link"


def test_u94_exits_never_close_more_than_the_entry_got(floor: Any) -> None:
    floor.quote(99, 101)
    entry = floor.buy(10, 100)
    first = floor.sell(10, 110, parent=entry, oco_group="g")
    second = floor.sell(10, 112, parent=entry, oco_group="g")
    floor.quote(99, 100, ask_size=3)
    floor.quote(110, 111, bid_size=2)
    assert (floor.filled(first), floor.last(second).qty) == (2, 8)
    floor.quote(115, 116, bid_size=50)
    assert floor.filled(first) + floor.filled(second) == 3
    assert floor.position() == 0


def test_u94_a_canceled_entry_cuts_the_exits_to_what_it_got(floor: Any) -> None:
    floor.quote(99, 101)
    entry, target, stop = bracket(floor)
    floor.quote(99, 100, ask_size=4)
    floor.cancel(entry)
    assert [one.qty for one in (floor.last(target), floor.last(stop))] == [4, 4]
    floor.tape(95)
    assert floor.filled(stop) == 4
    assert floor.last(target).cause == "link"


def test_an_entry_that_dies_unfilled_takes_its_exits_along(floor: Any) -> None:
    entry, target, stop = bracket(floor)
    floor.cancel(entry)
    assert floor.last(target).cause == floor.last(stop).cause == "link"
    assert isinstance(floor.send("sell", 1, 120, parent=entry)[1], Refused)


def test_an_exit_may_come_after_its_entry_filled(floor: Any) -> None:
    floor.quote(99, 100)
    entry = floor.buy(10, Market())
    target = floor.sell(12, 110, parent=entry)
    assert isinstance(floor.last(target), OrderReplaced)
    floor.quote(111, 112)
    assert floor.filled(target) == 10


def test_an_exit_on_the_side_of_its_entry_is_refused(floor: Any) -> None:
    entry = floor.buy(10, 100)
    assert floor.send("buy", 1, 90, parent=entry)[1].code == "V-PARENT"


def test_a_partial_fill_of_one_reduces_the_others_of_the_group(floor: Any) -> None:
    high, low = floor.sell(10, 110, oco_group="g"), floor.sell(10, 120, oco_group="g")
    floor.buy(4, 110, "B")
    assert floor.last(low).qty == 6
    floor.buy(6, 110, "B")
    assert floor.filled(high) == 10
    assert floor.last(low).cause == "link"


def test_a_sweep_through_a_group_fills_it_once(floor: Any) -> None:
    floor.sell(10, 110, oco_group="g")
    floor.sell(10, 120, oco_group="g")
    order = floor.buy(20, 130, "B")
    assert floor.filled(order) == 10
    assert floor.position() == -10


def test_reduce_only_is_cut_to_the_position_on_arrival(floor: Any) -> None:
    floor.quote(99, 100)
    floor.buy(5, Market())
    order = floor.sell(8, 110, reduce_only=True)
    assert floor.said(order) == ["Accepted", "Replaced"]
    assert floor.last(order).qty == 5


def test_reduce_only_shrinks_and_ends_with_the_position(floor: Any) -> None:
    floor.quote(99, 100)
    floor.buy(5, Market())
    order = floor.sell(5, 110, reduce_only=True)
    floor.sell(3, Market())
    assert floor.last(order).qty == 2
    floor.sell(2, Market())
    assert floor.last(order).cause == "venue"


def test_two_reduce_only_orders_never_flip_the_position(floor: Any) -> None:
    floor.quote(99, 100)
    floor.buy(5, Market())
    floor.sell(5, 110, reduce_only=True)
    floor.sell(5, 111, reduce_only=True)
    floor.quote(120, 121)
    assert floor.position() == 0


def test_a_reduce_only_stop_closes_once(floor: Any) -> None:
    floor.quote(99, 100)
    floor.buy(5, Market())
    stop = floor.sell(5, Stop(trigger=D(95)), reduce_only=True)
    floor.sell(5, Market())
    floor.quote(90, 91)
    assert floor.said(stop) == ["Accepted", "Canceled"]
    assert floor.position() == 0


def test_a_bracket_on_spot_sells_what_was_bought(make_floor: Any, make_instrument: Any) -> None:
    floor = make_floor(make_instrument(shortable=False))
    floor.quote(99, 100)
    entry = floor.buy(5, Market())
    target = floor.sell(5, Limit(price=D(110)), parent=entry, oco_group="g")
    stop = floor.sell(5, Stop(trigger=D(95)), parent=entry, oco_group="g")
    floor.quote(94, 94.5)
    assert floor.filled(stop) == 5
    assert floor.last(target).cause == "link"
    assert floor.position() == 0
