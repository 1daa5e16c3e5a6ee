"""Whether orders may go at all: trading states, the kill switch, and the last look before the bytes (R-60 to R-62)."""

from __future__ import annotations

from bidmere.errors import InvalidInput, StorageError
from bidmere.execution.events import KillChanged, TradingStateChanged
from bidmere.execution.ledger import Ledger
from bidmere.execution.sender import Withheld
from bidmere.execution.situation import AccountState
from bidmere.kernel.clock import Clock
from bidmere.model.money import ZERO
from bidmere.model.orders import Market, Order
from bidmere.risk.state import KillSwitch, TradingState
from bidmere.storage.journal import AuditRow

MOVED = "position-moved"


class Control:
    """Own the trading states and the kill switch; `may_send` is asked as the last thing before an order leaves."""

    def __init__(self, clock: Clock, ledger: Ledger, kill: KillSwitch, states: dict[str, AccountState]) -> None:
        self._clock = clock
        self._ledger = ledger
        self._states = states
        self.kill = kill
        self.withdrawn: set[str] = set()
        self.is_closed = False

    def may_send(self, order: Order) -> Withheld | None:
        """Return why an approved order must not leave any more, None when it may."""
        if order.client_id in self.withdrawn:
            return Withheld("you", "It was cancelled before it was sent.")
        if self.is_closed:
            return Withheld("risk", "Bidmere is closing.")
        reduces = self._reduces(order)
        if self.kill.is_raised and not reduces:
            return Withheld("risk", f"The kill switch came first: {self.kill.reason}")
        if order.intent.reduce_only and isinstance(order.spec, Market) and not reduces:
            return Withheld(MOVED, "The position became smaller before it was sent.")
        state = self._states.get(order.intent.account)
        if state is None or (state.trading is not TradingState.ACTIVE and not reduces):
            return Withheld("risk", "Trading was blocked before it was sent.")
        return None

    def raise_kill(self, level: int, source: str, reason: str) -> None:
        """Raise the kill switch: the sentinel first, without an await (R-61). Raises InvalidInput, StorageError."""
        now = self._clock.now_ns()
        try:
            self.kill.raise_to(level, source, reason, now)
        finally:
            self._ledger.audit("kill", level=level, source=source, reason=reason)
            self._ledger.tell(KillChanged(level=self.kill.level, source=source, reason=reason, ts=now))
            self._ledger.alarm("P-A", "kill", f"Kill switch level {self.kill.level}: {reason}")

    def clear_kill(self, source: str, reason: str) -> None:
        """Lower the kill switch. Raises InvalidInput without a reason, StorageError."""
        now = self._clock.now_ns()
        self.kill.clear(source, reason, now)
        self._ledger.audit("kill-cleared", source=source, reason=reason)
        self._ledger.tell(KillChanged(level=0, source=source, reason=reason, ts=now))

    def set_state(self, state: str, source: str, reason: str, account: str | None = None) -> None:
        """Set the trading state of one account or of all. Raises InvalidInput."""
        try:
            wanted = TradingState(state.upper())
        except ValueError:
            names = ", ".join(TradingState)
            raise InvalidInput(f"{state!r} is no trading state: choose one of {names}.") from None
        if account is not None and account not in self._states:
            raise InvalidInput(f"There is no account {account!r}.")
        for name, held in self._states.items():
            if account in (None, name) and (held.trading, held.reason) != (wanted, reason):
                held.trading, held.reason = wanted, reason
                self._ledger.audit("state", account=name, state=wanted, source=source, reason=reason)
                now = self._clock.now_ns()
                self._ledger.tell(
                    TradingStateChanged(account=name, state=wanted.value, source=source, reason=reason, ts=now)
                )

    def trip(self, account: str, reason: str) -> None:
        """Let an account only reduce, on a breaker's word (R-45)."""
        if self._states[account].trading is TradingState.ACTIVE:
            self.set_state(TradingState.REDUCING, "breaker", reason, account)
            self._ledger.alarm("P-A", f"breaker:{account}", f"Only reducing orders are sent: {reason}.")

    def block(self, reason: str) -> None:
        """Let every account only reduce: something here went wrong."""
        for account in self._states:
            self.trip(account, reason)

    def journal_lost(self, client_id: str) -> None:
        """The venue works an order with our mark that the journal does not know: stop (R-24)."""
        reason = f"the venue works order {client_id}, which the journal does not know"
        try:
            self.raise_kill(1, "reconcile", reason)
        except StorageError as error:
            self._ledger.alarm("P-A", "kill-file", str(error))

    def restore(self, audits: tuple[AuditRow, ...]) -> None:
        """Take up the states that the journal holds."""
        for row in audits:
            state = self._states.get(row.data.get("account", "")) if row.action == "state" else None
            if state is not None:
                state.trading, state.reason = TradingState(row.data["state"]), row.data["reason"]

    def _reduces(self, order: Order) -> bool:
        """Say whether an order can now only reduce what is held, counting the closes on their way."""
        intent, store = order.intent, self._ledger.store
        if intent.parent:
            return True
        against = -intent.side.sign * self._ledger.portfolio.held(intent.account, order.instrument)
        if intent.reduce_only and not isinstance(order.spec, Market):
            return against > ZERO
        closing = store.closing(intent.account, order.instrument, intent.side, but=order.client_id)
        return intent.qty - order.filled_qty <= against - closing
