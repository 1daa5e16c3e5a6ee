"""What the desk offers, and the values it answers with. All calls run on the engine's loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from bidmere.brokerage.data_port import FeedStatus
from bidmere.brokerage.data_port import ReplayState as ReplayState
from bidmere.kernel.lifecycle import Health
from bidmere.model.account import Account, Valuation
from bidmere.model.bars import BarArray
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Book, DayStats, Quote, Side
from bidmere.model.orders import Order, OrderIntent
from bidmere.model.position import Position
from bidmere.model.timeframe import Timeframe
from bidmere.risk.monitor import RiskRow as RiskRow

if TYPE_CHECKING:
    from bidmere.execution.oms import SubmitResult
    from bidmere.risk.decision import Preview
    from bidmere.risk.limits import RiskLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategySpec:
    """A strategy that can be started: its parameters as (name, default, low, high, title)."""

    name: str
    title: str
    summary: str
    params: tuple[tuple[str, float, float, float, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyRun:
    """A strategy as the engine runs it; `state` is stopped, warming, running, paused, halted or error."""

    run_id: str
    strategy: str
    instrument: InstrumentId
    timeframe: Timeframe
    account: str
    params: Mapping[str, float]
    state: str
    detail: str
    orders: int
    last_signal_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """Everything the status bar shows; latencies in ms, None before the first order."""

    feeds: tuple[FeedStatus, ...]
    services: Mapping[str, Health]
    order_p50_ms: float | None
    order_p95_ms: float | None
    clock_offset_ms: float
    engine_lag_ms: float
    messages_per_s: float
    cpu_pct: float
    memory_mb: float
    strategies_running: int
    strategies_failed: int
    trading_state: str
    kill_level: int
    risk_share: float
    recording: bool
    unknown_orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """One step of an order's life, from the journal: when, what, and the details as read."""

    ts: int
    step: str
    detail: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something a person must see (P-A to P-D of UX §19); `key` lets a repeat replace the first."""

    priority: str
    key: str
    text: str
    ts: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line for the log panel, already redacted."""

    ts: int
    level: str
    source: str
    text: str
    code: str = ""


class DeskApi(Protocol):
    """The desk. Values returned are immutable and may cross threads."""

    # ---- what is there
    def instruments(self) -> tuple[Instrument, ...]: ...
    def instrument(self, instrument: InstrumentId) -> Instrument: ...
    def find(self, text: str, limit: int = 20) -> tuple[Instrument, ...]: ...
    def resolve(self, text: str) -> Instrument:
        """Return the one instrument meant by `BTCUSDT` or `BTCUSDT.SIM`; raises UnknownInstrument with suggestions."""
        ...

    def quote(self, instrument: InstrumentId) -> Quote | None: ...
    def book(self, instrument: InstrumentId) -> Book | None: ...
    def day_stats(self, instrument: InstrumentId) -> DayStats | None: ...
    async def bars(
        self, instrument: InstrumentId, timeframe: Timeframe, limit: int, end_ns: int | None = None
    ) -> BarArray:
        """Return closed bars, oldest first, joined with the forming bar as the last row."""
        ...

    async def watch(self, instruments: Sequence[InstrumentId]) -> None:
        """Subscribe to data; counted, so every watch needs its unwatch."""
        ...

    async def unwatch(self, instruments: Sequence[InstrumentId]) -> None: ...
    def watch_bars(self, instrument: InstrumentId, timeframe: Timeframe) -> None:
        """Have the feed carry this bar series, forming bars included; counted."""
        ...

    def unwatch_bars(self, instrument: InstrumentId, timeframe: Timeframe) -> None: ...

    # ---- accounts and orders
    def accounts(self) -> tuple[Account, ...]: ...
    def valuation(self, account: str) -> Valuation: ...
    def rate(self, source: str, target: str) -> Decimal | None:
        """Return what one unit of a currency is worth in another, None when unknown."""
        ...

    def positions(self) -> tuple[Position, ...]: ...
    def orders(self) -> tuple[Order, ...]: ...
    def fills(self) -> tuple[Fill, ...]: ...
    async def story(self, client_id: str) -> tuple[StoryLine, ...]: ...
    def preview(self, intent: OrderIntent) -> Preview: ...
    async def submit(self, intent: OrderIntent) -> SubmitResult: ...
    async def cancel(self, client_id: str, source: str) -> None: ...
    async def cancel_all(
        self,
        *,
        source: str,
        account: str | None = None,
        instrument: InstrumentId | None = None,
        side: Side | None = None,
        include_exits: bool = False,
    ) -> int:
        """Cancel working orders in scope and return how many cancels left."""
        ...

    async def replace(
        self,
        client_id: str,
        *,
        source: str,
        qty: Decimal | None = None,
        price: Decimal | None = None,
        trigger: Decimal | None = None,
    ) -> SubmitResult: ...
    async def close_position(
        self, instrument: InstrumentId, account: str, *, source: str, fraction: Decimal = Decimal(1)
    ) -> SubmitResult | None:
        """Close at market, reduce-only, never more than is held (U-7); None when there is nothing to close."""
        ...

    async def flatten(self, account: str, *, source: str) -> int:
        """Cancel all orders of an account, then close all its positions; returns how many closes were sent."""
        ...

    # ---- risk
    def limits(self, account: str) -> RiskLimits: ...
    def risk_rows(self, account: str) -> tuple[RiskRow, ...]: ...
    async def set_trading_state(self, state: str, *, source: str, reason: str) -> None: ...
    async def kill(self, level: int, *, source: str, reason: str) -> None: ...
    async def clear_kill(self, *, source: str, reason: str) -> None: ...
    def halts(self) -> Mapping[tuple[str, InstrumentId], str]:
        """Return the halted instruments by account, with the reason."""
        ...

    async def clear_halt(self, instrument: InstrumentId, account: str, *, source: str, reason: str) -> None:
        """Let a halted instrument trade again; its quarantined orders end on this person's word (E4)."""
        ...

    # ---- automation, replay, health
    def strategy_specs(self) -> tuple[StrategySpec, ...]: ...
    def strategy_runs(self) -> tuple[StrategyRun, ...]: ...
    async def start_strategy(
        self,
        name: str,
        instrument: InstrumentId,
        timeframe: Timeframe,
        account: str,
        params: Mapping[str, float] | None = None,
        qty: Decimal | None = None,
    ) -> StrategyRun: ...
    async def stop_strategy(self, run_id: str) -> None: ...
    def replay(self) -> ReplayState | None: ...
    async def replay_control(self, command: str, value: float = 0.0) -> ReplayState:
        """Do play, pause, step (value bars), speed (value ×) or seek (value = ns)."""
        ...

    def health(self) -> HealthView: ...
    def modes(self) -> tuple[str, str]:
        """Return the two badges: data (SIM, REPLAY, DELAYED, LIVE) and execution (PAPER, LIVE)."""
        ...
