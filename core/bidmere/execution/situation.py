"""Collect what the gate looks at into one frozen snapshot."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from bidmere.execution.ledger import Ledger
from bidmere.execution.ports import FindInstrument, MarketView, MarksView
from bidmere.kernel.clock import Clock
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Quote
from bidmere.model.money import ZERO
from bidmere.model.orders import Order, OrderIntent
from bidmere.risk.snapshot import RiskSnapshot, pending_elsewhere
from bidmere.risk.state import KillSwitch, TradingState

_DISK_PERIOD_NS = 5_000_000_000
_MB = 1_000_000


@dataclass(slots=True)
class AccountState:
    """What may be done in an account: its trading state, whether it is armed and in step with its venue."""

    trading: TradingState = TradingState.ACTIVE
    reason: str = ""
    is_synced: bool = False
    sync_reason: str = "it has not been reconciled yet"
    is_armed: bool = False
    is_simulated_data: bool = False


class DiskGauge:
    """The free room of a folder's disk, asked at most every five seconds."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._free_mb = 0
        self._asked_ns: int | None = None

    def free_mb(self) -> int:
        """Return the free megabytes, 0 when the system does not tell."""
        now = self._clock.now_ns()
        if self._asked_ns is None or not 0 <= now - self._asked_ns < _DISK_PERIOD_NS:
            self._asked_ns = now
            try:
                self._free_mb = shutil.disk_usage(self._folder).free // _MB
            except OSError:
                self._free_mb = 0
        return self._free_mb


class Situation:
    """Build risk snapshots from the present state."""

    def __init__(
        self, *, clock: Clock, ledger: Ledger, kill: KillSwitch, market: MarketView, marks: MarksView,
        instruments: FindInstrument, disk: DiskGauge, states: dict[str, AccountState],
        clock_error: Callable[[], int] = lambda: 0,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._ledger = ledger
        self._kill = kill
        self._market = market
        self._marks = marks
        self._instruments = instruments
        self._disk = disk
        self._states = states
        self._clock_error = clock_error

    def snapshot(self, intent: OrderIntent, but: str = "") -> RiskSnapshot:
        """Return everything known for an intent; `but` is the client id of an order being changed."""
        now, ledger = self._clock.now_ns(), self._ledger
        portfolio, store = ledger.portfolio, ledger.store
        account = portfolio.accounts.get(intent.account)
        state = self._states.get(intent.account)
        instrument = self._instruments(intent.instrument)
        working = tuple(order for order in store.working(intent.account) if order.client_id != but)
        value, margin = self._elsewhere(intent, working)
        quote = self._market.quote(intent.instrument)
        return RiskSnapshot(
            now_ns=now,
            account=account,
            valuation=portfolio.valuation(intent.account) if account is not None else None,
            instrument=instrument,
            position=portfolio.position(intent.account, intent.instrument),
            positions=tuple(portfolio.positions_of(intent.account)),
            working=working,
            quote=quote,
            quote_age_ns=_age(quote, now),
            book=self._market.book(intent.instrument),
            rate=self._marks.rate(instrument.settle, account.currency) if instrument and account else None,
            trading_state=state.trading if state is not None else TradingState.HALTED,
            kill_level=self._kill.level,
            venue_synced=state.is_synced if state is not None else False,
            halted_symbols=self.halted(intent.account),
            recent_orders=tuple(one for one in store.recent(now) if one[1].account == intent.account),
            strategy_fills=store.executions(now),
            journal_ok=ledger.is_well,
            disk_free_mb=self._disk.free_mb(),
            clock_error_ns=self._clock_error(),
            peak_equity=portfolio.peaks.get(intent.account, ZERO),
            parent=store.get(intent.parent) if intent.parent else None,
            armed=state.is_armed if state is not None else False,
            simulated_data=state.is_simulated_data if state is not None else False,
            other_pending_value=value,
            other_pending_margin=margin,
        )

    def halted(self, account: str) -> frozenset[InstrumentId]:
        """Return the halted instruments of an account."""
        return frozenset(instrument for owner, instrument in self._ledger.halts if owner == account)

    def _elsewhere(self, intent: OrderIntent, working: tuple[Order, ...]) -> tuple[Decimal, Decimal]:
        account = self._ledger.portfolio.accounts.get(intent.account)
        if account is None or not working:
            return ZERO, ZERO
        return pending_elsewhere(
            working, intent.instrument, self._instruments, self._marks.mark, self._marks.rate, account.currency
        )


def _age(quote: Quote | None, now: int) -> int | None:
    return None if quote is None else max(0, now - (quote.ts_recv or quote.ts_event))
