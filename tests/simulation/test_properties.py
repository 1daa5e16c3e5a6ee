"""What holds whatever is sent: money and quantity are conserved, time has its right, nothing opens that may not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bidmere.model.events import OrderApproved, OrderClaimed, OrderEvent, OrderFilled
from bidmere.model.instrument import InstrumentKind
from bidmere.model.market import Side
from bidmere.model.order_fsm import advance
from bidmere.model.orders import (
    Limit,
    Market,
    MarketIfTouched,
    Order,
    OrderState,
    Stop,
    StopLimit,
    TimeInForce,
    TrailingStop,
)

D = Decimal
ACCOUNTS = "ABC"

who = st.sampled_from(ACCOUNTS)
side = st.sampled_from(["buy", "sell"])
qty = st.integers(1, 6)
level = st.integers(-4, 4)

limits = st.tuples(
    st.just("limit"), who, side, qty, level, st.sampled_from(["GTC", "IOC", "FOK", "post", "ice", "reduce"])
)
markets = st.tuples(st.just("market"), who, side, qty, level, st.sampled_from(["GTC", "reduce"]))
triggers = st.tuples(st.just("trigger"), who, side, qty, level, st.sampled_from(["stop", "mit", "limit", "trail"]))
linked = st.tuples(st.just("linked"), who, side, qty, level, st.sampled_from(["bracket", "loose", "oco"]))
cancels = st.tuples(st.just("cancel"), who, side, qty, level, st.just(""))
amends = st.tuples(st.just("amend"), who, side, qty, level, st.just(""))
feed = st.tuples(st.sampled_from(["book", "quote", "print"]), who, side, qty, level, st.just(""))
orders = st.one_of(limits, limits, markets, triggers, linked, cancels, amends)
closed_programs = st.lists(orders, max_size=40)
open_programs = st.lists(st.one_of(orders, orders, feed), max_size=40)


def price(offset: int) -> Decimal:
    return D(100) + D(offset) / 2


def run(floor: Any, command: tuple[str, str, str, int, int, str]) -> None:
    kind, name, way, lots, offset, option = command
    at = price(offset)
    back = "sell" if way == "buy" else "buy"
    working = [order.client_id for order in floor.exchange.working(name)]
    if kind == "limit":
        spec = Limit(price=at, post_only=option == "post", display_qty=D(1) if option == "ice" else None)
        tif = TimeInForce(option) if option in ("IOC", "FOK") else TimeInForce.GTC
        floor.send(way, lots, spec, name, tif=tif, reduce_only=option == "reduce")
    elif kind == "market":
        floor.send(way, lots, Market(), name, reduce_only=option == "reduce")
    elif kind == "trigger":
        specs = {
            "stop": Stop(trigger=at),
            "mit": MarketIfTouched(trigger=at),
            "limit": StopLimit(trigger=at, price=at),
            "trail": TrailingStop(offset=D("1.5")),
        }
        floor.send(way, lots, specs[option], name)
    elif kind == "linked":
        entry, _ = floor.send(way, lots, Limit(price=at), name)
        sign = 1 if way == "buy" else -1
        parent = {} if option == "oco" else {"parent": entry, "reduce_only": option == "bracket"}
        group = f"{name}-{len(floor.reports)}"
        floor.send(back, lots, Limit(price=at + 2 * sign), name, oco_group=group, **parent)
        floor.send(back, lots, Stop(trigger=at - 2 * sign), name, oco_group=group, **parent)
    elif kind == "cancel" and working:
        floor.cancel(working[lots % len(working)])
    elif kind == "amend" and working:
        chosen = floor.exchange.order(working[lots % len(working)])
        if isinstance(chosen.spec, Limit) and (chosen.intent.parent or not chosen.intent.oco_group):
            floor.amend(chosen.client_id, lots, Limit(price=at, post_only=False, display_qty=None))
    elif kind == "book":
        bid = 99.5 + offset / 2
        floor.outside({bid - k / 2: lots + k for k in range(4)}, {bid + 0.5 + k / 2: lots + k for k in range(4)})
    elif kind == "quote":
        floor.quote(99.5 + offset / 2, 100 + offset / 2, lots, lots)
    elif kind == "print":
        floor.tape(float(at), lots, Side(way))
    floor.later(1_000_000)


def check_uncrossed(floor: Any) -> None:
    matcher = floor.exchange.matcher(floor.instrument.id)
    best = {sign: [one for one in (matcher.outside.best(sign),) if one] for sign in (1, -1)}
    live = [order for sign in (1, -1) for order in matcher.book.orders(sign) if floor.exchange.live_lots(order) > 0]
    for order in live:  # one that waits for something to reduce may stand anywhere
        assert all((price - order.limit) * order.sign > 0 for price in best[-order.sign])


def check_books(floor: Any) -> None:
    """Compare the venue's cash and positions with a ledger of its own made from the fills."""
    fees: dict[str, Decimal] = defaultdict(Decimal)
    flow: dict[str, Decimal] = defaultdict(Decimal)
    held: dict[str, Decimal] = defaultdict(Decimal)
    seen: set[str] = set()
    for name, event in floor.reports:
        if isinstance(event, OrderFilled):
            fill = event.fill
            assert fill.trade_id not in seen
            seen.add(fill.trade_id)
            fees[name] += fill.fee
            flow[name] -= fill.side.sign * fill.qty * fill.price
            held[name] += fill.side.sign * fill.qty
    for name in ACCOUNTS:
        position = floor.exchange.books[name].positions.get(floor.instrument.id)
        assert floor.position(name) == held[name] == (position.qty if position else 0)
        if floor.instrument.is_cash:
            assert floor.cash(name) == 1_000_000 + flow[name] - fees[name]
        else:
            open_cost = position.qty * position.avg_price if position else D(0)
            assert abs(floor.cash(name) - (1_000_000 + flow[name] + open_cost - fees[name])) < D("1e-18")
    assert sum(held.values()) + floor.exchange.outside_lots.get(floor.instrument.id, 0) == 0
    if not floor.exchange.outside_lots:
        assert sum(flow.values()) == 0


