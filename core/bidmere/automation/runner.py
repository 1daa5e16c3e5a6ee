"""Run strategies on live, paper or replayed bars; every order goes through the order manager like anyone's."""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Protocol

from bidmere.automation.run import Run, RunState, Window
from bidmere.errors import BidmereError, InvalidInput
from bidmere.execution.events import OrderChanged
from bidmere.execution.oms import SubmitResult
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import Clock
from bidmere.kernel.lifecycle import Health, Level
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.bars import BarArray
from bidmere.model.events import OrderFilled
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Bar, Side
from bidmere.model.orders import Market, OrderIntent
from bidmere.model.timeframe import Timeframe
from bidmere.strategy.params import make_params
from bidmere.strategy.registry import load_strategy

log = logging.getLogger(__name__)

_HISTORY_BARS = 1_000


class Trading(Protocol):
    """What the runner needs of the desk below it."""

    async def submit(self, intent: OrderIntent) -> SubmitResult:
        """Send an order through the gate."""

    async def cancel(self, client_id: str, source: str) -> object:
        """Cancel one order."""


class BarSource(Protocol):
    """Where the runner takes bars from."""

    async def bars(self, instrument: InstrumentId, timeframe: Timeframe, limit: int) -> BarArray:
        """Return closed bars."""


DefaultQty = Callable[[Instrument, str], Decimal]
OnRun = Callable[[Run], None]


