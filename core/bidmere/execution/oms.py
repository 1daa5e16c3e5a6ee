"""The order manager: every order of every surface goes through here, and nowhere else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bidmere.brokerage.execution_port import ExecutionClient
from bidmere.errors import InvalidInput
from bidmere.execution.brackets import Brackets
from bidmere.execution.breakers import Breakers
from bidmere.execution.closing import Closing
from bidmere.execution.control import Control
from bidmere.execution.latency import LatencyWindow
from bidmere.execution.ledger import Ledger
from bidmere.execution.order_store import OrderStore
from bidmere.execution.placing import Placing, SubmitResult
from bidmere.execution.portfolio import Portfolio
from bidmere.execution.ports import FindInstrument, MarketView, MarksView, NewId
from bidmere.execution.reconcile import Reconciler
from bidmere.execution.sender import Sender
from bidmere.execution.situation import AccountState, DiskGauge, Situation
from bidmere.execution.upkeep import RECONCILE_NS, Upkeep
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import Clock, SimClock
from bidmere.kernel.lifecycle import Health, Level
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.account import Account, AccountMode, Valuation
from bidmere.model.events import FundingPaid, OrderCanceled, OrderEvent, OrderFilled
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.money import ONE, ZERO
from bidmere.model.orders import Order, OrderIntent, OrderState
from bidmere.model.position import Position
from bidmere.risk.decision import Preview
from bidmere.risk.limits import RiskLimits
from bidmere.risk.preview import preview
from bidmere.risk.state import KillSwitch, TradingState
from bidmere.risk.validator import RiskValidator
from bidmere.storage.journal import Journal, JournalLine

__all__ = ["OrderManager", "SubmitResult"]

log = logging.getLogger(__name__)

KILL_FILE: Final = "kill.switch"
SOON_NS: Final = 1_000_000_000
DEDUP_NS: Final = 600_000_000_000
_QUIET_TURNS: Final = 8


class OrderManager:
    """Take intents from everyone; own orders, positions, accounts, the gate's state and the way to the venues.

    Add accounts, then start. All calls run on the engine's loop. Every `reconcile_ns` each account is brought in line
    with its venue (0: at start and in doubt only, for a recorded market that passes years in minutes).
    """

    name = "orders"

    def __init__(
        self, *, clock: Clock, bus: EventBus, journal: Journal, tasks: TaskOwner, instruments: FindInstrument,
        market: MarketView, marks: MarksView, new_id: NewId, profile_dir: Path, limits: RiskLimits | None = None,
        validator: RiskValidator | None = None, is_simulated_data: bool = False, reconcile_ns: int = RECONCILE_NS,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._journal = journal
        self._tasks = tasks
        self._instruments = instruments
        self._marks = marks
        self._default_limits = limits or RiskLimits()
        self._limits: dict[str, RiskLimits] = {}
        self._is_simulated_data = is_simulated_data
        self._clients: dict[str, ExecutionClient] = {}
        self._states: dict[str, AccountState] = {}
        self._store = OrderStore()
        self._portfolio = Portfolio(instruments, marks)
        self._ledger = Ledger(clock, bus, journal, self._store, self._portfolio, tasks)
        self._kill = KillSwitch(profile_dir / KILL_FILE)
        self._control = Control(clock, self._ledger, self._kill, self._states)
        self._situation = Situation(
            clock=clock, ledger=self._ledger, kill=self._kill, market=market, marks=marks, instruments=instruments,
            disk=DiskGauge(profile_dir, clock), states=self._states,
        )  # fmt: skip
        self._sender = Sender(clock, tasks, journal, self._ledger, self._control.may_send, self._unknown)
        self._placing = Placing(
            clock=clock, ledger=self._ledger, journal=journal, validator=validator or RiskValidator(),
            situation=self._situation, sender=self._sender, new_id=new_id, limits=self.limits, clients=self._clients,
        )  # fmt: skip
        self._closing = Closing(clock, self._ledger, self._placing, self._kill, self.cancel, self.working)
        self._reconcilers: dict[str, Reconciler] = {}
        self._upkeep = Upkeep(clock, self._ledger, self._control, self._reconcilers, self, reconcile_ns)
        self._canceled_by: dict[str, str] = {}
        self._repeats: dict[tuple[str, str, str], tuple[int, asyncio.Future[SubmitResult]]] = {}
        self._busy = 0
        self._is_started = False
        self._ack = LatencyWindow()
        self._ledger.hooks.append(self._measure)
        self._ledger.hooks.append(Breakers(self._control.trip).changed)
        self._brackets = Brackets(self._ledger, self._placing.place, self.cancel, self.spawn)

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def add_account(self, account: Account, client: ExecutionClient) -> None:
        """Add an account with its opening cash and its way to the venue; before the start."""
        if client.account != account.id:
            raise InvalidInput(f"The connection is for account {client.account}, not for {account.id}.")
        self._portfolio.open(account)
        self._clients[account.id] = client
        simulated = self._is_simulated_data and account.mode is AccountMode.LIVE
        state = self._states[account.id] = AccountState(is_simulated_data=simulated)
        self._reconcilers[account.id] = Reconciler(
            self._clock, self._ledger, self._sender, client, state, self._control.journal_lost, self.working
        )
        client.set_report_handler(lambda event: self._report(account.id, event))

    async def start(self) -> None:
        """Rebuild the state from the journal, then reconcile with every venue (R-20)."""
        self._upkeep.restore(await self._journal.load())
        self._is_started = True
        self._upkeep.end_what_was_under_way()
        for account in self._clients:
            self._upkeep.start_day(account)
            await self._upkeep.reconcile(account, is_start=True)
        for order in self._store.working():
            if order.state is OrderState.UNKNOWN:
                self._unknown(order)
        self._brackets.resume()
        if self._kill.level >= 2:
            self._tasks.spawn(self._closing.work_kill(), "kill")

    async def stop(self) -> None:
        """Close the gate, let what is under way end, remember the peaks (R-65). Working orders stay at the venue."""
        self._control.is_closed = True
        if self._is_started:
            self._upkeep.close()
            await self._ledger.flush()
        self._ledger.close()
        self._kill.close()
        self._is_started = False

    def health(self) -> Health:
        """Say what stops orders, if anything does."""
        if self._kill.is_raised:
            return Health(level=Level.BAD, text=f"kill switch level {self._kill.level}: {self._kill.reason}")
        if not self._ledger.is_well:
            return Health(level=Level.BAD, text=self._ledger.problem)
        for account, state in self._states.items():
            if not state.is_synced:
                return Health(level=Level.WARN, text=f"{account} is not in step: {state.sync_reason}")
            if state.trading is not TradingState.ACTIVE:
                return Health(level=Level.WARN, text=f"{account} is {state.trading}: {state.reason}")
        if self._ledger.halts:
            return Health(level=Level.WARN, text=f"{len(self._ledger.halts)} instruments halted")
        return Health(level=Level.OK, text=f"{len(self._store.working())} working")

    @property
    def in_flight(self) -> int:
        """How much is under way here; on a simulated clock, which only moves when told, without what venues owe."""
        total = self._busy + self._ledger.pending
        return max(0, total - self._sender.waiting) if isinstance(self._clock, SimClock) else total

    async def settle(self) -> None:
        """Return when no submit, cancel, change or report is under way (see `in_flight`).

        What a simulated clock has just set off needs some turns of the loop to show: it must be quiet for a few.
        """
        quiet = 0
        while quiet < (_QUIET_TURNS if isinstance(self._clock, SimClock) else 1):
            quiet = 0 if self.in_flight or self._journal.pending else quiet + 1
            if self._journal.pending:
                await self._journal.flush()
            await asyncio.sleep(0)

    # ── orders ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def submit(self, intent: OrderIntent) -> SubmitResult:
        """Take an intent through the gate to the venue; a repeat of its dedup key gets the first result again."""
        self._portfolio.account(intent.account)
        self._upkeep.start_day(intent.account)
        if not intent.dedup_key:
            with self.working():
                return await self._placing.place(intent)
        now, key = self._clock.now_ns(), (intent.account, intent.source, intent.dedup_key)
        first = self._repeats.get(key)
        if first is not None and now - first[0] < DEDUP_NS:
            result = await asyncio.shield(first[1])
            return replace(result, order=self._store.get(result.order.client_id) or result.order)
        future: asyncio.Future[SubmitResult] = asyncio.get_running_loop().create_future()
        self._repeats = {known: one for known, one in self._repeats.items() if now - one[0] < DEDUP_NS}
        self._repeats[key] = (now, future)
        with self.working():
            try:
                result = await self._placing.place(intent)
            except BaseException as error:
                del self._repeats[key]
                future.set_exception(error)
                future.exception()  # who asked first hears of it; nobody else may be waiting
                raise
            future.set_result(result)
            return result

    async def cancel(self, client_id: str, source: str) -> Order:
        """Cancel one order; its end comes as a report. Raises InvalidInput for an order that is not known."""
        order = self._known(client_id)
        if order.state.is_terminal or (order.pending_cancel and source != "kill"):
            return order
        self._canceled_by[client_id] = source
        if order.state in (OrderState.APPROVED, OrderState.DRAFT, OrderState.AWAITING_CONFIRM):
            self._control.withdrawn.add(client_id)
            return order
        with self.working():
            await self._sender.cancel(self._clients[order.intent.account], order)
        return self._store.get(client_id) or order

    async def cancel_all(
        self, *, source: str, account: str | None = None, instrument: InstrumentId | None = None,
        side: Side | None = None, include_exits: bool = False,
    ) -> int:  # fmt: skip
        """Cancel the working orders in scope (U-48); returns how many cancels left."""
        with self.working():
            return await self._closing.cancel_all(
                source=source, account=account, instrument=instrument, side=side, include_exits=include_exits
            )

    def cancel_scope(
        self, *, account: str | None = None, instrument: InstrumentId | None = None, side: Side | None = None,
        include_exits: bool = False,
    ) -> int:  # fmt: skip
        """Return how many orders `cancel_all` would cancel: the number on the button."""
        return len(self._closing.in_scope(account, instrument, side, include_exits))

    async def replace(
        self, client_id: str, *, source: str, qty: Decimal | None = None, price: Decimal | None = None,
        trigger: Decimal | None = None,
    ) -> SubmitResult:  # fmt: skip
        """Change a working order through the gate. Raises InvalidInput, StorageError."""
        order = self._known(client_id)
        with self.working():
            log.info("Order %s is to be changed by %s.", client_id, source)
            return await self._placing.change(order, qty, price, trigger)

    async def close_position(
        self, instrument: InstrumentId, account: str, *, source: str, fraction: Decimal = ONE
    ) -> SubmitResult | None:
        """Close at market, reduce-only, never more than is held (U-7); None when there is nothing to close."""
        self._portfolio.account(account)
        with self.working():
            return await self._closing.close_position(instrument, account, source=source, fraction=fraction)

    async def flatten(self, account: str, *, source: str) -> int:
        """Cancel an account's orders, then close its positions; returns how many closes were sent."""
        self._portfolio.account(account)
        with self.working():
            return await self._closing.flatten(account, source=source)

    async def check_now(self, client_id: str) -> Order:
        """Ask the venue what became of an order (U-10)."""
        order = self._known(client_id)
        with self.working():
            await self._upkeep.reconcile(order.intent.account)
        return self._known(client_id)

    # ── control ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def kill(self, level: int, *, source: str, reason: str) -> None:
        """Block new orders (1), cancel ours too (2), flatten too (3). Raises InvalidInput, StorageError.

        The sentinel is on the disk before the first await.
        """
        try:
            self._control.raise_kill(level, source, reason)
        finally:
            if self._kill.level >= 2:
                self._tasks.spawn(self._closing.work_kill(), "kill")

    async def clear_kill(self, *, source: str, reason: str) -> None:
        """Lower the kill switch; a person says why."""
        self._control.clear_kill(source, reason)

    async def set_state(self, state: str, *, source: str, reason: str, account: str | None = None) -> None:
        """Set ACTIVE, REDUCING or HALTED for one account or for all."""
        self._control.set_state(state, source, reason, account)

    def block(self, reason: str) -> None:
        """Let only what reduces through: something in the program went wrong (R-45)."""
        self._control.block(reason)

    def set_limits(self, account: str, limits: RiskLimits, *, source: str) -> None:
        """Put other limits in force; the change goes into the journal."""
        self._portfolio.account(account)
        self._limits[account] = limits
        if self._is_started:
            self._ledger.audit("limits", account=account, source=source, limits=limits)

    async def clear_halt(self, instrument: InstrumentId, account: str, *, source: str, reason: str) -> None:
        """Let a halted instrument trade again and end its quarantined orders; a person says why (E4).

        Raises InvalidInput without a reason, or while the venue still works one of those orders; VenueError when the
        venue does not answer.
        """
        self._portfolio.account(account)
        if not reason.strip():
            raise InvalidInput("Say why the halt is lifted: the reason goes into the journal.")
        with self.working():
            await self._reconcilers[account].end_quarantine(instrument, source, reason)
        self._ledger.clear_halt(account, instrument, f"{reason} ({source})")

    # ── questions ────────────────────────────────────────────────────────────────────────────────────────────────

    def preview(self, intent: OrderIntent) -> Preview:
        """Return the what-if of an intent with the gate's full report."""
        self._upkeep.start_day(intent.account)
        return preview(intent, self._situation.snapshot(intent), self.limits(intent.account))

    def orders(self) -> tuple[Order, ...]:
        """Return all orders, oldest first."""
        return self._store.all()

    def order(self, client_id: str) -> Order | None:
        """Return one order."""
        return self._store.get(client_id)

    def fills(self) -> tuple[Fill, ...]:
        """Return all fills, as they came."""
        return tuple(self._portfolio.fills.values())

    def positions(self) -> tuple[Position, ...]:
        """Return all positions, flat ones too."""
        return tuple(self._portfolio.positions.values())

    def accounts(self) -> tuple[Account, ...]:
        """Return all accounts."""
        return tuple(self._portfolio.accounts.values())

    def valuation(self, account: str) -> Valuation:
        """Return an account's value now. Raises InvalidInput."""
        return self._portfolio.valuation(account)

    def exposure(self, position: Position) -> Decimal:
        """Return a position's absolute worth in its account's currency, 0 where no price or rate is known."""
        mark = self._marks.mark(position.instrument)
        rate = self._marks.rate(position.instrument.settle, self._portfolio.account(position.account).currency)
        return abs(position.notional(mark)) * rate if mark is not None and rate is not None else ZERO

    def peak_equity(self, account: str) -> Decimal:
        """Return the highest equity seen, 0 before the first."""
        return self._portfolio.peaks.get(account, ZERO)

    def recent_orders(self, account: str) -> tuple[tuple[int, OrderIntent], ...]:
        """Return (time, intent) of an account's orders of the last minute, as the gate counts them."""
        return tuple(one for one in self._store.recent(self.now_ns()) if one[1].account == account)

    def now_ns(self) -> int:
        """Return the engine's time."""
        return self._clock.now_ns()

    def limits(self, account: str) -> RiskLimits:
        """Return the limits in force."""
        return self._limits.get(account, self._default_limits)

    def trading_state(self, account: str) -> TradingState:
        """Return an account's trading state. Raises InvalidInput."""
        self._portfolio.account(account)
        return self._states[account].trading

    @property
    def kill_level(self) -> int:
        """How far the kill switch is raised."""
        return self._kill.level

    @property
    def halts(self) -> dict[tuple[str, InstrumentId], str]:
        """The halted instruments by account, with the reason."""
        return dict(self._ledger.halts)

    def latency(self) -> LatencyWindow:
        """Return the window of send-to-acknowledgement times."""
        return self._ack

    async def story(self, client_id: str) -> tuple[JournalLine, ...]:
        """Return an order's life from the journal."""
        return await self._journal.story(client_id)

    # ── behind the scenes ────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count what happens inside as under way."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    def spawn(self, coro: Coroutine[Any, Any, None], name: str) -> None:
        """Run a coroutine as a task that counts as under way."""
        self._busy += 1
        task = self._tasks.spawn(coro, name)
        task.add_done_callback(self._spawned_ended)

    def _spawned_ended(self, _task: object) -> None:
        self._busy -= 1

    def _report(self, account: str, event: OrderEvent | FundingPaid) -> None:
        """Take a venue's report, in whatever order it comes."""
        if isinstance(event, FundingPaid):
            self._ledger.fund(event)
            return
        order = self._store.get(event.client_id)
        if order is None:
            if isinstance(event, OrderFilled):
                self._reconcilers[account].take_fill(event)
            else:
                self._upkeep.plan(account, SOON_NS)
            return
        if isinstance(event, OrderCanceled) and event.cause in ("", "you", "venue") and order.pending_cancel:
            event = replace(event, cause=_who(self._canceled_by.get(order.client_id, "")))
        self._ledger.apply(event)

    def _unknown(self, order: Order) -> None:
        self._tasks.spawn(self._reconcilers[order.intent.account].resolve(order.client_id), f"find.{order.client_id}")

    def _measure(self, before: Order, after: Order, _event: OrderEvent) -> None:
        if after.accepted_ns and not before.accepted_ns and after.submitted_ns:
            self._ack.add(after.accepted_ns - after.submitted_ns)

    def _known(self, client_id: str) -> Order:
        order = self._store.get(client_id)
        if order is None:
            raise InvalidInput(f"There is no order {client_id!r}.")
        return order


def _who(source: str) -> str:
    """Return on whose account a cancel was, in the words of the order table (UX 2.3)."""
    kind = source.partition(":")[0]
    return {"strategy": "strategy", "kill": "risk", "link": "link"}.get(kind, "you")