def check_orders(floor: Any) -> None:
    """Run every order through the state table; check reduce-only, groups and brackets fill by fill."""
    known = {order.client_id: order for order in floor.exchange.links}
    states: dict[str, Order] = {}
    held: dict[str, int] = defaultdict(int)
    for name, event in floor.reports:
        assert isinstance(event, OrderEvent)
        venue = known[event.client_id]
        order = states.get(event.client_id)
        if order is None:
            order = Order(client_id=event.client_id, intent=venue.intent, qty=venue.intent.qty, spec=venue.intent.spec)
            order = advance(order, OrderApproved(client_id=event.client_id, ts=0))
            order = advance(order, OrderClaimed(client_id=event.client_id, ts=0))
        states[event.client_id] = advance(order, event)
        if isinstance(event, OrderFilled):
            before = held[name]
            held[name] += int(event.fill.qty) * event.fill.side.sign
            if venue.intent.reduce_only:
                assert abs(held[name]) < abs(before)
                assert held[name] * before >= 0
            if venue.intent.parent:
                entry = states[venue.intent.parent]
                exits = [one for one in states.values() if one.intent.parent == venue.intent.parent]
                assert sum(one.filled_qty for one in exits) <= entry.filled_qty
    groups: dict[str, Decimal] = defaultdict(Decimal)
    for order in states.values():
        assert order.state is not OrderState.QUARANTINED
        venue = known[order.client_id]
        assert (order.filled_qty, order.qty) == (venue.filled, venue.qty)
        assert order.state.is_terminal == venue.is_done
        if order.intent.oco_group and not order.intent.parent:
            groups[order.intent.oco_group] += order.filled_qty
            assert groups[order.intent.oco_group] <= order.intent.qty
    for name in ACCOUNTS:
        if not list(floor.exchange.working(name)):
            assert floor.exchange.books[name].reserved == 0


@given(program=closed_programs)
@settings(max_examples=150)
def test_accounts_trading_with_each_other_conserve_everything(make_floor: Callable[..., Any], program: Any) -> None:
    floor = make_floor()
    for command in program:
        run(floor, command)
        check_uncrossed(floor)
    check_books(floor)
    check_orders(floor)


