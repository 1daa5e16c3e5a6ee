"""Everything the status bar shows, in one value."""

from __future__ import annotations

from collections.abc import Callable

from bidmere.automation.run import RunState
from bidmere.automation.runner import StrategyRunner
from bidmere.data.service import DataService
from bidmere.desk.api import HealthView
from bidmere.desk.limits import risk_share
from bidmere.engine.meters import LoopMeter, RateMeter
from bidmere.execution.oms import OrderManager
from bidmere.kernel.bus import EventBus, Unsubscribe
from bidmere.kernel.lifecycle import Health, Level, Supervisor
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.market import Book, Quote, Trade
from bidmere.model.orders import OrderState


class HealthMonitor:
    """Watch the engine's loop and gather what the services say."""

    name = "health"

    def __init__(
        self, supervisor: Supervisor, bus: EventBus, data: DataService, oms: OrderManager, runner: StrategyRunner,
        tasks: TaskOwner,
    ) -> None:  # fmt: skip
        self._supervisor = supervisor
        self._data = data
        self._oms = oms
        self._runner = runner
        self._tasks = tasks
        self._bus = bus
        self._meter = LoopMeter()
        self._rate = RateMeter()
        self._unsubscribe: list[Unsubscribe] = []

    async def start(self) -> None:
        """Begin to measure."""
        count: Callable[[object], None] = self._rate.count
        self._unsubscribe = [self._bus.subscribe(kind, count) for kind in (Quote, Trade, Book)]
        self._tasks.spawn(self._meter.run(), "loop-meter")

    async def stop(self) -> None:
        """Stop counting; the loop meter's task ends with its owner."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()

    def health(self) -> Health:
        """Say how late the loop is."""
        lag = self._meter.lag_ms
        level = Level.BAD if lag > 1_000 else Level.WARN if lag > 100 else Level.OK
        return Health(level=level, text=f"loop {lag:.0f} ms late at worst")

    def view(self) -> HealthView:
        """Return the whole view."""
        orders = self._oms.orders()
        latency = self._oms.latency()
        account = self._oms.accounts()[0].id
        runs = self._runner.runs.values()
        return HealthView(
            feeds=tuple(self._data.statuses().values()),
            services=self._supervisor.health(),
            order_p50_ms=latency.p50_ms,
            order_p95_ms=latency.p95_ms,
            clock_offset_ms=0.0,
            engine_lag_ms=self._meter.lag_ms,
            messages_per_s=self._rate.per_second(),
            cpu_pct=self._meter.cpu_pct(),
            memory_mb=self._meter.memory_mb(),
            strategies_running=sum(run.state.is_active for run in runs),
            strategies_failed=sum(run.state is RunState.ERROR for run in runs),
            trading_state=self._oms.trading_state(account).value,
            kill_level=self._oms.kill_level,
            risk_share=risk_share(self._oms, account),
            recording=False,
            unknown_orders=sum(order.state is OrderState.UNKNOWN for order in orders),
        )
