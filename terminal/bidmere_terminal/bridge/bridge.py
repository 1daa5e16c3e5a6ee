"""The only place where the GUI's loop and the engine's meet (Q-2, Q-3)."""

from __future__ import annotations

import inspect
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from bidmere.desk.api import DeskApi, HealthView
from bidmere.desk.feed import Batch
from bidmere.errors import BidmereError
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.instrument import Instrument
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.bridge.engine_host import EngineHost
from bidmere_terminal.bridge.garbage import GarbageDuty

log = logging.getLogger(__name__)

T = TypeVar("T")
DRAIN_MS = 33
HEALTH_MS = 1_000
LAG_MS = 100
STALE_BEAT_S = 1.0
_DELETED = "already deleted"  # what shiboken says when a closed panel's widget is touched


class Bridge(QObject):
    """Carry calls to the engine and its news back; lives on the GUI thread.

    `failed` carries a BidmereError or another exception of a job of the window; `engine_stalled` and
    `engine_recovered` come from the watchdog (Q-9).
    """

    failed = Signal(str, object)
    engine_stalled = Signal()
    engine_recovered = Signal()

    def __init__(self, host: EngineHost, model: DeskModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.host = host
        self.model = model
        self.stalled = False
        self.lag_ms: deque[float] = deque(maxlen=100)
        self.last_message: dict[str, float] = {}
        self._tasks = TaskOwner("gui")
        self._asking_health = False
        self._drain = self._timer("bridge.drain", DRAIN_MS, self._on_drain)
        self._health = self._timer("bridge.health", HEALTH_MS, self._on_health)
        self._garbage = GarbageDuty(self)
        self._lag = self._timer("bridge.lag", LAG_MS, self._on_lag)
        self._lag.setTimerType(Qt.TimerType.PreciseTimer)
        self._lag_due = 0.0

    def _timer(self, name: str, every_ms: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setObjectName(name)
        timer.setInterval(every_ms)
        timer.timeout.connect(slot)
        return timer

    # ---- the panels' side
    async def call(self, ask: Callable[[DeskApi], Awaitable[T] | T]) -> T:
        """Run `ask(desk)` on the engine's loop and return its answer; raises what it raises."""
        return await self.host.call(ask)

    def spawn(self, job: Awaitable[Any], name: str) -> None:
        """Run a coroutine on the GUI's loop; what it raises goes to `failed`."""
        task = self._tasks.spawn(self._guard(job, name), name)
        if inspect.iscoroutine(job):
            # A task that is cancelled before its first step never awaits its job.
            task.add_done_callback(lambda _task: job.close())

    async def _guard(self, job: Awaitable[Any], name: str) -> None:
        try:
            await job
        except BidmereError as error:
            self.failed.emit(name, error)
        except Exception as error:
            if _DELETED in str(error):
                log.debug("The job %s outlived its panel.", name)
                return
            log.exception("The job %s failed.", name)
            self.failed.emit(name, error)

    # ---- life
    async def start(self) -> None:
        """Start the engine, fetch what is there, then follow it. Raises what the engine's start raises."""
        self._lag_due = time.perf_counter() + LAG_MS / 1e3
        self._lag.start()
        self._garbage.start()
        await self.host.start()
        snapshot = await self.call(self._take_snapshot)
        self._fill(snapshot)
        self._drain.start()
        self._health.start()
        self.model.set_ready(True)

    async def drop_jobs(self) -> None:
        """Cancel every job of the panels and wait for their ends."""
        await self._tasks.close()

    async def stop(self) -> None:
        """Stop following, then stop the engine."""
        for timer in (self._drain, self._health, self._lag):
            timer.stop()
        self._garbage.stop()
        self.model.set_ready(False)
        await self._tasks.close()
        await self.host.stop()

    def set_polling(self, on: bool) -> None:
        """Ask for the engine's health once a second, or stop asking."""
        if on:
            self._health.start()
        else:
            self._health.stop()

    def forget_lag(self) -> None:
        """Measure anew: what came before, such as making panels, was no hiccup of the running desk."""
        self.lag_ms.clear()
        self._lag_due = time.perf_counter() + LAG_MS / 1e3

    def lag_p95_ms(self) -> float:
        """Return the 95th percentile of the event-loop delay of the last ten seconds."""
        ordered = sorted(self.lag_ms)
        return ordered[int(len(ordered) * 0.95)] if ordered else 0.0

    def age_s(self, venue: str) -> float | None:
        """Return the seconds since a venue's last message arrived here, None before the first."""
        at = self.last_message.get(venue)
        return None if at is None else time.perf_counter() - at

    def _take_snapshot(self, desk: DeskApi) -> _Snapshot:
        """Collect the state and empty the feed in one turn of the engine's loop, so that nothing comes twice."""
        early = self.host.engine.feed.drain() if self.host.engine is not None else Batch()
        return _snapshot(desk, early)

    def _fill(self, snapshot: _Snapshot) -> None:
        model = self.model
        model.set_instruments(snapshot.instruments)
        model.data_mode, model.execution_mode = snapshot.modes
        model.set_health(snapshot.health)
        model.apply(snapshot.batch)

    # ---- timers; a slot must not raise
    def _on_drain(self) -> None:
        engine = self.host.engine
        if engine is None:
            return
        batch = engine.feed.drain()
        now = time.perf_counter()
        for instrument in (*batch.quotes, *batch.books, *batch.trades):
            self.last_message[instrument.venue] = now
        for venue in batch.statuses:
            self.last_message[venue] = now
        try:
            self.model.apply(batch)
        except Exception as error:
            log.exception("A batch could not be shown.")
            self.failed.emit("showing news of the engine", error)

    def _on_health(self) -> None:
        stale = self.host.running and self.host.beat_age_s > STALE_BEAT_S
        if stale != self.stalled:
            self.stalled = stale
            (self.engine_stalled if stale else self.engine_recovered).emit()
        if not self._asking_health and not stale:
            self._asking_health = True
            self.spawn(self._fetch_health(), "health")

    async def _fetch_health(self) -> None:
        try:
            health, modes = await self.call(lambda desk: (desk.health(), desk.modes()))
            self.model.data_mode, self.model.execution_mode = modes
            self.model.set_health(health)
        finally:
            self._asking_health = False

    def _on_lag(self) -> None:
        now = time.perf_counter()
        self.lag_ms.append(max(0.0, (now - self._lag_due) * 1e3))
        self._lag_due = now + LAG_MS / 1e3


class _Snapshot:
    __slots__ = ("batch", "health", "instruments", "modes")

    def __init__(
        self, instruments: tuple[Instrument, ...], modes: tuple[str, str], health: HealthView, batch: Batch
    ) -> None:
        self.instruments, self.modes, self.health, self.batch = instruments, modes, health, batch


def _snapshot(desk: DeskApi, early: Batch) -> _Snapshot:
    batch = Batch(alarms=early.alarms, logs=early.logs)
    batch.orders = list(desk.orders())
    batch.fills = list(desk.fills())
    batch.positions = {(one.account, one.instrument.id): one for one in desk.positions()}
    batch.accounts = {one.id: (one, desk.valuation(one.id)) for one in desk.accounts()}
    batch.runs = {one.run_id: one for one in desk.strategy_runs()}
    instruments = desk.instruments()
    for instrument in instruments:
        quote = desk.quote(instrument.id)
        if quote is not None:
            batch.quotes[instrument.id] = quote
    health = desk.health()
    batch.statuses = {status.venue: status for status in health.feeds}
    return _Snapshot(instruments, desk.modes(), health, batch)
