"""The engine: everything of one profile, built for a mode, started in order and stopped in reverse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from bidmere.automation.run import Run
from bidmere.automation.runner import StrategyRunner
from bidmere.brokerage.plugin import BrokerSession, SessionContext
from bidmere.data.aggregate import Aggregator, price_source
from bidmere.data.history import HistoryService
from bidmere.data.service import DataService
from bidmere.desk.bars import WatchedBars
from bidmere.desk.desk import Desk, run_view
from bidmere.desk.feed import DeskFeed
from bidmere.desk.instruments import InstrumentBook
from bidmere.desk.replay import Replayable, ReplayControl
from bidmere.desk.wiring import FeedWiring
from bidmere.engine.config import EngineConfig
from bidmere.engine.folders import state_folder
from bidmere.engine.health import HealthMonitor
from bidmere.engine.marks import Marks
from bidmere.engine.sizing import default_qty
from bidmere.engine.wiring import Wiring, wire
from bidmere.execution.events import PositionChanged
from bidmere.execution.oms import OrderManager
from bidmere.execution.upkeep import RECONCILE_NS
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import SimClock
from bidmere.kernel.lifecycle import Supervisor
from bidmere.kernel.logs import log_to_file, stop_logging
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.ids import InstrumentId, OrderIdFactory
from bidmere.model.money import use_money_context
from bidmere.risk.limits import RiskLimits
from bidmere.settings.paths import open_profile
from bidmere.storage.journal import JOURNAL_FILE, Journal
from bidmere.storage.lock import ProfileLock

log = logging.getLogger(__name__)

ACCOUNT_PERIOD_S = 0.25
LOG_FILE = Path("logs") / "bidmere.log"
_LATE_TICKS_NS = 500_000_000
"""How long a live bar waits for ticks that are still under way; a replay delivers each at its time."""


@dataclass(slots=True)
class _Market:
    """Where prices come from and what is made of them."""

    bus: EventBus
    book: InstrumentBook
    data: DataService
    aggregator: Aggregator
    history: HistoryService
    watched: WatchedBars


@dataclass(slots=True)
class _Parts:
    """What a started engine consists of."""

    oms: OrderManager
    journal: Journal
    runner: StrategyRunner
    replay: ReplayControl | None
    desk: Desk


class Engine:
    """One profile at work. Start once, stop once; `desk` and `feed` are there after the start.

    `wiring` replaces the wiring of the configured mode: another clock, another session.
    """

    def __init__(self, config: EngineConfig, wiring: Wiring | None = None) -> None:
        self.config = config
        self._wiring = wiring
        self.feed = DeskFeed()
        self._tasks = TaskOwner("engine", on_crash=self._crashed)
        self._supervisor = Supervisor()
        self._undo: list[Callable[[], None]] = []
        self._parts: _Parts | None = None

    @property
    def desk(self) -> Desk:
        """The façade of the running engine."""
        return self._running.desk

    async def journal_hash(self) -> str:
        """Return the last hash of the journal's chain, after everything in flight was written."""
        parts = self._running
        await self._settle()
        return await parts.journal.last_hash()

    async def start(self) -> None:
        """Lock the profile, rebuild state from the journal, connect, reconcile.

        Raises InvalidInput, StorageError or VenueError with a sentence; nothing is left running or locked then.
        """
        use_money_context()
        try:
            await self._start()
        except BaseException:
            await self._unwind()
            raise

    async def stop(self) -> None:
        """Close the gate first (R-65), then everything else in reverse order."""
        await self._unwind()

    async def replay_finished(self) -> None:
        """Return when the recorded data have been played to their end and every order has settled."""
        replay = self._running.replay
        if replay is not None:
            await replay.session.wait_finished()
            await self._settle()

    async def _settle(self) -> None:
        """Return when no decision and no order is in flight."""
        parts = self._parts
        while parts is not None and (parts.runner.is_sending or parts.oms.in_flight):
            await parts.oms.settle()
            await asyncio.sleep(0)

    @property
    def _running(self) -> _Parts:
        if self._parts is None:
            raise RuntimeError("The engine has not started.")
        return self._parts

    async def _start(self) -> None:
        profile = open_profile(self.config.profile_dir)
        lock = ProfileLock(profile)
        lock.acquire()
        self._undo.append(lock.release)
        handler = log_to_file(profile / LOG_FILE)
        self._undo.append(lambda: stop_logging(handler))

        wiring = self._wiring or wire(self.config)
        context = SessionContext(clock=wiring.clock, tasks=self._tasks, profile_dir=profile, seed=self.config.seed)
        session = wiring.open_session(context)
        market = await self._start_market(wiring, session)
        account, execution = wiring.account(session)
        marks = Marks(market.data.cache, market.book, account.currency)
        await market.data.subscribe([pair.id for pair in marks.pairs])
        state = state_folder(self.config, profile)
        journal = Journal(state / JOURNAL_FILE, threaded=not isinstance(wiring.clock, SimClock))
        await self._supervisor.start(journal)
        oms = OrderManager(
            clock=wiring.clock, bus=market.bus, journal=journal, tasks=self._tasks, instruments=market.book.find,
            market=market.data.cache, marks=marks, new_id=OrderIdFactory(self.config.seed), profile_dir=state,
            limits=wiring.limits(session, self.config.limits or RiskLimits()), is_simulated_data=True,
            reconcile_ns=0 if wiring.is_replay else RECONCILE_NS,
        )  # fmt: skip
        await oms.add_account(account, execution)
        await self._supervisor.start(oms)
        await self._start_desk(wiring, session, market, oms, journal, marks)

    async def _start_market(self, wiring: Wiring, session: BrokerSession) -> _Market:
        bus, book, watched = EventBus(), InstrumentBook(), WatchedBars()
        book.add(await session.instruments.load())
        data = DataService(bus, wiring.clock)
        await self._supervisor.start(data)
        grace_ns = 0 if wiring.is_replay else _LATE_TICKS_NS
        aggregator = Aggregator(bus, wiring.clock, quality=data.quality, grace_ns=grace_ns)
        self._undo.append(aggregator.close)
        for instrument in book.all():
            aggregator.set_source(instrument.id, price_source(instrument))
        if session.market_data is not None:
            data.add_source(session.market_data)
        feed = FeedWiring(bus, self.feed, watched)
        feed.start()
        self._undo.append(feed.stop)
        await self._supervisor.start(session)
        history = HistoryService(session.history, aggregator, cache=data.cache)
        return _Market(bus, book, data, aggregator, history, watched)

    async def _start_desk(
        self, wiring: Wiring, session: BrokerSession, market: _Market, oms: OrderManager, journal: Journal,
        marks: Marks,
    ) -> None:  # fmt: skip
        runner = StrategyRunner(
            bus=market.bus, clock=wiring.clock, tasks=self._tasks, trading=oms, market=market.history,
            default_qty=lambda instrument, account_id: default_qty(oms.valuation(account_id), instrument, marks),
            on_run=self._on_run,
        )  # fmt: skip
        await self._supervisor.start(runner)
        health = HealthMonitor(self._supervisor, market.bus, market.data, oms, runner, self._tasks)
        await self._supervisor.start(health)
        replay = ReplayControl(cast("Replayable", session)) if wiring.is_replay else None
        desk = Desk(
            book=market.book, data=market.data, aggregator=market.aggregator, history=market.history, oms=oms,
            runner=runner, watched=market.watched, health=health.view, modes=wiring.modes, replay=replay,
            rate=marks.rate, tasks=self._tasks,
        )  # fmt: skip
        self._parts = _Parts(oms, journal, runner, replay, desk)
        self._keep_positions_priced(market.bus, market.data, oms)
        self._tasks.spawn(self._publish_accounts(oms), "accounts")
        if replay is not None:
            replay.session.settle = self._settle
            if not self.config.start_paused:
                replay.session.play()

    async def _unwind(self) -> None:
        self._parts = None
        await self._supervisor.stop()
        await self._tasks.close()
        while self._undo:
            self._undo.pop()()

    def _crashed(self, name: str, error: BaseException) -> None:
        """An unhandled exception in an engine task blocks new orders (Q-8)."""
        if self._parts is not None:
            self._parts.oms.block(f"Internal task {name} failed: {error}")

    def _on_run(self, run: Run) -> None:
        self.feed.put_run(run_view(run))

    def _keep_positions_priced(self, bus: EventBus, data: DataService, oms: OrderManager) -> None:
        priced: set[InstrumentId] = set()

        def changed(event: PositionChanged) -> None:
            instrument = event.position.instrument.id
            if instrument not in priced and not event.position.is_flat:
                priced.add(instrument)
                self._tasks.spawn(data.subscribe([instrument]), f"price.{instrument}")

        self._undo.append(bus.subscribe(PositionChanged, changed))
        for position in oms.positions():
            changed(PositionChanged(position=position))

    async def _publish_accounts(self, oms: OrderManager) -> None:
        """Show accounts four times a second of real time, whatever the engine's clock does."""
        while True:
            for account in oms.accounts():
                self.feed.put_account(account, oms.valuation(account.id))
            await asyncio.sleep(ACCOUNT_PERIOD_S)
