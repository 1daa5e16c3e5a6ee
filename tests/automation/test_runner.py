"""The strategy runner against a trading desk that fills, refuses or stays silent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from bidmere.automation.run import RunState, Window
from bidmere.automation.runner import StrategyRunner
from bidmere.errors import BidmereError, InvalidInput
from bidmere.execution.events import OrderChanged
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import SimClock
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.bars import BarArray
from bidmere.model.events import OrderFilled
from bidmere.model.fills import Fill, Liquidity
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Bar
from bidmere.model.orders import Order, OrderIntent, OrderState
from bidmere.model.signals import Targets
from bidmere.model.timeframe import Timeframe
from bidmere.strategy.base import VectorStrategy
from bidmere.strategy.params import make_params

MINUTE = Timeframe.parse("1m")
BTC = Instrument(
    id=InstrumentId("BTCUSDT", "SIM"), kind=InstrumentKind.SPOT, base="BTC", quote="USDT", tick=Decimal("0.5"),
    lot=Decimal("0.01"),
)  # fmt: skip


class Above100(VectorStrategy):
    """Long while the close is above 100; raises on a close of 666; returns too few rows on 777."""

    def targets(self, bars: BarArray, p: Any) -> Targets:
        if bars.close[-1] == 666.0:
            raise ZeroDivisionError("the number of the beast")
        if bars.close[-1] == 777.0:
            return Targets(np.array([1.0]))
        return Targets.long_flat(bars.close > 100.0)


@dataclass
class Result:
    order: Order


class Trading:
    """Answer submits as told: fill at once, leave open, or refuse."""

    def __init__(self, bus: EventBus, mode: str = "fill") -> None:
        self.bus, self.mode = bus, mode
        self.intents: list[OrderIntent] = []
        self.cancelled: list[str] = []

    async def submit(self, intent: OrderIntent) -> Any:
        self.intents.append(intent)
        client_id = f"T{len(self.intents)}"
        order = Order(client_id=client_id, intent=intent, qty=intent.qty, spec=intent.spec)
        if self.mode == "refuse":
            raise BidmereError("No.")
        if self.mode == "deny":
            return Result(replace(order, state=OrderState.DENIED, reason="Too much."))
        await asyncio.sleep(0)
        self.bus.publish(OrderChanged(order=replace(order, state=OrderState.OPEN)))
        if self.mode == "fill":
            self.fill(replace(order, state=OrderState.FILLED), intent.qty)
        return Result(order)

    def fill(self, order: Order, qty: Decimal) -> None:
        intent = order.intent
        fill = Fill(
            trade_id=order.client_id, client_id=order.client_id, venue_id="1", instrument=intent.instrument,
            account=intent.account, side=intent.side, qty=qty, price=Decimal(1), fee=Decimal(0), fee_currency="USDT",
            liquidity=Liquidity.TAKER, ts_event=1,
        )  # fmt: skip
        event = OrderFilled(client_id=order.client_id, ts=1, fill=fill)
        self.bus.publish(OrderChanged(order=order, event=event))

    async def cancel(self, client_id: str, source: str) -> None:
        self.cancelled.append(client_id)


class Bars:
    """History of a given number of flat bars."""

    def __init__(self, count: int = 0) -> None:
        self.count = count

    async def bars(self, instrument: InstrumentId, timeframe: Timeframe, limit: int) -> BarArray:
        flat = np.full(self.count, 100.0)
        return BarArray.from_columns(np.arange(self.count) * MINUTE.ns, flat, flat, flat, flat, flat)


class Harness:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, mode: str = "fill", history: int = 1) -> None:
        monkeypatch.setattr("bidmere.automation.runner.load_strategy", lambda name: Above100)
        self.bus, self.clock, self.tasks = EventBus(), SimClock(), TaskOwner("test")
        self.trading = Trading(self.bus, mode)
        self.seen: list[str] = []
        self.runner = StrategyRunner(
            bus=self.bus, clock=self.clock, tasks=self.tasks, trading=self.trading, market=Bars(history),
            default_qty=lambda instrument, account: Decimal("0.5"),
            on_run=lambda run: self.seen.append(run.state.value),
        )  # fmt: skip
        self.minute = history

    async def bar(self, close: float, closed: bool = True) -> None:
        bar = Bar(BTC.id, MINUTE, self.minute * MINUTE.ns, close, close, close, close, 1.0, closed)
        self.minute += closed
        self.bus.publish(bar)
        await self.tasks.join()


async def test_a_run_buys_what_the_target_says_and_sells_exactly_that(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Harness(monkeypatch)
    run = await desk.runner.start_run("x", BTC, MINUTE, "Paper-1")
    assert run.state is RunState.RUNNING
    for close in (90.0, 110.0, 120.0, 90.0):
        await desk.bar(close)
    buy, sell = desk.trading.intents
    assert (buy.side.value, buy.qty, buy.source, buy.reduce_only) == ("buy", Decimal("0.50"), "strategy:x", False)
    assert (sell.side.value, sell.qty, sell.reduce_only) == ("sell", Decimal("0.50"), True)
    assert buy.strategy == run.run_id
    assert buy.dedup_key != sell.dedup_key
    assert run.held == 0


async def test_a_forming_bar_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Harness(monkeypatch)
    await desk.runner.start_run("x", BTC, MINUTE, "Paper-1")
    await desk.bar(200.0, closed=False)
    assert desk.trading.intents == []


async def test_a_run_never_orders_twice_while_an_order_of_its_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Harness(monkeypatch, mode="open")
    run = await desk.runner.start_run("x", BTC, MINUTE, "Paper-1", qty=Decimal("0.03"))
    for close in (110.0, 111.0, 112.0):
        await desk.bar(close)
    assert [intent.qty for intent in desk.trading.intents] == [Decimal("0.03")]
    open_order = Order(
        client_id="T1", intent=desk.trading.intents[0], qty=Decimal("0.03"), spec=desk.trading.intents[0].spec,
        state=OrderState.PARTIAL,
    )  # fmt: skip
    desk.trading.fill(open_order, Decimal("0.01"))
    desk.bus.publish(OrderChanged(order=replace(open_order, state=OrderState.CANCELED)))
    assert run.held == Decimal("0.01")
    await desk.bar(113.0)
    assert [intent.qty for intent in desk.trading.intents] == [Decimal("0.03"), Decimal("0.02")]


async def test_a_denied_order_is_told_and_tried_again_on_the_next_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Harness(monkeypatch, mode="deny")
    run = await desk.runner.start_run("x", BTC, MINUTE, "Paper-1")
    await desk.bar(110.0)
    assert run.detail == "Too much."
    assert run.held == 0
    await desk.bar(111.0)
    assert len(desk.trading.intents) == 2


async def test_an_error_of_the_gate_is_shown_and_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Harness(monkeypatch, mode="refuse")
    run = await desk.runner.start_run("x", BTC, MINUTE, "Paper-1")
    await desk.bar(110.0)
    assert (run.detail, run.state, desk.runner.is_sending) == ("No.", RunState.RUNNING, False)


@pytest.mark.expected_errors("Strategy x-1 failed")
@pytest.mark.parametrize(("close", "words"), [(666.0, "beast"), (777.0, "1 targets for 3 bars")])
async def test_u76_a_strategy_that_throws_is_halted_alone(
    monkeypatch: pytest.MonkeyPatch, close: float, words: str
) -> None:
    desk = Harness(monkeypatch)
    bad = await desk.runner.start_run("x", BTC, MINUTE, "Paper-1")
    await desk.bar(90.0)
    await desk.bar(close)
    assert bad.state is RunState.ERROR
    assert words in bad.detail
    before = len(desk.trading.intents)
    await desk.bar(110.0)
    assert len(desk.trading.intents) == before
    assert "failed" in desk.runner.health().text


async def test_warming_up_counts_bars_and_stop_cancels_what_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Harness(monkeypatch, mode="open", history=0)
    run = await desk.runner.start_run("x", BTC, MINUTE, "Paper-1")
    assert (run.state, run.detail) == (RunState.WARMING, "warming 0/1")
    await desk.bar(110.0)
    assert run.state is RunState.RUNNING
    await desk.runner.stop_run(run.run_id)
    assert desk.trading.cancelled == ["T1"]
    await desk.bar(50.0)
    assert len(desk.trading.intents) == 1
    with pytest.raises(InvalidInput):
        await desk.runner.stop_run("nope")


@pytest.mark.parametrize("qty", ["0", "-1", "0.015"])
async def test_a_quantity_off_the_grid_starts_nothing(monkeypatch: pytest.MonkeyPatch, qty: str) -> None:
    desk = Harness(monkeypatch)
    with pytest.raises(InvalidInput, match="lot"):
        await desk.runner.start_run("x", BTC, MINUTE, "Paper-1", qty=Decimal(qty))
    assert desk.runner.runs == {}


def test_a_window_grows_without_losing_a_bar_and_refuses_old_ones() -> None:
    window = Window(BarArray.empty())
    for index in range(3_000):
        assert window.append(Bar(BTC.id, MINUTE, index * MINUTE.ns, 1.0, 2.0, 0.5, float(index), 1.0))
    assert not window.append(Bar(BTC.id, MINUTE, 2_999 * MINUTE.ns, 1.0, 2.0, 0.5, 9.0, 1.0))
    bars = window.bars()
    np.testing.assert_array_equal(bars.close, np.arange(3_000.0))
    with pytest.raises(ValueError, match="read-only"):
        bars.close[0] = 5.0


def test_parameters_of_a_strategy_without_any_are_empty() -> None:
    assert make_params(Above100.Params, None) == Above100.Params()
