"""The desk itself: questions answered from the engine's services, wishes passed to the order manager."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import numpy as np

from bidmere.automation.run import Run
from bidmere.automation.runner import StrategyRunner
from bidmere.data.aggregate import Aggregator
from bidmere.data.history import HistoryService
from bidmere.data.service import DataService
from bidmere.desk.api import HealthView, ReplayState, RiskRow, StoryLine, StrategyRun, StrategySpec
from bidmere.desk.bars import WatchedBars
from bidmere.desk.instruments import InstrumentBook
from bidmere.desk.limits import risk_rows
from bidmere.desk.replay import ReplayControl
from bidmere.errors import InvalidInput
from bidmere.execution.oms import OrderManager, SubmitResult
from bidmere.kernel.tasks import TaskOwner, until
from bidmere.model.account import Account, Rate, Valuation
from bidmere.model.bars import BarArray
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Bar, Book, DayStats, Quote, Side
from bidmere.model.orders import Order, OrderIntent
from bidmere.model.position import Position
from bidmere.model.timeframe import Timeframe
from bidmere.risk.decision import Preview
from bidmere.risk.limits import RiskLimits
from bidmere.strategy.params import describe
from bidmere.strategy.registry import load_strategy, strategy_names

log = logging.getLogger(__name__)

_PRIME_REST_S = 0.01
_FIRST_QUOTE_S = 2.0


class Desk:
    """Implement `desk.api.DeskApi` for one engine; lives on the engine's loop."""

    def __init__(
        self, *, book: InstrumentBook, data: DataService, aggregator: Aggregator, history: HistoryService,
        oms: OrderManager, runner: StrategyRunner, watched: WatchedBars, health: Callable[[], HealthView],
        tasks: TaskOwner, modes: tuple[str, str], replay: ReplayControl | None, rate: Rate,
    ) -> None:  # fmt: skip
        self._book = book
        self._data = data
        self._aggregator = aggregator
        self._history = history
        self._oms = oms
        self._runner = runner
        self._watched = watched
        self._unwatch: dict[tuple[InstrumentId, Timeframe], Callable[[], None]] = {}
        self._health = health
        self._modes = modes
        self._replay = replay
        self._rate = rate
        self._primed: set[InstrumentId] = set()
        self._tasks = tasks
        self._to_prime: list[InstrumentId] = []

    # ---- what is there

    def instruments(self) -> tuple[Instrument, ...]:
        """Return every instrument."""
        return self._book.all()

    def instrument(self, instrument: InstrumentId) -> Instrument:
        """Return one instrument. Raises UnknownInstrument."""
        return self._book.get(instrument)

    def find(self, text: str, limit: int = 20) -> tuple[Instrument, ...]:
        """Return instruments that match a text, best first."""
        return self._book.search(text, limit)

    def resolve(self, text: str) -> Instrument:
        """Return the one instrument meant. Raises UnknownInstrument with suggestions."""
        return self._book.resolve(text)

    def quote(self, instrument: InstrumentId) -> Quote | None:
        """Return the newest quote."""
        return self._data.cache.quote(instrument)

    def book(self, instrument: InstrumentId) -> Book | None:
        """Return the newest book."""
        return self._data.cache.book(instrument)

    def day_stats(self, instrument: InstrumentId) -> DayStats | None:
        """Return the day's figures; the first question has the day so far fetched."""
        self._prime_soon(instrument)
        return self._data.cache.day(instrument)

    def _prime_soon(self, instrument: InstrumentId) -> None:
        if instrument in self._primed or self._book.find(instrument) is None:
            return
        self._primed.add(instrument)
        self._to_prime.append(instrument)
        if len(self._to_prime) == 1:
            self._tasks.spawn(self._prime_all(), "prime")

    async def _prime_all(self) -> None:
        """Complete the days of what is looked at, one instrument a turn: orders go first."""
        while self._to_prime:
            instrument = self._to_prime[0]
            try:
                await self._history.prime(instrument)
            except Exception as error:  # noqa: BLE001 - reported; a missing day is no reason to stop anything
                log.warning("The day so far of %s could not be fetched: %s", instrument, error)
            del self._to_prime[0]
            await asyncio.sleep(_PRIME_REST_S)

    async def bars(
        self, instrument: InstrumentId, timeframe: Timeframe, limit: int, end_ns: int | None = None
    ) -> BarArray:
        """Return closed bars, oldest first, joined with the forming bar as the last row."""
        self._book.get(instrument)
        if instrument not in self._primed:
            self._primed.add(instrument)
            await self._history.prime(instrument)
        closed = await self._history.bars(instrument, timeframe, limit, end_ns)
        forming = self._aggregator.forming(instrument, timeframe) if end_ns is None else None
        return closed if forming is None else _with_forming(closed, forming)

    async def watch(self, instruments: Sequence[InstrumentId]) -> None:
        """Subscribe to data. Raises UnknownInstrument."""
        for instrument in instruments:
            self._book.get(instrument)
        await self._data.subscribe(instruments)

    async def unwatch(self, instruments: Sequence[InstrumentId]) -> None:
        """Take one watch back."""
        await self._data.unsubscribe(instruments)

    def watch_bars(self, instrument: InstrumentId, timeframe: Timeframe) -> None:
        """Have the feed carry a bar series, forming bars included."""
        if self._watched.add((instrument, timeframe)):
            self._unwatch[instrument, timeframe] = self._aggregator.watch(instrument, timeframe)

    def unwatch_bars(self, instrument: InstrumentId, timeframe: Timeframe) -> None:
        """Take one bar watch back."""
        if self._watched.remove((instrument, timeframe)):
            self._unwatch.pop((instrument, timeframe))()

    # ---- accounts and orders

    def accounts(self) -> tuple[Account, ...]:
        """Return the accounts."""
        return self._oms.accounts()

    def valuation(self, account: str) -> Valuation:
        """Return an account's value now."""
        return self._oms.valuation(account)

    def rate(self, source: str, target: str) -> Decimal | None:
        """Return what one unit of a currency is worth in another, None when unknown."""
        return self._rate(source, target)

    def positions(self) -> tuple[Position, ...]:
        """Return all positions, flat ones included."""
        return self._oms.positions()

    def orders(self) -> tuple[Order, ...]:
        """Return all orders, oldest first."""
        return self._oms.orders()

    def fills(self) -> tuple[Fill, ...]:
        """Return all fills, oldest first."""
        return self._oms.fills()

    async def story(self, client_id: str) -> tuple[StoryLine, ...]:
        """Return an order's life from the journal."""
        return tuple(
            StoryLine(ts=line.ts, step=line.step, detail=line.detail, payload=line.payload)
            for line in await self._oms.story(client_id)
        )

    def preview(self, intent: OrderIntent) -> Preview:
        """Return the what-if of an intent with the gate's full report."""
        self._book.get(intent.instrument)
        return self._oms.preview(intent)

    async def submit(self, intent: OrderIntent) -> SubmitResult:
        """Send an intent through the gate."""
        self._book.get(intent.instrument)
        await self._priced(intent.instrument)
        return await self._oms.submit(intent)

    async def _priced(self, instrument: InstrumentId) -> None:
        """Watch what is ordered; the gate refuses what has no price, so wait a moment for the first one."""
        if self._data.cache.quote(instrument) is not None:
            return
        await self._data.subscribe([instrument])
        await until(lambda: self._data.cache.quote(instrument) is not None, _FIRST_QUOTE_S)

    async def cancel(self, client_id: str, source: str) -> None:
        """Cancel one order."""
        await self._oms.cancel(client_id, source)

    async def cancel_all(
        self, *, source: str, account: str | None = None, instrument: InstrumentId | None = None,
        side: Side | None = None, include_exits: bool = False,
    ) -> int:  # fmt: skip
        """Cancel working orders in scope and return how many cancels left."""
        return await self._oms.cancel_all(
            source=source, account=account, instrument=instrument, side=side, include_exits=include_exits
        )

    async def replace(
        self, client_id: str, *, source: str, qty: Decimal | None = None, price: Decimal | None = None,
        trigger: Decimal | None = None,
    ) -> SubmitResult:  # fmt: skip
        """Change a working order through the gate."""
        return await self._oms.replace(client_id, source=source, qty=qty, price=price, trigger=trigger)

    async def close_position(
        self, instrument: InstrumentId, account: str, *, source: str, fraction: Decimal = Decimal(1)
    ) -> SubmitResult | None:
        """Close at market, reduce-only; None when there is nothing to close."""
        return await self._oms.close_position(instrument, account, source=source, fraction=fraction)

    async def flatten(self, account: str, *, source: str) -> int:
        """Cancel all orders of an account, then close all its positions; returns how many closes were sent."""
        return await self._oms.flatten(account, source=source)

    # ---- risk

    def limits(self, account: str) -> RiskLimits:
        """Return the limits in force."""
        return self._oms.limits(account)

    def risk_rows(self, account: str) -> tuple[RiskRow, ...]:
        """Return every limit with where it stands."""
        return risk_rows(self._oms, account)

    async def set_trading_state(self, state: str, *, source: str, reason: str) -> None:
        """Set ACTIVE, REDUCING or HALTED."""
        await self._oms.set_state(state, source=source, reason=reason)

    def halts(self) -> Mapping[tuple[str, InstrumentId], str]:
        """Return the halted instruments by account, with the reason."""
        return self._oms.halts

    async def clear_halt(self, instrument: InstrumentId, account: str, *, source: str, reason: str) -> None:
        """Let a halted instrument trade again and end its quarantined orders. Raises InvalidInput, VenueError."""
        await self._oms.clear_halt(instrument, account, source=source, reason=reason)

    async def kill(self, level: int, *, source: str, reason: str) -> None:
        """Raise the kill switch: 1 block, 2 and cancel, 3 and flatten. Strategies stop first (U-212).

        Nothing is waited for before the switch is up: a slow venue must not hold it.
        """
        stopped = self._runner.halt_all()
        try:
            await self._oms.kill(level, source=source, reason=reason)
        finally:
            for run_id in stopped:
                await self._runner.stop_run(run_id)

    async def clear_kill(self, *, source: str, reason: str) -> None:
        """Lower the kill switch; a person says why."""
        await self._oms.clear_kill(source=source, reason=reason)

    # ---- automation, replay, health

    def strategy_specs(self) -> tuple[StrategySpec, ...]:
        """Return the strategies that can be started."""
        specs = []
        for name in strategy_names():
            strategy = load_strategy(name)
            params = tuple(
                (info.name, float(info.default), info.low, info.high, info.title) for info in describe(strategy.Params)
            )
            summary = (strategy.__doc__ or name).strip().splitlines()[0]
            specs.append(StrategySpec(name=name, title=name.replace("_", " ").title(), summary=summary, params=params))
        return tuple(specs)

    def strategy_runs(self) -> tuple[StrategyRun, ...]:
        """Return all runs of this session."""
        return tuple(run_view(run) for run in self._runner.runs.values())

    async def start_strategy(
        self, name: str, instrument: InstrumentId, timeframe: Timeframe, account: str,
        params: Mapping[str, float] | None = None, qty: Decimal | None = None,
    ) -> StrategyRun:  # fmt: skip
        """Start a strategy. Raises InvalidInput for what does not fit."""
        traded = self._book.get(instrument)
        self._oms.valuation(account)
        await self._data.subscribe([instrument])
        return run_view(await self._runner.start_run(name, traded, timeframe, account, params, qty))

    async def stop_strategy(self, run_id: str) -> None:
        """Stop a run."""
        await self._runner.stop_run(run_id)

    def replay(self) -> ReplayState | None:
        """Return where the replay stands, None outside replay."""
        return self._replay.state() if self._replay is not None else None

    async def replay_control(self, command: str, value: float = 0.0) -> ReplayState:
        """Do play, pause, step, speed or seek. Raises InvalidInput outside replay."""
        if self._replay is None:
            raise InvalidInput("Nothing is being replayed: start Bidmere with --replay FILE.")
        return await self._replay.do(command, value)

    def health(self) -> HealthView:
        """Return everything the status bar shows."""
        return self._health()

    def modes(self) -> tuple[str, str]:
        """Return the data badge and the execution badge."""
        return self._modes


def run_view(run: Run) -> StrategyRun:
    """Return a run as the operator sees it."""
    return StrategyRun(
        run_id=run.run_id,
        strategy=run.name,
        instrument=run.instrument.id,
        timeframe=run.timeframe,
        account=run.account,
        params=dict(run.param_values()),
        state=run.state.value,
        detail=run.detail,
        orders=run.orders,
        last_signal_ns=run.last_signal_ns,
    )


def _with_forming(closed: BarArray, forming: Bar) -> BarArray:
    if len(closed) and closed.ts[-1] >= forming.ts:
        return closed
    row = (forming.ts, forming.open, forming.high, forming.low, forming.close, forming.volume)
    names = ("ts", "open", "high", "low", "close", "volume")
    return BarArray(*(np.append(getattr(closed, name), value) for name, value in zip(names, row, strict=True)))
