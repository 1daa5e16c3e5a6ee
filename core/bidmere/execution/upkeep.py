"""What happens without anyone asking: restart from the journal, a new day, reconciliation in its turn."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, Protocol

from bidmere.execution.control import Control
from bidmere.execution.ledger import Ledger
from bidmere.execution.portfolio import DAY_NS
from bidmere.execution.reconcile import Reconciler, lost
from bidmere.kernel.clock import Clock, TimerHandle
from bidmere.model.events import OrderDead
from bidmere.model.ids import InstrumentId
from bidmere.model.orders import OrderState
from bidmere.storage.journal import AuditRow, JournalState

RECONCILE_NS: Final = 30_000_000_000
REREAD_NS: Final = 5_000_000_000
RETRY_NS: Final = 2_000_000_000


class Work(Protocol):
    """How the order manager runs things beside its calls."""

    def working(self) -> AbstractContextManager[None]:
        """Count what happens inside as under way."""

    def spawn(self, coro: Coroutine[Any, Any, None], name: str) -> None:
        """Run a coroutine as a task that counts as under way."""


class Upkeep:
    """Keep accounts in step with journal, calendar and venue."""

    def __init__(
        self, clock: Clock, ledger: Ledger, control: Control, reconcilers: dict[str, Reconciler], work: Work,
        period_ns: int,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._ledger = ledger
        self._control = control
        self._reconcilers = reconcilers
        self._work = work
        self._period_ns = period_ns
        self._timers: dict[str, TimerHandle] = {}
        self._is_closed = False

    def restore(self, state: JournalState) -> None:
        """Take up orders, positions, cash, states and halts as the journal holds them."""
        self._ledger.store.replay(state.orders)
        self._open_accounts(state.audits)
        for fill in state.fills:
            if self._ledger.portfolio.book(fill) is None:
                text = f"{fill.instrument} is held or was traded, and no venue here knows it."
                self._ledger.alarm("P-B", f"instrument:{fill.instrument}", text)
        for paid in state.funding:
            self._ledger.portfolio.fund(paid)
        for row in state.audits:
            self._recall(row)
        self._control.restore(state.audits)

    def end_what_was_under_way(self) -> None:
        """Make approved orders that were never claimed DEAD and claimed ones without an answer UNKNOWN (R-11)."""
        now = self._clock.now_ns()
        for order in self._ledger.store.all():
            if order.state is OrderState.APPROVED:
                reason = "Bidmere ended before it was sent."
                self._ledger.apply(OrderDead(client_id=order.client_id, ts=now, cause="restart", reason=reason))
            elif (event := lost(order, now)) is not None:
                self._ledger.apply(event)

    def start_day(self, account: str) -> None:
        """Note the day's first equity once everything can be valued."""
        portfolio, now = self._ledger.portfolio, self._clock.now_ns()
        owner = portfolio.accounts.get(account)
        day = now // DAY_NS * DAY_NS
        if owner is None or (owner.day_start_equity and owner.day_start_ns == day):
            return
        value = portfolio.valuation(account)
        if value.missing:
            return
        portfolio.start_day(account, now, value.equity)
        peak = portfolio.peaks.get(account, value.equity)
        self._ledger.audit("day", account=account, day_ns=day, equity=value.equity, peak=peak)

    async def reconcile(self, account: str, *, is_start: bool = False) -> None:
        """Bring one account in line now, and plan the next time."""
        with self._work.working():
            reconciler = self._reconcilers[account]
            answered = await reconciler.run(is_start=is_start)
            self.start_day(account)
        if not self._is_closed:
            if not answered or reconciler.needs_reread:
                self.plan(account, REREAD_NS if answered else RETRY_NS)
            elif self._period_ns:
                self.plan(account, self._period_ns)

    def plan(self, account: str, delay_ns: int) -> None:
        """Reconcile an account after a delay, instead of whenever it was planned."""
        if (timer := self._timers.pop(account, None)) is not None:
            timer.cancel()
        self._timers[account] = self._clock.call_later(delay_ns, lambda: self._due(account))

    def close(self) -> None:
        """Plan nothing more; write the peaks down."""
        self._is_closed = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for account, peak in sorted(self._ledger.portfolio.peaks.items()):
            self._ledger.audit("peak", account=account, equity=peak)

    def _due(self, account: str) -> None:
        if not self._is_closed:
            self._work.spawn(self.reconcile(account), f"reconcile.{account}")

    def _open_accounts(self, audits: tuple[AuditRow, ...]) -> None:
        opened = {row.data["account"]: row.data for row in audits if row.action == "account"}
        for account in tuple(self._ledger.portfolio.accounts.values()):
            known = opened.get(account.id)
            if known is None:
                self._ledger.audit(
                    "account", account=account.id, venue=account.venue, mode=account.mode, currency=account.currency,
                    balances=account.balances,
                )  # fmt: skip
                continue
            balances = tuple((currency, Decimal(amount)) for currency, amount in known["balances"])
            self._ledger.portfolio.open(replace(account, balances=balances))

    def _recall(self, row: AuditRow) -> None:
        portfolio, data = self._ledger.portfolio, row.data
        account = data.get("account", "")
        if account not in portfolio.accounts:
            return
        if row.action == "day":
            portfolio.start_day(account, data["day_ns"], Decimal(data["equity"]))
            portfolio.peaks[account] = Decimal(data["peak"])
        elif row.action == "peak":
            portfolio.peaks[account] = Decimal(data["equity"])
        elif row.action == "halt":
            self._ledger.halts[account, InstrumentId.parse(data["instrument"])] = data["reason"]
        elif row.action == "halt-cleared":
            self._ledger.halts.pop((account, InstrumentId.parse(data["instrument"])), None)
