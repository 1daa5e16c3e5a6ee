"""A desk without a market: just enough of DeskApi to drive the window, with every wish written down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bidmere.brokerage.data_port import FeedState, FeedStatus
from bidmere.desk.api import DayStats, HealthView, StrategyRun, StrategySpec
from bidmere.desk.feed import DeskFeed
from bidmere.errors import InvalidInput, UnknownInstrument
from bidmere.kernel.lifecycle import Health, Level
from bidmere.model.account import Account, AccountMode, Valuation
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Book, Quote, Side
from bidmere.model.money import ZERO
from bidmere.model.orders import Order, OrderIntent, OrderState
from bidmere.model.position import Position
from bidmere.model.timeframe import Timeframe
from bidmere.risk.decision import CheckResult, GateReport, Preview, Verdict

NAMES = {"BTCUSDT": 65_000.0, "ETHUSDT": 2_500.0, "SOLUSDT": 170.0, "AAPL": 228.0}
NOW = 1_796_140_800_000_000_000


def instrument(symbol: str) -> Instrument:
    base = symbol.removesuffix("USDT")
    quote = "USDT" if base != symbol else "USD"
    tick = Decimal("0.5") if symbol == "BTCUSDT" else Decimal("0.01")
    return Instrument(
        id=InstrumentId(symbol, "SIM"), kind=InstrumentKind.SPOT, base=base, quote=quote, tick=tick,
        lot=Decimal("0.0001"), name=f"{base} (simulated)",
    )  # fmt: skip


@dataclass
class Sent:
    """The answer to a submit."""

    order: Order


class FakeDesk:
    """Answer from dictionaries; `calls` holds every wish as (name, details)."""

    def __init__(self, feed: DeskFeed) -> None:
        self.feed = feed
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._instruments = {InstrumentId(name, "SIM"): instrument(name) for name in NAMES}
        self._account = Account(
            id="paper-1", name="Paper-1", venue="SIM", mode=AccountMode.PAPER, currency="USD",
            balances=(("USD", Decimal(100_000)),), day_start_equity=Decimal(100_000),
        )  # fmt: skip
        self._positions: list[Position] = []
        self._orders: dict[str, Order] = {}
        self.state, self.kill_level = "ACTIVE", 0
        self.deny = False

    # ---- answers
    def instruments(self) -> tuple[Instrument, ...]:
        return tuple(self._instruments.values())

    def instrument(self, instrument: InstrumentId) -> Instrument:
        return self._instruments[instrument]

    def find(self, text: str, limit: int = 20) -> tuple[Instrument, ...]:
        return tuple(one for one in self._instruments.values() if text.upper() in one.id.symbol)[:limit]

    def resolve(self, text: str) -> Instrument:
        for one in self._instruments.values():
            if text.upper() in (one.id.symbol, str(one.id)):
                return one
        raise UnknownInstrument(f"There is no symbol {text}.")

    def quote(self, instrument: InstrumentId) -> Quote | None:
        price = NAMES[instrument.symbol]
        tick = float(self._instruments[instrument].tick)
        return Quote(instrument, price - tick, price, 1.0, 1.0, NOW, NOW)

    def book(self, instrument: InstrumentId) -> Book | None:
        return None

    def day_stats(self, instrument: InstrumentId) -> DayStats | None:
        price = NAMES[instrument.symbol]
        return DayStats(open=price, high=price * 1.01, low=price * 0.99, last=price, volume=1.0, reference=price)

    async def bars(
        self, instrument: InstrumentId, timeframe: Timeframe, limit: int, end_ns: int | None = None
    ) -> BarArray:
        return BarArray.empty()

    async def watch(self, instruments: Sequence[InstrumentId]) -> None: ...

    async def unwatch(self, instruments: Sequence[InstrumentId]) -> None: ...

    def watch_bars(self, instrument: InstrumentId, timeframe: Timeframe) -> None: ...

    def unwatch_bars(self, instrument: InstrumentId, timeframe: Timeframe) -> None: ...

    def accounts(self) -> tuple[Account, ...]:
        return (self._account,)

    def valuation(self, account: str) -> Valuation:
        return Valuation(
            currency="USD", equity=Decimal("100412.20"), cash=Decimal(100_000), positions_value=ZERO,
            unrealised=Decimal("12.20"), realised=Decimal(400), gross_exposure=ZERO, net_exposure=ZERO,
            margin_used=Decimal(1_000), buying_power=Decimal(99_412), leverage=ZERO,
        )  # fmt: skip

    def rate(self, source: str, target: str) -> Decimal | None:
        return Decimal(1) if {source, target} <= {"USD", "USDT"} else None

    def positions(self) -> tuple[Position, ...]:
        return tuple(self._positions)

    def orders(self) -> tuple[Order, ...]:
        return tuple(self._orders.values())

    def fills(self) -> tuple[Any, ...]:
        return ()

    async def story(self, client_id: str) -> tuple[Any, ...]:
        return ()

    def preview(self, intent: OrderIntent) -> Preview:
        verdict = Verdict.FAIL if self.deny else Verdict.PASS
        check = CheckResult(
            code="L-TEST", title="Test", verdict=verdict, limit="1", now="0", after="1", message="Too much for a test."
        )
        return Preview(
            notional=Decimal(6500), currency="USD", fee=Decimal("2.6"), fee_kind="taker", fee_rate=ZERO,
            fill_price=None,
            slippage=None, margin_change=None, buying_power_after=None, position_after=intent.qty, avg_after=ZERO,
            loss_at_stop=None, loss_at_stop_pct=None, reward_at_target=None, day_loss_room=None, liquidation_price=None,
            residence="venue", missing=(), report=GateReport(checks=(check,), largest_qty=None, ts=0),
        )  # fmt: skip

    # ---- wishes
    def hold(self, symbol: str, qty: str) -> None:
        """Have a position from the start."""
        one = self._instruments[InstrumentId(symbol, "SIM")]
        held = Position(instrument=one, account="paper-1", qty=Decimal(qty), avg_price=Decimal(NAMES[symbol]))
        self._positions.append(held)
        self.feed.put_position(held)

    def work(self, symbol: str, side: Side = Side.BUY, reduce_only: bool = False, **spec: Any) -> Order:
        """Have a working order from the start."""
        from bidmere.model.orders import Limit

        intent = OrderIntent(
            instrument=InstrumentId(symbol, "SIM"), side=side, qty=Decimal(1), account="paper-1", source="ticket",
            spec=spec.get("spec", Limit(price=Decimal(1))), reduce_only=reduce_only,
        )  # fmt: skip
        return self._put(intent, OrderState.OPEN)

    def _put(self, intent: OrderIntent, state: OrderState, **more: Any) -> Order:
        order = Order(
            client_id=f"T{len(self._orders) + 1:026d}",
            intent=intent,
            qty=intent.qty,
            spec=intent.spec,
            state=state,
            **more,
        )
        self._orders[order.client_id] = order
        self.feed.put_order(order)
        return order

    async def submit(self, intent: OrderIntent) -> Sent:
        self.calls.append(("submit", {"intent": intent}))
        if self.deny:
            return Sent(self._put(intent, OrderState.DENIED, code="L-TEST", reason="Too much for a test."))
        return Sent(self._put(intent, OrderState.FILLED))

    async def cancel(self, client_id: str, source: str) -> None:
        self.calls.append(("cancel", {"client_id": client_id, "source": source}))

    async def cancel_all(self, **details: Any) -> int:
        self.calls.append(("cancel_all", details))
        return 2

    async def replace(self, client_id: str, **details: Any) -> Sent:
        self.calls.append(("replace", {"client_id": client_id, **details}))
        return Sent(self._orders[client_id])

    async def close_position(self, instrument: InstrumentId, account: str, **details: Any) -> Sent | None:
        self.calls.append(("close_position", {"instrument": instrument, "account": account, **details}))
        held = next((one for one in self._positions if one.instrument.id == instrument), None)
        if held is None:
            return None
        from bidmere.model.orders import Market

        side = Side.SELL if held.qty > 0 else Side.BUY
        intent = OrderIntent(
            instrument=instrument, side=side, qty=abs(held.qty), spec=Market(), account=account, source="palette"
        )
        return Sent(self._put(intent, OrderState.FILLED))

    async def flatten(self, account: str, *, source: str) -> int:
        self.calls.append(("flatten", {"account": account, "source": source}))
        return 1

    def limits(self, account: str) -> Any:
        raise InvalidInput("There are no limits in this desk.")

    def risk_rows(self, account: str) -> tuple[Any, ...]:
        return ()

    async def set_trading_state(self, state: str, *, source: str, reason: str) -> None:
        self.calls.append(("set_trading_state", {"state": state}))
        self.state = state

    async def kill(self, level: int, *, source: str, reason: str) -> None:
        self.calls.append(("kill", {"level": level}))
        self.kill_level = level

    async def clear_kill(self, *, source: str, reason: str) -> None:
        self.calls.append(("clear_kill", {}))
        self.kill_level = 0

    def strategy_specs(self) -> tuple[StrategySpec, ...]:
        return ()

    def strategy_runs(self) -> tuple[StrategyRun, ...]:
        return ()

    async def start_strategy(self, *details: Any, **more: Mapping[str, Any]) -> Any:
        raise InvalidInput("There are no strategies in this desk.")

    async def stop_strategy(self, run_id: str) -> None: ...

    def replay(self) -> None:
        return None

    async def replay_control(self, command: str, value: float = 0.0) -> Any:
        raise InvalidInput("There is no replay in this desk.")

    def health(self) -> HealthView:
        status = FeedStatus(venue="SIM", state=FeedState.OK, ts=NOW)
        return HealthView(
            feeds=(status,), services={"gate": Health(level=Level.OK, text="open")}, order_p50_ms=2.0, order_p95_ms=6.0,
            clock_offset_ms=3.0, engine_lag_ms=0.4, messages_per_s=140.0, cpu_pct=8.0, memory_mb=312.0,
            strategies_running=0, strategies_failed=0, trading_state=self.state, kill_level=self.kill_level,
            risk_share=0.18, recording=False, unknown_orders=0,
        )  # fmt: skip

    def modes(self) -> tuple[str, str]:
        return "SIM", "PAPER"


class FakeEngine:
    """An engine around the fake desk; sends a quote now and then."""

    def __init__(self, config: object) -> None:
        self.config = config
        self.feed = DeskFeed()
        self.desk: Any = FakeDesk(self.feed)
        self.fail: Exception | None = None
        self.thread_name = ""
        self.stopped = False
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        import threading

        self.thread_name = threading.current_thread().name
        if self.fail is not None:
            raise self.fail
        self._ticking = asyncio.get_running_loop().create_task(self._tick(), name="engine.ticks")

    async def stop(self) -> None:
        self.stopped = True
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            for one in self.desk.instruments():
                quote = self.desk.quote(one.id)
                self.feed.put_quote(quote)
            self.feed.put_account(self.desk.accounts()[0], self.desk.valuation("paper-1"))
            await asyncio.sleep(0.05)


def with_state(order: Order, state: OrderState) -> Order:
    """Return an order in another state."""
    return replace(order, state=state)