@given(program=open_programs, derivative=st.booleans())
@example(  # a resting order amended to what it has filled, at another price
    program=[
        ("trigger", "A", "buy", 1, 1, "trail"),
        ("quote", "B", "sell", 2, 0, ""),
        ("market", "B", "sell", 1, 0, "GTC"),
        ("linked", "A", "sell", 2, -1, "oco"),
        ("amend", "A", "buy", 1, 1, ""),
    ],
    derivative=False,
)
@example(  # the second of a group that comes when the first has filled
    program=[
        ("book", "B", "buy", 1, -4, ""),
        ("linked", "A", "sell", 1, 1, "oco"),
        ("book", "A", "sell", 1, 4, ""),
        ("linked", "B", "sell", 1, -4, "loose"),
    ],
    derivative=False,
)
@example(  # a fill that gives a resting exit something to close again
    program=[
        ("trigger", "B", "buy", 6, 3, "trail"),
        ("limit", "B", "sell", 6, -3, "post"),
        ("book", "A", "sell", 6, -4, ""),
        ("linked", "B", "buy", 1, -2, "bracket"),
        ("book", "A", "sell", 3, 4, ""),
    ],
    derivative=True,
)
@settings(max_examples=200)
def test_trading_with_the_outside_conserves_everything(
    make_floor: Callable[..., Any], make_instrument: Callable[..., Any], program: Any, derivative: bool
) -> None:
    floor = make_floor(make_instrument(kind=InstrumentKind.FUTURE) if derivative else make_instrument())
    for command in program:
        run(floor, command)
        check_uncrossed(floor)
    check_books(floor)
    check_orders(floor)


@given(program=open_programs)
@settings(max_examples=40)
def test_the_same_input_gives_the_same_events(make_floor: Callable[..., Any], program: Any) -> None:
    floors = make_floor(), make_floor()
    for floor in floors:
        for command in program:
            run(floor, command)
    assert floors[0].reports == floors[1].reports


class Reference:
    """Match by sorting everything, every time: slow and plainly right."""

    def __init__(self) -> None:
        self.orders: list[list[Any]] = []  # [id, account, sign, price, left, time]
        self.fills: list[tuple[str, int, Decimal]] = []
        self.canceled: list[str] = []

    def place(self, name: str, account: str, sign: int, lots: int, at: Decimal | None, rests: bool) -> None:
        left = lots
        while left:
            others = [one for one in self.orders if one[2] == -sign and one[4]]
            others = [one for one in others if at is None or (at - one[3]) * sign >= 0]
            if not others:
                break
            best = min(others, key=lambda one: (one[3] * sign, one[5]))
            if best[1] == account:
                self.orders.remove(best)
                self.canceled.append(best[0])
                continue
            traded = min(left, best[4])
            best[4] -= traded
            left -= traded
            self.fills += [(best[0], traded, best[3]), (name, traded, best[3])]
            if not best[4]:
                self.orders.remove(best)
        if left and rests:
            self.orders.append([name, account, sign, at, left, len(self.fills) + len(self.orders) * 1000 + 10**6])
            self.orders[-1][5] = max((one[5] for one in self.orders[:-1]), default=0) + 1

    def cancel(self, name: str) -> None:
        self.orders = [one for one in self.orders if one[0] != name]


@given(
    st.lists(
        st.tuples(who, st.sampled_from([1, -1]), qty, level, st.sampled_from(["rest", "ioc", "cancel"])), max_size=60
    )
)
@example([("A", 1, 2, 0, "rest"), ("B", 1, 2, 0, "rest"), ("C", -1, 3, 0, "rest")])
@settings(max_examples=200)
def test_matching_equals_the_brute_force_reference(make_floor: Callable[..., Any], steps: Any) -> None:
    floor, reference = make_floor(), Reference()
    for account, sign, lots, offset, action in steps:
        working = [order.client_id for order in floor.exchange.working()]
        if action == "cancel":
            if working:
                floor.cancel(working[lots % len(working)])
                reference.cancel(working[lots % len(working)])
            continue
        tif = TimeInForce.IOC if action == "ioc" else TimeInForce.GTC
        way = "buy" if sign > 0 else "sell"
        name, _ = floor.send(way, lots, Limit(price=price(offset)), account, tif=tif)
        reference.place(name, account, sign, lots, price(offset), action == "rest")
        check_uncrossed(floor)
    fills = [
        (event.client_id, int(event.fill.qty), event.fill.price)
        for _, event in floor.reports
        if isinstance(event, OrderFilled)
    ]
    assert fills == reference.fills
    resting = {one[0]: one[4] for one in reference.orders}
    assert {order.client_id: order.leaves for order in floor.exchange.working()} == resting