class StrategyRunner:
    """Own every strategy run: feed it closed bars, act on the last target, halt it alone when it fails (U-76).

    A run holds what its own orders filled; it acts only while none of them is open, so a slow venue cannot make it
    buy twice.
    """

    name = "strategies"

    def __init__(
        self, *, bus: EventBus, clock: Clock, tasks: TaskOwner, trading: Trading, market: BarSource,
        default_qty: DefaultQty, on_run: OnRun,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._tasks = tasks
        self._trading = trading
        self._market = market
        self._default_qty = default_qty
        self._on_run = on_run
        self._numbers = itertools.count(1)
        self.runs: dict[str, Run] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._unsubscribe = [
            bus.subscribe(Bar, self._on_bar),
            bus.subscribe(OrderChanged, self._on_order),
        ]

    async def start(self) -> None:
        """Nothing runs until it is asked for: a restart never starts a strategy."""

    async def stop(self) -> None:
        """Stop every run and listen no more."""
        for run in list(self.runs.values()):
            await self.stop_run(run.run_id)
        for unsubscribe in self._unsubscribe:
            unsubscribe()

    @property
    def is_sending(self) -> bool:
        """An order of a run is on its way to the gate."""
        return bool(self._sending)

    def health(self) -> Health:
        """Say how many runs work and how many failed."""
        failed = sum(run.state is RunState.ERROR for run in self.runs.values())
        working = sum(run.state.is_active for run in self.runs.values())
        return Health(level=Level.BAD if failed else Level.OK, text=f"{working} running, {failed} failed")

    async def start_run(
        self, name: str, instrument: Instrument, timeframe: Timeframe, account: str,
        params: Mapping[str, float] | None = None, qty: Decimal | None = None,
    ) -> Run:  # fmt: skip
        """Start a strategy; it warms up on history and acts from the next closed bar.

        Raises InvalidInput for an unknown strategy, wrong parameters or a quantity off the grid.
        """
        strategy = load_strategy(name)()
        values = make_params(strategy.Params, params)
        if qty is not None and (qty <= 0 or not instrument.on_lot(qty)):
            raise InvalidInput(f"Quantity {qty} is not a positive multiple of the lot {instrument.lot}.")
        run = Run(
            run_id=f"{name}-{next(self._numbers)}",
            name=name,
            strategy=strategy,
            params=values,
            instrument=instrument,
            timeframe=timeframe,
            account=account,
            qty=qty,
            window=Window(await self._market.bars(instrument.id, timeframe, _HISTORY_BARS)),
        )
        self.runs[run.run_id] = run
        self._warm(run)
        return run

    async def stop_run(self, run_id: str) -> Run:
        """Stop a run: its working orders are cancelled, what it holds stays and is shown."""
        run = self._run(run_id)
        run.state = RunState.STOPPED
        run.detail = f"stopped; holds {run.held}" if run.held else "stopped"
        for client_id in list(run.open_orders):
            await self._trading.cancel(client_id, f"strategy:{run.name}")
        self._on_run(run)
        return run

    def halt_all(self) -> list[str]:
        """Let no run act any more, at once, and return their ids; `stop_run` then cancels what they have working."""
        active = [run for run in self.runs.values() if run.state.is_active]
        for run in active:
            run.state = RunState.STOPPED
        return [run.run_id for run in active]

    def _run(self, run_id: str) -> Run:
        try:
            return self.runs[run_id]
        except KeyError:
            raise InvalidInput(f"There is no strategy run {run_id!r}.") from None

    def _warm(self, run: Run) -> None:
        need, have = run.strategy.warmup_bars(run.params), len(run.window)
        run.state = RunState.RUNNING if have >= need else RunState.WARMING
        run.detail = "" if have >= need else f"warming {have}/{need}"
        self._on_run(run)

    def _on_bar(self, bar: Bar) -> None:
        if not bar.closed:
            return
        for run in self.runs.values():
            if run.state.is_active and run.instrument.id == bar.instrument and run.timeframe == bar.timeframe:
                self._on_own_bar(run, bar)

    def _on_own_bar(self, run: Run, bar: Bar) -> None:
        if not run.window.append(bar):
            return
        if run.state is RunState.WARMING:
            self._warm(run)
        if run.state is RunState.RUNNING:
            try:
                self._act(run, run.last_target(), bar)
            except Exception as error:
                log.exception("Strategy %s failed on the bar at %d.", run.run_id, bar.ts)
                self._fail(run, f"{type(error).__name__}: {error}")

    def _fail(self, run: Run, why: str) -> None:
        run.state, run.detail = RunState.ERROR, why
        self._on_run(run)
        for client_id in list(run.open_orders):
            self._tasks.spawn(self._trading.cancel(client_id, f"strategy:{run.name}"), f"cancel.{client_id}")

    def _act(self, run: Run, target: float, bar: Bar) -> None:
        if math.isnan(target) or run.busy or run.open_orders:
            return
        if not run.held and target:
            run.unit = run.qty if run.qty is not None else self._default_qty(run.instrument, run.account)
        wanted = run.instrument.to_qty(abs(target) * float(run.unit)) * (1 if target > 0 else -1)
        change = wanted - run.held
        if not change:
            return
        intent = OrderIntent(
            instrument=run.instrument.id,
            side=Side.BUY if change > 0 else Side.SELL,
            qty=abs(change),
            spec=Market(),
            account=run.account,
            source=f"strategy:{run.name}",
            strategy=run.run_id,
            reason=f"target {target:+.2f} at the close of {bar.timeframe}",
            reduce_only=abs(wanted) < abs(run.held) and wanted * run.held >= 0,
            decided_ns=self._clock.now_ns(),
            dedup_key=f"{run.run_id}/{bar.ts}",
        )
        run.busy = True
        run.last_signal_ns = self._clock.now_ns()
        self._sending.add(task := self._tasks.spawn(self._send(run, intent), f"submit.{run.run_id}"))
        task.add_done_callback(self._sending.discard)

    async def _send(self, run: Run, intent: OrderIntent) -> None:
        try:
            result = await self._trading.submit(intent)
        except BidmereError as error:
            run.detail = str(error)
        else:
            run.orders += 1
            order = result.order
            run.detail = order.reason if order.state.is_terminal and order.reason else ""
        finally:
            run.busy = False
            self._on_run(run)

    def _on_order(self, changed: OrderChanged) -> None:
        order = changed.order
        run = self.runs.get(order.intent.strategy)
        if run is None:
            return
        if isinstance(changed.event, OrderFilled):
            run.held += changed.event.fill.qty * changed.event.fill.side.sign
            self._on_run(run)
        if order.state.is_working:
            run.open_orders.add(order.client_id)
        else:
            run.open_orders.discard(order.client_id)
