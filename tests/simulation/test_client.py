"""The execution port over the exchange: answers, reports, latency."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal
from typing import Any

import pytest

from bidmere.brokerage.approval import issue_order, issue_replace
from bidmere.brokerage.execution_port import Accepted, Refused
from bidmere.kernel.clock import SimClock
from bidmere.model.events import OrderAccepted, OrderCanceled, OrderExpired, OrderFilled, OrderReplaced
from bidmere.model.market import Quote, Side
from bidmere.model.orders import Limit, Market, Order, OrderIntent, OrderState, TimeInForce
from bidmere.simulation.client import ExchangeServer, SimulatedExecution
from bidmere.simulation.exchange import Exchange
from bidmere.simulation.latency import fixed_latency, lognormal_latency, uniform_latency
from bidmere.simulation.slippage import fixed_bps, fixed_ticks, square_root_impact

T0 = 1_795_219_200_000_000_000
MS = 1_000_000
D = Decimal


class Desk:
    def __init__(self, instrument: Any, account: Any, latency: Any = None) -> None:
        self.clock = SimClock(T0)
        self.instrument = instrument
        self.exchange = Exchange([instrument], [account])
        self.server = ExchangeServer(self.exchange, self.clock)
        self.client = SimulatedExecution(self.server, account.id, *([latency] if latency else []))
        self.reports: list[Any] = []
        self.client.set_report_handler(self.reports.append)
        self.server.start()

    def order(self, name: str, qty: int, spec: Any, side: Side = Side.BUY, **more: Any) -> Any:
        intent = OrderIntent(
            instrument=self.instrument.id, side=side, qty=D(qty), spec=spec, account="A", source="api", **more
        )
        return issue_order(Order(client_id=name, intent=intent, qty=D(qty), spec=spec))

    def quote(self, bid: float, ask: float) -> None:
        now = self.clock.now_ns()
        self.server.feed(Quote(self.instrument.id, bid, ask, 10, 10, now, now))

    def kinds(self) -> list[type]:
        return [type(one) for one in self.reports]


@pytest.fixture
def desk(make_instrument: Any, make_account: Any) -> Desk:
    return Desk(make_instrument(), make_account("A"))


async def test_without_latency_reports_come_before_the_answer(desk: Desk) -> None:
    desk.quote(99, 100)
    answer = await desk.client.submit(desk.order("T1", 4, Market()))
    assert isinstance(answer, Accepted)
    assert desk.kinds() == [OrderAccepted, OrderFilled]
    assert await desk.client.positions() == {desk.instrument.id: D(4)}
    assert [one.trade_id for one in await desk.client.fills_since(T0)] == [desk.reports[1].fill.trade_id]
    assert await desk.client.fills_since(T0 + 1) == []
    found = await desk.client.query("T1")
    assert found is not None
    assert (found.state, found.filled_qty, found.avg_price) == (OrderState.FILLED, 4, 100)
    assert await desk.client.query("T9") is None


async def test_a_refusal_is_an_answer_and_no_report(desk: Desk) -> None:
    answer = await desk.client.submit(desk.order("T1", 4, Limit(price=D("90.3"))))
    assert isinstance(answer, Refused)
    assert answer.raw.startswith("V-TICK: ")
    assert desk.reports == []


async def test_orders_are_changed_listed_and_canceled(desk: Desk) -> None:
    approved = desk.order("T1", 4, Limit(price=D(90)))
    await desk.client.submit(approved)
    await desk.client.replace(issue_replace(approved.order, D(3), Limit(price=D(91))))
    assert [(one.client_id, one.qty, one.state) for one in await desk.client.open_orders()] == [
        ("T1", 3, OrderState.OPEN)
    ]
    await desk.client.cancel("T1", "")
    assert desk.kinds() == [OrderAccepted, OrderReplaced, OrderCanceled]
    assert await desk.client.open_orders() == []


async def test_latency_delays_both_ways_and_keeps_the_order(make_instrument: Any, make_account: Any) -> None:
    desk = Desk(make_instrument(), make_account("A"), fixed_latency(5))
    desk.quote(99, 100)
    task = asyncio.ensure_future(desk.client.submit(desk.order("T1", 4, Market())))
    await asyncio.sleep(0)
    assert desk.exchange.order("T1") is None
    desk.clock.advance_to(T0 + 5 * MS)
    await asyncio.sleep(0)
    assert desk.exchange.position_lots(desk.exchange.order("T1")) == 4
    await asyncio.sleep(0)
    assert desk.reports == []
    desk.clock.advance_to(T0 + 10 * MS)
    assert isinstance(await task, Accepted)
    assert desk.kinds() == [OrderAccepted, OrderFilled]


async def test_reports_never_overtake_each_other(make_instrument: Any, make_account: Any) -> None:
    desk = Desk(make_instrument(), make_account("A"), lognormal_latency(5, 1.5, random.Random(3)))
    events = [OrderAccepted(client_id=f"T{number}", ts=T0, venue_id="V") for number in range(50)]
    for event in events:
        desk.client.deliver(event)
        desk.clock.advance_to(desk.clock.now_ns() + MS)
    desk.clock.advance_to(T0 + 10_000 * MS)
    assert desk.reports == events


async def test_the_clock_ends_orders(desk: Desk) -> None:
    await desk.client.submit(desk.order("T1", 4, Limit(price=D(90)), tif=TimeInForce.GTD, expire_ns=T0 + 50 * MS))
    await desk.client.submit(desk.order("T2", 4, Limit(price=D(90)), tif=TimeInForce.DAY))
    desk.clock.advance_to(T0 + 50 * MS)
    assert desk.kinds() == [OrderAccepted, OrderAccepted, OrderExpired]
    desk.clock.advance_to(T0 + 86_400_000 * MS)
    assert desk.reports[-1].cause == "DAY"
    desk.server.stop()
    assert desk.clock.next_timer_ns() is None


@pytest.mark.expected_errors("was not taken")
async def test_a_handler_that_fails_does_not_stop_the_venue(desk: Desk) -> None:
    def broken(_: Any) -> None:
        raise ValueError("handler")

    desk.client.set_report_handler(broken)
    assert isinstance(await desk.client.submit(desk.order("T1", 4, Limit(price=D(90)))), Accepted)


async def test_reports_before_the_handler_are_kept(make_instrument: Any, make_account: Any) -> None:
    exchange = Exchange([make_instrument()], [make_account("A")])
    client = SimulatedExecution(ExchangeServer(exchange, SimClock(T0)), "A")
    event = OrderAccepted(client_id="T1", ts=T0, venue_id="V")
    client.deliver(event)
    heard: list[Any] = []
    client.set_report_handler(heard.append)
    assert heard == [event]


def test_latency_models_stay_in_their_bounds() -> None:
    model = uniform_latency(2, 4, random.Random(1))
    assert all(2 * MS <= model() <= 4 * MS for _ in range(200))
    tailed = lognormal_latency(10, 0.5, random.Random(1))
    values = sorted(tailed() for _ in range(2_001))
    assert 9 * MS < values[1_000] < 11 * MS


def test_slippage_models_are_adverse() -> None:
    assert fixed_ticks(3)(200, 5, 10) == 3
    assert fixed_bps(50)(20_000, 5, 10) == 100
    assert fixed_bps(0.001)(200, 5, 10) == 1
    assert square_root_impact(2)(200, 40, 10) == 4


def test_slippage_worsens_the_price_within_the_limit(make_floor: Any) -> None:
    from bidmere.simulation.exchange import Costs

    floor = make_floor(costs=Costs(slippage=fixed_ticks(2)))
    floor.outside({99: 5}, {100: 2, 101: 5})
    assert floor.fills(floor.buy(1, Market())) == [(1, 101)]
    assert floor.fills(floor.buy(1, Limit(price=D("100.5")))) == []
